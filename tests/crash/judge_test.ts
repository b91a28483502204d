import assert from "node:assert/strict";
import { judge } from "./judge.ts";
import { type Envelope, expectedFlights, expectedStatistics, recordText } from "./oracle.ts";

const start = Date.UTC(2026, 0, 1);

function booking(i: number): Envelope {
  const payload = {
    email_address: `T${i % 3}@email.com`,
    flight_departure_time: "2026-02-01T10:00:00.000",
    iata_departure_code: "ATL",
    flight_arrival_time: i % 5 === 0 ? "2025-12-01T10:00:00.000" : "2026-02-01T11:30:00.000",
    iata_arrival_code: "DFW",
    flight_number: "SKY11",
    confirmation: `SKY1${i}`,
    ticket_price: 500,
    aircraft: "AircraftABC",
    booking_agency_email: "A@email.com",
  };
  return {
    topic: "skyone",
    partition: 0,
    offset: i,
    ts: start + i * 10_000,
    headers: [],
    key: `{"ref":"SKY1${i}"}`,
    payload: JSON.stringify(payload),
  };
}

const flights = expectedFlights(Array.from({ length: 50 }, (_, i) => booking(i)));

Deno.test("judge finds nothing where the same records are there in another order", () => {
  assert.deepEqual(judge(flights, [...flights].reverse()), { lost: [], doubled: [] });
});

Deno.test("judge catches one planted loss", () => {
  const found = flights.filter((_, i) => i !== 17);
  assert.deepEqual(judge(flights, found), { lost: [flights[17]], doubled: [] });
});

Deno.test("judge catches one planted double, also of a record that is there twice by right", () => {
  assert.deepEqual(judge(flights, [...flights, flights[3]!]), { lost: [], doubled: [flights[3]] });
  const twice = [...flights, flights[3]!];
  assert.deepEqual(judge(twice, [...twice, flights[3]!]), { lost: [], doubled: [flights[3]] });
});

Deno.test("judge catches a record with another timestamp, key, value or header", () => {
  const record = { ts: 1, key: "k", payload: "v", headers: ["n", "h"] };
  const changes = [{ ts: 2 }, { key: null }, { payload: "w" }, { headers: ["n", "i"] }];
  for (const change of changes) {
    const verdict = judge([recordText(record)], [recordText({ ...record, ...change })]);
    assert.deepEqual([verdict.lost.length, verdict.doubled.length], [1, 1], JSON.stringify(change));
  }
});

Deno.test("expectedFlights drops landed flights", () => {
  assert.equal(flights.length, 40);
});

Deno.test("expectedStatistics gives running totals by window, the last ones drained", () => {
  const flight = (ts: number, email: string, partition = 0): Envelope => ({
    topic: "flightdata",
    partition,
    offset: 0,
    ts,
    headers: [],
    key: null,
    payload: JSON.stringify({
      email_address: email,
      departure_time: "2026-01-01T00:00:00.000",
      arrival_time: "2026-01-01T01:30:00.000",
    }),
  });
  const found = expectedStatistics([
    flight(0, "a"),
    flight(59_999, "a"),
    flight(60_000, "a"),
    flight(1, "b", 1),
  ])
    .map((text) => JSON.parse(text)).map(([ts, , payload, headers]) => [ts, payload, headers[5]]);
  const result = (email: string, minutes: number, flights: number) =>
    JSON.stringify({
      email_address: email,
      total_flight_duration: minutes,
      number_of_flights: flights,
    });
  assert.deepEqual(found, [
    [59_999, result("a", 180, 2), "watermark"],
    [59_999, result("b", 90, 1), "drain"],
    [119_999, result("a", 270, 3), "drain"],
  ]);
});

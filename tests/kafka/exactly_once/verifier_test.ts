/** The verifier is judged first: each fault that it is to find is planted, and found. */

import assert from "node:assert/strict";
import type { Envelope } from "../../crash/oracle.ts";
import { type Contents, verify } from "./verifier.ts";

const start = Date.UTC(2026, 0, 1);
const minute = 60_000;

function envelope(topic: string, offset: number, own: Partial<Envelope>): Envelope {
  return { topic, partition: 0, offset, ts: 0, headers: [], key: null, payload: null, ...own };
}

/** A flight of ninety minutes: its booking, and what merge makes of it. */
function flightAt(ts: number, offset: number, email = "A@email.com") {
  const [departure, arrival] = ["2026-02-01T10:00:00.000", "2026-02-01T11:30:00.000"];
  const booking = envelope("skyone", offset, {
    ts,
    key: `{"ref":"SKY1${offset}"}`,
    payload: JSON.stringify({
      email_address: email,
      flight_departure_time: departure,
      iata_departure_code: "ATL",
      flight_arrival_time: arrival,
      iata_arrival_code: "DFW",
      flight_number: "SKY11",
      confirmation: `SKY1${offset}`,
      ticket_price: 500,
      aircraft: "AircraftABC",
      booking_agency_email: "B@email.com",
    }),
  });
  const flight = envelope("flightdata", offset, {
    ts,
    key: `{"confirmation":"SKY1${offset}"}`,
    payload: JSON.stringify({
      email_address: email,
      departure_time: departure,
      departure_airport_code: "ATL",
      arrival_time: arrival,
      arrival_airport_code: "DFW",
      flight_number: "SKY11",
      confirmation: `SKY1${offset}`,
      source: "skyone",
    }),
  });
  return { booking, flight };
}

/** The running total of a window of a minute. */
function result(offset: number, window: number, flights: number, closedBy = "watermark"): Envelope {
  const end = start + (window + 1) * minute;
  return envelope("userstatistics", offset, {
    ts: end - 1,
    key: '{"email_address":"A@email.com"}',
    headers: [
      ...["window-start", String(end - minute), "window-end", String(end)],
      ...["closed-by", closedBy],
    ],
    payload: JSON.stringify({
      email_address: "A@email.com",
      total_flight_duration: flights * 90,
      number_of_flights: flights,
    }),
  });
}

const bad = envelope("skyone", 9, { ts: start, key: "k", payload: "{" });

/** Two flights in the first minute, one in the second, one in the fourth, then one for the first. */
const made = [0, 59_999, 60_000, 200_000, 30_000].map((ts, i) => flightAt(start + ts, i));

const right: Contents = {
  bookings: [...made.map(({ booking }) => booking), bad],
  deadLetters: [
    envelope("skyone.dead-letter", 0, {
      ...{ ts: bad.ts, key: bad.key, payload: bad.payload },
      headers: [
        ...["error-reason", "not-json", "error-message", "no JSON", "source-topic", "skyone"],
        ...["source-partition", "0", "source-offset", "9"],
      ],
    }),
  ],
  flights: made.map(({ flight }) => flight),
  late: [
    envelope("flightdata.late", 0, {
      ...{ ts: start + 30_000, key: made[4]!.flight.key, payload: made[4]!.flight.payload },
      headers: [
        ...["source-topic", "flightdata", "source-partition", "0", "source-offset", "4"],
        ...["window-start", String(start), "window-end", String(start + minute)],
        ...["watermark", String(start + 169_999)],
      ],
    }),
  ],
  statistics: [result(0, 0, 2), result(1, 1, 3), result(2, 3, 4, "drain")],
};

/** The same list without its entry at `index`. */
function without<T>(list: readonly T[], index: number): T[] {
  return list.filter((_, i) => i !== index);
}

/** The same list with its entry at `index` changed. */
function changed(list: readonly Envelope[], index: number, change: Partial<Envelope>): Envelope[] {
  return list.map((record, i) => i === index ? { ...record, ...change } : record);
}

Deno.test("verify finds nothing where all is right", () => {
  assert.deepEqual(verify(right), []);
});

/** What is planted, the topics as they then are, and how many findings that makes. */
const planted: readonly (readonly [string, Partial<Contents>, number])[] = [
  ["a flight that was lost", { flights: without(right.flights, 1) }, 7],
  ["a flight that is there twice", {
    flights: [...right.flights, { ...right.flights[3]!, offset: 5 }],
  }, 3],
  ["a flight with another value", {
    flights: changed(right.flights, 0, { payload: right.flights[1]!.payload }),
  }, 2],
  ["a flight with another timestamp", { flights: changed(right.flights, 3, { ts: start + 1 }) }, 7],
  ["a dead letter that was lost", { deadLetters: [] }, 1],
  ["a dead letter that is there twice", {
    deadLetters: [right.deadLetters[0]!, { ...right.deadLetters[0]!, offset: 1 }],
  }, 1],
  ["a dead letter with other bytes", {
    deadLetters: changed(right.deadLetters, 0, { payload: "}" }),
  }, 2],
  ["a late flight that was lost", { late: [] }, 6],
  ["a late flight that is there twice", { late: [right.late[0]!, right.late[0]!] }, 1],
  ["a flight that is both late and counted", {
    statistics: [result(0, 0, 3), result(1, 1, 4), result(2, 3, 5, "drain")],
  }, 6],
  ["a late flight whose window was not over", { late: lateWith("watermark", start + 59_998) }, 1],
  ["a late flight with another window", { late: lateWith("window-start", start + 1) }, 1],
  ["a late flight that comes from nowhere", { late: lateWith("source-offset", 77) }, 7],
  ["a result that was lost", { statistics: without(right.statistics, 1) }, 1],
  ["a result that is there twice", {
    statistics: [...right.statistics, { ...right.statistics[2]!, offset: 3 }],
  }, 2],
  [
    "a wrong total",
    { statistics: [result(0, 0, 2), result(1, 1, 4), result(2, 3, 5, "drain")] },
    4,
  ],
  [
    "a wrong window",
    { statistics: [result(0, 0, 2), result(1, 2, 3), result(2, 3, 4, "drain")] },
    2,
  ],
  ["a result that silence has closed", {
    statistics: [result(0, 0, 2), result(1, 1, 3, "silence"), result(2, 3, 4, "drain")],
  }, 2],
  ["results in another order", {
    statistics: [result(1, 0, 2), result(0, 1, 3), result(2, 3, 4, "drain")],
  }, 1],
  ["an email address on two partitions", {
    statistics: changed(right.statistics, 2, { partition: 1 }),
  }, 1],
];

/** The late flight with another value of a header. */
function lateWith(name: string, value: number): Envelope[] {
  const [late] = right.late;
  return [{
    ...late!,
    headers: late!.headers.map((text, i, all) => all[i - 1] === name ? String(value) : text),
  }];
}

for (const [what, contents, findings] of planted) {
  Deno.test(`verify finds ${what}`, () => {
    const found = verify({ ...right, ...contents });
    assert.equal(found.length, findings, found.join("\n"));
  });
}

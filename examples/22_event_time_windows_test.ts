import assert from "node:assert/strict";
import {
  type flights,
  formatTime,
  isoMilliseconds,
  SimulatedClock,
  TestDriver,
  WatermarkStrategy,
} from "../src/mod.ts";
import { defineWorkflow } from "./22_event_time_windows.ts";
import { flightOf, minute, now } from "./lesson/test_data.ts";

const second = 1_000;

function departing(airport: string, departure: number): flights.FlightData {
  return {
    ...flightOf("ABCDE@email.com", 90),
    departure_airport_code: airport,
    departure_time: formatTime(departure),
  };
}

Deno.test("define_workflow should count flights by airport and minute of departure, 10 seconds out of order", () => {
  const test = new TestDriver({ clock: new SimulatedClock(now) });
  const flightdata = test.source<flights.FlightData>("flightdata", {
    watermarks: WatermarkStrategy.forBoundedOutOfOrderness<flights.FlightData>("10s")
      .withTimestampAssigner((flight) => isoMilliseconds(flight.departure_time)),
  });
  const counts = test.collect(defineWorkflow(flightdata.stream));
  const send = (airport: string, departure: number) =>
    flightdata.send(departing(airport, departure));
  send("ATL", now);
  // 10 seconds into the next minute all of this one is within the disorder.
  send("ATL", now + minute + 10 * second - 1);
  send("DFW", now + 5 * second);
  send("ATL", now + minute - 1);
  assert.deepEqual(counts.values(), []);
  send("JFK", now + minute + 10 * second);
  assert.deepEqual(counts.values(), [
    ["ATL", formatTime(now + minute), 2],
    ["DFW", formatTime(now + minute), 1],
  ]);
  send("ATL", now + 59 * second);
  test.end({ drain: true });
  assert.deepEqual(counts.values().slice(2), [
    ["ATL", formatTime(now + 2 * minute), 1],
    ["JFK", formatTime(now + 2 * minute), 1],
  ]);
  assert.equal(test.outcomes.late, 1);
});

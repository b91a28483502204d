import assert from "node:assert/strict";
import { flights, FlightsError, SimulatedClock, TestDriver } from "../src/mod.ts";
import { defineWorkflow } from "./18_statistics.ts";
import { flightOf, minute, now } from "./lesson/test_data.ts";

const { mergeStatistics, statisticsOf } = flights;
const email = "ABCDE@email.com";
const otherEmail = "FGHIJ@email.com";

function testWorkflow() {
  const test = new TestDriver({ clock: new SimulatedClock(now) });
  const flightdata = test.source<flights.FlightData>("flightdata", {
    partitionedBy: "email_address",
  });
  return { test, flightdata, statistics: test.collect(defineWorkflow(flightdata.stream)) };
}

Deno.test("user_statistics should create statistics using flight data", () => {
  assert.deepEqual(statisticsOf(flightOf(email, 150)), {
    email_address: email,
    total_flight_duration: 150,
    number_of_flights: 1,
  });
});

Deno.test("user_statistics should merge two user statistics", () => {
  const merged = mergeStatistics(
    statisticsOf(flightOf(email, 150)),
    statisticsOf(flightOf(email, 30)),
  );
  assert.deepEqual(merged, {
    email_address: email,
    total_flight_duration: 180,
    number_of_flights: 2,
  });
});

Deno.test("user_statistics should fail for different email address", () => {
  assert.throws(
    () => mergeStatistics(statisticsOf(flightOf(email, 1)), statisticsOf(flightOf(otherEmail, 1))),
    (error) => error instanceof FlightsError && error.code === "invalid-argument",
  );
});

Deno.test("define_workflow should convert flight data to user statistics", () => {
  const { test, flightdata, statistics } = testWorkflow();
  flightdata.send(flightOf(email, 150));
  test.end({ drain: true });
  assert.deepEqual(statistics.values(), [statisticsOf(flightOf(email, 150))]);
});

Deno.test("define_workflow should group statistics by email address", () => {
  const { test, flightdata, statistics } = testWorkflow();
  flightdata.send(flightOf(email, 150));
  flightdata.send(flightOf(otherEmail, 45));
  flightdata.send(flightOf(email, 30));
  test.end({ drain: true });
  assert.deepEqual(statistics.values(), [
    { email_address: email, total_flight_duration: 180, number_of_flights: 2 },
    { email_address: otherEmail, total_flight_duration: 45, number_of_flights: 1 },
  ]);
});

Deno.test("define_workflow should window statistics by minute", () => {
  const { test, flightdata, statistics } = testWorkflow();
  flightdata.send(flightOf(email, 150), now);
  flightdata.send(flightOf(email, 30), now + minute - 1);
  assert.deepEqual(statistics.values(), []);
  flightdata.send(flightOf(email, 7), now + minute);
  test.end({ drain: true });
  assert.deepEqual(statistics.records().map(({ value, window }) => [window!.start, value]), [
    [now, { email_address: email, total_flight_duration: 180, number_of_flights: 2 }],
    [now + minute, { email_address: email, total_flight_duration: 7, number_of_flights: 1 }],
  ]);
});

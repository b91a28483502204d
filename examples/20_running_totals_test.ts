import assert from "node:assert/strict";
import { type DataStream, flights, SimulatedClock, TestDriver } from "../src/mod.ts";
import { defineWorkflow } from "./20_running_totals.ts";
import { flightOf, minute, now } from "./lesson/test_data.ts";

const email = "ABCDE@email.com";
const otherEmail = "FGHIJ@email.com";

type Workflow = (flightdata: DataStream<flights.FlightData>) => DataStream<flights.UserStatistics>;

function testWorkflow(workflow: Workflow = defineWorkflow) {
  const test = new TestDriver({ clock: new SimulatedClock(now) });
  const flightdata = test.source<flights.FlightData>("flightdata", {
    partitionedBy: "email_address",
  });
  return { test, flightdata, statistics: test.collect(workflow(flightdata.stream)) };
}

Deno.test("define_workflow should convert flight data to user statistics", () => {
  const { test, flightdata, statistics } = testWorkflow();
  flightdata.send(flightOf(email, 150));
  test.end({ drain: true });
  assert.deepEqual(statistics.values(), [flights.statisticsOf(flightOf(email, 150))]);
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

Deno.test("define_workflow should window statistics by minute, and go on with the totals before", () => {
  const { test, flightdata, statistics } = testWorkflow();
  flightdata.send(flightOf(email, 150), now);
  flightdata.send(flightOf(email, 30), now + minute - 1);
  flightdata.send(flightOf(email, 7), now + minute);
  // State is saved with each commit: a restart changes nothing.
  test.restart();
  test.end({ drain: true });
  assert.deepEqual(statistics.records().map(({ value, window }) => [window!.start, value]), [
    [now, { email_address: email, total_flight_duration: 180, number_of_flights: 2 }],
    [now + minute, { email_address: email, total_flight_duration: 187, number_of_flights: 3 }],
  ]);
});

Deno.test("define_workflow gives what the workflow of flights stats gives", () => {
  const bookings = flights.generateBookings({ seed: 1, start: now, count: 1_000, users: 10 });
  const sent = [...bookings].filter(({ airline }) => airline === "skyone")
    .map(({ value, timestamp }) => ({
      value: flights.flightOfSkyOne(flights.parseSkyOne(JSON.parse(String(value)))),
      timestamp,
    }));
  const [own, ofProject] = [defineWorkflow, flights.stats.defineWorkflow].map((workflow) => {
    const { test, flightdata, statistics } = testWorkflow(workflow);
    flightdata.sendAll(sent);
    test.end({ drain: true });
    return statistics.values();
  });
  assert.ok(own!.length > 50);
  assert.deepEqual(own, ofProject);
});

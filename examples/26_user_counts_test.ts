import assert from "node:assert/strict";
import { type flights, formatTime, SimulatedClock, TestDriver } from "../src/mod.ts";
import { defineWorkflow } from "./26_user_counts.ts";
import { flightOf, minute, now } from "./lesson/test_data.ts";

Deno.test("define_workflow should count each user once in five minutes", () => {
  const test = new TestDriver({ clock: new SimulatedClock(now) });
  const flightdata = test.source<flights.FlightData>("flightdata");
  const counts = test.collect(defineWorkflow(flightdata.stream));
  const sent = [["A", 0], ["B", 1], ["A", 2], ["A", 5], ["A", 6], ["C", 12]] as const;
  for (const [name, minutes] of sent) {
    flightdata.send(flightOf(`${name}@email.com`, 90), now + minutes * minute);
  }
  // What is aggregated is state: a restart changes nothing.
  test.restart();
  test.end({ drain: true });
  assert.deepEqual(counts.values(), [
    [formatTime(now), 2],
    [formatTime(now + 5 * minute), 1],
    [formatTime(now + 10 * minute), 1],
  ]);
});

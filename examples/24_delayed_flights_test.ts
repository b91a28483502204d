import assert from "node:assert/strict";
import { type flights, SimulatedClock, TestDriver } from "../src/mod.ts";
import { defineWorkflow, delayed } from "./24_delayed_flights.ts";
import { flightOf, minute, now } from "./lesson/test_data.ts";

Deno.test("define_workflow should put flights aside that should have departed over half an hour ago", () => {
  const test = new TestDriver({ clock: new SimulatedClock(now) });
  const flightdata = test.source<flights.FlightData>("flightdata");
  const result = defineWorkflow(flightdata.stream);
  const onTime = test.collect(result);
  const late = test.collect(result.getSideOutput(delayed));
  // They depart at `now`; ago is before the time of their own records.
  const [first, second, third] = ["A", "B", "C"].map((name) => flightOf(`${name}@email.com`, 90));
  flightdata.send(first!, now - 60 * minute);
  flightdata.send(second!, now + 30 * minute);
  flightdata.send(third!, now + 30 * minute + 1);
  assert.deepEqual(onTime.values(), [first, second]);
  assert.deepEqual(late.values(), [third]);
});

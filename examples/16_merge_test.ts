import assert from "node:assert/strict";
import { type flights, SimulatedClock, TestDriver } from "../src/mod.ts";
import { defineWorkflow } from "./16_merge.ts";
import { minute, now, skyOneBooking, sunsetBooking } from "./lesson/test_data.ts";

function testWorkflow() {
  const test = new TestDriver({ clock: new SimulatedClock(now) });
  const skyone = test.source<flights.SkyOneBooking>("skyone");
  const sunset = test.source<flights.SunsetBooking>("sunset");
  return { skyone, sunset, flightdata: test.collect(defineWorkflow(skyone.stream, sunset.stream)) };
}

function sourcesOf(all: readonly flights.FlightData[]) {
  return all.map(({ source, confirmation }) => [source, confirmation]);
}

Deno.test("define_workflow should convert data from two streams", () => {
  const { skyone, sunset, flightdata } = testWorkflow();
  skyone.send(skyOneBooking("SKY1AAAAAA", now + minute));
  sunset.send(sunsetBooking("SUNAAAAAA", now + minute));
  assert.deepEqual(sourcesOf(flightdata.values()), [
    ["skyone", "SKY1AAAAAA"],
    ["sunset", "SUNAAAAAA"],
  ]);
});

Deno.test("define_workflow should filter out flights in the past", () => {
  const { skyone, sunset, flightdata } = testWorkflow();
  skyone.send(skyOneBooking("SKY1ANEW00", now + minute));
  skyone.send(skyOneBooking("SKY1ANOLD0", now - minute));
  sunset.send(sunsetBooking("SUNANEW00", now + minute));
  sunset.send(sunsetBooking("SUNANOLD0", now - minute));
  assert.deepEqual(sourcesOf(flightdata.values()), [
    ["skyone", "SKY1ANEW00"],
    ["sunset", "SUNANEW00"],
  ]);
});

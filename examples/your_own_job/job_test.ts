import assert from "node:assert/strict";
import { TestDriver } from "flights";
import { alarms, hottest, type Reading } from "./job.ts";

const noon = Date.UTC(2025, 6, 1, 12);

/** A reading so many seconds after noon, and its event time. */
function reading(seconds: number, celsius: number, sensor = "roof"): [Reading, number] {
  const time = noon + seconds * 1_000;
  return [{ sensor, at: new Date(time).toISOString(), celsius }, time];
}

Deno.test("the hottest reading of a minute comes when the minute is over", () => {
  const test = new TestDriver();
  const readings = test.source<Reading>("readings", { partitionedBy: "sensor" });
  const results = test.collect(hottest(readings.stream));
  readings.send(...reading(0, 24));
  readings.send(...reading(30, 26));
  readings.send(...reading(59, 25));
  assert.deepEqual(results.take(), []);
  readings.send(...reading(60, 31));
  assert.deepEqual(results.take().map(({ celsius }) => celsius), [26]);
});

Deno.test("an alarm comes after two hot minutes, also when the job is killed in between", () => {
  const test = new TestDriver();
  const readings = test.source<Reading>("readings", { partitionedBy: "sensor" });
  const results = test.collect(alarms(readings.stream));
  readings.send(...reading(0, 31));
  test.commit();
  test.crash();
  readings.send(...reading(119, 32));
  assert.deepEqual(results.take(), []);
  readings.send(...reading(121, 20, "door"));
  assert.deepEqual(results.take(), [{ sensor: "roof", hotSince: "2025-07-01T12:00:00.000Z" }]);
});

Deno.test("an alarm that is due comes before a cool reading takes it back", () => {
  const test = new TestDriver();
  const readings = test.source<Reading>("readings", { partitionedBy: "sensor" });
  const results = test.collect(alarms(readings.stream));
  readings.sendAll([reading(0, 31), reading(150, 20)].map(([value, timestamp]) => ({
    value,
    timestamp,
  })));
  test.end({ drain: true });
  assert.equal(results.values().length, 1);
});

Deno.test("no alarm comes when a sensor has cooled down in between", () => {
  const test = new TestDriver();
  const readings = test.source<Reading>("readings", { partitionedBy: "sensor" });
  const results = test.collect(alarms(readings.stream));
  readings.send(...reading(0, 31));
  readings.send(...reading(60, 30));
  readings.send(...reading(240, 20));
  test.end({ drain: true });
  assert.deepEqual(results.values(), []);
});

/** Rules 1 to 6 of docs/semantics.md: event time, watermarks, windows, late records. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import { StreamEnvironment } from "../environment.ts";
import { at, readingsSink, readingStream, results, sum, sumJob } from "./test_jobs.ts";
import { TestDriver, type TestRecord } from "../testing/test_driver.ts";
import { TumblingEventTimeWindows } from "../windows/window.ts";

/** A record whose event time stands in its value. */
function payload(time: number, timestamp = 7): TestRecord {
  return { timestamp, value: { key: "a", value: 1, at: time } };
}

Deno.test("semantics 1: a window holds its start and not its end, below zero too", () => {
  const driver = new TestDriver(sumJob({ payloadTime: true }));
  driver.send("in", [-60_001, -60_000, -1, 0, 59_999, 60_000].map((time) => payload(time)));
  assert.deepEqual(results(driver), [
    "a=1 [-120000, -60000) watermark",
    "a=2 [-60000, 0) watermark",
    "a=2 [0, 60000) watermark",
  ]);
});

Deno.test("semantics 1: an offset moves where windows begin", () => {
  const driver = new TestDriver(sumJob({ offset: "15s", payloadTime: true }));
  driver.send("in", [-45_001, -45_000, 14_999, 15_000, 75_000].map((time) => payload(time)));
  assert.deepEqual(results(driver), [
    "a=1 [-105000, -45000) watermark",
    "a=2 [-45000, 15000) watermark",
    "a=1 [15000, 75000) watermark",
  ]);
});

Deno.test("semantics 2: a payload field gives the event time, whatever the record's own is", () => {
  const driver = new TestDriver(sumJob({ payloadTime: true }));
  driver.send("in", [payload(0, 999_999), payload(60_000, -1)]);
  assert.deepEqual(results(driver), ["a=1 [0, 60000) watermark"]);
  assert.deepEqual(driver.watermarks, [59_999]);
});

Deno.test("semantics 2: a window's result is stamped with its last millisecond", () => {
  const driver = new TestDriver(sumJob());
  driver.send("in", [at(3), at(60_000)]);
  assert.deepEqual(driver.outputs("out").map(({ timestamp }) => timestamp), [59_999]);
});

Deno.test("semantics 2: other outputs carry the event time of their input", () => {
  const env = new StreamEnvironment();
  readingStream(env, { payloadTime: true }).map((reading) => reading).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [payload(42, 7)]);
  assert.deepEqual(driver.outputs("out").map(({ timestamp }) => timestamp), [42]);
});

Deno.test("semantics 3: the watermark is the largest timestamp less out-of-orderness less one", () => {
  const driver = new TestDriver(sumJob({ outOfOrderness: 5_000 }));
  assert.deepEqual(driver.watermarks, [Number.NEGATIVE_INFINITY]);
  driver.send("in", [at(10_000)]);
  assert.deepEqual(driver.watermarks, [4_999]);
  driver.send("in", [at(9_000)]);
  assert.deepEqual(driver.watermarks, [4_999]);
});

Deno.test("semantics 3: a record is processed before it moves the watermark", () => {
  const driver = new TestDriver(sumJob());
  driver.send("in", [at(0), at(60_000, { value: 7 })]);
  assert.deepEqual(results(driver), ["a=1 [0, 60000) watermark"]);
  driver.send("in", [at(120_000)]);
  assert.deepEqual(results(driver).slice(1), ["a=7 [60000, 120000) watermark"]);
});

Deno.test("semantics 3: the slowest input partition holds the task's watermark", () => {
  const driver = new TestDriver(sumJob({ sources: ["in", "other"] }));
  driver.send("in", [at(500_000)]);
  assert.deepEqual(driver.watermarks, [Number.NEGATIVE_INFINITY]);
  driver.send("other", [at(60_000)]);
  assert.deepEqual(driver.watermarks, [59_999]);
  driver.send("other", [at(600_000)]);
  assert.deepEqual(driver.watermarks, [499_999]);
});

Deno.test("semantics 3: tasks have watermarks of their own", () => {
  const driver = new TestDriver(sumJob(), { partitions: 2 });
  driver.send("in", [{ ...at(60_000, { key: "c" }), partition: 0 }]);
  assert.deepEqual(driver.watermarks, [59_999, Number.NEGATIVE_INFINITY]);
});

Deno.test("semantics 3: a dead-lettered record moves no watermark", () => {
  const driver = new TestDriver(sumJob());
  driver.send("in", [at(1_000), { timestamp: 900_000, value: "not JSON" }]);
  assert.deepEqual(driver.watermarks, [999]);
});

Deno.test("semantics 3: the watermark does not go back over a restart, an idle spell and a waking", () => {
  const driver = new TestDriver(sumJob(), { clock: new SimulatedClock(120_000) });
  const seen: number[] = [];
  const note = () => seen.push(driver.watermarks[0]!);
  driver.send("in", [at(120_000)]);
  note();
  driver.advance(80_000);
  note();
  driver.restart();
  note();
  driver.send("in", [at(10_000)]);
  note();
  driver.restart();
  note();
  driver.advance(9_999);
  note();
  driver.send("in", [at(190_002)]);
  note();
  assert.deepEqual(seen, [119_999, 190_000, 190_000, 190_000, 190_000, 190_000, 190_001]);
});

Deno.test("semantics 4: a window fires when its last millisecond is at the watermark", () => {
  const driver = new TestDriver(sumJob());
  driver.send("in", [at(0), at(59_999)]);
  assert.deepEqual([driver.watermarks[0], results(driver).length], [59_998, 0]);
  driver.send("in", [at(60_000)]);
  assert.deepEqual([driver.watermarks[0], results(driver).length], [59_999, 1]);
});

Deno.test("semantics 4: windows that fire together come by end and then by the bytes of the key", () => {
  const keys = ["b", "\u{1f600}", "a", "\uffff", "é", "Z", ""];
  const driver = new TestDriver(sumJob({ outOfOrderness: "1h" }));
  for (const time of [60_000, 0]) driver.send("in", keys.map((key) => at(time, { key })));
  driver.send("in", [at(10_000_000, { key: "last" })]);
  const order = ["", "Z", "a", "b", "é", "\uffff", "\u{1f600}"];
  assert.deepEqual(results(driver), [
    ...order.map((key) => `${key}=1 [0, 60000) watermark`),
    ...order.map((key) => `${key}=1 [60000, 120000) watermark`),
  ]);
});

Deno.test("semantics 5: a record is late exactly when its window's end - 1 + lateness is passed", () => {
  for (const lateness of [0, 1, 10_000]) {
    for (
      const [newest, isLate] of [[59_999 + lateness, false], [60_000 + lateness, true]] as const
    ) {
      const driver = new TestDriver(sumJob({ lateness }));
      driver.send("in", [at(newest), at(59_999)]);
      assert.equal(driver.outputs("in.late").length, isLate ? 1 : 0, `${lateness} ${newest}`);
      assert.equal(driver.outcomes.late, isLate ? 1 : 0);
    }
  }
});

Deno.test("semantics 5: a late record goes once to the late topic as it was, with where and why", () => {
  const driver = new TestDriver(sumJob());
  driver.send("in", [at(60_000), { timestamp: 3, key: "any", value: '{"key":"a", "value":1}' }]);
  assert.deepEqual(driver.outputs("in.late"), [{
    key: "any",
    value: { key: "a", value: 1 },
    timestamp: 3,
    headers: {
      "source-topic": "in",
      "source-partition": "0",
      "source-offset": "1",
      "window-start": "0",
      "window-end": "60000",
      "watermark": "59999",
    },
  }]);
  assert.equal(driver.outcomes.late, 1);
});

Deno.test("semantics 5: a late record that many elements are made of goes there once", () => {
  const env = new StreamEnvironment();
  readingStream(env).flatMap((reading) => [reading, reading, { ...reading, key: "b" }])
    .keyBy("key").window(TumblingEventTimeWindows.of("1m")).reduce(sum)
    .sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(60_000), at(0)]);
  assert.deepEqual([driver.outputs("in.late").length, driver.outcomes.late], [1, 1]);
});

Deno.test("semantics 5: each source has its own late topic", () => {
  const driver = new TestDriver(sumJob({ sources: ["in", "other"] }));
  driver.send("in", [at(60_000)]);
  driver.send("other", [at(60_000)]);
  driver.send("other", [at(1)]);
  assert.equal(driver.outputs("in.late").length, 0);
  assert.equal(driver.outputs("other.late")[0]!.headers["source-topic"], "other");
});

Deno.test("semantics 6: within the allowed lateness a window fires again at once, with the record", () => {
  const driver = new TestDriver(sumJob({ lateness: 10_000 }));
  driver.send("in", [at(0), at(60_000), at(69_999), at(1, { value: 5 }), at(2, { value: 20 })]);
  assert.deepEqual(results(driver), [
    "a=1 [0, 60000) watermark",
    "a=6 [0, 60000) correction",
    "a=26 [0, 60000) correction",
  ]);
});

Deno.test("semantics 6: a key that was not there when its window fired comes as a correction", () => {
  const driver = new TestDriver(sumJob({ lateness: 10_000 }));
  driver.send("in", [at(60_000), at(1, { key: "b" })]);
  assert.deepEqual(results(driver), ["b=1 [0, 60000) correction"]);
});

Deno.test("semantics 6: a window's state is let go at end - 1 + lateness", () => {
  const driver = new TestDriver(sumJob({ lateness: 10_000 }));
  driver.send("in", [at(0), at(60_000), at(69_999)]);
  // Two windows, and the count of what was given out.
  assert.equal(driver.stateEntries, 3);
  driver.send("in", [at(70_000)]);
  assert.equal(driver.stateEntries, 2);
});

Deno.test("semantics 6: a running total that is corrected puts every later fired total right", () => {
  const driver = new TestDriver(sumJob({ running: true, lateness: "5m" }));
  const amounts: readonly (readonly [number, number])[] = [[0, 1], [60_000, 10], [180_000, 100]];
  driver.send("in", amounts.map(([time, value]) => at(time, { value })));
  driver.send("in", [at(240_000, { value: 1_000 })]);
  const first = [
    "a=1 [0, 60000) watermark",
    "a=11 [60000, 120000) watermark",
    "a=111 [180000, 240000) watermark",
  ];
  assert.deepEqual(results(driver), first);
  driver.send("in", [at(120_000, { value: 5 }), at(1, { value: 2 })]);
  assert.deepEqual(results(driver).slice(3), [
    "a=16 [120000, 180000) correction",
    "a=116 [180000, 240000) correction",
    "a=3 [0, 60000) correction",
    "a=13 [60000, 120000) correction",
    "a=18 [120000, 180000) correction",
    "a=118 [180000, 240000) correction",
  ]);
  driver.send("in", [at(300_000)]);
  assert.deepEqual(results(driver).slice(9), ["a=1118 [240000, 300000) watermark"]);
});

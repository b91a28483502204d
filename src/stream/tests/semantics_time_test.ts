/** Rules 7 to 12 of docs/semantics.md: turns, idleness, silence, the future, ends, the clock. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import { StreamEnvironment } from "../environment.ts";
import { at, type Reading, readings, readingsSink, results, sum, sumJob } from "./test_jobs.ts";
import { TestDriver, type TestRecord } from "../testing/test_driver.ts";
import { WatermarkStrategy } from "../watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../windows/window.ts";

/** A record whose event time stands in its value. */
function payload(time: number, timestamp = 7): TestRecord {
  return { timestamp, value: { key: "a", value: 1, at: time } };
}

Deno.test("semantics 7: a backlog is taken by timestamp over all partitions, ties by topic and partition", () => {
  const env = new StreamEnvironment();
  const streams = ["in", "other"].map((topic) =>
    env.fromSource(
      { topic, deserializer: readings },
      WatermarkStrategy.forMonotonousTimestamps(),
    )
  );
  streams[0]!.union(streams[1]!).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology, { partitions: 2 });
  const record = (timestamp: number, value: number, partition: number) => ({
    ...at(timestamp, { value }),
    partition,
  });
  driver.commit();
  driver.send("other", [record(5, 1, 1), record(5, 2, 0), record(1, 3, 0)]);
  driver.send("in", [record(5, 4, 1), record(3, 5, 1), record(5, 6, 0), record(6, 7, 0)]);
  // What was sent in two batches is a backlog now.
  driver.crash();
  assert.deepEqual(driver.outputs("out").map(({ value }) => value), [6, 4, 5, 2, 3, 1, 7]);
});

Deno.test("semantics 7: in catch-up no record is late whose own partition is in order", () => {
  const driver = new TestDriver(sumJob({ sources: ["in", "other"], outOfOrderness: 1_000 }));
  driver.commit();
  driver.send("in", [at(0), at(100_000), at(99_000), at(300_000)]);
  driver.send("other", [at(200), at(59_999), at(59_000), at(150_000), at(149_000)]);
  driver.crash();
  assert.equal(driver.outcomes.late, 0);
  assert.equal(driver.outcomes.windowed, 9);
});

Deno.test("semantics 7: payload time decides the turn where it is the event time", () => {
  const driver = new TestDriver(sumJob({ sources: ["in", "other"], payloadTime: true }));
  driver.commit();
  driver.send("in", [payload(0, 900), payload(60_000, 901)]);
  driver.send("other", [payload(1, 5_000), payload(59_999, 5_001), payload(60_000, 5_002)]);
  driver.crash();
  assert.equal(driver.outcomes.late, 0);
  assert.deepEqual(results(driver), ["a=3 [0, 60000) watermark"]);
});

const twoSources = { sources: ["in", "other"], idleTimeouts: ["1h", "10s"] };

Deno.test("semantics 8: a partition is idle at its time-out and not a millisecond before", () => {
  const driver = new TestDriver(sumJob(twoSources));
  driver.send("in", [at(60_000)]);
  driver.advance(9_999);
  assert.deepEqual(driver.watermarks, [Number.NEGATIVE_INFINITY]);
  driver.advance(1);
  assert.deepEqual(driver.watermarks, [59_999]);
});

Deno.test("semantics 8: a record that only confirms the watermark counts as a sign of life", () => {
  const driver = new TestDriver(sumJob(twoSources));
  driver.send("in", [at(500_000)]);
  driver.send("other", [at(60_000)]);
  driver.advance(9_999);
  driver.send("other", [at(60_000)]);
  driver.advance(9_999);
  assert.deepEqual(driver.watermarks, [59_999]);
  driver.advance(1);
  assert.deepEqual(driver.watermarks, [499_999]);
});

Deno.test("semantics 8: a dead-lettered record is no sign of life", () => {
  const driver = new TestDriver(sumJob(twoSources));
  driver.send("in", [at(60_000)]);
  driver.advance(5_000);
  driver.send("other", [{ timestamp: 1, value: "not JSON" }]);
  driver.advance(5_000);
  assert.deepEqual(driver.watermarks, [59_999]);
});

Deno.test("semantics 8: a new record ends idleness; it can be late, and holds the watermark again", () => {
  const driver = new TestDriver(sumJob(twoSources));
  driver.send("in", [at(120_000)]);
  driver.advance(10_000);
  driver.send("other", [at(30_000)]);
  assert.deepEqual([driver.watermarks[0], driver.outcomes.late], [119_999, 1]);
  driver.send("in", [at(900_000)]);
  assert.deepEqual(driver.watermarks, [119_999]);
  driver.send("other", [at(200_000)]);
  assert.deepEqual(driver.watermarks, [199_999]);
});

Deno.test("semantics 8: the idle time-out is counted anew after a restart, idleness itself is kept", () => {
  const driver = new TestDriver(sumJob(twoSources));
  driver.send("in", [at(60_000)]);
  driver.advance(9_999);
  driver.restart();
  driver.advance(9_999);
  assert.deepEqual(driver.watermarks, [Number.NEGATIVE_INFINITY]);
  driver.advance(1);
  driver.restart();
  driver.send("in", [at(120_000)]);
  assert.deepEqual(driver.watermarks, [119_999]);
});

Deno.test("semantics 9: time flows on from the newest record at its real rate, in a replay too", () => {
  const driver = new TestDriver(sumJob(), { clock: new SimulatedClock(50_000_000) });
  driver.send("in", [at(55_000)]);
  driver.advance(14_998);
  assert.deepEqual(results(driver), []);
  driver.advance(1);
  assert.deepEqual(results(driver), ["a=1 [0, 60000) silence"]);
  assert.deepEqual(driver.watermarks, [59_999]);
});

Deno.test("semantics 9: silence never takes the watermark past the clock less the margin", () => {
  const driver = new TestDriver(sumJob(), { clock: new SimulatedClock(1_000) });
  driver.send("in", [at(70_000)]);
  driver.advance(100_000);
  assert.deepEqual(driver.watermarks, [91_000]);
});

Deno.test("semantics 9: the margin is the larger of idle time-out and out-of-orderness", () => {
  const clock = new SimulatedClock(1_000_000);
  const driver = new TestDriver(sumJob({ outOfOrderness: "30s" }), { clock });
  driver.send("in", [at(100_000)]);
  driver.advance(50_000);
  assert.deepEqual(driver.watermarks, [120_000]);
});

Deno.test("semantics 9: the flow of time is counted anew after a restart", () => {
  const driver = new TestDriver(sumJob(), { clock: new SimulatedClock(1_000_000) });
  driver.send("in", [at(55_000)]);
  driver.advance(14_998);
  driver.restart();
  driver.advance(14_998);
  assert.deepEqual(results(driver), []);
  driver.advance(1);
  assert.deepEqual(results(driver), ["a=1 [0, 60000) silence"]);
});

Deno.test("semantics 9: time does not flow on while a partition is not idle, nor before any record", () => {
  const driver = new TestDriver(sumJob(twoSources), { clock: new SimulatedClock(1_000_000) });
  driver.advance(10_000_000);
  assert.deepEqual(driver.watermarks, [Number.NEGATIVE_INFINITY]);
  driver.send("in", [at(55_000)]);
  driver.advance(100_000);
  assert.deepEqual(driver.watermarks, [54_999]);
});

Deno.test("semantics 9: turned off for one source, it is off for the task", () => {
  const env = new StreamEnvironment();
  const source = (topic: string) => ({
    topic,
    deserializer: readings,
    partitionedBy: "key" as const,
  });
  const watermarks = WatermarkStrategy.forMonotonousTimestamps<Reading>();
  env.fromSource(source("in"), watermarks)
    .union(env.fromSource(source("other"), watermarks.withoutClosingOnSilence()))
    .keyBy("key").window(TumblingEventTimeWindows.of("1m")).reduce(sum).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(0)]);
  driver.send("other", [at(0)]);
  driver.advance(10_000_000);
  assert.deepEqual(results(driver), []);
  assert.equal(driver.held, 2);
});

Deno.test("semantics 10: a record over the future skew is a dead letter, one at it is not", () => {
  const clock = new SimulatedClock(1_000_000);
  const driver = new TestDriver(sumJob(), { clock, maxFuture: 1_000 });
  driver.send("in", [at(1_001_001), at(1_001_000)]);
  const [dead, ...others] = driver.outputs("in.dead-letter");
  assert.equal(others.length, 0);
  assert.equal(dead!.headers["error-reason"], "future-timestamp");
  assert.equal(
    dead!.headers["error-message"],
    "the event time must be at most 1s ahead of the clock, " +
      "it is 1970-01-01T00:16:41.001 at 1970-01-01T00:16:40.000",
  );
  assert.deepEqual(driver.watermarks, [1_000_999]);
});

Deno.test("semantics 10: the future is judged by the payload's time where that is the event time", () => {
  const driver = new TestDriver(sumJob({ payloadTime: true }), { maxFuture: 1_000 });
  driver.send("in", [payload(1_001, 0), payload(1_000, 1_000_000_000)]);
  assert.deepEqual([driver.outcomes.deadLetter, driver.outcomes.windowed], [1, 1]);
});

Deno.test("semantics 10: a time that no calendar holds is a future one, not the end of the job", () => {
  const driver = new TestDriver(sumJob(), { maxFuture: 86_400_000 });
  driver.send("in", [at(1_769_860_800_000_000_000), at(0)]);
  assert.deepEqual([driver.outcomes.deadLetter, driver.outcomes.windowed], [1, 1]);
});

Deno.test("semantics 10: a record without a timestamp is a dead letter, unless its payload has one", () => {
  const driver = new TestDriver(sumJob());
  driver.send("in", [at(-1), at(0)]);
  const [dead] = driver.outputs("in.dead-letter");
  assert.equal(dead!.headers["error-reason"], "no-timestamp");
  assert.deepEqual([driver.outcomes.deadLetter, driver.outcomes.windowed], [1, 1]);
  const other = new TestDriver(sumJob({ payloadTime: true }));
  other.send("in", [payload(0, -1)]);
  assert.equal(other.outcomes.windowed, 1);
});

Deno.test("semantics 10: a payload time that is no whole number is no timestamp", () => {
  const driver = new TestDriver(sumJob({ payloadTime: true }));
  driver.send("in", [
    { timestamp: 7, value: { key: "a", value: 1 } },
    payload(0.5),
    payload(1),
  ]);
  assert.deepEqual(
    driver.outputs("in.dead-letter").map(({ headers }) => headers["error-reason"]),
    ["no-timestamp", "no-timestamp"],
  );
  assert.deepEqual([driver.outcomes.windowed, driver.watermarks[0]], [1, 0]);
});

Deno.test("semantics 11: a partition read to its stop holds the watermark, an empty one does not", () => {
  const bounded = { bounded: true };
  const both = new TestDriver(sumJob({ sources: ["in", "other"] }), bounded);
  both.send("in", [at(0), at(60_000)]);
  both.send("other", [at(1_000)]);
  both.end();
  assert.deepEqual([both.watermarks[0], results(both).length], [999, 0]);

  const one = new TestDriver(sumJob({ sources: ["in", "other"] }), bounded);
  one.send("in", [at(0), at(60_000)]);
  assert.deepEqual(one.watermarks, [Number.NEGATIVE_INFINITY]);
  one.end();
  assert.deepEqual(results(one), ["a=1 [0, 60000) watermark"]);
});

Deno.test("semantics 11: no clock decides what is idle in a bounded run", () => {
  const driver = new TestDriver(sumJob(twoSources), { bounded: true });
  driver.send("in", [at(60_000)]);
  driver.advance(10_000_000);
  assert.deepEqual(driver.watermarks, [Number.NEGATIVE_INFINITY]);
});

Deno.test("semantics 11: open windows stay in state for the next run", () => {
  const driver = new TestDriver(sumJob(), { bounded: true });
  driver.send("in", [at(0)]);
  driver.end();
  driver.restart();
  assert.deepEqual([results(driver).length, driver.held], [0, 1]);
  driver.send("in", [at(60_000)]);
  assert.deepEqual(results(driver), ["a=1 [0, 60000) watermark"]);
});

Deno.test("semantics 11: a partition that was idle holds back once it has a backlog", () => {
  const env = new StreamEnvironment();
  const streams = (["in", "other"] as const).map((topic) =>
    env.fromSource(
      { topic, deserializer: readings, partitionedBy: "key" },
      WatermarkStrategy.forBoundedOutOfOrderness(topic === "in" ? 0 : "1m"),
    )
  );
  streams[0]!.union(streams[1]!).keyBy("key")
    .window(TumblingEventTimeWindows.of("1m")).reduce(sum).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology, { bounded: true });
  // A first run in which the other topic is empty takes it as idle.
  driver.send("in", [at(0)]);
  driver.end();
  // The second run finds a backlog on both.
  driver.send("in", [at(100_000), at(120_000)]);
  driver.send("other", [at(120_000), at(60_000)]);
  driver.crash();
  assert.equal(driver.outcomes.late, 0);
});

Deno.test("semantics 11: a drain fires all open windows and moves the watermark to the last end - 1", () => {
  const driver = new TestDriver(sumJob({ lateness: 10_000 }), { bounded: true });
  driver.send("in", [at(60_000), at(0, { key: "b" }), at(30, { key: "a" })]);
  driver.end({ drain: true });
  assert.deepEqual(results(driver), [
    "b=1 [0, 60000) correction",
    "a=1 [0, 60000) correction",
    "a=1 [60000, 120000) drain",
  ]);
  assert.deepEqual([driver.watermarks[0], driver.held], [119_999, 0]);
  driver.end({ drain: true });
  assert.equal(results(driver).length, 3);
});

Deno.test("semantics 11: what comes after a drain is late, or a correction within the lateness", () => {
  const driver = new TestDriver(sumJob({ lateness: 10_000 }), { bounded: true });
  driver.send("in", [at(0)]);
  driver.end({ drain: true });
  driver.restart();
  driver.send("in", [at(1), at(70_000), at(2)]);
  assert.deepEqual(results(driver), ["a=1 [0, 60000) drain", "a=2 [0, 60000) correction"]);
  assert.equal(driver.outcomes.late, 1);
});

Deno.test("semantics 12: a run reads no clock but its own and no random source", () => {
  const real = { now: Date.now, random: Math.random, performance: performance.now };
  const refuse = () => {
    throw new Error("read the machine");
  };
  Date.now = refuse;
  Math.random = refuse;
  performance.now = refuse;
  try {
    const driver = new TestDriver(sumJob({ running: true, lateness: 5 }), { maxFuture: 100_000 });
    driver.send("in", [at(0), at(60_000), at(900_000), { timestamp: 0, value: "bad" }]);
    driver.advance(100_000);
    driver.restart();
    driver.end({ drain: true });
    assert.equal(results(driver).length, 2);
  } finally {
    Date.now = real.now;
    Math.random = real.random;
    performance.now = real.performance;
  }
});

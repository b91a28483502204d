import assert from "node:assert/strict";
import { hasCode } from "../../base/errors.ts";
import { StreamEnvironment } from "../environment.ts";
import {
  at,
  type Reading,
  readingsSink,
  readingStream,
  results,
  sum,
  sumJob,
} from "../test_jobs.ts";
import { TestDriver, type TestOutput } from "../test_driver.ts";
import { TumblingEventTimeWindows } from "../window.ts";
import { OutputTag } from "../output_tag.ts";
import type { ProcessWindowFunction } from "./window_function.ts";

const minute = TumblingEventTimeWindows.of("1m");
const late = new OutputTag<Reading>("late");
const values = (outputs: readonly TestOutput[]) => outputs.map(({ value }) => value);

Deno.test("semantics 5: late elements go to a side output that the workflow takes", () => {
  const driver = new TestDriver(sumJob({ lateTag: late }));
  driver.send("in", [at(60_000), at(5, { value: 7 })]);
  assert.deepEqual(driver.outputs("too-late"), [{
    key: "a",
    value: 7,
    timestamp: 5,
    headers: { start: "0", end: "60000", "closed-by": "none" },
  }]);
  assert.equal(driver.outputs("in.late").length, 0);
});

Deno.test("semantics 5: late elements reach the side output of running totals and window functions", () => {
  const open: ProcessWindowFunction<Reading, string, Reading> = () => ({
    process: (_, __, [value], out) => out.collect(value!),
  });
  for (const kind of ["running", "function"]) {
    const env = new StreamEnvironment();
    const windowed = readingStream(env).keyBy("key").window(minute).sideOutputLateData(late);
    const stream = kind === "running" ? windowed.runningReduce(sum) : windowed.reduce(sum, open);
    stream.getSideOutput(late).sinkTo(readingsSink("too-late"));
    const driver = new TestDriver(env.topology);
    driver.send("in", [at(60_000), at(5, { value: 7 })]);
    assert.deepEqual(values(driver.outputs("too-late")), [7], kind);
  }
});

Deno.test("semantics 5: a side output that nobody takes loses nothing: the late topic has it", () => {
  const env = new StreamEnvironment();
  readingStream(env).keyBy("key").window(minute).sideOutputLateData(late).reduce(sum)
    .sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(60_000), at(5)]);
  assert.deepEqual([driver.outputs("in.late").length, driver.outcomes.late], [1, 1]);
});

Deno.test("reduce takes the elements of a window in the order in which they come", () => {
  const env = new StreamEnvironment();
  const digits = (a: Reading, b: Reading) => ({ ...a, value: a.value * 10 + b.value });
  readingStream(env, { outOfOrderness: "1h" }).keyBy("key").window(minute)
    .reduce(digits).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  for (const [time, value] of [[30, 1], [20, 2], [10, 3]] as const) {
    driver.send("in", [at(time, { value })]);
    driver.restart();
  }
  driver.end({ drain: true });
  assert.deepEqual(results(driver), ["a=123 [0, 60000) drain"]);
});

/** Minute sums that feed sums of two minutes, both written, the second first. */
function chained(lateness: string): TestDriver {
  const env = new StreamEnvironment();
  const minutes = readingStream(env).keyBy("key").window(minute).allowedLateness(lateness)
    .reduce(sum);
  minutes.keyBy("key").window(TumblingEventTimeWindows.of("2m")).allowedLateness(lateness)
    .reduce(sum).sinkTo(readingsSink("two"));
  minutes.sinkTo(readingsSink("one"));
  return new TestDriver(env.topology);
}

Deno.test("a window's results fill a second window that fires with the same watermark", () => {
  for (const cut of [false, true]) {
    const driver = chained("0s");
    for (const time of [0, 1, 60_000, 61_000, 120_000, 500_000]) {
      driver.send("in", [at(time)]);
      if (cut) driver.restart();
    }
    assert.deepEqual(results(driver, "one"), [
      "a=2 [0, 60000) watermark",
      "a=2 [60000, 120000) watermark",
      "a=1 [120000, 180000) watermark",
    ]);
    assert.deepEqual(results(driver, "two"), [
      "a=4 [0, 120000) watermark",
      "a=1 [120000, 240000) watermark",
    ]);
    assert.equal(driver.held, 1);
  }
});

Deno.test("a jump of the watermark over both windows loses nothing between them", () => {
  const driver = chained("0s");
  driver.send("in", [at(0), at(60_000), at(10_000_000)]);
  assert.deepEqual(results(driver, "two"), ["a=2 [0, 120000) watermark"]);
  assert.equal(driver.outcomes.late, 0);
});

Deno.test("a drain goes through chained windows", () => {
  const driver = chained("0s");
  driver.send("in", [at(0), at(60_000)]);
  driver.end({ drain: true });
  assert.deepEqual(results(driver, "one"), [
    "a=1 [0, 60000) watermark",
    "a=1 [60000, 120000) drain",
  ]);
  assert.deepEqual(results(driver, "two"), ["a=2 [0, 120000) drain"]);
  assert.deepEqual([driver.watermarks[0], driver.held], [119_999, 0]);
});

Deno.test("a correction keeps its window and reason for all who take it", () => {
  const driver = chained("1h");
  driver.send("in", [at(0), at(120_000), at(1)]);
  assert.deepEqual(results(driver, "one"), [
    "a=1 [0, 60000) watermark",
    "a=2 [0, 60000) correction",
  ]);
  // A second window adds up what it is handed: the corrected result comes as one more element.
  assert.deepEqual(results(driver, "two"), [
    "a=1 [0, 120000) watermark",
    "a=3 [0, 120000) correction",
  ]);
});

Deno.test("semantics 5: a correction that is late for a second window is put aside with that window", () => {
  const env = new StreamEnvironment();
  const twos = readingStream(env).keyBy("key").window(minute).allowedLateness("1h").reduce(sum)
    .keyBy("key").window(TumblingEventTimeWindows.of("2m")).sideOutputLateData(late).reduce(sum);
  twos.sinkTo(readingsSink("out"));
  twos.getSideOutput(late).sinkTo(readingsSink("too-late"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(0), at(120_000), at(1)]);
  assert.deepEqual(results(driver, "too-late"), ["a=2 [0, 120000) none"]);
});

Deno.test("semantics 14: a window that was let go is gone from saved state as well", () => {
  const driver = new TestDriver(sumJob());
  for (let minute = 0; minute < 50; minute++) {
    driver.send("in", [at(minute * 60_000)]);
    if (minute % 3 === 0) driver.restart();
  }
  // The open window, and the count of what was given out.
  assert.equal(driver.stateEntries, 2);
  driver.restart();
  assert.equal(driver.stateEntries, 2);
});

Deno.test("TumblingEventTimeWindows refuses what are no windows", () => {
  assert.throws(
    () => TumblingEventTimeWindows.of(0),
    (error) => hasCode(error, "invalid-argument"),
  );
  assert.throws(
    () => TumblingEventTimeWindows.of("1m", "1m"),
    (error) => hasCode(error, "invalid-argument"),
  );
  assert.equal(TumblingEventTimeWindows.of("1m", "59s").description, "tumbling 1m offset 59s");
});

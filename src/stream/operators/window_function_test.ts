/** What window functions work with: state by key and by window, side outputs, time. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import { hasCode } from "../../base/errors.ts";
import { StreamEnvironment } from "../environment.ts";
import { OutputTag } from "../output_tag.ts";
import { EventTimeSessionWindows } from "../session_windows.ts";
import { at, type Reading, readingsSink, readingStream, results, sum } from "../test_jobs.ts";
import { TestDriver } from "../test_driver.ts";
import { TumblingEventTimeWindows } from "../window.ts";
import { ListStateDescriptor, ReducingStateDescriptor, ValueStateDescriptor } from "./functions.ts";
import type { ProcessWindowFunction } from "./window_function.ts";

const minute = TumblingEventTimeWindows.of("1m");

const firings = new ValueStateDescriptor<number>("firings");
const seen = new ListStateDescriptor<number>("seen");
const odd = new OutputTag<Reading>("odd");

/** Counts a window's firings, a key's windows, and puts odd sums aside. */
const countFirings: ProcessWindowFunction<Reading, string, Reading> = (runtime) => {
  const ofWindow = runtime.windowState.getState(firings);
  const ofKey = runtime.getListState(seen);
  return {
    process: (key, context, elements, out) => {
      ofWindow.update((ofWindow.value() ?? 0) + 1);
      ofKey.add(context.window.start / 60_000);
      const value = elements.reduce((total, element) => total + element.value, 0);
      if (value % 2 === 1) context.output(odd, { key, value });
      const windows = Number(ofKey.get().join(""));
      out.collect({ key, value: windows * 10_000 + ofWindow.value()! * 100 + value });
    },
  };
};

Deno.test("a window function has state by key, and by window, which goes with the window", () => {
  const late = new OutputTag<Reading>("late");
  for (const how of ["process", "reduce"] as const) {
    for (const cut of [false, true]) {
      const env = new StreamEnvironment();
      const windowed = readingStream(env).keyBy("key").window(minute).allowedLateness("1m")
        .sideOutputLateData(late);
      const stream = how === "process"
        ? windowed.process(countFirings)
        : windowed.reduce(sum, countFirings);
      stream.sinkTo(readingsSink("out"));
      stream.getSideOutput(odd).sinkTo(readingsSink("odd"));
      stream.getSideOutput(late).sinkTo(readingsSink("late"));
      const driver = new TestDriver(env.topology);
      const steps = [[60_000, 2], [60_001, 2], [120_000, 1], [60_002, 3], [180_000, 5], [0, 9]];
      for (const [time, value] of steps) {
        driver.send("in", [at(time!, { value: value! })]);
        if (cut) driver.restart();
      }
      assert.deepEqual(results(driver), [
        "a=10104 [60000, 120000) watermark",
        "a=110207 [60000, 120000) correction",
        "a=1120101 [120000, 180000) watermark",
      ]);
      assert.deepEqual(results(driver, "odd"), [
        "a=7 [60000, 120000) correction",
        "a=1 [120000, 180000) watermark",
      ]);
      assert.deepEqual(results(driver, "late"), ["a=9 [0, 60000) none"]);
      // Two windows, [60000, 120000) was let go with its state: those that are open or may be
      // corrected, the count of one's firings, the key's list, and what was given out.
      const elements = how === "process" ? 2 : 0;
      assert.equal(driver.stateEntries, 2 + elements + 1 + 3 + 1);
    }
  }
});

Deno.test("windows that merge have no state of their own", () => {
  const env = new StreamEnvironment();
  readingStream(env).keyBy("key").window(EventTimeSessionWindows.withGap(5))
    .process(countFirings).sinkTo(readingsSink("out"));
  assert.throws(
    () => new TestDriver(env.topology).send("in", []),
    (error) => hasCode(error, "invalid-topology") && /"firings".*"session 5ms"/.test(error.message),
  );
});

const assigners = [minute, EventTimeSessionWindows.withGap("1m")];

Deno.test("a window function sees the watermark that fires it, and the clock", () => {
  const times: ProcessWindowFunction<Reading, string, Reading> = () => ({
    process: (key, context, _, out) =>
      out.collect({ key, value: context.currentWatermark() + context.currentProcessingTime() }),
  });
  for (const assigner of assigners) {
    const env = new StreamEnvironment();
    readingStream(env).keyBy("key").window(assigner).reduce(sum, times).sinkTo(readingsSink("out"));
    const driver = new TestDriver(env.topology, { clock: new SimulatedClock(1_000_000) });
    driver.send("in", [at(0), at(99_999)]);
    assert.deepEqual(results(driver), ["a=1099998 [0, 60000) watermark"]);
  }
});

Deno.test("state of a window function is over by the time of the window that fires, and goes then", () => {
  for (const time of ["event", "processing"] as const) {
    const total = new ReducingStateDescriptor<number>("total", (a, b) => a + b, {
      ttl: { duration: "2m", time },
    });
    const totals: ProcessWindowFunction<Reading, string, Reading> = (runtime) => {
      const state = runtime.getReducingState(total);
      return {
        process: (key, _, [reading], out) => {
          state.add(reading!.value);
          out.collect({ key, value: state.get()! });
        },
      };
    };
    for (const assigner of assigners) {
      const env = new StreamEnvironment();
      readingStream(env, { outOfOrderness: "1h", idleTimeouts: ["1d"] }).keyBy("key")
        .window(assigner).reduce(sum, totals).sinkTo(readingsSink("out"));
      const driver = new TestDriver(env.topology);
      // All fire in one go: the second ends within two minutes of the first, not the third.
      driver.send("in", [at(0), at(61_000, { value: 2 }), at(360_000, { value: 4 })]);
      driver.send("in", [at(4_200_000, { key: "b" })]);
      const given = results(driver).map((line) => line.split(" ")[0]);
      if (time === "event") assert.deepEqual(given, ["a=1", "a=3", "a=4"]);
      else assert.deepEqual(given, ["a=1", "a=3", "a=7"]);
      const before = driver.stateEntries;
      driver.advance(120_000);
      driver.restart();
      // By event time it is gone already; by the clock it goes now.
      assert.equal(driver.stateEntries, time === "event" ? before : before - 1);
      assert.equal(driver.stateEntries, 2);
    }
  }
});

/** Triggers of one's own. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import { hasCode } from "../../base/errors.ts";
import type { DataStream, KeyedStream } from "../data_stream.ts";
import { StreamEnvironment } from "../environment.ts";
import { EventTimeSessionWindows, GlobalWindows } from "../session_windows.ts";
import { at, type Reading, readingsSink, readingStream, results, sum } from "../test_jobs.ts";
import { TestDriver } from "../test_driver.ts";
import type { Trigger } from "../trigger.ts";
import { TumblingEventTimeWindows } from "../window.ts";
import { ReducingStateDescriptor, ValueStateDescriptor } from "./functions.ts";

type Job = (readings: KeyedStream<Reading, string>) => DataStream<Reading>;

const minute = TumblingEventTimeWindows.of("1m");

function driverOf(job: Job, options: { bounded?: boolean } = {}): TestDriver {
  const env = new StreamEnvironment();
  job(readingStream(env, { idleTimeouts: ["1d"] }).keyBy("key")).sinkTo(readingsSink("out"));
  return new TestDriver(env.topology, { clock: new SimulatedClock(1_000_000), ...options });
}

/** A driver builds the operators when it is first used. */
function start(job: Job): void {
  driverOf(job).send("in", []);
}

/** Runs a job twice, uncut and with a restart behind every step. */
function bothWays(job: Job, act: (driver: TestDriver, step: () => void) => void): void {
  const straight = driverOf(job);
  act(straight, () => {});
  const cut = driverOf(job);
  act(cut, () => cut.restart());
}

const timesOf = (driver: TestDriver) => driver.outputs("out").map(({ timestamp }) => timestamp);

/** Fires at an element above a limit, and an hour after the first element. */
const alarm: Trigger<Reading> = {
  description: "alarm",
  open: (store) => {
    const deadline = store.getState(new ValueStateDescriptor<number>("deadline"));
    return {
      onElement: ({ value }, context) => {
        if (deadline.value() === undefined) {
          deadline.update(context.timestamp + 3_600_000);
          context.registerEventTimeTimer(deadline.value()!);
        }
        if (value < 100) return "CONTINUE";
        context.deleteEventTimeTimer(deadline.value()!);
        deadline.clear();
        return "FIRE_AND_PURGE";
      },
      onEventTime: (timestamp) => {
        assert.equal(timestamp, deadline.value());
        deadline.clear();
        return "FIRE_AND_PURGE";
      },
      onProcessingTime: () => "CONTINUE",
    };
  },
};

Deno.test("a trigger of one's own has state and timers of each window", () => {
  bothWays(
    (readings) => readings.window(GlobalWindows.create()).trigger(alarm).reduce(sum),
    (driver, step) => {
      driver.send("in", [at(0), at(5, { value: 2, key: "b" })]);
      step();
      driver.send("in", [at(10, { value: 100 })]);
      step();
      driver.send("in", [at(3_600_004), at(3_600_006, { value: 7, key: "c" })]);
      step();
      const given = results(driver).map((line) => line.split(" ")[0]);
      assert.deepEqual([given, timesOf(driver)], [["a=101", "b=2"], [10, 3_600_005]]);
    },
  );
});

Deno.test("windows that merge need a trigger that can merge", () => {
  assert.throws(
    () =>
      start((readings) =>
        readings.window(EventTimeSessionWindows.withGap(5)).trigger(alarm).reduce(sum)
      ),
    (error) => hasCode(error, "invalid-topology") && /"alarm".*"session 5ms"/.test(error.message),
  );
});

Deno.test("a trigger's state has no time-to-live: it goes with its window", () => {
  const aging = new ReducingStateDescriptor<number>("n", sumOf, { ttl: { duration: "1h" } });
  const trigger: Trigger = {
    description: "aging",
    open: (store) => {
      store.getReducingState(aging);
      return {
        onElement: () => "CONTINUE",
        onEventTime: () => "CONTINUE",
        onProcessingTime: () => "CONTINUE",
      };
    },
  };
  assert.throws(
    () => start((readings) => readings.window(minute).trigger(trigger).reduce(sum)),
    (error) => hasCode(error, "invalid-argument"),
  );
});

function sumOf(a: number, b: number): number {
  return a + b;
}

Deno.test("a trigger's timers are at whole milliseconds", () => {
  for (const time of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const trigger: Trigger = {
      description: "at no time",
      open: () => ({
        onElement: (_, context) => {
          context.registerEventTimeTimer(time);
          return "CONTINUE";
        },
        onEventTime: () => "CONTINUE",
        onProcessingTime: () => "CONTINUE",
      }),
    };
    const driver = driverOf((readings) => readings.window(minute).trigger(trigger).reduce(sum));
    assert.throws(
      () => driver.send("in", [at(0)]),
      (error) => hasCode(error, "operator-failed") && hasCode(error.cause, "invalid-argument"),
    );
  }
});

Deno.test("a trigger sees the watermark that its timers come due by", () => {
  const seen: number[] = [];
  const trigger: Trigger = {
    description: "looking",
    open: () => ({
      onElement: (_, context) => {
        seen.push(context.currentWatermark());
        context.registerEventTimeTimer(context.timestamp + 10);
        return "CONTINUE";
      },
      onEventTime: (_, context) => {
        seen.push(context.currentWatermark());
        return "CONTINUE";
      },
      onProcessingTime: () => "CONTINUE",
    }),
  };
  const driver = driverOf((readings) => readings.window(minute).trigger(trigger).reduce(sum));
  driver.send("in", [at(5), at(500, { key: "b" }), at(600, { key: "b" })]);
  assert.deepEqual(seen, [Number.NEGATIVE_INFINITY, 4, 499, 499, 599]);
});

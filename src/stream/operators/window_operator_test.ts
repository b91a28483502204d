/** Windows by the clock, triggers of one's own, and what window functions work with. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import { hasCode } from "../../base/errors.ts";
import type { DataStream, KeyedStream } from "../data_stream.ts";
import { StreamEnvironment } from "../environment.ts";
import {
  EventTimeSessionWindows,
  GlobalWindows,
  ProcessingTimeSessionWindows,
} from "../session_windows.ts";
import { at, type Reading, readingsSink, readingStream, results, sum } from "../test_jobs.ts";
import { Task } from "../task.ts";
import { TestDriver } from "../test_driver.ts";
import { LiteralRecord } from "../test_records.ts";
import {
  ContinuousEventTimeTrigger,
  ContinuousProcessingTimeTrigger,
  CountTrigger,
  EventTimeTrigger,
  ProcessingTimeTrigger,
  PurgingTrigger,
} from "../triggers.ts";
import {
  SlidingEventTimeWindows,
  SlidingProcessingTimeWindows,
  TumblingEventTimeWindows,
  TumblingProcessingTimeWindows,
} from "../window.ts";

/** A task of a job whose inputs are idle after 10 s, with no closing on silence. */
function taskOf(job: Job, clock = new SimulatedClock(0)): Task {
  const env = new StreamEnvironment();
  const readings = readingStream(env, { closesOnSilence: false });
  job(readings.keyBy("key")).sinkTo(readingsSink("out"));
  const outputs = { write: () => {}, forward: () => {} };
  return new Task(env.topology, { partition: 0, partitions: 1, clock, outputs });
}

/** A driver builds the operators when it is first used. */
function start(job: Job): void {
  driverOf(job).send("in", []);
}

type Job = (readings: KeyedStream<Reading, string>) => DataStream<Reading>;

const minute = TumblingEventTimeWindows.of("1m");

function driverOf(job: Job, options: { bounded?: boolean } = {}): TestDriver {
  const env = new StreamEnvironment();
  job(readingStream(env, { idleTimeouts: ["1d"] }).keyBy("key")).sinkTo(readingsSink("out"));
  return new TestDriver(env.topology, { clock: new SimulatedClock(1_000_000), ...options });
}

/** Runs a job twice, uncut and with a restart behind every step. */
function bothWays(job: Job, act: (driver: TestDriver, step: () => void) => void): void {
  const straight = driverOf(job);
  act(straight, () => {});
  const cut = driverOf(job);
  act(cut, () => cut.restart());
}

const timesOf = (driver: TestDriver) => driver.outputs("out").map(({ timestamp }) => timestamp);

Deno.test("windows of processing time take elements by the clock and close by it", () => {
  bothWays(
    (readings) => readings.window(TumblingProcessingTimeWindows.of("10s")).reduce(sum),
    (driver, step) => {
      driver.send("in", [at(500), at(7, { value: 2 })]);
      step();
      driver.advance(9_998);
      driver.send("in", [at(90, { value: 4 })]);
      step();
      assert.deepEqual([results(driver), driver.held], [[], 3]);
      driver.advance(1);
      step();
      assert.deepEqual(results(driver), ["a=7 [1000000, 1010000) clock"]);
      assert.deepEqual(timesOf(driver), [1_009_999]);
      driver.advance(1);
      assert.deepEqual([driver.held, driver.outcomes.late], [0, 0]);
      // What is left is the count of what was given out.
      driver.commit();
      assert.equal(driver.stateEntries, 1);
    },
  );
});

Deno.test("sliding windows of processing time overlap", () => {
  bothWays(
    (readings) => readings.window(SlidingProcessingTimeWindows.of("10s", "5s")).reduce(sum),
    (driver, step) => {
      driver.send("in", [at(0)]);
      step();
      driver.advance(5_000);
      driver.send("in", [at(0, { value: 2 })]);
      step();
      driver.advance(20_000);
      assert.deepEqual(results(driver), [
        "a=1 [995000, 1005000) clock",
        "a=3 [1000000, 1010000) clock",
        "a=2 [1005000, 1015000) clock",
      ]);
    },
  );
});

Deno.test("sessions of processing time end when the clock has seen nothing for the gap", () => {
  bothWays(
    (readings) => readings.window(ProcessingTimeSessionWindows.withGap("10s")).reduce(sum),
    (driver, step) => {
      driver.send("in", [at(0)]);
      step();
      driver.advance(9_000);
      driver.send("in", [at(0, { value: 2 })]);
      step();
      driver.advance(9_998);
      assert.deepEqual(results(driver), []);
      driver.advance(1);
      step();
      assert.deepEqual(results(driver), ["a=3 [1000000, 1019000) clock"]);
    },
  );
});

Deno.test("semantics 11: no clock closes windows of processing time in a bounded run", () => {
  const job: Job = (readings) =>
    readings.window(TumblingProcessingTimeWindows.of("10s")).reduce(sum);
  const driver = driverOf(job, { bounded: true });
  driver.send("in", [at(0)]);
  driver.advance(60_000);
  driver.end({ drain: true });
  assert.deepEqual([results(driver), driver.held], [[], 1]);
});

Deno.test("ContinuousProcessingTimeTrigger fires at each interval of the clock, before the end's firing", () => {
  const every = ContinuousProcessingTimeTrigger.of("10s");
  bothWays(
    (readings) =>
      readings.window(minute).trigger(EventTimeTrigger.create().withEarlyFirings(every))
        .reduce(sum),
    (driver, step) => {
      driver.send("in", [at(1)]);
      step();
      driver.advance(9_999);
      assert.deepEqual(results(driver), []);
      driver.advance(1);
      driver.send("in", [at(2, { value: 2 })]);
      step();
      // A clock that is seldom looked at makes up for what it missed.
      driver.advance(20_000);
      step();
      driver.send("in", [at(60_000, { key: "b" })]);
      step();
      driver.advance(10_000);
      assert.deepEqual(results(driver), [
        "a=1 [0, 60000) early",
        "a=3 [0, 60000) early",
        "a=3 [0, 60000) early",
        "a=3 [0, 60000) watermark",
        "b=1 [60000, 120000) early",
      ]);
    },
  );
});

Deno.test("early firings by the clock end with the window, however long it takes late elements", () => {
  const every = ContinuousProcessingTimeTrigger.of("10s");
  const driver = driverOf((readings) =>
    readings.window(minute).allowedLateness("1h")
      .trigger(EventTimeTrigger.create().withEarlyFirings(every)).reduce(sum)
  );
  driver.send("in", [at(1), at(60_000, { key: "b" })]);
  driver.advance(30_000);
  const ofA = results(driver).filter((line) => line.startsWith("a"));
  assert.deepEqual(ofA, ["a=1 [0, 60000) watermark"]);
});

Deno.test("semantics 2: results of global windows carry the time of the element or timer that fired them", () => {
  const driver = driverOf((readings) =>
    readings.window(GlobalWindows.create()).trigger(ContinuousEventTimeTrigger.of("10s"))
      .reduce(sum).union(readings.countWindow(2).reduce(sum))
  );
  driver.send("in", [at(3_000), at(1_000), at(25_000)]);
  assert.deepEqual(timesOf(driver), [1_000, 10_000, 20_000]);
});

Deno.test("semantics 11: a drain fires the timers of global windows, which stay", () => {
  const driver = driverOf((readings) =>
    readings.window(GlobalWindows.create()).trigger(ContinuousEventTimeTrigger.of("10s"))
      .reduce(sum)
  );
  driver.send("in", [at(3_000)]);
  driver.end({ drain: true });
  assert.deepEqual([timesOf(driver), driver.watermarks[0]], [[10_000], 10_000]);
  driver.send("in", [at(20_001, { value: 5 })]);
  assert.deepEqual(results(driver).map((line) => line.split(" ")[0]), ["a=1", "a=6"]);
});

Deno.test("a task waits while windows are open that the watermark closes, or timers of triggers are set", () => {
  const jobs: readonly (readonly [boolean, Job])[] = [
    [true, (readings) => readings.window(EventTimeSessionWindows.withGap("1m")).reduce(sum)],
    [
      true,
      (readings) =>
        readings.window(GlobalWindows.create()).trigger(ContinuousEventTimeTrigger.of("1m"))
          .reduce(sum),
    ],
    [false, (readings) => readings.countWindow(2).reduce(sum)],
    [false, (readings) => readings.window(TumblingProcessingTimeWindows.of("1m")).reduce(sum)],
  ];
  for (const [waits, job] of jobs) {
    const clock = new SimulatedClock(0);
    const task = taskOf(job, clock);
    task.process(0, new LiteralRecord(at(0), 0));
    task.setCaughtUp(0, true);
    task.setWritersKnown(0, true);
    clock.advance(10_000);
    task.tick();
    assert.equal(task.inputs[0]!.idle, true);
    assert.equal(task.isIdle, !waits);
  }
});

Deno.test("semantics 9: silence closes sessions as it does other windows", () => {
  bothWays(
    (readings) => readings.window(EventTimeSessionWindows.withGap("1m")).reduce(sum),
    (driver, step) => {
      driver.send("in", [at(900_000), at(930_000, { value: 2 })]);
      step();
      // Idle after a day, with the time-out as the margin: event time flows on from 930,000.
      driver.advance(86_400_000 + 59_998);
      assert.deepEqual([results(driver), driver.held], [[], 2]);
      driver.advance(1);
      assert.deepEqual(results(driver), ["a=3 [900000, 990000) silence"]);
    },
  );
});

Deno.test("a count window leaves nothing of what it gave out", () => {
  const driver = driverOf((readings) => readings.countWindow(2).reduce(sum));
  driver.send("in", [at(1), at(2, { key: "b" }), at(3), at(4, { key: "b" })]);
  assert.deepEqual([driver.outputs("out").length, driver.held], [2, 0]);
  driver.commit();
  assert.equal(driver.stateEntries, 1);
});

Deno.test("runningReduce refuses windows in which a total has no meaning", () => {
  const jobs: readonly Job[] = [
    (readings) => readings.window(EventTimeSessionWindows.withGap(5)).runningReduce(sum),
    (readings) => readings.countWindow(5).runningReduce(sum),
    (readings) => readings.window(SlidingEventTimeWindows.of(10, 5)).runningReduce(sum),
    (readings) => readings.window(TumblingProcessingTimeWindows.of(10)).runningReduce(sum),
    (readings) => readings.window(minute).trigger(CountTrigger.of(2)).runningReduce(sum),
  ];
  for (const job of jobs) {
    assert.throws(() => start(job), (error) => hasCode(error, "invalid-topology"));
  }
});

Deno.test("state that was saved under another trigger, assigner or lateness is refused", () => {
  const session = EventTimeSessionWindows.withGap("1m");
  const jobs: readonly Job[] = [
    (readings) => readings.window(session).reduce(sum),
    (readings) => readings.window(session).allowedLateness("1s").reduce(sum),
    (readings) => readings.window(session).trigger(CountTrigger.of(2)).reduce(sum),
    (readings) => readings.window(session).trigger(CountTrigger.of(3)).reduce(sum),
    (readings) =>
      readings.window(session).trigger(PurgingTrigger.of(CountTrigger.of(3))).reduce(sum),
    (readings) => readings.window(EventTimeSessionWindows.withGap("2m")).reduce(sum),
  ];
  jobs.forEach((saved, i) => {
    const task = taskOf(saved);
    task.process(0, new LiteralRecord(at(0), 0));
    const entries = task.takeChanges();
    jobs.forEach((job, j) => {
      const restore = () => entries.forEach((entry) => taskOf(job).restoreState(entry));
      if (i === j) restore();
      else assert.throws(restore, (error) => hasCode(error, "state-incompatible"), `${i} ${j}`);
    });
  });
});

Deno.test("semantics 2: what the clock closes is not late where it goes, however far event time is", () => {
  const driver = driverOf((readings) =>
    readings.window(TumblingProcessingTimeWindows.of("10s")).reduce(sum)
  );
  const global = driverOf((readings) =>
    readings.window(GlobalWindows.create()).trigger(ContinuousProcessingTimeTrigger.of("10s"))
      .reduce(sum)
  );
  for (const one of [driver, global]) {
    // Nor is what comes late for the clock's windows, however far event time is.
    one.send("in", [at(5_000_000), at(1)]);
    one.advance(10_000);
    assert.deepEqual([timesOf(one), one.outcomes.late], [[5_000_000], 0]);
    assert.match(results(one)[0]!, /^a=2 /);
  }
});

Deno.test("ProcessingTimeTrigger on windows of event time fires when the clock comes to their end", () => {
  const driver = driverOf((readings) =>
    readings.window(minute).trigger(ProcessingTimeTrigger.create()).reduce(sum)
  );
  driver.send("in", [at(1_020_000)]);
  driver.advance(79_998);
  assert.deepEqual(results(driver), []);
  driver.advance(1);
  assert.deepEqual(results(driver), ["a=1 [1020000, 1080000) early"]);
});

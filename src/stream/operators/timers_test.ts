/** Timers of both domains. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { SimulatedClock } from "../../base/clock.ts";
import { hasCode } from "../../base/errors.ts";
import { StreamEnvironment } from "../environment.ts";
import { json } from "../json.ts";
import { Task } from "../task.ts";
import { LiteralRecord } from "../test_records.ts";
import { at, type Reading, readingsSink, readingStream } from "../test_jobs.ts";
import { TestDriver, type TestDriverOptions } from "../test_driver.ts";
import { happeningsOf, runSteps, type Step, stepsOf, type Timed } from "../test_steps.ts";
import { WatermarkStrategy } from "../watermark_strategy.ts";
import type { KeyedProcessFunction, TimeDomain, TimerService } from "./functions.ts";

function driverOf(
  open: KeyedProcessFunction<Reading, string, Reading>,
  options: TestDriverOptions = {},
): TestDriver {
  const env = new StreamEnvironment();
  readingStream(env, { closesOnSilence: false }).keyBy("key").process(open)
    .sinkTo(readingsSink("out"));
  return new TestDriver(env.topology, options);
}

/** What came out, as key=value @time. */
const stamped = (driver: TestDriver) =>
  driver.outputs("out").map(({ key, value, timestamp }) => `${key}=${value} @${timestamp}`);

/** Sets a timer of the clock at each reading's value; a negative one takes the timer back. */
const alarms: KeyedProcessFunction<Reading, string, Reading> = () => ({
  processElement: ({ value }, context) => {
    const timers = context.timerService();
    if (value >= 0) timers.registerProcessingTimeTimer(value);
    else timers.deleteProcessingTimeTimer(-value);
  },
  onTimer: (timestamp, context, out) => {
    assert.equal(context.timeDomain(), "processing-time");
    assert.ok(context.timestamp() >= timestamp);
    out.collect({ key: context.getCurrentKey(), value: timestamp });
  },
});

Deno.test("semantics 12: a processing-time timer is called when the clock has come to it, not before", () => {
  const driver = driverOf(alarms);
  driver.send("in", [at(1_000_000, { value: 50 })]);
  driver.advance(49);
  assert.deepEqual(stamped(driver), []);
  driver.advance(1);
  assert.deepEqual(stamped(driver), ["a=50 @1000000"]);
  driver.advance(100);
  assert.deepEqual(stamped(driver), ["a=50 @1000000"]);
});

Deno.test("semantics 2: what a processing-time timer gives out is never late: it has the timer's time or one behind the watermark", () => {
  const driver = driverOf(alarms);
  driver.send("in", [at(20, { value: 10 }), at(20, { value: 30 })]);
  driver.advance(30);
  assert.deepEqual(driver.watermarks, [19]);
  assert.deepEqual(stamped(driver), ["a=10 @20", "a=30 @30"]);
});

Deno.test("semantics 12: a processing-time timer that came due while the job stood is called at its start", () => {
  for (const cut of ["restart", "crash"] as const) {
    const clock = new SimulatedClock();
    const driver = driverOf(alarms, { clock });
    driver.send("in", [at(0, { value: 50 }), at(1, { value: 60 }), at(1, { value: -60 })]);
    driver.commit();
    clock.advance(70);
    driver[cut]();
    assert.deepEqual(stamped(driver), ["a=50 @50"]);
    driver.restart();
    assert.deepEqual(stamped(driver), ["a=50 @50"]);
  }
});

Deno.test("semantics 12: no processing-time timer is called in a bounded run, nor by its drain", () => {
  const driver = driverOf(alarms, { bounded: true });
  driver.send("in", [at(0, { value: 50 })]);
  driver.advance(60);
  driver.end({ drain: true });
  assert.deepEqual(stamped(driver), []);
});

Deno.test("processing-time timers are called by time and then by the bytes of the key", () => {
  const driver = driverOf(alarms);
  const keys = ["\u{1f600}", "b", "\uffff", "a"];
  for (const value of [60, 40]) driver.send("in", keys.map((key) => at(0, { key, value })));
  driver.advance(100);
  const order = ["a", "b", "\uffff", "\u{1f600}"];
  assert.deepEqual(
    stamped(driver),
    [40, 60].flatMap((time) => order.map((key) => `${key}=${time} @${time}`)),
  );
});

Deno.test("a timer of one domain is not one of the other", () => {
  const seen: unknown[] = [];
  const driver = driverOf(() => ({
    processElement: ({ value }, context) => {
      if (value === 0) return;
      const timers = context.timerService();
      timers.registerEventTimeTimer(50);
      timers.registerProcessingTimeTimer(50);
      timers.registerEventTimeTimer(60);
      timers.deleteProcessingTimeTimer(60);
      timers.registerProcessingTimeTimer(70);
      timers.deleteEventTimeTimer(70);
    },
    onTimer: (timestamp, context) => seen.push([timestamp, context.timeDomain()]),
  }));
  driver.send("in", [at(0)]);
  driver.advance(100);
  assert.deepEqual(seen, [[50, "processing-time"], [70, "processing-time"]]);
  driver.send("in", [at(61, { value: 0 })]);
  assert.deepEqual(seen.slice(2), [[50, "event-time"], [60, "event-time"]]);
});

Deno.test("TestDriver.timers tells those of either domain, by time and then key bytes", () => {
  const driver = driverOf(() => ({
    processElement: ({ value }, context) => {
      context.timerService().registerEventTimeTimer(value);
      context.timerService().registerProcessingTimeTimer(value + 1);
    },
  }));
  driver.send("in", [at(0, { value: 60 }), at(0, { key: "b", value: 50 }), at(0, { value: 50 })]);
  const told = (domain: TimeDomain) =>
    driver.timers("keyedProcess").filter((timer) => timer.domain === domain)
      .map(({ key, timestamp }) => `${key} ${timestamp}`);
  assert.deepEqual(told("event-time"), ["a 50", "b 50", "a 60"]);
  assert.deepEqual(told("processing-time"), ["a 51", "b 51", "a 61"]);
});

Deno.test("currentProcessingTime is the clock's, in a timer too, and never goes back", () => {
  const clock = { time: 100, now: () => clock.time, sleep: () => Promise.resolve() };
  const seen: number[] = [];
  const driver = driverOf(() => ({
    processElement: (_, context) => {
      seen.push(context.timerService().currentProcessingTime());
      context.timerService().registerEventTimeTimer(1);
    },
    onTimer: (_, context) => seen.push(context.timerService().currentProcessingTime()),
  }), { clock: clock as unknown as SimulatedClock });
  driver.send("in", [at(0)]);
  clock.time = 90;
  driver.send("in", [at(1)]);
  clock.time = 110;
  driver.send("in", [at(2)]);
  assert.deepEqual(seen, [100, 100, 110, 110]);
});

Deno.test("a process function without keys is told both times", () => {
  const seen: unknown[] = [];
  const env = new StreamEnvironment();
  readingStream(env).process(() => ({
    processElement: (_, context) => {
      const timers = context.timerService();
      seen.push([timers.currentWatermark(), timers.currentProcessingTime()]);
    },
  }));
  const driver = new TestDriver(env.topology, { clock: new SimulatedClock(5) });
  driver.send("in", [at(10), at(20)]);
  assert.deepEqual(seen, [[Number.NEGATIVE_INFINITY, 5], [9, 5]]);
});

Deno.test("a timer at what is no time is refused", () => {
  const register: readonly ((timers: TimerService, time: number) => void)[] = [
    (timers, time) => timers.registerEventTimeTimer(time),
    (timers, time) => timers.registerProcessingTimeTimer(time),
  ];
  for (const one of register) {
    for (const time of [Number.NEGATIVE_INFINITY, Number.NaN, 0.5, 2 ** 53]) {
      const driver = driverOf(() => ({
        processElement: (_, context) => one(context.timerService(), time),
      }));
      assert.throws(() => driver.send("in", [at(0)]), (error) => {
        assert.ok(hasCode(error, "operator-failed") && hasCode(error.cause, "invalid-argument"));
        assert.match(error.cause.message, /^Cannot register a timer: its time must be whole/);
        return true;
      });
    }
  }
});

/** An element that sets a timer or takes one back. */
interface Order extends Timed {
  readonly key: string;
  readonly what: "register" | "delete";
  readonly domain: TimeDomain;
  readonly at: number;
}

const order: fc.Arbitrary<Order> = fc.record({
  time: fc.nat({ max: 100 }),
  key: fc.constantFrom("a", "\uffff", "\u{1f600}"),
  what: fc.constantFrom("register", "register", "register", "delete"),
  domain: fc.constantFrom("event-time" as const, "processing-time"),
  at: fc.nat({ max: 110 }),
});

/** What a timer does besides telling: it sets others and takes others back, by its time. */
function doings(domain: TimeDomain, time: number) {
  const other = domain === "event-time" ? "processing-time" : "event-time";
  return [
    ...(time % 3 === 0 ? [{ what: "register" as const, domain, at: time + 1 }] : []),
    ...(time % 7 === 0 && time < 500
      ? [{ what: "register" as const, domain: other as TimeDomain, at: time + 7 }]
      : []),
    ...(time % 5 === 0 ? [{ what: "delete" as const, domain, at: time + 2 }] : []),
    ...(time % 11 === 0 ? [{ what: "register" as const, domain, at: time - 4 }] : []),
  ];
}

function timerJob() {
  const env = new StreamEnvironment();
  const strategy = WatermarkStrategy.forBoundedOutOfOrderness<Order>(3)
    .withIdleness("1d").withoutClosingOnSilence();
  const deserializer = json((value) => value as Order);
  const obey = (timers: TimerService, { what, domain, at }: Omit<Order, "key" | "time">) => {
    const suffix = domain === "event-time" ? "EventTimeTimer" : "ProcessingTimeTimer";
    timers[`${what}${suffix}`](at);
  };
  env.fromSource({ topic: "in-0", deserializer, partitionedBy: "key" }, strategy)
    .keyBy("key")
    .process<readonly unknown[]>(() => ({
      processElement: (value, context) => obey(context.timerService(), value),
      onTimer: (timestamp, context, out) => {
        const timers = context.timerService();
        const domain = context.timeDomain();
        const now = domain === "event-time"
          ? timers.currentWatermark()
          : timers.currentProcessingTime();
        out.collect([timestamp, domain, context.getCurrentKey(), now]);
        for (const one of doings(domain, timestamp)) obey(timers, one);
      },
    }))
    .sinkTo({ topic: "out" });
  return env.topology;
}

/** The timers that must be called, by looking at all that are set. */
function expectedOf(steps: readonly Step<Order>[]) {
  const out: unknown[] = [];
  const times: number[] = [];
  let passed = Number.NEGATIVE_INFINITY;
  let set: Omit<Order, "time" | "what">[] = [];
  const obey = (key: string, { what, domain, at }: Omit<Order, "key" | "time">) => {
    set = set.filter((one) => one.key !== key || one.domain !== domain || one.at !== at);
    if (what === "register") set.push({ key, domain, at });
  };
  const call = (domain: TimeDomain, now: number) => {
    for (;;) {
      const due = set.filter((one) => one.domain === domain && one.at <= now);
      due.sort((a, b) => a.at - b.at || Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
      const [first] = due;
      if (first === undefined) return;
      set = set.filter((one) => one !== first);
      out.push([first.at, domain, first.key, now]);
      times.push(domain === "event-time" ? first.at : Math.max(first.at, passed + 1));
      for (const one of doings(domain, first.at)) obey(first.key, one);
    }
  };
  for (const one of happeningsOf(steps, { outOfOrderness: 3 })) {
    if (one.kind === "tick") call("processing-time", one.clock);
    else {
      obey(one.element.key, one.element);
      if (one.watermark > one.before) call("event-time", one.watermark);
      passed = one.watermark;
    }
  }
  return { out, times, waiting: set.length };
}

Deno.test("semantics 2 and 12: timers of both domains are those of the oracle, wherever a run is cut", () => {
  fc.assert(
    fc.property(stepsOf(order), (steps) => {
      const driver = new TestDriver(timerJob());
      runSteps(driver, steps);
      const { out, times, waiting } = expectedOf(steps);
      assert.deepEqual(driver.outputs("out").map(({ value }) => value), out);
      assert.deepEqual(driver.outputs("out").map(({ timestamp }) => timestamp), times);
      assert.equal(driver.stateEntries, waiting);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("semantics 11: a drain calls the event-time timers that are set when it begins", () => {
  const driver = driverOf(() => ({
    processElement: (_, context) => {
      context.timerService().registerEventTimeTimer(1_000);
      context.timerService().registerEventTimeTimer(2_000);
    },
    // One that goes on for ever, and one that is due before the last.
    onTimer: (timestamp, context, out) => {
      out.collect({ key: context.getCurrentKey(), value: timestamp });
      context.timerService().registerEventTimeTimer(timestamp + 600);
    },
  }), { bounded: true });
  driver.send("in", [at(0)]);
  driver.end();
  assert.deepEqual(stamped(driver), []);
  driver.end({ drain: true });
  const called = ["a=1000 @1000", "a=1600 @1600", "a=2000 @2000"];
  assert.deepEqual(stamped(driver), called);
  assert.deepEqual(driver.watermarks, [2_000]);
  // What was set meanwhile is in state for the next run, whose drain ends as well.
  driver.restart();
  assert.deepEqual(stamped(driver), called);
  driver.end({ drain: true });
  assert.deepEqual(stamped(driver).slice(3), ["a=2200 @2200", "a=2600 @2600"]);
});

Deno.test("semantics 24: a task holds the next stage back while an event-time timer is set in it", () => {
  for (const domain of ["none", "processing-time", "event-time"] as const) {
    const env = new StreamEnvironment();
    readingStream(env, { closesOnSilence: false }).keyBy("key").process<Reading>(() => ({
      processElement: (_, context) => {
        const timers = context.timerService();
        if (domain === "event-time") timers.registerEventTimeTimer(100);
        if (domain === "processing-time") timers.registerProcessingTimeTimer(1_000_000);
      },
    }));
    const clock = new SimulatedClock();
    const outputs = { write: () => {}, forward: () => {} };
    const task = new Task(env.topology, { partition: 0, partitions: 1, clock, outputs });
    task.process(0, new LiteralRecord(at(0), 0));
    task.setCaughtUp(0, true);
    clock.advance(20_000);
    task.tick();
    assert.equal(task.isIdle, domain !== "event-time");
  }
});

import assert from "node:assert/strict";
import { hasCode } from "../../base/errors.ts";
import { StreamEnvironment } from "../environment.ts";
import { at, type Reading, readingsSink, readingStream, results, sum } from "../test_jobs.ts";
import { TestDriver } from "../test_driver.ts";
import { TumblingEventTimeWindows } from "../window.ts";
import { OutputTag } from "../output_tag.ts";
import { type KeyedProcessFunction, ValueStateDescriptor } from "./functions.ts";
import type { ProcessWindowFunction } from "./window_function.ts";

/** Runs a keyed process function over readings into `out`. */
function keyedDriver(open: KeyedProcessFunction<Reading, string, Reading>): TestDriver {
  const env = new StreamEnvironment();
  readingStream(env).keyBy("key").process(open).sinkTo(readingsSink("out"));
  return new TestDriver(env.topology);
}

/** What came out, as key=value @time. */
const stamped = (driver: TestDriver, topic = "out") =>
  driver.outputs(topic).map(({ key, value, timestamp }) => `${key}=${value} @${timestamp}`);

Deno.test("KeyedStream.process keeps a value of its own for each key, over a restart", () => {
  const driver = keyedDriver((runtime) => {
    const total = runtime.getState(new ValueStateDescriptor<number>("total"));
    return {
      processElement: ({ key, value }, _, out) => {
        const next = (total.value() ?? 0) + value;
        if (next > 10) total.clear();
        else total.update(next);
        out.collect({ key, value: next });
      },
    };
  });
  driver.send("in", [at(1, { value: 4 }), at(2, { key: "b" }), at(3, { value: 5 })]);
  driver.restart();
  driver.send("in", [at(4, { value: 2 }), at(5, { value: 7 }), at(6, { key: "b" })]);
  assert.deepEqual(stamped(driver), ["a=4 @1", "b=1 @2", "a=9 @3", "a=11 @4", "a=7 @5", "b=2 @6"]);
});

Deno.test("KeyedStream.process tells key, time and partition", () => {
  const seen: unknown[] = [];
  const driver = keyedDriver((runtime) => ({
    processElement: (_, context) => {
      seen.push([context.getCurrentKey(), context.timestamp(), runtime.taskPartition]);
    },
  }));
  driver.send("in", [at(5, { key: "b" })]);
  assert.deepEqual(seen, [["b", 5, 0]]);
});

Deno.test("KeyedStream.process hands back keys of every kind as they were", () => {
  const keys = [1, "1", true, { of: "it" }, ["a", 1], "\u00001", "\u0000no JSON", ""];
  const env = new StreamEnvironment();
  const seen: unknown[] = [];
  readingStream(env).keyBy((reading) => keys[reading.value]!).process((runtime) => {
    const count = runtime.getState(new ValueStateDescriptor<number>("count"));
    return {
      processElement: (_, context) => {
        count.update((count.value() ?? 0) + 1);
        seen.push([context.getCurrentKey(), count.value()]);
      },
    };
  });
  const driver = new TestDriver(env.topology);
  driver.send("in", keys.map((_, value) => at(0, { value })));
  assert.deepEqual(seen, keys.map((key) => [key, 1]));
});

Deno.test("KeyedStream.process gives the same state for the same descriptor", () => {
  const driver = keyedDriver((runtime) => {
    const first = runtime.getState(new ValueStateDescriptor<number>("count"));
    const second = runtime.getState(new ValueStateDescriptor<number>("count"));
    return {
      processElement: ({ key }, _, out) => {
        first.update((second.value() ?? 0) + 1);
        out.collect({ key, value: second.value()! });
      },
    };
  });
  driver.send("in", [at(1), at(2)]);
  assert.deepEqual(stamped(driver), ["a=1 @1", "a=2 @2"]);
});

Deno.test("KeyedStream.process takes any name for a state, that of its timers too", () => {
  const driver = keyedDriver((runtime) => {
    const state = runtime.getState(new ValueStateDescriptor<number>("timers"));
    return {
      processElement: ({ key, value }, context, out) => {
        out.collect({ key, value: state.value() ?? 0 });
        state.update(value);
        context.timerService().registerEventTimeTimer(100);
      },
      onTimer: (_, context, out) =>
        out.collect({ key: context.getCurrentKey(), value: state.value()! }),
    };
  });
  driver.send("in", [at(1, { value: 7 })]);
  driver.restart();
  driver.send("in", [at(101, { value: 8 })]);
  assert.deepEqual(stamped(driver), ["a=0 @1", "a=7 @101", "a=8 @100"]);
});

/** Sets a timer at each reading's value; a negative one takes the timer back. */
const alarms: KeyedProcessFunction<Reading, string, Reading> = () => ({
  processElement: ({ value }, context) => {
    const timers = context.timerService();
    if (value >= 0) timers.registerEventTimeTimer(value);
    else timers.deleteEventTimeTimer(-value);
  },
  onTimer: (timestamp, context, out) => {
    assert.equal(context.timestamp(), timestamp);
    out.collect({ key: context.getCurrentKey(), value: timestamp });
  },
});

Deno.test("semantics 2: a timer's output carries the timer's time", () => {
  const driver = keyedDriver(alarms);
  driver.send("in", [at(0, { value: 50 }), at(75, { value: 999 })]);
  assert.deepEqual(stamped(driver), ["a=50 @50"]);
});

Deno.test("onTimer is called when the watermark is at the timer's time, not before", () => {
  const driver = keyedDriver(alarms);
  driver.send("in", [at(0, { value: 50 }), at(50, { value: 999 })]);
  assert.deepEqual(stamped(driver), []);
  driver.send("in", [at(51, { value: 999 })]);
  assert.deepEqual(stamped(driver), ["a=50 @50"]);
});

Deno.test("onTimer is called by time and then by the bytes of the key", () => {
  const driver = keyedDriver(alarms);
  const keys = ["\u{1f600}", "b", "\uffff", "a"];
  for (const value of [60, 40]) driver.send("in", keys.map((key) => at(0, { key, value })));
  driver.send("in", [at(100, { value: 999 })]);
  const order = ["a", "b", "\uffff", "\u{1f600}"];
  assert.deepEqual(
    stamped(driver),
    [40, 60].flatMap((time) => order.map((key) => `${key}=${time} @${time}`)),
  );
});

Deno.test("onTimer is called once a time and key, however often it was registered", () => {
  const driver = keyedDriver(alarms);
  driver.send("in", [at(0, { value: 50 }), at(1, { value: 50 })]);
  driver.restart();
  driver.send("in", [at(2, { value: 50 }), at(51, { value: 999 })]);
  assert.deepEqual(stamped(driver), ["a=50 @50"]);
  // It is gone now, and can be set anew.
  driver.send("in", [at(52, { value: 60 }), at(61, { value: 999 })]);
  assert.deepEqual(stamped(driver), ["a=50 @50", "a=60 @60"]);
});

Deno.test("a timer that was taken back is not called, unless set again; both survive a restart", () => {
  for (const cut of [false, true]) {
    const driver = keyedDriver(alarms);
    const step = (value: number) => {
      driver.send("in", [at(0, { value })]);
      if (cut) driver.restart();
    };
    for (const value of [50, 60, 70, -50, -60, 60, -80]) step(value);
    driver.send("in", [at(100, { value: 999 })]);
    assert.deepEqual(stamped(driver), ["a=60 @60", "a=70 @70"]);
  }
});

Deno.test("a timer at or before the watermark is called when the watermark moves next", () => {
  const driver = keyedDriver(alarms);
  driver.send("in", [at(100, { value: 999 }), at(100, { value: 99 }), at(100, { value: 5 })]);
  assert.deepEqual(stamped(driver), []);
  driver.send("in", [at(101, { value: 999 })]);
  assert.deepEqual(stamped(driver), ["a=5 @5", "a=99 @99"]);
});

Deno.test("a timer that onTimer sets within the watermark is called in the same move", () => {
  const driver = keyedDriver(() => ({
    processElement: (_, context) => context.timerService().registerEventTimeTimer(10),
    onTimer: (timestamp, context, out) => {
      if (timestamp < 40) context.timerService().registerEventTimeTimer(timestamp + 10);
      out.collect({ key: context.getCurrentKey(), value: timestamp });
    },
  }));
  driver.send("in", [at(0), at(31)]);
  assert.deepEqual(stamped(driver), ["a=10 @10", "a=20 @20", "a=30 @30"]);
});

Deno.test("currentWatermark in onTimer is where the watermark has come to", () => {
  const seen: number[] = [];
  const driver = keyedDriver(() => ({
    processElement: (_, context) => {
      seen.push(context.timerService().currentWatermark());
      context.timerService().registerEventTimeTimer(10);
    },
    onTimer: (_, context) => seen.push(context.timerService().currentWatermark()),
  }));
  driver.send("in", [at(0), at(31)]);
  assert.deepEqual(seen, [Number.NEGATIVE_INFINITY, -1, 30]);
});

Deno.test("a function that throws stops the job, and says at which record", () => {
  const boom = () => {
    throw new Error("boom");
  };
  const driver = keyedDriver(() => ({ processElement: boom }));
  assert.throws(() => driver.send("in", [at(0)]), (error) => {
    assert.ok(hasCode(error, "operator-failed"));
    assert.match(error.message, /^Cannot process the record at in\[0\] offset 0: .*"boom"$/);
    return true;
  });
});

Deno.test("a timer that throws stops the job as any function does", () => {
  const driver = keyedDriver(() => ({
    processElement: (_, context) => context.timerService().registerEventTimeTimer(1),
    onTimer: () => {
      throw new Error("boom");
    },
  }));
  assert.throws(() => driver.send("in", [at(2)]), (error) => {
    assert.ok(hasCode(error, "operator-failed"));
    assert.match(error.message, /^Cannot process a result of the job: .*"boom"$/);
    return true;
  });
});

Deno.test("process gives any number of elements and puts some aside", () => {
  const odd = new OutputTag<Reading>("odd");
  const nobody = new OutputTag<Reading>("nobody");
  const env = new StreamEnvironment();
  const processed = readingStream(env).process<Reading>(() => ({
    processElement: (reading, context, out) => {
      context.output(nobody, reading);
      if (reading.value % 2 === 1) return context.output(odd, reading);
      out.collect(reading);
      out.collect({ ...reading, value: context.timestamp() });
    },
  }));
  processed.sinkTo(readingsSink("out"));
  processed.getSideOutput(odd).sinkTo(readingsSink("odd"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(10, { value: 1 }), at(11, { value: 2 })]);
  assert.deepEqual(stamped(driver), ["a=2 @11", "a=11 @11"]);
  assert.deepEqual(stamped(driver, "odd"), ["a=1 @10"]);
});

Deno.test("a keyed process function puts elements aside, from timers too, over a restart", () => {
  const overdue = new OutputTag<Reading>("overdue");
  const env = new StreamEnvironment();
  const processed = readingStream(env).keyBy("key").process<Reading>(() => ({
    processElement: (reading, context, out) => {
      context.timerService().registerEventTimeTimer(context.timestamp() + 10);
      if (reading.value > 1) context.output(overdue, reading);
      else out.collect(reading);
    },
    onTimer: (_, context) => context.output(overdue, { key: context.getCurrentKey(), value: 0 }),
  }));
  processed.sinkTo(readingsSink("out"));
  processed.getSideOutput(overdue).sinkTo(readingsSink("overdue"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(1), at(2, { key: "b", value: 2 })]);
  driver.restart();
  driver.send("in", [at(20)]);
  assert.deepEqual(stamped(driver), ["a=1 @1", "a=1 @20"]);
  assert.deepEqual(stamped(driver, "overdue"), ["b=2 @2", "a=0 @11", "b=0 @12"]);
});

Deno.test("a stream is split by filters, each of which sees all elements", () => {
  const env = new StreamEnvironment();
  const stream = readingStream(env);
  stream.filter(({ value }) => value < 2).sinkTo(readingsSink("small"));
  stream.filter(({ value }) => value >= 2).sinkTo(readingsSink("large"));
  stream.filter(({ value }) => value === 2).sinkTo(readingsSink("two"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [1, 2, 3].map((value) => at(value, { value })));
  assert.deepEqual(stamped(driver, "small"), ["a=1 @1"]);
  assert.deepEqual(stamped(driver, "large"), ["a=2 @2", "a=3 @3"]);
  assert.deepEqual(stamped(driver, "two"), ["a=2 @2"]);
});

Deno.test("reduce with a process window function keeps state of the key from window to window", () => {
  const open: ProcessWindowFunction<Reading, string, Reading> = (runtime) => {
    const total = runtime.getState(new ValueStateDescriptor<number>("total"));
    return {
      process: (key, { window, closedBy }, [reading], out) => {
        assert.equal(closedBy, "watermark");
        total.update((total.value() ?? 0) + reading!.value);
        out.collect({ key, value: total.value()! * 1_000 + window.start / 60_000 });
      },
    };
  };
  const env = new StreamEnvironment();
  readingStream(env).keyBy("key").window(TumblingEventTimeWindows.of("1m"))
    .reduce(sum, open).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(0), at(1), at(2, { key: "b" }), at(60_000, { value: 5 })]);
  driver.restart();
  driver.send("in", [at(120_000), at(180_000)]);
  assert.deepEqual(results(driver), [
    "a=2000 [0, 60000) watermark",
    "b=1000 [0, 60000) watermark",
    "a=7001 [60000, 120000) watermark",
    "a=8002 [120000, 180000) watermark",
  ]);
});

import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import type { DataStream } from "./data_stream.ts";
import { StreamEnvironment } from "./environment.ts";
import type { KeyedProcessFunction } from "./operators/functions.ts";
import type { ProcessWindowFunction } from "./operators/window_function.ts";
import { ValueStateDescriptor } from "./operators/functions.ts";
import { OutputTag } from "./output_tag.ts";
import { TestDriver } from "./test_driver.ts";
import { type Reading, readings, readingsSink, sum, sumJob } from "./test_jobs.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";
import { TumblingEventTimeWindows } from "./window.ts";

const minute = TumblingEventTimeWindows.of("1m");
const a = (value: number): Reading => ({ key: "a", value });
const b = (value: number): Reading => ({ key: "b", value });

/** Sums by minute and key. */
const sums = (stream: DataStream<Reading>) => stream.keyBy("key").window(minute).reduce(sum);

/** A driver of {@linkcode sums}. */
function sumsTest() {
  const test = new TestDriver();
  const source = test.source<Reading>("in", { partitionedBy: "key" });
  return { test, source, out: test.collect(sums(source.stream)) };
}

const total = new ValueStateDescriptor<number>("total");
const count = new ValueStateDescriptor<number>("count");

/** Adds up and counts by key, and sets timers: ten seconds behind each element, and one by the clock. */
const totals: KeyedProcessFunction<Reading, string, string> = (runtime) => {
  const state = runtime.getState(total);
  const counted = runtime.getState(count);
  return {
    processElement: (reading, context) => {
      counted.update((counted.value() ?? 0) + 1);
      state.update((state.value() ?? 0) + reading.value);
      context.timerService().registerEventTimeTimer(context.timestamp() + 10_000);
      context.timerService().registerProcessingTimeTimer(60_000);
    },
    onTimer: (_, context, out) => out.collect(`${context.getCurrentKey()}=${state.value()}`),
  };
};

/** A driver of {@linkcode totals}. */
function totalsTest(partitions = 1) {
  const test = new TestDriver({ partitions });
  const source = test.source<Reading>("in", { partitionedBy: "key" });
  return { test, source, out: test.collect(source.stream.keyBy("key").process(totals)) };
}

Deno.test("TestDriver shows each result of a workflow with its event time, window and what closed it", () => {
  const { test, source, out } = sumsTest();
  source.send(a(1), 0);
  source.send(a(2), 59_999);
  assert.deepEqual(out.records(), []);
  source.send(b(4), 60_000);
  assert.deepEqual(out.records(), [{
    value: a(3),
    timestamp: 59_999,
    window: { start: 0, end: 60_000 },
    closedBy: "watermark",
  }]);
  assert.deepEqual([test.watermark, test.held, test.outcomes.windowed], [59_999, 1, 3]);
  test.end({ drain: true });
  assert.deepEqual(out.values(), [a(3), b(4)]);
  assert.deepEqual(out.records()[1]!.closedBy, "drain");
});

Deno.test("TestSink.take tells what came since the last call, and again what comes again", () => {
  const { test, source, out } = sumsTest();
  source.send(a(1), 0);
  source.send(a(2), 60_000);
  assert.deepEqual([out.take(), out.take()], [[a(1)], []]);
  test.commit();
  source.send(a(4), 120_000);
  assert.deepEqual(out.take(), [a(2)]);
  test.crash();
  assert.deepEqual([out.take(), out.values()], [[a(2)], [a(1), a(2)]]);
});

Deno.test("TestDriver.collect takes side outputs", () => {
  const test = new TestDriver();
  const source = test.source<Reading>("in", { partitionedBy: "key" });
  const late = new OutputTag<Reading>("late");
  const results = source.stream.keyBy("key").window(minute).sideOutputLateData(late).reduce(sum);
  const [out, tooLate] = [test.collect(results), test.collect(results.getSideOutput(late))];
  source.send(a(1), 60_000);
  source.send(a(2), 5);
  test.end({ drain: true });
  assert.deepEqual([out.values(), tooLate.values()], [[a(1)], [a(2)]]);
});

Deno.test("TestDriver.outputs has what a source's late topic was given", () => {
  const { test, source } = sumsTest();
  source.send(a(1), 60_000);
  source.send(a(2), 5);
  const [late, ...others] = test.outputs("in.late");
  assert.deepEqual([late!.value, late!.timestamp, others], [a(2), 5, []]);
  assert.equal(late!.headers["window-end"], "60000");
});

Deno.test("TestSource.send takes the clock's time where no event time is stated", () => {
  const test = new TestDriver({ clock: new SimulatedClock(1_000) });
  const source = test.source<number>("numbers");
  const out = test.collect(source.stream.map((number) => number * 2));
  source.send(1);
  test.advance("5s");
  source.sendAll([{ value: 2 }]);
  assert.deepEqual(out.records().map(({ value, timestamp }) => [value, timestamp]), [
    [2, 1_000],
    [4, 6_000],
  ]);
});

Deno.test("TestSource.sendAll processes the oldest element of all partitions first", () => {
  const test = new TestDriver({ partitions: 2 });
  const source = test.source<string>("in");
  const out = test.collect(source.stream);
  source.sendAll([
    { value: "third", timestamp: 3 },
    { value: "first", timestamp: 1, partition: 1 },
    { value: "second", timestamp: 2, partition: 1 },
  ]);
  assert.deepEqual(out.values(), ["first", "second", "third"]);
  assert.throws(() => source.sendAll([{ value: "nowhere", partition: 2 }]), {
    code: "invalid-argument",
    message: 'Cannot send to "in": the partition must be one of 0 to 1, it is 2',
  });
});

Deno.test("TestSource places elements by the field that it declares", () => {
  const { test, source, out } = totalsTest(3);
  const keys = [..."abcdefgh"];
  source.sendAll(keys.map((key, index) => ({ value: { key, value: index }, timestamp: index })));
  test.end({ drain: true });
  assert.deepEqual(out.values().toSorted(), keys.map((key, index) => `${key}=${index}`));
  assert.equal(new Set(keys.map((key) => test.state("keyedProcess", key).taskPartition)).size, 3);
});

Deno.test("TestSource hands elements on as they are; a repartition takes JSON values only", () => {
  const day = new Date(0);
  const asTheyAre = new TestDriver();
  const dates = asTheyAre.source<Date>("dates");
  const out = asTheyAre.collect(dates.stream.map((date) => date));
  dates.send(day, 0);
  assert.equal(out.values()[0], day);

  const repartitioned = new TestDriver();
  const sent = repartitioned.source<Date>("dates");
  const through = repartitioned.collect(sent.stream.keyBy((date) => date.valueOf()));
  sent.send(day, 0);
  assert.deepEqual(through.values() as unknown, [day.toISOString()]);
});

Deno.test("TestDriver.state shows what is kept of a key, committed or not, after a crash too", () => {
  const { test, source } = totalsTest();
  const valueOf = (key: string) => test.state("keyedProcess", key).getState(total).value();
  assert.equal(valueOf("a"), undefined);
  source.send(a(1), 0);
  assert.deepEqual([valueOf("a"), valueOf("b")], [1, undefined]);
  test.commit();
  source.send(a(2), 1);
  source.send(b(5), 1);
  assert.deepEqual([valueOf("a"), valueOf("b")], [3, 5]);
  test.crash();
  assert.deepEqual([valueOf("a"), valueOf("b")], [3, 5]);
  test.restart();
  assert.deepEqual([valueOf("a"), valueOf("b")], [3, 5]);
});

Deno.test("TestDriver.state shows what a window function keeps of a key", () => {
  const test = new TestDriver();
  const source = test.source<Reading>("in", { partitionedBy: "key" });
  const counting: ProcessWindowFunction<Reading, string, never> = (runtime) => {
    const windows = runtime.getState(count);
    return { process: () => windows.update((windows.value() ?? 0) + 1) };
  };
  test.collect(source.stream.keyBy("key").window(minute).process(counting));
  for (const time of [0, 60_000, 120_000]) source.send(a(1), time);
  assert.equal(test.state("window", "a").getState(count).value(), 2);
  assert.deepEqual(test.timers("window"), []);
});

Deno.test("TestDriver.state gives a copy: a look changes nothing", () => {
  const { test, source } = totalsTest();
  source.send(a(1), 0);
  const looked = test.state("keyedProcess", "a").getState(total);
  looked.update(100);
  source.send(a(1), 1);
  assert.equal(test.state("keyedProcess", "a").getState(total).value(), 2);
  assert.equal(looked.value(), 100);
});

Deno.test("a look at state does not hide what a commit has to save", () => {
  const { test, source } = totalsTest();
  for (let value = 0; value < 5; value++) {
    source.send(a(2), value);
    test.state("keyedProcess", "a");
    if (value === 2) test.restart();
  }
  test.restart();
  const state = test.state("keyedProcess", "a");
  assert.deepEqual([state.getState(total).value(), state.getState(count).value()], [10, 5]);
  assert.equal(test.timers("keyedProcess").length, 6);
});

Deno.test("TestDriver.timers shows the timers that are set, by time and key", () => {
  const { test, source, out } = totalsTest();
  source.send(b(1), 5);
  source.send(a(1), 5);
  source.send(a(1), 4);
  assert.deepEqual(test.timers("keyedProcess"), [
    { domain: "event-time", timestamp: 10_004, key: "a" },
    { domain: "event-time", timestamp: 10_005, key: "a" },
    { domain: "event-time", timestamp: 10_005, key: "b" },
    { domain: "processing-time", timestamp: 60_000, key: "a" },
    { domain: "processing-time", timestamp: 60_000, key: "b" },
  ]);
  source.send(b(1), 10_005);
  assert.deepEqual(out.take(), ["a=2"]);
  assert.deepEqual(test.timers("keyedProcess").map(({ key }) => key), ["a", "b", "b", "a", "b"]);
  test.advance("1m");
  assert.deepEqual(
    out.take(),
    ["a=2", "b=2", "a=2", "b=2", "b=2"],
    "by the clock, then in a silence",
  );
});

Deno.test("TestDriver.state and timers refuse what the topology does not keep", () => {
  const { test } = totalsTest();
  assert.throws(() => test.state("elsewhere", "a"), {
    code: "invalid-argument",
    message: 'Cannot look at "elsewhere": it must be the id of an operator with keyed state, ' +
      'the topology has "keyedProcess"',
  });
  assert.throws(() => test.timers("elsewhere"), { code: "invalid-argument" });
  const state = test.state("keyedProcess", "a");
  assert.throws(() => state.getState(new ValueStateDescriptor<number>("sum")), {
    code: "invalid-argument",
    message:
      'Cannot look at the state "sum" of "keyedProcess": the operator must keep it, it keeps ' +
      '"total", "count"',
  });
});

Deno.test("TestDriver.advance lets silence close windows", () => {
  const { test, source, out } = sumsTest();
  test.advance("1h");
  source.send(a(1), 0);
  test.advance("70s");
  assert.deepEqual(out.records().map(({ closedBy }) => closedBy), ["silence"]);
});

Deno.test("TestDriver takes a whole job, with sources and sinks of its own beside", () => {
  const env = new StreamEnvironment();
  const watermarks = WatermarkStrategy.forMonotonousTimestamps<Reading>();
  const stream = env.fromSource({ topic: "in", deserializer: readings }, watermarks);
  const test = new TestDriver(env.topology);
  const more = test.source<Reading>("more");
  const all = stream.union(more.stream);
  all.sinkTo(readingsSink("out"));
  const out = test.collect(all);
  more.send(a(1), 0);
  test.send("in", [{ value: b(2), timestamp: 1 }, { value: "no JSON", timestamp: 2 }]);
  assert.deepEqual(out.values(), [a(1), b(2)]);
  assert.deepEqual(test.outputs("out").map(({ key }) => key), ["a", "b"]);
  assert.equal(test.outputs("in.dead-letter").length, 1);
});

Deno.test("TestDriver refuses to grow once it has started", () => {
  const { test, source } = sumsTest();
  assert.throws(() => test.source("in"), { code: "invalid-topology" });
  source.send(a(1), 0);
  assert.throws(() => test.source("more"), {
    code: "invalid-topology",
    message:
      'Cannot add the source "more": the workflow must be complete before the first element, ' +
      "it has started",
  });
  assert.throws(() => test.collect(source.stream), { code: "invalid-topology" });
  assert.throws(() => new TestDriver(sumJob()).send("elsewhere", []), {
    message: 'Cannot send to "elsewhere": the topology must read it, it reads in',
  });
});

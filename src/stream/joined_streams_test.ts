/** Joins of two streams by key and window. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { partitionForText } from "../base/murmur2.ts";
import type { DataStream } from "./data_stream.ts";
import { StreamEnvironment } from "./environment.ts";
import type { CoGroupedWindows, JoinedWindows } from "./joined_streams.ts";
import type { TaggedUnion } from "./operators/co_group.ts";
import { OutputTag } from "./output_tag.ts";
import { EventTimeSessionWindows } from "./session_windows.ts";
import { at, type Reading, readings } from "./test_jobs.ts";
import { TestDriver, type TestDriverOptions, type TestRecord } from "./test_driver.ts";
import { CountTrigger } from "./triggers.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";
import { SlidingEventTimeWindows, type WindowAssigner } from "./window.ts";

interface Settings {
  readonly assigner?: WindowAssigner;
  readonly outOfOrderness?: number;
  readonly isPlaced?: boolean;
}

type Change<W> = (windows: W) => W;

function streams({ outOfOrderness = 0, isPlaced = true }: Settings) {
  const env = new StreamEnvironment();
  const source = (topic: string): DataStream<Reading> =>
    env.fromSource(
      { topic, deserializer: readings, ...(isPlaced && { partitionedBy: "key" as const }) },
      WatermarkStrategy.forBoundedOutOfOrderness<Reading>(outOfOrderness),
    );
  return { env, left: source("left"), right: source("right") };
}

const minute = SlidingEventTimeWindows.of("1m", "1m");

/** Joins `left` and `right` by key into `out`: `1+2`. */
function joinDriver(
  settings: Settings = {},
  change: Change<JoinedWindows<Reading, Reading>> = (windows) => windows,
  options: TestDriverOptions = {},
): TestDriver {
  const { env, left, right } = streams(settings);
  change(left.join(right).where("key").equalTo("key").window(settings.assigner ?? minute))
    .apply((a, b) => `${a.key} ${a.value}+${b.value}`)
    .sinkTo({ topic: "out" });
  return new TestDriver(env.topology, options);
}

/** What came out: `a 1+2 @59999`. */
const pairsOf = (driver: TestDriver) =>
  driver.outputs("out").map(({ value, timestamp }) => `${value} @${timestamp}`);

Deno.test("a window join pairs the elements of one key and window, at the window's end - 1", () => {
  const driver = joinDriver();
  driver.send("left", [
    at(0, { value: 1 }),
    at(59_999, { value: 2 }),
    at(0, { key: "b", value: 3 }),
  ]);
  driver.send("right", [at(1_000, { value: 4 }), at(59_999, { value: 5 }), at(0, { key: "c" })]);
  driver.restart();
  driver.send("left", [at(60_000, { value: 6 })]);
  assert.deepEqual(pairsOf(driver), []);
  driver.send("right", [at(60_000, { value: 7 })]);
  const first = ["a 1+4 @59999", "a 1+5 @59999", "a 2+4 @59999", "a 2+5 @59999"];
  assert.deepEqual(pairsOf(driver), first);
  driver.end({ drain: true });
  assert.deepEqual(pairsOf(driver), [...first, "a 6+7 @119999"]);
  assert.deepEqual([driver.held, driver.outcomes.windowed], [0, 8]);
});

Deno.test("a window join takes both keys by functions, of one type", () => {
  const { env, left, right } = streams({});
  left.join(right).where(({ key }) => key.toLowerCase()).equalTo(({ key }) => key).window(minute)
    .apply((a, b) => [a.value, b.value]).sinkTo({ topic: "out" });
  const joined = left.join(right).where("value");
  joined.equalTo("value");
  joined.equalTo(({ value }) => value + 1);
  // @ts-expect-error a text is no number
  joined.equalTo("key");
  // @ts-expect-error the same
  joined.equalTo(({ key }) => key);
  const driver = new TestDriver(env.topology);
  driver.send("left", [at(0, { key: "A", value: 1 })]);
  driver.send("right", [at(0, { key: "a", value: 2 }), at(0, { key: "A", value: 3 })]);
  driver.end({ drain: true });
  assert.deepEqual(driver.outputs("out").map(({ value }) => value), [[1, 2]]);
});

Deno.test("coGroup gives the elements of both streams to a function, be it of one stream alone", () => {
  const { env, left, right } = streams({});
  const windows: CoGroupedWindows<Reading, Reading> = left.coGroup(right).where("key").equalTo(
    "key",
  )
    .window(minute);
  windows.apply((lefts, rights) => [lefts, rights].map((all) => all.map(({ value }) => value)))
    .sinkTo({ topic: "out" });
  const driver = new TestDriver(env.topology);
  driver.send("left", [at(5, { value: 1 }), at(6, { value: 2 }), at(5, { key: "b", value: 3 })]);
  driver.send("right", [at(7, { value: 4 }), at(5, { key: "c", value: 5 })]);
  driver.end({ drain: true });
  assert.deepEqual(
    driver.outputs("out").map(({ value }) => value),
    [[1, 2], [4], [3], [], [], [5]],
  );
});

Deno.test("a window join in sessions pairs what one session holds of both", () => {
  const assigner = EventTimeSessionWindows.withGap("10s");
  const driver = joinDriver({ assigner });
  driver.send("left", [at(0, { value: 1 }), at(15_000, { value: 2 }), at(60_000, { value: 3 })]);
  driver.send("right", [at(9_000, { value: 4 }), at(30_000, { value: 5 })]);
  driver.end({ drain: true });
  assert.deepEqual(pairsOf(driver), ["a 1+4 @24999", "a 2+4 @24999"]);
});

Deno.test("semantics 6: a window join within its lateness gives its pairs out again, with the new ones", () => {
  const driver = joinDriver({}, (windows) => windows.allowedLateness("10s"));
  driver.send("left", [at(0, { value: 1 }), at(60_000)]);
  driver.send("right", [at(0, { value: 2 }), at(60_000)]);
  driver.send("right", [at(1, { value: 3 })]);
  assert.deepEqual(pairsOf(driver), ["a 1+2 @59999", "a 1+2 @59999", "a 1+3 @59999"]);
  driver.send("left", [at(70_000)]);
  driver.send("right", [at(70_000), at(2)]);
  assert.deepEqual(driver.outputs("right.late").length, 1);
});

Deno.test("semantics 5: late elements of a window join go to a side output, marked by their stream", () => {
  const { env, left, right } = streams({});
  const tag = new OutputTag<TaggedUnion<Reading, Reading>>("late");
  left.join(right).where("key").equalTo("key").window(minute).sideOutputLateData(tag)
    .apply((a, b) => [a, b]).getSideOutput(tag).sinkTo({ topic: "late" });
  const driver = new TestDriver(env.topology);
  driver.send("left", [at(60_000)]);
  driver.send("right", [at(60_000), at(5, { value: 3 })]);
  driver.send("left", [at(6, { value: 4 })]);
  const late = driver.outputs("late").map(({ value }) => value);
  assert.deepEqual(late, [{ right: { key: "a", value: 3 } }, { left: { key: "a", value: 4 } }]);
  assert.deepEqual(driver.outputs("right.late"), []);
});

Deno.test("a window join fires when its trigger says so", () => {
  const driver = joinDriver({}, (windows) => windows.trigger(CountTrigger.of(2)));
  driver.send("left", [at(0, { value: 1 })]);
  driver.send("right", [at(0, { value: 2 })]);
  assert.equal(driver.outputs("out").length, 1);
});

/** A record of one of the two topics. */
interface Given {
  readonly topic: "left" | "right";
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
}

const partitionOf = (key: string) => partitionForText(key, 2);

/** Joins by going through all windows and all elements at each step; records come one by one. */
function expected(
  records: readonly Given[],
  { size, slide, lateness }: { size: number; slide: number; lateness: number },
) {
  const pairs: string[] = [];
  let late = 0;
  const taken: (Given & { readonly end: number })[] = [];
  const watermarks = [-Infinity, -Infinity];
  const newest = new Map<string, number>();
  const fire = (key: string, end: number) => {
    const own = taken.filter((one) => one.key === key && one.end === end);
    for (const left of own.filter(({ topic }) => topic === "left")) {
      for (const right of own.filter(({ topic }) => topic === "right")) {
        pairs.push(`${key} ${left.value}+${right.value} @${end - 1}`);
      }
    }
  };
  for (const record of records) {
    const { key, topic, timestamp } = record;
    const partition = partitionOf(key);
    const watermark = watermarks[partition]!;
    let isTaken = false;
    for (let end = -size; end <= timestamp + 2 * size; end++) {
      const isWindow = (end - size) % slide === 0 && timestamp < end && timestamp >= end - size;
      if (!isWindow || end - 1 + lateness <= watermark) continue;
      isTaken = true;
      taken.push({ ...record, end });
      if (end - 1 <= watermark) fire(key, end);
    }
    if (!isTaken) late++;
    const lane = `${topic} ${partition}`;
    newest.set(lane, Math.max(newest.get(lane) ?? -Infinity, timestamp));
    const both = ["left", "right"].map((one) => newest.get(`${one} ${partition}`) ?? -Infinity);
    const next = Math.min(...both) - 1;
    if (next <= watermark) continue;
    watermarks[partition] = next;
    const keys = [...new Set(taken.map((one) => one.key))].filter((one) =>
      partitionOf(one) === partition
    );
    // Of these keys UTF-16 has the order of UTF-8.
    keys.sort();
    const ends = [...new Set(taken.map((one) => one.end))].sort((a, b) => a - b);
    for (const end of ends.filter((end) => end - 1 > watermark && end - 1 <= next)) {
      for (const key of keys) fire(key, end);
    }
  }
  return { pairs, late };
}

const given: fc.Arbitrary<Given> = fc.record({
  topic: fc.constantFrom("left", "right"),
  key: fc.constantFrom("a", "b", "c", "é"),
  value: fc.nat(999),
  timestamp: fc.nat(40),
});
const recordOf = ({ timestamp, key, value }: Given): TestRecord => ({
  ...at(timestamp, { key, value }),
  partition: partitionOf(key),
});

Deno.test("a window join gives what going through all windows and pairs gives, restarted anywhere", () => {
  const plan = fc.record({
    records: fc.array(given, { maxLength: 40 }),
    restarts: fc.array(fc.nat(40), { maxLength: 5 }),
    size: fc.integer({ min: 1, max: 12 }),
    slide: fc.integer({ min: 1, max: 12 }),
    lateness: fc.nat(10),
  });
  const property = fc.property(plan, ({ records, restarts, size, slide: any, lateness }) => {
    const slide = Math.min(any, size);
    const assigner = SlidingEventTimeWindows.of(size, slide);
    const late: Change<JoinedWindows<Reading, Reading>> = (windows) =>
      windows.allowedLateness(lateness);
    const driver = joinDriver({ assigner }, late, { partitions: 2 });
    for (const [i, record] of records.entries()) {
      // What is not committed would come again in another order.
      if (restarts.includes(i)) driver.restart();
      driver.send(record.topic, [recordOf(record)]);
    }
    const found = expected(records, { size, slide, lateness });
    assert.deepEqual(pairsOf(driver), found.pairs);
    assert.equal(driver.outcomes.late, found.late);
  });
  fc.assert(property, { numRuns: 300 });
});

Deno.test("semantics 23 and 24: a window join behind repartition topics misses no pair, whatever breaks it", () => {
  const plan = fc.record({
    records: fc.array(fc.tuple(given, fc.nat(1)), { maxLength: 30 }),
    cut: fc.nat(30),
    between: fc.constantFrom<"commit" | "restart" | "crash">("commit", "restart", "crash"),
  });
  const property = fc.property(plan, ({ records, cut, between }) => {
    const assigner = SlidingEventTimeWindows.of(10, 10);
    const options = { partitions: 2, bounded: true };
    const driver = joinDriver({ assigner, isPlaced: false }, (windows) => windows, options);
    const ordered = records.toSorted(([a], [b]) => a.timestamp - b.timestamp);
    for (const part of [ordered.slice(0, cut), ordered.slice(cut)]) {
      for (const topic of ["left", "right"]) {
        const own = part.filter(([one]) => one.topic === topic);
        driver.send(topic, own.map(([one, partition]) => ({ ...recordOf(one), partition })));
      }
      driver[between]();
    }
    driver.end({ drain: true });
    const wanted: string[] = [];
    for (const [left] of records.filter(([one]) => one.topic === "left")) {
      for (const [right] of records.filter(([one]) => one.topic === "right")) {
        const window = Math.floor(left.timestamp / 10);
        if (left.key !== right.key || Math.floor(right.timestamp / 10) !== window) continue;
        wanted.push(`${left.key} ${left.value}+${right.value} @${window * 10 + 9}`);
      }
    }
    assert.deepEqual(pairsOf(driver).toSorted(), wanted.toSorted());
    assert.deepEqual([driver.held, driver.outcomes.late], [0, 0]);
  });
  fc.assert(property, { numRuns: 200 });
});

/** Topologies that are split at a repartition, and what comes of their records (semantics 23). */

import assert from "node:assert/strict";
import fc from "fast-check";
import { hasCode } from "../../base/errors.ts";
import { partitionForText } from "../../base/murmur2.ts";
import type { DataStream } from "../data_stream.ts";
import { StreamEnvironment } from "../environment.ts";
import { stagesOf } from "../stages.ts";
import { TestDriver, type TestRecord } from "../testing/test_driver.ts";
import { at, type Reading, readings, readingsSink, results, sum } from "./test_jobs.ts";
import type { Topology } from "../topology.ts";
import { WatermarkStrategy } from "../watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../windows/window.ts";

/** The stream of a source; without a declared field where none is given. */
function stream(
  env: StreamEnvironment,
  topic = "in",
  { partitionedBy, watermarks = WatermarkStrategy.forMonotonousTimestamps<Reading>() }: {
    readonly partitionedBy?: keyof Reading & string;
    readonly watermarks?: WatermarkStrategy<Reading>;
  } = {},
): DataStream<Reading> {
  const declared = partitionedBy === undefined ? {} : { partitionedBy };
  return env.fromSource({ topic, deserializer: readings, ...declared }, watermarks);
}

/** Sums by minute and key of a source that declares its field, or not. */
function sums(
  isDeclared: boolean,
  watermarks?: WatermarkStrategy<Reading>,
  isRunning = false,
): Topology {
  const env = new StreamEnvironment();
  const windows = stream(env, "in", {
    ...(isDeclared && { partitionedBy: "key" as const }),
    ...(watermarks && { watermarks }),
  }).keyBy("key").window(TumblingEventTimeWindows.of("1m"));
  (isRunning ? windows.runningReduce(sum) : windows.reduce(sum)).sinkTo(readingsSink("out"));
  return env.topology;
}

/** The sources and sinks of each stage, and the ids of its nodes. */
function outline(topology: Topology) {
  return stagesOf(topology, (name) => `r-${name}`).map((stage) => ({
    reads: stage.sources.map(({ topic }) => topic),
    writes: stage.sinkTopics,
    ids: stage.nodes.map(({ id }) => id),
  }));
}

const identity = (reading: Reading) => reading;

Deno.test("semantics 23: a topology whose sources declare the key is one stage", () => {
  const topology = sums(true);
  const [stage, ...others] = stagesOf(topology, (name) => name);
  assert.deepEqual(stage!.nodes, topology.nodes);
  assert.equal(stage!.describe(), topology.describe());
  assert.deepEqual(others, []);
});

Deno.test("semantics 23: keyBy on a source that declares nothing begins a second stage", () => {
  const topology = sums(false);
  assert.deepEqual(outline(topology), [
    { reads: ["in"], writes: ["r-in"], ids: ["source in", "repartition"] },
    { reads: ["r-in"], writes: ["out"], ids: ["repartition", "keyBy", "window", "sink out"] },
  ]);
  assert.deepEqual(topology.sources.map(({ topic }) => topic), ["in"]);
  assert.deepEqual(topology.sinkTopics, ["out"]);
  assert.notEqual(topology.describe(), sums(true).describe());
  const [first, second] = stagesOf(topology, (name) => name);
  assert.deepEqual([first!.isStateful, first!.findsLate], [false, false]);
  assert.deepEqual([second!.isStateful, second!.findsLate], [true, true]);
});

Deno.test("semantics 23: keyBy on another field than the declared one goes through a topic, a function is checked", () => {
  const cases: readonly [by: "key" | "value" | ((one: Reading) => string), stages: number][] = [
    ["key", 1],
    ["value", 2],
    [({ key }) => key, 1],
  ];
  for (const [by, stages] of cases) {
    const env = new StreamEnvironment();
    const declared = stream(env, "in", { partitionedBy: "key" });
    (typeof by === "string" ? declared.keyBy(by) : declared.keyBy(by)).map(identity);
    assert.equal(outline(env.topology).length, stages, String(by));
  }
});

Deno.test("semantics 23: what has been repartitioned by a field needs that no second time", () => {
  const env = new StreamEnvironment();
  const minutes = stream(env).keyBy("key").window(TumblingEventTimeWindows.of("1m")).reduce(sum);
  minutes.keyBy("key").map(identity);
  assert.equal(outline(env.topology).length, 2);
  minutes.keyBy("value").map(identity);
  minutes.keyBy(({ key }) => key).map(identity);
  const stages = outline(env.topology);
  assert.deepEqual(stages.map(({ reads }) => reads), [["in"], ["r-in"], ["r-in-2", "r-in-3"]]);
  assert.deepEqual(stages.map(({ writes }) => writes), [["r-in"], ["r-in-2", "r-in-3"], []]);
});

Deno.test("semantics 23: one source of several without a declared field sends all of them through one topic", () => {
  const env = new StreamEnvironment();
  stream(env, "a", { partitionedBy: "key" }).union(stream(env, "b")).keyBy("key").map(identity);
  assert.deepEqual(outline(env.topology).map(({ reads, writes }) => [reads, writes]), [
    [["a", "b"], ["r-a-b"]],
    [["r-a-b"], []],
  ]);
});

Deno.test("semantics 23: a source that meets a repartitioned stream is read in that stream's stage", () => {
  const env = new StreamEnvironment();
  const other = stream(env, "other", { partitionedBy: "key" });
  other.map(identity).union(stream(env).keyBy("key")).map(identity);
  assert.deepEqual(outline(env.topology).map(({ reads }) => reads), [["in"], ["other", "r-in"]]);
});

Deno.test("semantics 23: a stream that meets what was repartitioned of it is refused", () => {
  const env = new StreamEnvironment();
  const source = stream(env);
  source.union(source.keyBy("key")).map(identity);
  assert.throws(() => outline(env.topology), (error) => hasCode(error, "invalid-topology"));
  assert.throws(() => new TestDriver(env.topology), { code: "invalid-topology" });
});

Deno.test("semantics 23: an element that is no JSON value stops the job where it is repartitioned", () => {
  const env = new StreamEnvironment();
  stream(env).map(() => undefined).keyBy(() => "a").map((one) => one);
  const driver = new TestDriver(env.topology);
  assert.throws(() => driver.send("in", [at(0)]), {
    code: "operator-failed",
    message: /it must be a JSON value, it is undefined/,
  });
});

Deno.test("semantics 10 and 23: how far ahead a record is, is judged once, before it is repartitioned", () => {
  const driver = new TestDriver(sums(false), { maxFuture: 1_000 });
  driver.send("in", [at(1_000), at(1_001)]);
  assert.equal(driver.outputs("in.dead-letter").length, 1);
  assert.equal(driver.outputs("repartition-in.dead-letter").length, 0);
  assert.equal(driver.held, 1);
});

/** One thing that happens to a driver. */
type Step = readonly TestRecord[] | "commit" | "restart" | "crash" | number;

function play(driver: TestDriver, steps: readonly Step[]): void {
  for (const step of steps) {
    if (typeof step === "number") driver.advance(step);
    else if (typeof step === "string") driver[step]();
    else driver.send("in", step);
  }
}

const keys = ["a", "b", "c", "d", "é"];
const record = fc.record({
  key: fc.constantFrom(...keys),
  value: fc.integer({ min: 1, max: 99 }),
  timestamp: fc.nat(400).map((second) => second * 1_000),
  partition: fc.nat(2),
});
const steps = (records: fc.Arbitrary<TestRecord>) =>
  fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.array(records, { maxLength: 8 }) },
      fc.constantFrom<Step>("commit", "restart", "crash"),
      fc.nat(30_000),
    ),
    { maxLength: 10 },
  );

Deno.test("semantics 23 and 24: through a repartition topic of one partition a job gives what it gives without", () => {
  const records = record.map(({ timestamp, key, value }) => at(timestamp, { key, value }));
  const property = fc.property(
    steps(records),
    fc.nat(60),
    fc.boolean(),
    (steps, order, running) => {
      const watermarks = WatermarkStrategy.forBoundedOutOfOrderness<Reading>(order * 1_000)
        .withIdleness("20s");
      const [split, whole] = [false, true].map((isDeclared) => {
        const driver = new TestDriver(sums(isDeclared, watermarks, running));
        play(driver, steps);
        return driver;
      });
      assert.deepEqual(results(split!), results(whole!));
      assert.equal(split!.held, whole!.held);
      assert.deepEqual(split!.watermarks, [whole!.watermarks[0], whole!.watermarks[0]]);
      const late = (driver: TestDriver, topic: string) =>
        driver.outputs(topic).map(({ value, timestamp, headers }) => [
          value,
          timestamp,
          headers["window-end"],
          headers["watermark"],
        ]);
      assert.deepEqual(late(split!, "repartition-in.late"), late(whole!, "in.late"));
    },
  );
  fc.assert(property, { numRuns: 300 });
});

/** Sums by minute and key, recomputed from the records. */
function expectedSums(records: readonly TestRecord[]): readonly string[] {
  const sums = new Map<string, number>();
  for (const { timestamp, value } of records) {
    const { key, value: number } = value as Reading;
    const start = Math.floor(timestamp / 60_000) * 60_000;
    const name = `${key} [${start}, ${start + 60_000})`;
    sums.set(name, (sums.get(name) ?? 0) + number);
  }
  return [...sums].map(([name, sum]) => name.replace(" ", `=${sum} `)).sort();
}

Deno.test("semantics 23 and 24: records on any partition, in order on each, come to their sums, none late", () => {
  const plan = fc.record({
    records: fc.array(record, { maxLength: 40 }),
    cuts: fc.array(fc.nat(40), { maxLength: 4 }),
    between: fc.constantFrom<Step>("commit", "restart", "crash"),
  });
  const property = fc.property(plan, ({ records, cuts, between }) => {
    // Each partition is in order by itself; how far one is ahead of another does not matter.
    const byTime = records.toSorted((a, b) => a.timestamp - b.timestamp);
    const sent = [0, 1, 2].flatMap((one) => byTime.filter(({ partition }) => partition === one))
      .map(({ partition, timestamp, key, value }) => ({
        ...at(timestamp, { key, value }),
        partition,
      }));
    const driver = new TestDriver(sums(false), { partitions: 3, bounded: true });
    const bounds = [0, ...cuts.toSorted((a, b) => a - b), sent.length];
    for (let i = 1; i < bounds.length; i++) {
      play(driver, [sent.slice(bounds[i - 1], bounds[i]), between]);
    }
    driver.end({ drain: true });
    const found = results(driver).map((line) => line.replace(/ (watermark|drain)$/, ""));
    assert.deepEqual(found.toSorted(), expectedSums(sent));
    assert.deepEqual(driver.outputs("repartition-in.late"), []);
    assert.equal(driver.held, 0);
    assert.equal(driver.outcomes.used, sent.length, "each was used once by the first stage");
    assert.equal(driver.outcomes.windowed, sent.length, "and came to a window of the second");
  });
  fc.assert(property, { numRuns: 300 });
});

Deno.test("semantics 23: each key comes to the partition that its text names", () => {
  const env = new StreamEnvironment();
  const homes: string[] = [];
  stream(env).keyBy("key").process(({ taskPartition }) => ({
    processElement: ({ key }) => void homes.push(`${key} ${taskPartition}`),
  }));
  const driver = new TestDriver(env.topology, { partitions: 3 });
  for (const partition of [0, 1, 2]) {
    driver.send("in", keys.map((key) => ({ ...at(0, { key }), partition })));
  }
  const home = (key: string) => `${key} ${partitionForText(key, 3)}`;
  assert.deepEqual(homes.toSorted(), [...keys, ...keys, ...keys].map(home).toSorted());
});

Deno.test("semantics 24: a stage goes on when the one before it is silent, and closes what is open", () => {
  const driver = new TestDriver(sums(false), { partitions: 2 });
  driver.send("in", [at(0), { ...at(1_000), partition: 1 }]);
  driver.advance(10_000);
  assert.deepEqual(results(driver), []);
  driver.advance(60_000);
  assert.deepEqual(results(driver), ["a=2 [0, 60000) silence"]);
});

/** Rules 19 to 23 of docs/semantics.md, as far as the stream language shows them. */

import assert from "node:assert/strict";
import { utf8 } from "../../base/bytes.ts";
import { SimulatedClock } from "../../base/clock.ts";
import { hasCode } from "../../base/errors.ts";
import { partitionForText } from "../../base/murmur2.ts";
import { type OutcomeCounts, totalOf } from "../task/counts.ts";
import { StreamEnvironment } from "../environment.ts";
import { json, text } from "../json.ts";
import { OutputTag } from "../output_tag.ts";
import {
  at,
  type Reading,
  readings,
  readingsSink,
  readingStream,
  results,
  sum,
  sumJob,
} from "./test_jobs.ts";
import { Task } from "../task/task.ts";
import { TestDriver, type TestRecord } from "../testing/test_driver.ts";
import { WatermarkStrategy } from "../watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../windows/window.ts";

const badValues: readonly (readonly [value: unknown, reason: string])[] = [
  [null, "null-value"],
  ["", "not-json"],
  ["{", "not-json"],
  [new Uint8Array([0x22, 0xff, 0x22]), "not-utf8"],
  ["{}", "schema"],
  ['{"value": "1"}', "schema"],
  ["null", "schema"],
  [new Uint8Array([0xef, 0xbb, 0xbf, 0x31]), "not-json"],
];

Deno.test("semantics 19: a value that cannot be read is a dead letter with its reason", () => {
  for (const [value, reason] of badValues) {
    const driver = new TestDriver(sumJob());
    driver.send("in", [{ timestamp: 5, key: "any", value }, at(0)]);
    const [dead, ...others] = driver.outputs("in.dead-letter");
    assert.equal(others.length, 0);
    const { "error-reason": why, "error-message": message, ...origin } = dead!.headers;
    assert.equal(why, reason);
    assert.ok(message!.length > 10);
    assert.deepEqual(origin, {
      "source-topic": "in",
      "source-partition": "0",
      "source-offset": "0",
    });
    assert.deepEqual([dead!.key, dead!.timestamp], ["any", 5]);
    // The job went on.
    assert.deepEqual([driver.outcomes.deadLetter, driver.outcomes.windowed], [1, 1]);
  }
});

Deno.test("semantics 19: a dead letter keeps its value as it was", () => {
  const driver = new TestDriver(sumJob());
  driver.send("in", [{ timestamp: 0, value: "not  JSON " }, { timestamp: 0, value: null }]);
  const values = driver.outputs("in.dead-letter").map(({ value }) => value);
  assert.deepEqual(values, ["not  JSON ", null]);
});

Deno.test("semantics 19: a null element that the schema takes is no bad record", () => {
  const env = new StreamEnvironment();
  const deserializer = json((value) => value as string | null);
  env.fromSource({ topic: "in", deserializer }, WatermarkStrategy.forMonotonousTimestamps())
    .sinkTo({ topic: "out", value: (value) => JSON.stringify([value]) });
  const driver = new TestDriver(env.topology);
  driver.send("in", [{ timestamp: 0, value: "null" }]);
  assert.deepEqual(driver.outputs("out").map(({ value }) => value), [[null]]);
});

Deno.test("semantics 19: skip passes a bad record over and counts it", () => {
  const driver = new TestDriver(sumJob(), { onError: "skip", maxFuture: 10 });
  driver.send("in", [{ timestamp: 5, value: "bad" }, at(-1), at(11), at(0)]);
  assert.equal(driver.outputs("in.dead-letter").length, 0);
  assert.deepEqual([driver.outcomes.skipped, driver.outcomes.windowed], [3, 1]);
});

Deno.test("semantics 19: fail stops the job and says where the record lies", () => {
  const driver = new TestDriver(sumJob(), { onError: "fail", partitions: 2 });
  assert.throws(
    () => driver.send("in", [{ timestamp: 5, value: "bad", partition: 1 }]),
    (error) => {
      assert.ok(hasCode(error, "bad-record"));
      assert.match(error.message, /^Cannot read the record at in\[1\] offset 0: the value must be/);
      return true;
    },
  );
});

Deno.test("semantics 19: text that is null or no UTF-8 is a bad record too", () => {
  const env = new StreamEnvironment();
  env.fromSource({ topic: "in", deserializer: text }, WatermarkStrategy.forMonotonousTimestamps())
    .sinkTo({ topic: "out", value: (value) => value });
  const driver = new TestDriver(env.topology);
  const values = [null, new Uint8Array([0xff]), "fine \ufffd", ""];
  driver.send("in", values.map((value) => ({ timestamp: 0, value })));
  assert.deepEqual(
    driver.outputs("in.dead-letter").map(({ headers }) => headers["error-reason"]),
    ["null-value", "not-utf8"],
  );
  assert.deepEqual(driver.outputs("out").map(({ value }) => value), ["fine \ufffd", ""]);
});

Deno.test("semantics 20: fields that nobody knows are ignored", () => {
  const driver = new TestDriver(sumJob());
  driver.send("in", [{ timestamp: 0, value: { key: "a", value: 1, more: { of: "it" } } }]);
  driver.end({ drain: true });
  assert.deepEqual(results(driver), ["a=1 [0, 60000) drain"]);
});

Deno.test("semantics 21: every record in is counted once, where it ended", () => {
  const env = new StreamEnvironment();
  readingStream(env).filter((reading) => reading.value > 0)
    .keyBy("key").window(TumblingEventTimeWindows.of("1m")).allowedLateness("10s")
    .reduce(sum).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology, { maxFuture: 1_000_000 });
  const expect = (counts: Partial<OutcomeCounts>, held: number) => {
    const none = { used: 0, filtered: 0, windowed: 0, late: 0, deadLetter: 0, skipped: 0 };
    assert.deepEqual(driver.outcomes, { ...none, ...counts });
    assert.equal(driver.held, held);
  };
  const steps: readonly (readonly [TestRecord, Partial<OutcomeCounts>, number])[] = [
    [at(0), { windowed: 1 }, 1],
    [at(1), { windowed: 2 }, 2],
    [at(1, { value: -1 }), { windowed: 2, filtered: 1 }, 2],
    [at(60_000), { windowed: 3, filtered: 1 }, 1],
    [at(2), { windowed: 4, filtered: 1 }, 1],
    [{ timestamp: 0, value: "bad" }, { windowed: 4, filtered: 1, deadLetter: 1 }, 1],
    [at(2_000_000), { windowed: 4, filtered: 1, deadLetter: 2 }, 1],
    [at(70_000), { windowed: 5, filtered: 1, deadLetter: 2 }, 2],
    [at(3), { windowed: 5, filtered: 1, deadLetter: 2, late: 1 }, 2],
  ];
  steps.forEach(([record, counts, held], index) => {
    driver.send("in", [record]);
    expect(counts, held);
    driver.restart();
    expect(counts, held);
    assert.equal(totalOf(driver.outcomes), index + 1);
  });
});

Deno.test("semantics 21: a record that many elements are made of is counted once", () => {
  const env = new StreamEnvironment();
  const source = readingStream(env);
  const many = source.flatMap((reading) => [reading, reading, { ...reading, key: "b" }]);
  many.union(source).keyBy("key").window(TumblingEventTimeWindows.of("1m"))
    .reduce(sum).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(0), at(1)]);
  assert.deepEqual([driver.outcomes.windowed, driver.held], [2, 2]);
  driver.send("in", [at(60_000)]);
  assert.deepEqual([driver.outcomes.windowed, driver.held], [3, 1]);
  assert.deepEqual(results(driver), ["a=6 [0, 60000) watermark", "b=2 [0, 60000) watermark"]);
});

Deno.test("semantics 21: a record in two windows of two sizes is counted once", () => {
  for (const sizes of [["1m", "2m"], ["2m", "1m"]]) {
    const env = new StreamEnvironment();
    const keyed = readingStream(env).keyBy("key");
    for (const size of sizes) {
      keyed.window(TumblingEventTimeWindows.of(size)).reduce(sum).sinkTo(readingsSink(size));
    }
    const driver = new TestDriver(env.topology);
    driver.send("in", [at(0), at(60_000), at(61_000), at(1), at(120_000)]);
    assert.deepEqual(results(driver, "1m"), [
      "a=1 [0, 60000) watermark",
      "a=2 [60000, 120000) watermark",
    ]);
    assert.deepEqual(results(driver, "2m"), ["a=4 [0, 120000) watermark"]);
    // The fourth was late for the small window only: that is said, and it counts as windowed.
    assert.equal(driver.outputs("in.late").length, 1);
    assert.deepEqual([driver.outcomes.windowed, driver.outcomes.late, driver.held], [5, 0, 1]);
  }
});

Deno.test("semantics 21: a late record that a side output takes is counted as late", () => {
  const driver = new TestDriver(sumJob({ lateTag: new OutputTag<Reading>("late") }));
  driver.send("in", [at(60_000), at(0)]);
  assert.equal(driver.outcomes.late, 1);
});

Deno.test("semantics 21: a late record is counted as late whatever else was made of it, in any order", () => {
  for (const sinkFirst of [true, false]) {
    const env = new StreamEnvironment();
    const keyed = readingStream(env).keyBy("key");
    const write = () => keyed.map((reading) => reading).sinkTo(readingsSink("all"));
    if (sinkFirst) write();
    keyed.window(TumblingEventTimeWindows.of("1m")).reduce(sum).sinkTo(readingsSink("out"));
    if (!sinkFirst) write();
    const driver = new TestDriver(env.topology);
    driver.send("in", [at(60_000), at(0)]);
    assert.deepEqual([driver.outputs("all").length, driver.outcomes.late], [2, 1]);
  }
});

Deno.test("semantics 22: an output is placed by its key, or by the field that the sink names", () => {
  const env = new StreamEnvironment();
  const stream = readingStream(env);
  stream.sinkTo(readingsSink("by-key"));
  stream.sinkTo({ ...readingsSink("by-field"), partitionBy: ({ value }) => `user ${value}` });
  stream.sinkTo({ topic: "by-nothing" });
  const placed: unknown[] = [];
  const task = new Task(env.topology, {
    partition: 0,
    partitions: 1,
    clock: new SimulatedClock(),
    outputs: {
      write: (topic, { key, placement }) => placed.push([topic, key, placement]),
      forward: () => {},
    },
  });
  const value = '{"key":"a","value":7}';
  task.process(0, {
    timestamp: 0,
    offset: 0,
    key: () => null,
    value: () => utf8(value),
    valueText: () => value,
    headers: () => [],
  });
  assert.deepEqual(placed, [["by-key", "a", "a"], ["by-field", "a", "user 7"], [
    "by-nothing",
    null,
    null,
  ]]);
});

Deno.test("semantics 22: the partition is the Java client's", () => {
  // The hashes are those of Kafka's own UtilsTest.
  const hashes = { "21": -973_932_308, "foobar": -790_332_482, "abc": 479_470_107 };
  for (const [key, hash] of Object.entries(hashes)) {
    for (const partitions of [1, 5, 12]) {
      assert.equal(partitionForText(key, partitions), (hash & 0x7fff_ffff) % partitions);
    }
  }
});

const onHome = (key: string, partitions: number): TestRecord => ({
  ...at(0, { key }),
  partition: partitionForText(key, partitions),
});

Deno.test("semantics 23: keys in their places pass", () => {
  const driver = new TestDriver(sumJob(), { partitions: 3 });
  driver.send("in", ["a", "b", "c", "é", "\u{1f600}", ""].map((key) => onHome(key, 3)));
  assert.equal(driver.held, 6);
});

Deno.test("semantics 23: a key in a wrong place stops the job at its first sight", () => {
  const driver = new TestDriver(sumJob(), { partitions: 3 });
  const right = onHome("a", 3);
  driver.send("in", [right, right]);
  assert.throws(
    () =>
      driver.send("in", [{ ...onHome("b", 3), partition: (onHome("b", 3).partition! + 1) % 3 }]),
    (error) => {
      assert.ok(hasCode(error, "misplaced-key"));
      assert.match(error.message, /^Cannot key the record at in\[\d\] offset \d by "b": /);
      return true;
    },
  );
});

Deno.test("semantics 23: a result that is keyed by what does not place it stops the job", () => {
  const env = new StreamEnvironment();
  readingStream(env).keyBy("key").window(TumblingEventTimeWindows.of("1m")).reduce(sum)
    .keyBy(() => "elsewhere").window(TumblingEventTimeWindows.of("1m")).reduce(sum)
    .sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology, { partitions: 2 });
  const key = ["a", "b", "c", "d"].find((one) =>
    partitionForText(one, 2) !== partitionForText("elsewhere", 2)
  )!;
  driver.send("in", [onHome(key, 2)]);
  assert.throws(
    () => driver.send("in", [{ ...onHome(key, 2), timestamp: 60_000 }]),
    (error) => hasCode(error, "misplaced-key"),
  );
});

Deno.test("semantics 23: a numeric field places by its text, as any field does", () => {
  const env = new StreamEnvironment();
  const source = { topic: "in", deserializer: readings, partitionedBy: "value" as const };
  env.fromSource(source, WatermarkStrategy.forMonotonousTimestamps())
    .keyBy("value").window(TumblingEventTimeWindows.of("1m")).reduce(sum)
    .sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology, { partitions: 3 });
  driver.send(
    "in",
    [1, 2, 3, 40].map((value) => ({
      ...at(0, { value }),
      partition: partitionForText(String(value), 3),
    })),
  );
  assert.equal(driver.held, 4);
});

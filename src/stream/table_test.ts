/** Topics that are read as tables, and streams that are joined with them. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import { partitionForText } from "../base/murmur2.ts";
import { StreamEnvironment } from "./environment.ts";
import { InputProgress } from "./input_progress.ts";
import { text } from "./json.ts";
import { rowDeserializer } from "./table.ts";
import { Task } from "./task.ts";
import { LiteralRecord } from "./test_records.ts";
import { stagesOf } from "./stages.ts";
import { type LookupSettings, lookupTopology, met, names, row } from "./test_tables.ts";
import { at, type Reading, readings, readingsSink, results, sum } from "./test_jobs.ts";
import { TestDriver, type TestDriverOptions } from "./test_driver.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";
import { TumblingEventTimeWindows } from "./window.ts";

const driverOf = (settings?: LookupSettings, options?: TestDriverOptions) =>
  new TestDriver(lookupTopology(settings), options);

Deno.test("lookupJoin gives each element the row of its key, and undefined where there is none", () => {
  const driver = driverOf();
  driver.send("names", [row(0, "Ann"), row(0, "Bob", { key: "b" })]);
  driver.send("in", [at(1), at(2, { key: "b", value: 2 }), at(3, { key: "c", value: 3 })]);
  assert.deepEqual(met(driver), ["1 Ann @1", "2 Bob @2", "3 nobody @3"]);
  assert.deepEqual(driver.outcomes.used, 5);
});

Deno.test("lookupJoin of type inner leaves out what has no row, and counts it as filtered", () => {
  const driver = driverOf({ type: "inner" });
  driver.send("names", [row(0, "Ann")]);
  driver.send("in", [at(1), at(2, { key: "b", value: 2 })]);
  assert.deepEqual(met(driver), ["1 Ann @1"]);
  assert.deepEqual([driver.outcomes.used, driver.outcomes.filtered], [2, 1]);
});

Deno.test("semantics 19: null deletes a row of a table and is no dead letter", () => {
  const driver = driverOf();
  driver.send("names", [row(0, "Ann"), row(1, null), row(1, null, { key: "never there" })]);
  driver.send("in", [at(2)]);
  driver.send("names", [row(3, "Eve")]);
  driver.send("in", [at(4)]);
  assert.deepEqual(met(driver), ["1 nobody @2", "1 Eve @4"]);
  assert.deepEqual(driver.outputs("names.dead-letter"), []);
});

Deno.test("semantics 19: what a table cannot read is a dead letter, and the row stays as it was", () => {
  const driver = driverOf();
  const bad = [
    { timestamp: 1, value: { name: "Kim" } },
    { timestamp: 1, key: "a", value: "{" },
    { timestamp: 1, key: "a", value: {} },
    { timestamp: 1, value: null },
  ];
  driver.send("names", [row(0, "Ann"), ...bad]);
  driver.send("in", [at(2)]);
  const reasons = driver.outputs("names.dead-letter").map(({ headers }) => headers["error-reason"]);
  assert.deepEqual(reasons, ["null-key", "not-json", "schema", "null-key"]);
  assert.deepEqual(met(driver), ["1 Ann @2"]);
  const keyed = driverOf({ isKeyed: true });
  keyed.send("names", [row(0, "Ann", { key: "key:a" }), row(0, "Eve")]);
  const [dead, ...others] = keyed.outputs("names.dead-letter");
  assert.match(dead!.headers["error-message"]!, /must begin with key:, it is a$/);
  assert.deepEqual([dead!.headers["error-reason"], others], ["schema", []]);
});

Deno.test("semantics 19: a key that is no UTF-8 is a bad record of a table", () => {
  const read = rowDeserializer({ topic: "names", deserializer: text });
  const record = new LiteralRecord({ timestamp: 0, value: "Ann", key: "a" }, 0);
  assert.deepEqual(read(record), { key: "a", row: "Ann" });
  record.key = () => new Uint8Array([0xff]);
  assert.throws(() => read(record), { reason: "not-utf8" });
});

Deno.test("a row of no bytes is no null", () => {
  const env = new StreamEnvironment();
  const table = env.fromTable({ topic: "names", deserializer: text });
  env.fromSource(
    { topic: "in", deserializer: readings, partitionedBy: "key" },
    WatermarkStrategy.forMonotonousTimestamps<Reading>(),
  ).keyBy("key").lookupJoin(table, (_, row) => ({ row: row ?? "none" })).sinkTo({ topic: "out" });
  const driver = new TestDriver(env.topology);
  driver.send("names", [{ timestamp: 0, key: "a", value: "" }]);
  driver.send("in", [at(0)]);
  assert.deepEqual(driver.outputs("out").map(({ value }) => value), [{ row: "" }]);
});

Deno.test("semantics 7: an element meets the row as of its time, whatever has been read beyond that", () => {
  const driver = driverOf();
  driver.send("names", [row(10, "Ann"), row(20, "Bea"), row(30, null), row(40, "Cleo")]);
  driver.restart();
  driver.send("in", [9, 10, 19, 20, 30, 39, 40].map((time) => at(time)));
  const found = [
    "nobody @9",
    "Ann @10",
    "Ann @19",
    "Bea @20",
    "nobody @30",
    "nobody @39",
    "Cleo @40",
  ];
  assert.deepEqual(met(driver), found.map((one) => `1 ${one}`));
});

Deno.test("semantics 7: of one time, rows come before the elements", () => {
  // The stream stands before the table in the topology.
  const env = new StreamEnvironment();
  const stream = env.fromSource(
    { topic: "in", deserializer: readings, partitionedBy: "key" },
    WatermarkStrategy.forMonotonousTimestamps<Reading>(),
  ).keyBy("key");
  const seen: string[] = [];
  const table = env.fromTable({
    topic: "names",
    deserializer: (record) => {
      seen.push("row");
      return names(record);
    },
  });
  stream.lookupJoin(table, () => seen.push("element")).sinkTo({ topic: "out" });
  const driver = new TestDriver(env.topology);
  driver.send("in", []);
  driver.send("names", [row(5, "Ann")]);
  driver.crash();
  seen.length = 0;
  driver.send("in", [at(5)]);
  driver.crash();
  assert.deepEqual(seen, ["element", "row", "element"]);
});

Deno.test("an element behind the watermark meets the row as of the watermark", () => {
  const driver = driverOf();
  driver.send("names", [row(10, "Ann"), row(20, "Bea")]);
  driver.send("in", [at(31)]);
  assert.deepEqual(driver.watermarks, [30]);
  driver.send("in", [at(15)]);
  assert.deepEqual(met(driver), ["1 Bea @31", "1 Bea @15"]);
});

Deno.test("the newest record of a key is its row, whatever its time: compaction keeps no other", () => {
  const driver = driverOf();
  driver.send("names", [row(20, "Bea"), row(10, "Ann")]);
  driver.send("in", [at(15), at(20)]);
  assert.deepEqual(met(driver), ["1 nobody @15", "1 Ann @20"]);
});

Deno.test("a table keeps its newest rows alone once the watermark has passed them", () => {
  const driver = driverOf();
  driver.send(
    "names",
    [1, 2, 3].flatMap((time) => [row(time, `A${time}`), row(time, `B${time}`, { key: "b" })]),
  );
  driver.send("names", [row(4, null, { key: "b" }), row(200, "later")]);
  driver.send("in", [at(3, { value: 0 })]);
  assert.equal(driver.stateEntries, 8 - 2);
  driver.restart();
  driver.send("in", [at(100)]);
  assert.equal(driver.stateEntries, 2);
  driver.send("in", [at(201)]);
  driver.restart();
  assert.equal(driver.stateEntries, 1);
  assert.deepEqual(met(driver).at(-1), "1 later @201");
});

/** Sums by minute of readings whose key has a row. */
function sumDriver(options?: TestDriverOptions): TestDriver {
  const env = new StreamEnvironment();
  const table = env.fromTable({ topic: "names", deserializer: names });
  env.fromSource(
    { topic: "in", deserializer: readings, partitionedBy: "key" },
    WatermarkStrategy.forMonotonousTimestamps<Reading>(),
  ).keyBy("key").lookupJoin(table, (reading) => reading, { type: "inner" })
    .keyBy("key").window(TumblingEventTimeWindows.of("1m")).reduce(sum).sinkTo(readingsSink("out"));
  return new TestDriver(env.topology, options);
}

Deno.test("semantics 3 and 8: a table holds no watermark back and moves none", () => {
  for (const bounded of [false, true]) {
    const driver = sumDriver({ bounded });
    driver.send("in", [at(0, { value: 99 })]);
    assert.deepEqual(driver.watermarks, [-1], "a table that was never read");
    driver.send("names", [row(500_000, "Ann"), row(0, "Ann"), row(1_000_000, "later")]);
    assert.deepEqual(driver.watermarks, [-1], "a table that is ahead");
    driver.send("in", [at(500_000), at(560_000)]);
    assert.deepEqual(driver.watermarks, [559_999], "a table that is behind");
    assert.deepEqual(results(driver), ["a=1 [480000, 540000) watermark"]);
    driver.restart();
    driver.send("names", [row(1_000, null)]);
    driver.send("in", [at(620_000)]);
    assert.deepEqual(driver.watermarks, [619_999], "after a restart");
  }
});

Deno.test("semantics 9: a silence is that of the streams, whatever a table says", () => {
  const driver = sumDriver({ clock: new SimulatedClock(500_000) });
  driver.send("names", [row(0, "Ann")]);
  driver.send("in", [at(0)]);
  for (let second = 0; second < 9; second++) {
    driver.advance(1_000);
    driver.send("names", [row(400_000 + second, "Ann", { key: "b" })]);
  }
  assert.deepEqual(driver.watermarks, [-1]);
  driver.restart();
  driver.advance(9_999);
  driver.send("names", [row(400_100, "Ann", { key: "b" })]);
  assert.deepEqual(driver.watermarks, [-1], "the arrival is counted anew after a restart");
  driver.advance(60_000);
  assert.deepEqual(driver.watermarks, [59_999]);
  assert.deepEqual(results(driver), ["a=1 [0, 60000) silence"]);
});

Deno.test("semantics 9: how long a silence lasts is said by the streams", () => {
  for (const isPlaced of [true, false]) {
    const topology = lookupTopology({ idleTimeout: "1s", isPlaced });
    const driver = new TestDriver(topology, { clock: new SimulatedClock(500_000) });
    driver.send("in", [at(0)]);
    driver.advance(3_000);
    assert.equal(driver.watermarks.at(-1), 2_000, String(isPlaced));
  }
});

Deno.test("semantics 24: a task whose streams are idle holds nothing back while it reads a table", () => {
  const clock = new SimulatedClock();
  const outputs = { write: () => {}, forward: () => {} };
  const task = new Task(lookupTopology(), { partition: 0, partitions: 1, clock, outputs });
  task.setCaughtUp(1, true);
  clock.advance(10_000);
  assert.equal(task.isIdle, false);
  task.tick();
  assert.equal(task.isIdle, true);
  assert.equal(task.inputs[0]!.caughtUp, false);
});

Deno.test("semantics 8: what was read as a stream before holds nothing back as a table", () => {
  const [source] = lookupTopology().sources;
  const progress = new InputProgress(source!, 0);
  const saved = progress.save(0);
  progress.restore({ ...saved, idle: false });
  progress.wake();
  assert.equal(progress.idle, true);
});

Deno.test("semantics 9: a topology of tables alone lets no time flow", () => {
  const env = new StreamEnvironment();
  env.fromTable({ topic: "names", deserializer: names });
  env.fromTable({ topic: "others", deserializer: names, key: Number });
  const driver = new TestDriver(env.topology, { clock: new SimulatedClock(500_000) });
  driver.send("names", [row(0, "Ann")]);
  driver.send("others", [row(0, "Ann", { key: "1" })]);
  driver.advance(1_000_000);
  driver.end({ drain: true });
  assert.deepEqual(driver.watermarks, [-Infinity, -Infinity]);
});

Deno.test("semantics 23: a table whose records the key places needs no repartition topic, and is checked", () => {
  const stages = stagesOf(lookupTopology(), (name) => name);
  assert.deepEqual(stages.map(({ sources }) => sources.map(({ topic }) => topic)), [[
    "names",
    "in",
  ]]);
  const driver = driverOf({}, { partitions: 2 });
  const wrong = 1 - partitionForText("a", 2);
  assert.throws(() => driver.send("names", [row(0, "Ann", { partition: wrong })]), {
    code: "misplaced-key",
  });
});

Deno.test("semantics 23: a table with a key of its own goes through a repartition topic, deletes too", () => {
  const topology = lookupTopology({ isKeyed: true });
  const stages = stagesOf(topology, (name) => `r-${name}`);
  const outline = stages.map(({ sources }) =>
    sources.map(({ topic, isTable, isRepartition }) => ({ topic, isTable, isRepartition }))
  );
  assert.deepEqual(outline, [
    [{ topic: "names", isTable: true, isRepartition: false }],
    [
      { topic: "r-names", isTable: true, isRepartition: true },
      { topic: "in", isTable: false, isRepartition: false },
    ],
  ]);
  const driver = new TestDriver(topology, { partitions: 3 });
  const key = "key:a";
  const partition = partitionForText("a", 3);
  driver.send("names", [row(0, "Ann", { key, partition: 2 }), row(5, null, { key, partition: 2 })]);
  driver.send("in", [4, 5].map((time) => ({ ...at(time), partition })));
  assert.deepEqual(met(driver), ["1 Ann @4", "1 nobody @5"]);
  assert.deepEqual(driver.watermarks[3 + partition], 4);
});

Deno.test("a topic is one source, be it read as a stream or as a table; a table can be joined twice", () => {
  const env = new StreamEnvironment();
  const table = env.fromTable({ topic: "names", deserializer: names });
  assert.throws(() => env.fromTable({ topic: "names", deserializer: names }), {
    code: "invalid-topology",
  });
  const stream = env.fromSource(
    { topic: "in", deserializer: readings, partitionedBy: "key" },
    WatermarkStrategy.forMonotonousTimestamps<Reading>(),
  );
  const first = stream.keyBy("key").lookupJoin(
    table,
    ({ key }, row) => ({ key, names: [row?.name] }),
  );
  first.keyBy("key").lookupJoin(table, ({ names }, row) => [...names, row?.name], { id: "second" })
    .sinkTo({ topic: "out" });
  const driver = new TestDriver(env.topology);
  driver.send("names", [row(0, "Ann")]);
  driver.send("in", [at(1)]);
  assert.deepEqual(driver.outputs("out").map(({ value }) => value), [["Ann", "Ann"]]);
});

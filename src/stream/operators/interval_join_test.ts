import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import { OutputTag } from "../output_tag.ts";
import { at, type Reading } from "../test_jobs.ts";
import { Task } from "../task.ts";
import { TestDriver } from "../test_driver.ts";
import {
  joinDriver,
  type JoinSettings,
  joinTopology,
  type Pair,
  pairsOf,
  sources,
} from "./test_interval_joins.ts";

Deno.test("an interval join pairs what lies within its bounds, both of them in it", () => {
  const driver = joinDriver();
  driver.send("left", [at(100, { value: 1 })]);
  driver.send("right", [89, 90, 91, 119, 120, 121].map((time) => at(time, { value: time })));
  assert.deepEqual(
    pairsOf(driver),
    [
      "1@100 + 90@90 -> 100",
      "1@100 + 91@91 -> 100",
      "1@100 + 119@119 -> 119",
      "1@100 + 120@120 -> 120",
    ],
  );
});

Deno.test("an interval join leaves out its bounds when asked to, however often", () => {
  for (
    const [lower, upper, found] of [[true, false, [0, 1]], [false, true, [-1, 0]], [true, true, [
      0,
    ]]] as const
  ) {
    const driver = joinDriver({ bounds: [-1, 1], exclusive: [lower, upper] });
    driver.send("left", [at(10)]);
    driver.send("right", [9, 10, 11].map((time) => at(time, { value: time })));
    assert.deepEqual(
      driver.outputs("out").map(({ value }) => (value as Pair).times[1] - 10),
      found,
    );
  }
  const { left, right } = sources();
  left.intervalJoin(right).between(-1, 1).lowerBoundExclusive().lowerBoundExclusive()
    .upperBoundExclusive().upperBoundExclusive().process(() => ({ processElement: () => {} }));
});

Deno.test("an interval join pairs elements of one key alone, in whatever order they come", () => {
  const driver = joinDriver();
  driver.send("right", [at(5, { key: "a", value: 1 }), at(5, { key: "b", value: 2 })]);
  driver.send("left", [at(5, { key: "b", value: 3 }), at(6, { key: "c", value: 4 })]);
  assert.deepEqual(pairsOf(driver), ["3@5 + 2@5 -> 5"]);
});

Deno.test("an interval join lets an element meet the others by time, then by arrival", () => {
  const driver = joinDriver({ outOfOrderness: 100 });
  driver.send("right", [
    at(7, { value: 1 }),
    at(5, { value: 2 }),
    at(7, { value: 3 }),
    at(5, { value: 4 }),
  ]);
  driver.restart();
  driver.send("left", [at(6, { value: 9 })]);
  assert.deepEqual(
    pairsOf(driver),
    ["9@6 + 2@5 -> 6", "9@6 + 4@5 -> 6", "9@6 + 1@7 -> 7", "9@6 + 3@7 -> 7"],
  );
});

Deno.test("an interval join takes bounds on one side of the left element", () => {
  const after = joinDriver({ bounds: ["1s", "2s"] });
  const before = joinDriver({ bounds: ["-2s", "-1s"] });
  for (const driver of [after, before]) {
    driver.send("left", [at(10_000)]);
    driver.send(
      "right",
      [7_999, 8_000, 9_000, 9_001, 10_999, 11_000, 12_000, 12_001].map((one) => at(one)),
    );
  }
  const rights = (driver: TestDriver) =>
    driver.outputs("out").map(({ value }) => (value as Pair).times[1]);
  assert.deepEqual(rights(after), [11_000, 12_000]);
  assert.deepEqual(rights(before), [8_000, 9_000]);
});

Deno.test("an interval join of a stream with itself lets each element meet itself", () => {
  const { env, left } = sources();
  left.intervalJoin(left).between(0, 0).process<Pair>(() => ({
    processElement: (left, right, context, out) =>
      out.collect({ left, right, times: [0, 0, context.timestamp()] }),
  })).sinkTo({ topic: "out" });
  const driver = new TestDriver(env.topology);
  driver.send("left", [at(5, { value: 1 }), at(5, { value: 2 })]);
  const values = driver.outputs("out").map((
    { value },
  ) => [(value as Pair).left.value, (value as Pair).right.value]);
  assert.deepEqual(values, [[1, 1], [2, 1], [1, 2], [2, 2]]);
});

Deno.test("an interval join refuses bounds between which no time lies", () => {
  const { left, right } = sources();
  const nothing = () => ({ processElement: () => {} });
  assert.throws(() => left.intervalJoin(right).between("1s", "-1s"), { code: "invalid-argument" });
  for (const [lower, upper] of [[0, 0], [-1, 0]] as const) {
    const both = left.intervalJoin(right).between(lower, upper).lowerBoundExclusive()
      .upperBoundExclusive();
    assert.throws(() => both.process(nothing), {
      code: "invalid-argument",
      message: new RegExp(`they are ${lower}ms and ${upper}ms$`),
    });
  }
  left.intervalJoin(right).between(0, 0).process(nothing);
});

Deno.test("an interval join hands on by its context at the time of the pair", () => {
  const { env, left, right } = sources();
  const tag = new OutputTag<number>("aside");
  left.intervalJoin(right).between(-5, 5).process(() => ({
    processElement: (left, _, context) => context.output(tag, left.value),
  })).getSideOutput(tag).sinkTo({ topic: "aside" });
  const driver = new TestDriver(env.topology);
  driver.send("right", [at(8)]);
  driver.send("left", [at(5, { value: 3 })]);
  assert.deepEqual(driver.outputs("aside").map(({ value, timestamp }) => [value, timestamp]), [[
    3,
    8,
  ]]);
});

Deno.test("semantics 5: what an interval join finds late tells the times that it could have met", () => {
  const driver = joinDriver();
  driver.send("left", [at(100)]);
  driver.send("right", [at(200)]);
  assert.deepEqual(driver.watermarks, [99]);
  // As in Flink: late is what lies below the watermark.
  driver.send("left", [at(99)]);
  assert.deepEqual(driver.outcomes.late, 0);
  driver.send("left", [at(98, { value: 5 })]);
  driver.send("right", [at(98, { value: 6 })]);
  const spans = (topic: string) =>
    driver.outputs(topic).map(({ timestamp, headers }) => [
      timestamp,
      headers["window-start"],
      headers["window-end"],
      headers["watermark"],
    ]);
  assert.deepEqual(spans("left.late"), [[98, "88", "119", "99"]]);
  assert.deepEqual(spans("right.late"), [[98, "78", "109", "99"]]);
  assert.deepEqual([driver.outcomes.late, driver.outcomes.used], [2, 3]);
});

Deno.test("semantics 5: late elements of a join go to side outputs, as long as somebody takes them", () => {
  const tags = [new OutputTag<Reading>("late-left"), new OutputTag<Reading>("late-right")] as const;
  const driver = joinDriver({ tags });
  driver.send("left", [at(100)]);
  driver.send("right", [at(100), at(1, { value: 7 })]);
  driver.send("left", [at(1, { value: 8 })]);
  const values = (topic: string) =>
    driver.outputs(topic).map(({ value }) => (value as Reading).value);
  assert.deepEqual([values("late-left"), values("late-right")], [[8], [7]]);
  assert.deepEqual([values("left.late"), values("right.late"), driver.outcomes.late], [[], [], 2]);
  const { env, left, right } = sources();
  left.intervalJoin(right).between(0, 0).sideOutputRightLateData(tags[1])
    .process(() => ({ processElement: () => {} }));
  const untaken = new TestDriver(env.topology);
  untaken.send("left", [at(100)]);
  untaken.send("right", [at(100), at(1)]);
  assert.equal(untaken.outputs("right.late").length, 1);
});

Deno.test("semantics 14: an interval join is not taken up with other bounds", () => {
  const shapes = (settings: JoinSettings) => {
    const outputs = { write: () => {}, forward: () => {} };
    const options = { partition: 0, partitions: 1, clock: new SimulatedClock(), outputs };
    return new Task(joinTopology(settings), options).stateShapes;
  };
  assert.notDeepEqual(shapes({}), shapes({ bounds: [-10, 21] }));
  assert.notDeepEqual(shapes({}), shapes({ exclusive: [true, false] }));
  assert.deepEqual(shapes({}), shapes({ bounds: ["-10ms", "20ms"] }));
});

Deno.test("an interval join lets go in the end what it kept", () => {
  const driver = joinDriver({ bounds: [-5, 5] });
  driver.send("left", [at(1), at(2), at(2), at(3, { key: "b" })]);
  driver.send("right", [at(3)]);
  driver.commit();
  driver.send("left", [at(100)]);
  driver.send("right", [at(101)]);
  driver.restart();
  assert.equal(driver.stateEntries, 2);
});

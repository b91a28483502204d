import assert from "node:assert/strict";
import { StreamEnvironment } from "../environment.ts";
import {
  at,
  type Reading,
  readingsSink,
  readingStream,
  readingStreams,
} from "../tests/test_jobs.ts";
import type { DataStream } from "../data_stream.ts";
import { TestDriver } from "../testing/test_driver.ts";

/** What a job makes of readings with the values 1, 2 and 3. */
function valuesOf(job: (stream: DataStream<Reading>) => DataStream<Reading>): readonly unknown[] {
  const env = new StreamEnvironment();
  job(readingStream(env)).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [1, 2, 3].map((value) => at(value, { value })));
  return driver.outputs("out").map(({ value, timestamp }) => [value, timestamp]);
}

const scaled = (factor: number) => (reading: Reading) => ({
  ...reading,
  value: reading.value * factor,
});

Deno.test("map gives one element for each, at its time", () => {
  assert.deepEqual(valuesOf((stream) => stream.map(scaled(10))), [[10, 1], [20, 2], [30, 3]]);
});

Deno.test("flatMap gives any number of elements for each, at its time", () => {
  const copies = (reading: Reading) => Array.from({ length: reading.value - 1 }, () => reading);
  assert.deepEqual(valuesOf((stream) => stream.flatMap(copies)), [[2, 2], [3, 3], [3, 3]]);
});

Deno.test("filter keeps what it is told to and counts the rest as filtered", () => {
  assert.deepEqual(valuesOf((stream) => stream.filter(({ value }) => value !== 2)), [[1, 1], [
    3,
    3,
  ]]);
  const env = new StreamEnvironment();
  readingStream(env).filter(() => false).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(0), at(1)]);
  assert.deepEqual([driver.outcomes.filtered, driver.outcomes.used], [2, 0]);
});

Deno.test("union gives the elements of all streams, an own one twice", () => {
  assert.deepEqual(
    valuesOf((stream) => stream.map(scaled(10)).union(stream.map(scaled(100)))),
    [[10, 1], [100, 1], [20, 2], [200, 2], [30, 3], [300, 3]],
  );
  assert.deepEqual(
    valuesOf((stream) => stream.union(stream)),
    [[1, 1], [1, 1], [2, 2], [2, 2], [3, 3], [3, 3]],
  );
});

Deno.test("union takes more than one other, and none", () => {
  const env = new StreamEnvironment();
  const [first, ...others] = readingStreams(env, { sources: ["in", "b", "c"] });
  first!.union().union(...others).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("c", [at(1, { value: 3 })]);
  driver.send("in", [at(1, { value: 1 })]);
  driver.send("b", [at(1, { value: 2 })]);
  assert.deepEqual(driver.outputs("out").map(({ value }) => value), [3, 1, 2]);
});

Deno.test("a stream that is taken twice gives all to both", () => {
  const env = new StreamEnvironment();
  const stream = readingStream(env);
  stream.sinkTo(readingsSink("one"));
  stream.map(scaled(2)).sinkTo(readingsSink("two"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(0)]);
  assert.deepEqual(driver.outputs("one").map(({ value }) => value), [1]);
  assert.deepEqual(driver.outputs("two").map(({ value }) => value), [2]);
});

import assert from "node:assert/strict";
import { hasCode } from "../base/errors.ts";
import { StreamEnvironment } from "./environment.ts";
import { at, readingsSink, readingStream, sumJob } from "./tests/test_jobs.ts";
import { TestDriver } from "./testing/test_driver.ts";

Deno.test("Topology tells what it reads, writes and keeps", () => {
  const topology = sumJob({ sources: ["in", "other"] });
  assert.deepEqual(topology.sources.map(({ topic }) => topic), ["in", "other"]);
  assert.deepEqual(topology.sinkTopics, ["out"]);
  assert.deepEqual([topology.isStateful, topology.findsLate], [true, true]);

  const env = new StreamEnvironment();
  const stream = readingStream(env);
  stream.sinkTo(readingsSink("out"));
  stream.sinkTo(readingsSink("out"));
  assert.deepEqual(env.topology.sinkTopics, ["out"]);
  assert.deepEqual([env.topology.isStateful, env.topology.findsLate], [false, false]);
});

Deno.test("Topology gives every node an id of its own and refuses one that is taken", () => {
  const env = new StreamEnvironment();
  const keyed = readingStream(env).keyBy("key");
  const open = () => ({ processElement: () => {} });
  keyed.process(open);
  keyed.process(open);
  keyed.process(open, { id: "mine" });
  const ids = env.topology.nodes.map(({ id }) => id);
  assert.deepEqual(ids, ["source in", "keyBy", "keyedProcess", "keyedProcess-2", "mine"]);
  assert.throws(
    () => keyed.process(open, { id: "mine" }),
    (error) => hasCode(error, "invalid-topology"),
  );
});

Deno.test("Topology without keyed state has nothing for a changelog", () => {
  const env = new StreamEnvironment();
  readingStream(env).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(0)]);
  assert.equal(driver.stateEntries, 0);
});

Deno.test("TestDriver refuses records of a topic that the job does not read", () => {
  assert.throws(
    () => new TestDriver(sumJob()).send("elsewhere", []),
    (error) => hasCode(error, "invalid-argument"),
  );
});

Deno.test("TestDriver.crash takes back what was given out since the last commit", () => {
  const env = new StreamEnvironment();
  readingStream(env).sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(0, { value: 1 })]);
  driver.commit();
  driver.send("in", [at(1, { value: 2 })]);
  driver.crash();
  assert.deepEqual(driver.outputs("out").map(({ value }) => value), [1, 2]);
  assert.equal(driver.outcomes.used, 2);
});

Deno.test("StreamEnvironment reads a topic once: its stream can be used again", () => {
  const env = new StreamEnvironment();
  readingStream(env);
  assert.throws(() => readingStream(env), (error) => hasCode(error, "invalid-topology"));
});

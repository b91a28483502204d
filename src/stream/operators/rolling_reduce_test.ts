import assert from "node:assert/strict";
import fc from "fast-check";
import { StreamEnvironment } from "../environment.ts";
import { at, readingsSink, readingStream, sum } from "../test_jobs.ts";
import { TestDriver } from "../test_driver.ts";

function driverOf(options: { readonly id?: string } = {}): TestDriver {
  const env = new StreamEnvironment();
  readingStream(env).keyBy("key").reduce(sum, options).sinkTo(readingsSink("out"));
  return new TestDriver(env.topology);
}

const stamped = (driver: TestDriver) =>
  driver.outputs("out").map(({ key, value, timestamp }) => `${key}=${value} @${timestamp}`);

Deno.test("KeyedStream.reduce tells with each element what its key has come to, at its time", () => {
  const driver = driverOf();
  driver.send("in", [
    at(3, { value: 4 }),
    at(4, { key: "b", value: 2 }),
    at(4, { value: 5 }),
    at(1, { value: 1 }),
  ]);
  assert.deepEqual(stamped(driver), ["a=4 @3", "b=2 @4", "a=9 @4", "a=10 @1"]);
  assert.deepEqual([driver.outcomes.used, driver.outcomes.filtered], [4, 0]);
});

Deno.test("KeyedStream.reduce counts an element as used, whoever takes what it gives", () => {
  const env = new StreamEnvironment();
  readingStream(env).keyBy("key").reduce(sum);
  const driver = new TestDriver(env.topology);
  driver.send("in", [at(0)]);
  assert.deepEqual([driver.outcomes.used, driver.outcomes.filtered], [1, 0]);
});

Deno.test("KeyedStream.reduce hands both values over in the order in which they came", () => {
  const env = new StreamEnvironment();
  readingStream(env).keyBy("key")
    .reduce((a, b) => ({ key: a.key, value: a.value * 10 + b.value }))
    .sinkTo(readingsSink("out"));
  const driver = new TestDriver(env.topology);
  driver.send("in", [1, 2, 3].map((value) => at(value, { value })));
  assert.deepEqual(driver.outputs("out").map(({ value }) => value), [1, 12, 123]);
});

Deno.test("KeyedStream.reduce keeps its state under the id it is given", () => {
  for (const id of [undefined, "totals"]) {
    const env = new StreamEnvironment();
    readingStream(env).keyBy("key").reduce(sum, id === undefined ? {} : { id });
    assert.equal(env.topology.nodes.at(-1)!.id, id ?? "reduce");
    assert.equal(env.topology.isStateful, true);
  }
});

Deno.test("semantics 14: KeyedStream.reduce goes on where it was, wherever a run is cut", () => {
  const reading = fc.record({ key: fc.constantFrom("a", "b"), value: fc.integer() });
  const cut = fc.constantFrom("commit" as const, "restart", "crash");
  fc.assert(
    fc.property(fc.array(fc.oneof(reading, cut)), (steps) => {
      const driver = driverOf();
      const totals: Record<string, number> = {};
      const expected: string[] = [];
      for (const [time, step] of steps.entries()) {
        if (typeof step === "string") {
          driver[step]();
          continue;
        }
        driver.send("in", [at(time, step)]);
        totals[step.key] = (totals[step.key] ?? 0) + step.value;
        expected.push(`${step.key}=${totals[step.key]} @${time}`);
      }
      assert.deepEqual(stamped(driver), expected);
      assert.equal(driver.stateEntries, Object.keys(totals).length);
    }),
  );
});

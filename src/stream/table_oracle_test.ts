/** Lookup joins against a search through all that was read before, which shares no code with them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { partitionForText } from "../base/murmur2.ts";
import { lookupTopology, met, row } from "./test_tables.ts";
import { at } from "./test_jobs.ts";
import { TestDriver, type TestRecord } from "./test_driver.ts";

/** A record of one of the two topics. */
interface Given {
  readonly topic: "names" | "in";
  readonly key: string;
  readonly timestamp: number;
  /** Of a row; null deletes it. */
  readonly name: string | null;
  readonly value: number;
}

const partitionOf = (key: string) => partitionForText(key, 2);

/** The order in which one look at the log takes records: the oldest in front, of one time rows first. */
function inTurn(records: readonly Given[]): readonly Given[] {
  const lanes = ["names", "in"].flatMap((topic) =>
    [0, 1].map((partition) =>
      records.filter((one) => one.topic === topic && partitionOf(one.key) === partition)
    )
  );
  const order: Given[] = [];
  while (order.length < records.length) {
    const times = lanes.map(([head]) => head?.timestamp ?? Infinity);
    order.push(lanes[times.indexOf(Math.min(...times))]!.shift()!);
  }
  return order;
}

/** What each element meets, all that was read before it being looked through. */
function expected(
  batches: readonly (readonly Given[])[],
  { outOfOrderness, isInner }: { outOfOrderness: number; isInner: boolean },
): readonly string[] {
  const found: string[] = [];
  const read: Given[] = [];
  for (const record of batches.flatMap(inTurn)) {
    const { topic, key, timestamp, value } = record;
    if (topic === "in") {
      const elements = read.filter((one) =>
        one.topic === "in" && partitionOf(one.key) === partitionOf(key)
      );
      const newest = Math.max(-Infinity, ...elements.map((one) => one.timestamp));
      const asOf = Math.max(timestamp, newest - outOfOrderness - 1);
      let name: string | null = null;
      let since = -Infinity;
      for (const row of read.filter((one) => one.topic === "names" && one.key === key)) {
        since = Math.max(since, row.timestamp);
        if (since <= asOf) name = row.name;
      }
      if (name !== null || !isInner) found.push(`${value} ${name ?? "nobody"} @${timestamp}`);
    }
    read.push(record);
  }
  return found;
}

const given: fc.Arbitrary<Given> = fc.record({
  topic: fc.constantFrom("names", "in"),
  key: fc.constantFrom("a", "b", "c", "é"),
  timestamp: fc.nat(40),
  name: fc.option(fc.constantFrom("Ann", "Bob", "Cleo", "Dan"), { nil: null }),
  value: fc.nat(999),
});
type Step = readonly Given[] | "commit" | "restart" | "crash";
const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.array(given, { maxLength: 6 })
      .map((all) => all.filter(({ topic }) => topic === all[0]!.topic)),
    fc.array(given, { minLength: 1, maxLength: 1 }),
    fc.constantFrom<Step>("commit", "restart", "crash"),
  ),
  { maxLength: 40 },
);

function recordOf({ topic, timestamp, key, name, value }: Given): TestRecord {
  const partition = partitionOf(key);
  if (topic === "names") return row(timestamp, name, { key, partition });
  return { ...at(timestamp, { key, value }), partition };
}

Deno.test("lookupJoin gives what looking through all rows gives, whatever stops it where", () => {
  const property = fc.property(
    steps,
    fc.nat(10),
    fc.boolean(),
    (steps, outOfOrderness, isInner) => {
      const topology = lookupTopology({ outOfOrderness, type: isInner ? "inner" : "left" });
      const driver = new TestDriver(topology, { partitions: 2 });
      const committed: (readonly Given[])[] = [];
      let since: (readonly Given[])[] = [];
      for (const step of steps) {
        if (typeof step !== "string") {
          since.push(step);
          if (step.length > 0) driver.send(step[0]!.topic, step.map(recordOf));
          continue;
        }
        driver[step]();
        if (step === "crash") since = [since.flat()];
        else committed.push(...since.splice(0));
      }
      assert.deepEqual(
        met(driver),
        expected([...committed, ...since], { outOfOrderness, isInner }),
      );
      assert.equal(driver.outcomes.late, 0);
    },
  );
  fc.assert(property, { numRuns: 1_000 });
});

Deno.test("semantics 7 and 23: behind repartition topics an element meets the row of its time too", () => {
  const plan = fc.record({
    records: fc.array(given, { maxLength: 40 }),
    isKeyed: fc.boolean(),
    isPlaced: fc.boolean(),
    between: fc.constantFrom<"commit" | "restart" | "crash">("commit", "restart", "crash"),
  });
  const property = fc.property(plan, ({ records, isKeyed, isPlaced, between }) => {
    const driver = new TestDriver(lookupTopology({ isKeyed, isPlaced }), {
      partitions: 2,
      bounded: true,
    });
    const ordered = records.toSorted((a, b) => a.timestamp - b.timestamp);
    const rows = ordered.filter(({ topic }) => topic === "names");
    const elements = ordered.filter(({ topic }) => topic === "in");
    driver.send(
      "names",
      rows.map((one) => ({ ...recordOf(one), key: isKeyed ? `key:${one.key}` : one.key })),
    );
    driver[between]();
    // Where they are not said to be placed, anywhere.
    driver.send(
      "in",
      elements.map((one, i) => ({ ...recordOf(one), ...(!isPlaced && { partition: i % 2 }) })),
    );
    driver.end({ drain: true });
    const wanted = elements.map(({ key, timestamp, value }) => {
      const name = rows.findLast((one) => one.key === key && one.timestamp <= timestamp)?.name;
      return `${value} ${name ?? "nobody"} @${timestamp}`;
    });
    assert.deepEqual(met(driver).toSorted(), wanted.toSorted());
  });
  fc.assert(property, { numRuns: 300 });
});

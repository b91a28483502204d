/** Interval joins against a search through all pairs, which shares no code with them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { partitionForText } from "../../base/murmur2.ts";
import { at, type Reading } from "../test_jobs.ts";
import type { TestRecord } from "../test_driver.ts";
import { joinDriver, pairsOf } from "./test_interval_joins.ts";

/** A record of one of the two topics, as the oracle sees it. */
interface Given {
  readonly topic: "left" | "right";
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly partition: number;
}

/** The order in which one look at the log takes records: always the oldest of what stands in front. */
function inTurn(records: readonly Given[]): readonly Given[] {
  const lanes = new Map<string, Given[]>();
  for (const topic of ["left", "right"]) {
    for (const partition of [0, 1, 2]) {
      lanes.set(
        `${topic} ${partition}`,
        records.filter((one) => one.topic === topic && one.partition === partition),
      );
    }
  }
  const order: Given[] = [];
  for (;;) {
    let best: Given[] | null = null;
    for (const lane of lanes.values()) {
      if (lane.length > 0 && (best === null || lane[0]!.timestamp < best[0]!.timestamp)) {
        best = lane;
      }
    }
    if (best === null) return order;
    order.push(best.shift()!);
  }
}

/** Flink's interval join by brute force: all that came before is looked through for each record. */
function expected(
  batches: readonly (readonly Given[])[],
  { lower, upper, outOfOrderness }: { lower: number; upper: number; outOfOrderness: number },
) {
  const pairs: string[] = [];
  const late: string[] = [];
  const kept: (Given & { order: number; isGone: boolean })[] = [];
  const newest = new Map<string, number>();
  const watermarks = [-Infinity, -Infinity, -Infinity];
  for (const [order, record] of batches.flatMap(inTurn).entries()) {
    const { topic, partition, timestamp, key, value } = record;
    if (timestamp < watermarks[partition]!) late.push(`${topic} ${value}`);
    else {
      const others = kept.filter((one) => !one.isGone && one.topic !== topic && one.key === key)
        .filter((one) => {
          const distance = topic === "left" ? one.timestamp - timestamp : timestamp - one.timestamp;
          return distance >= lower && distance <= upper;
        });
      others.sort((a, b) => a.timestamp - b.timestamp || a.order - b.order);
      for (const other of others) {
        const [left, right] = topic === "left" ? [record, other] : [other, record];
        const time = Math.max(left.timestamp, right.timestamp);
        pairs.push(
          `${left.value}@${left.timestamp} + ${right.value}@${right.timestamp} -> ${time}`,
        );
      }
      kept.push({ ...record, order, isGone: false });
    }
    const lane = `${topic} ${partition}`;
    newest.set(lane, Math.max(newest.get(lane) ?? -Infinity, timestamp));
    const both = ["left", "right"].map((one) => newest.get(`${one} ${partition}`) ?? -Infinity);
    const watermark = Math.min(...both) - outOfOrderness - 1;
    if (watermark <= watermarks[partition]!) continue;
    watermarks[partition] = watermark;
    for (const one of kept) {
      const reach = one.topic === "left" ? upper : -lower;
      if (one.partition === partition && one.timestamp + Math.max(0, reach) <= watermark) {
        one.isGone = true;
      }
    }
  }
  return { pairs, late, kept: kept.filter(({ isGone }) => !isGone).length };
}

const keys = ["a", "b", "c", "d", "é"];
const given: fc.Arbitrary<Given> = fc.record({
  topic: fc.constantFrom("left", "right"),
  key: fc.constantFrom(...keys),
  value: fc.nat(999),
  timestamp: fc.nat(60),
}).map((one) => ({ ...one, partition: partitionForText(one.key, 3) }));
const bounds = fc.tuple(fc.integer({ min: -15, max: 15 }), fc.integer({ min: -15, max: 15 }))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
type Step = readonly Given[] | "commit" | "restart" | "crash";
const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    // Of one topic at a time, as the driver takes them.
    fc.array(given, { maxLength: 6 }).map((all) =>
      all.filter(({ topic }) => topic === all[0]!.topic)
    ),
    fc.array(given, { minLength: 1, maxLength: 1 }),
    fc.constantFrom<Step>("commit", "restart", "crash"),
  ),
  { maxLength: 40 },
);

const recordOf = ({ timestamp, key, value, partition }: Given): TestRecord => ({
  ...at(timestamp, { key, value }),
  partition,
});

Deno.test("an interval join gives what looking through all pairs gives, whatever stops it where", () => {
  const property = fc.property(
    steps,
    bounds,
    fc.nat(10),
    (steps, [lower, upper], outOfOrderness) => {
      const driver = joinDriver({ bounds: [lower, upper], outOfOrderness }, { partitions: 3 });
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
      const found = expected([...committed, ...since], { lower, upper, outOfOrderness });
      assert.deepEqual(pairsOf(driver), found.pairs);
      const late = ["left", "right"].flatMap((topic) =>
        driver.outputs(`${topic}.late`).map(({ value }) => `${topic} ${(value as Reading).value}`)
      );
      assert.deepEqual(late.toSorted(), found.late.toSorted());
      assert.equal(driver.stateEntries, found.kept);
      assert.equal(driver.outcomes.late, found.late.length);
    },
  );
  fc.assert(property, { numRuns: 1_000 });
});

Deno.test("semantics 23 and 24: an interval join behind repartition topics misses no pair of ordered inputs", () => {
  const records = fc.array(
    fc.tuple(given, fc.nat(2)).map(([one, partition]) => ({ ...one, partition })),
    { maxLength: 40 },
  );
  const property = fc.property(records, bounds, fc.nat(40), (records, [lower, upper], cut) => {
    const options = { partitions: 3, bounded: true };
    const driver = joinDriver({ bounds: [lower, upper], isPlaced: false }, options);
    const ordered = records.toSorted((a, b) => a.timestamp - b.timestamp);
    for (const part of [ordered.slice(0, cut), ordered.slice(cut)]) {
      for (const topic of ["left", "right"]) {
        driver.send(topic, part.filter((one) => one.topic === topic).map(recordOf));
      }
      driver.restart();
    }
    driver.end({ drain: true });
    const all: string[] = [];
    for (const left of records.filter(({ topic }) => topic === "left")) {
      for (const right of records.filter(({ topic }) => topic === "right")) {
        const distance = right.timestamp - left.timestamp;
        if (left.key !== right.key || distance < lower || distance > upper) continue;
        const time = Math.max(left.timestamp, right.timestamp);
        all.push(`${left.value}@${left.timestamp} + ${right.value}@${right.timestamp} -> ${time}`);
      }
    }
    assert.deepEqual(pairsOf(driver).toSorted(), all.toSorted());
    assert.equal(driver.outcomes.late, 0);
  });
  fc.assert(property, { numRuns: 300 });
});

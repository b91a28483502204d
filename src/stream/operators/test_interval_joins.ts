/** Interval joins of readings that the tests share. Only tests use it. */

import assert from "node:assert/strict";
import type { KeyedStream } from "../data_stream.ts";
import { StreamEnvironment } from "../environment.ts";
import type { IntervalJoined } from "../interval_joined.ts";
import type { OutputTag } from "../output_tag.ts";
import { type Reading, readings } from "../test_jobs.ts";
import { TestDriver, type TestDriverOptions } from "../test_driver.ts";
import type { Topology } from "../topology.ts";
import { WatermarkStrategy } from "../watermark_strategy.ts";

/** Two readings that have met, and when. */
export interface Pair {
  readonly left: Reading;
  readonly right: Reading;
  readonly times: readonly [left: number, right: number, pair: number];
}

/** Settings of a join; each with a default. */
export interface JoinSettings {
  readonly bounds?: readonly [lower: number | string, upper: number | string];
  readonly exclusive?: readonly [lower: boolean, upper: boolean];
  readonly outOfOrderness?: number;
  readonly isPlaced?: boolean;
  readonly tags?: readonly [OutputTag<Reading> | null, OutputTag<Reading> | null];
}

/** Two keyed streams to join. */
export function sources(settings: JoinSettings = {}) {
  const { outOfOrderness = 0, isPlaced = true } = settings;
  const env = new StreamEnvironment();
  const [left, right] = ["left", "right"].map((topic): KeyedStream<Reading, string> =>
    env.fromSource(
      { topic, deserializer: readings, ...(isPlaced && { partitionedBy: "key" as const }) },
      WatermarkStrategy.forBoundedOutOfOrderness(outOfOrderness),
    ).keyBy("key")
  );
  return { env, left: left!, right: right! };
}

/** Joins them into the topic `out`. */
export function joinTopology(settings: JoinSettings = {}): Topology {
  const { bounds = [-10, 20], exclusive = [false, false], tags = [null, null] } = settings;
  const { env, left, right } = sources(settings);
  let joined: IntervalJoined<Reading, Reading> = left.intervalJoin(right).between(...bounds);
  if (exclusive[0]) joined = joined.lowerBoundExclusive();
  if (exclusive[1]) joined = joined.upperBoundExclusive();
  if (tags[0] !== null) joined = joined.sideOutputLeftLateData(tags[0]);
  if (tags[1] !== null) joined = joined.sideOutputRightLateData(tags[1]);
  const pairs = joined.process<Pair>(() => ({
    processElement: (left, right, context, out) => {
      const times = [
        context.leftTimestamp(),
        context.rightTimestamp(),
        context.timestamp(),
      ] as const;
      out.collect({ left, right, times });
    },
  }));
  pairs.sinkTo({ topic: "out" });
  for (const tag of tags) if (tag !== null) pairs.getSideOutput(tag).sinkTo({ topic: tag.id });
  return env.topology;
}

/** Runs that join. */
export const joinDriver = (settings?: JoinSettings, options?: TestDriverOptions) =>
  new TestDriver(joinTopology(settings), options);

/** The pairs that came out: `3@10 + 4@12 -> 12`. */
export const pairsOf = (driver: TestDriver) =>
  driver.outputs("out").map(({ value, timestamp }) => {
    const { left, right, times } = value as Pair;
    assert.equal(times[2], timestamp);
    return `${left.value}@${times[0]} + ${right.value}@${times[1]} -> ${timestamp}`;
  });

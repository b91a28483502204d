/** What a case of an operator is, and what all of them are run on. Only tests use it. */

import { partitionForText } from "../base/murmur2.ts";
import { Random } from "../base/random.ts";
import { StreamEnvironment } from "./environment.ts";
import type { JobSettings } from "./test_jobs.ts";
import { readingStream, readingStreams } from "./test_jobs.ts";
import type { TestRecord } from "./test_records.ts";
import type { Topology } from "./topology.ts";

/** How many partitions each topic has that a case reads. */
export const casePartitions = 3;

/** A job that shows what an operator does, and what it is run on. */
export interface OperatorCase {
  readonly name: string;
  /** Builds the job anew, as a start does. */
  readonly topology: () => Topology;
  /** By topic. */
  readonly inputs: Readonly<Record<string, readonly TestRecord[]>>;
  /** Where a clock decides: what it is moved to, in milliseconds, when all has been read. Default 0. */
  readonly clockAtEnd?: number;
}

/** Keys of which each partition has three. */
const keys = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i))
  .filter((key, _, all) => all.filter((other) => placeOf(other) === placeOf(key)).indexOf(key) < 3);

function placeOf(key: string): number {
  return partitionForText(key, casePartitions);
}

/** Readings of a topic, where their keys place them: a little out of order, some of them late. */
export function caseReadings(seed: number, count = 36): readonly TestRecord[] {
  const random = new Random(seed);
  const newest = Array.from({ length: casePartitions }, () => 0);
  return Array.from({ length: count }, (_, index) => {
    // Each partition has one at the beginning: from then on it holds back what it has to.
    const partition = index < casePartitions ? index : random.below(casePartitions);
    const key = random.pick(keys.filter((one) => placeOf(one) === partition));
    newest[partition]! += random.below(30_000);
    const behind = index < casePartitions ? 0 : random.below(random.chance(0.2) ? 90_000 : 20_000);
    const value = { key, value: random.below(10) };
    return { partition, key, value, timestamp: newest[partition]! - behind };
  });
}

/** Settings of a case. */
export interface CaseSettings extends Partial<Pick<OperatorCase, "inputs" | "clockAtEnd">> {
  /** The topics of readings; default `in`. */
  readonly topics?: readonly string[];
}

/** A case whose job is what `build` adds. */
export function caseOf(
  name: string,
  build: (env: StreamEnvironment) => void,
  { topics = ["in"], inputs, ...settings }: CaseSettings = {},
): OperatorCase {
  return {
    name,
    topology: () => {
      const env = new StreamEnvironment();
      build(env);
      return env.topology;
    },
    inputs: {
      ...Object.fromEntries(topics.map((topic, index) => [topic, caseReadings(index + 1)])),
      ...inputs,
    },
    ...settings,
  };
}

/**
 * What the jobs of the cases say of time: windows and timers are met both in time and late, and no time
 * flows on by itself.
 */
const caseTimes: JobSettings = { outOfOrderness: "20s", closesOnSilence: false };

/** The stream of a case of one topic. */
export function caseStream(env: StreamEnvironment) {
  return readingStream(env, caseTimes);
}

/** The streams of a case of two topics, `in` and `other`. */
export function caseStreams(env: StreamEnvironment) {
  const [first, second] = readingStreams(env, { ...caseTimes, sources: twoTopics.topics });
  return [first!, second!] as const;
}

/** The settings of a case of two topics. */
export const twoTopics = { topics: ["in", "other"] };

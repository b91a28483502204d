/**
 * A case for each operator, for what all of them promise: whatever is stopped, killed or handed on to
 * other members, the same comes out (`runtime/operator_recovery_test.ts`). A new operator is one more
 * case. Only tests use it.
 */

import { partitionForText } from "../base/murmur2.ts";
import { Random } from "../base/random.ts";
import { StreamEnvironment } from "./environment.ts";
import { type KeyedProcessFunction, ValueStateDescriptor } from "./operators/functions.ts";
import { OutputTag } from "./output_tag.ts";
import {
  type JobSettings,
  type Reading,
  readings,
  readingsSink,
  readingStream,
  readingStreams,
  sum,
} from "./test_jobs.ts";
import type { TestRecord } from "./test_records.ts";
import type { Topology } from "./topology.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";
import { TumblingEventTimeWindows } from "./window.ts";

/** How many partitions each topic has that a case reads. */
export const casePartitions = 3;

/** A job that shows what an operator does, and what it is run on. */
export interface OperatorCase {
  readonly name: string;
  /** Builds the job anew, as a start does. */
  readonly topology: () => Topology;
  /** By topic. */
  readonly inputs: Readonly<Record<string, readonly TestRecord[]>>;
}

/** Keys of which each partition has three. */
const keys = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i))
  .filter((key, _, all) => all.filter((other) => placeOf(other) === placeOf(key)).indexOf(key) < 3);

function placeOf(key: string): number {
  return partitionForText(key, casePartitions);
}

/** Readings of a topic, where their keys place them: a little out of order, some of them late. */
export function caseReadings(seed: number, count = 45): readonly TestRecord[] {
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

/** A case of one topic, `in`, whose job writes to `out`. */
export function caseOfOne(
  name: string,
  build: (env: StreamEnvironment) => void,
): OperatorCase {
  return caseOf(name, { topics: ["in"], build });
}

/** A case of several topics. */
export function caseOf(
  name: string,
  { topics, build }: {
    readonly topics: readonly string[];
    readonly build: (env: StreamEnvironment) => void;
  },
): OperatorCase {
  return {
    name,
    topology: () => {
      const env = new StreamEnvironment();
      build(env);
      return env.topology;
    },
    inputs: Object.fromEntries(topics.map((topic, index) => [topic, caseReadings(index + 1)])),
  };
}

/** What the jobs of the cases say of time: windows and timers are met both in time and late. */
export const caseTimes: JobSettings = { outOfOrderness: "20s" };

/** The stream of a case of one topic. */
export function caseStream(env: StreamEnvironment) {
  return readingStream(env, caseTimes);
}

const minutes = TumblingEventTimeWindows.of("1m");

/** Counts the readings of each key; a timer tells the count a minute after the first, and forgets it. */
const countAMinute: KeyedProcessFunction<Reading, string, Reading> = (runtime) => {
  const count = runtime.getState(new ValueStateDescriptor<number>("count"));
  return {
    processElement: ({ key, value }, context, out) => {
      const timers = context.timerService();
      if (count.value() === undefined) timers.registerEventTimeTimer(context.timestamp() + 60_000);
      count.update((count.value() ?? 0) + 1);
      if (value === 0) timers.deleteEventTimeTimer(context.timestamp() + 60_000);
      out.collect({ key, value: count.value()! });
    },
    onTimer: (_, context, out) => {
      out.collect({ key: context.getCurrentKey(), value: -(count.value() ?? 0) });
      count.clear();
    },
  };
};

const stateless: readonly OperatorCase[] = [
  caseOfOne("map, flatMap, filter", (env) => {
    caseStream(env)
      .map(({ key, value }) => ({ key, value: value * 2 }))
      .flatMap((reading) => [reading, { ...reading, value: -reading.value }])
      .filter(({ value }) => value % 3 !== 0)
      .sinkTo(readingsSink("out"));
  }),
  caseOf("union", {
    topics: ["in", "other"],
    build: (env) => {
      const [first, second] = readingStreams(env, { ...caseTimes, sources: ["in", "other"] });
      first!.union(second!).sinkTo(readingsSink("out"));
    },
  }),
  caseOfOne("side outputs", (env) => {
    const odd = new OutputTag<Reading>("odd");
    const even = caseStream(env).process<Reading>(() => ({
      processElement: (reading, context, out) => {
        if (reading.value % 2 === 0) out.collect(reading);
        else context.output(odd, reading);
      },
    }));
    even.sinkTo(readingsSink("out"));
    even.getSideOutput(odd).sinkTo(readingsSink("odd"));
  }),
];

const keyed: readonly OperatorCase[] = [
  caseOfOne("process: value state and timers", (env) => {
    caseStream(env).keyBy("key").process(countAMinute).sinkTo(readingsSink("out"));
  }),
  caseOfOne("process behind process", (env) => {
    caseStream(env).keyBy("key").process(countAMinute).keyBy("key").process(countAMinute)
      .sinkTo(readingsSink("out"));
  }),
];

const windows: readonly OperatorCase[] = [
  caseOfOne("tumbling windows: reduce", (env) => {
    caseStream(env).keyBy("key").window(minutes).reduce(sum).sinkTo(readingsSink("out"));
  }),
  caseOfOne("tumbling windows: lateness, late to a side output", (env) => {
    const late = new OutputTag<Reading>("late");
    const sums = caseStream(env).keyBy("key").window(TumblingEventTimeWindows.of("1m", "10s"))
      .allowedLateness("30s").sideOutputLateData(late).reduce(sum);
    sums.sinkTo(readingsSink("out"));
    sums.getSideOutput(late).sinkTo(readingsSink("too-late"));
  }),
  caseOfOne("tumbling windows: running reduce", (env) => {
    caseStream(env).keyBy("key").window(minutes).allowedLateness("30s").runningReduce(sum)
      .sinkTo(readingsSink("out"));
  }),
  caseOfOne("windows behind a repartition", (env) => {
    const watermarks = WatermarkStrategy.forBoundedOutOfOrderness<Reading>("90s");
    env.fromSource({ topic: "in", deserializer: readings }, watermarks)
      .map(({ value }) => ({ key: value % 2 === 0 ? "even" : "odd", value }))
      .keyBy("key").window(minutes).reduce(sum).sinkTo(readingsSink("out"));
  }),
];

/** All of them. */
export const operatorCases: readonly OperatorCase[] = [...stateless, ...keyed, ...windows];

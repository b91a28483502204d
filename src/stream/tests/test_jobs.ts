/** Small jobs that the tests of this folder share. Only tests use it. */

import { utf8 } from "../../base/bytes.ts";
import type { Duration } from "../../base/duration.ts";
import type { DataStream } from "../data_stream.ts";
import { StreamEnvironment } from "../environment.ts";
import { json } from "../json.ts";
import type { OutputTag } from "../output_tag.ts";
import type { TopicSink } from "../sink.ts";
import type { TestDriver, TestRecord } from "../testing/test_driver.ts";
import type { Topology } from "../topology.ts";
import { WatermarkStrategy } from "../watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../windows/window.ts";

/** An element: a number under a key; `at` is its event time where a job takes it from there. */
export interface Reading {
  readonly key: string;
  readonly value: number;
  readonly at?: number;
}

/** Settings of a job; each with the default of the golden vectors. */
export interface JobSettings {
  readonly sources?: readonly string[];
  readonly size?: Duration;
  readonly offset?: Duration;
  readonly outOfOrderness?: Duration;
  readonly lateness?: Duration;
  readonly idleTimeouts?: readonly Duration[];
  readonly closesOnSilence?: boolean;
  readonly payloadTime?: boolean;
  readonly running?: boolean;
  readonly lateTag?: OutputTag<Reading>;
}

/** Reads readings; one whose value is no number is refused. */
export const readings = json((value) => {
  const { value: number } = value as Reading;
  if (typeof number !== "number") throw new Error(`value must be a number, it is ${number}`);
  return value as Reading;
});

/** A sink of readings that tells of each the window and what closed it. */
export function readingsSink(topic: string): TopicSink<Reading> {
  return {
    topic,
    key: (reading) => reading.key,
    value: (reading) => String(reading.value),
    headers: (_, { window, closedBy }) =>
      [["start", window?.start], ["end", window?.end], ["closed-by", closedBy]].map((
        [name, value],
      ) => ({ name: String(name), value: utf8(String(value ?? "none")) })),
  };
}

/** Adds two readings of a key up. */
export function sum(a: Reading, b: Reading): Reading {
  return { key: a.key, value: a.value + b.value };
}

/** The streams of a job's sources. */
export function readingStreams(env: StreamEnvironment, settings: JobSettings = {}) {
  const { sources = ["in"], outOfOrderness = 0, idleTimeouts = [], payloadTime } = settings;
  return sources.map((topic, index) => {
    let watermarks = WatermarkStrategy.forBoundedOutOfOrderness<Reading>(outOfOrderness)
      .withIdleness(idleTimeouts[index] ?? "10s");
    if (settings.closesOnSilence === false) watermarks = watermarks.withoutClosingOnSilence();
    if (payloadTime) watermarks = watermarks.withTimestampAssigner(({ at }) => at ?? Number.NaN);
    return env.fromSource({ topic, deserializer: readings, partitionedBy: "key" }, watermarks);
  });
}

/** One stream of all that a job's sources give. */
export function readingStream(env: StreamEnvironment, settings?: JobSettings): DataStream<Reading> {
  const [first, ...others] = readingStreams(env, settings);
  return others.length === 0 ? first! : first!.union(...others);
}

/** Sums readings by window of a minute and key into the topic `out`. */
export function sumJob(settings: JobSettings = {}): Topology {
  const { size = "1m", offset = 0, lateness = 0, running, lateTag } = settings;
  const env = new StreamEnvironment();
  let windowed = readingStream(env, settings).keyBy("key")
    .window(TumblingEventTimeWindows.of(size, offset))
    .allowedLateness(lateness);
  if (lateTag !== undefined) windowed = windowed.sideOutputLateData(lateTag);
  const results = running ? windowed.runningReduce(sum) : windowed.reduce(sum);
  results.sinkTo(readingsSink("out"));
  if (lateTag !== undefined) results.getSideOutput(lateTag).sinkTo(readingsSink("too-late"));
  return env.topology;
}

/** A record of key `a` with the value 1, or as stated. */
export function at(timestamp: number, { key = "a", value = 1 }: Partial<Reading> = {}): TestRecord {
  return { timestamp, key, value: { key, value } };
}

/** What a job gave out, a line each: `a=3 [0, 60000) watermark`. */
export function results(driver: TestDriver, topic = "out"): readonly string[] {
  return driver.outputs(topic).map(({ key, value, headers }) =>
    `${key}=${value} [${headers["start"]}, ${headers["end"]}) ${headers["closed-by"]}`
  );
}

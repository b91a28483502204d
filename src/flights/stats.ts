/** The job stats: what each traveller flies, in windows of event time, as running totals. */

import type { Duration } from "../base/duration.ts";
import { utf8 } from "../base/bytes.ts";
import type { Header } from "../base/record.ts";
import type { DataStream } from "../stream/data_stream.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import type { SinkContext } from "../stream/sink.ts";
import type { Topology } from "../stream/topology.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/window.ts";
import {
  type FlightData,
  mergeStatistics,
  parseFlightData,
  statisticsOf,
  type UserStatistics,
} from "./models.ts";
import { topics } from "./topics.ts";

/** Settings of stats. */
export interface StatsOptions {
  /** The size of a window; default `1m`. */
  readonly window?: Duration;
  /** Gives out each window's own sums instead of running totals; default false. */
  readonly perWindow?: boolean;
  /** How long a fired window still takes records (semantics 6); default `0s`. */
  readonly allowedLateness?: Duration;
  /**
   * Sends flights through a repartition topic, so that they may lie on any partition (semantics 23);
   * default false.
   */
  readonly repartition?: boolean;
  /** Of the source; default: `WatermarkStrategy.forMonotonousTimestamps()`. */
  readonly watermarks?: WatermarkStrategy<FlightData>;
  /** The topic read; default flightdata. */
  readonly input?: string;
  /** The topic written; default userstatistics. */
  readonly output?: string;
}

/** Sums up each traveller's flights by window. */
export function defineWorkflow(
  flights: DataStream<FlightData>,
  options: StatsOptions = {},
): DataStream<UserStatistics> {
  const windows = flights
    .map(statisticsOf)
    .keyBy("email_address")
    .window(TumblingEventTimeWindows.of(options.window ?? "1m"))
    .allowedLateness(options.allowedLateness ?? 0);
  return options.perWindow
    ? windows.reduce(mergeStatistics)
    : windows.runningReduce(mergeStatistics);
}

/** The topology of stats: flightdata to userstatistics. */
export function statsTopology(options: StatsOptions = {}): Topology {
  const env = new StreamEnvironment();
  const flights = env.fromSource<FlightData>(
    {
      topic: options.input ?? topics.flightData,
      deserializer: json(parseFlightData),
      ...(!options.repartition && { partitionedBy: "email_address" as const }),
    },
    options.watermarks ?? WatermarkStrategy.forMonotonousTimestamps(),
  );
  defineWorkflow(flights, options).sinkTo({
    topic: options.output ?? topics.userStatistics,
    key: (statistics) => JSON.stringify({ email_address: statistics.email_address }),
    headers: windowHeaders,
  });
  return env.topology;
}

/** The window of a result, and what closed it. */
function windowHeaders(_: UserStatistics, { window, closedBy }: SinkContext): readonly Header[] {
  if (window === null || closedBy === null) return [];
  return [
    { name: "window-start", value: utf8(String(window.start)) },
    { name: "window-end", value: utf8(String(window.end)) },
    { name: "closed-by", value: utf8(closedBy) },
  ];
}

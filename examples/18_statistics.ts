/**
 * Lesson 18: aggregation: what each traveller flies in a minute of event time, to userstatistics.
 *
 * ```sh
 * deno task example 18
 * ```
 *
 * Its tests are in `18_statistics_test.ts`.
 */

import {
  type DataStream,
  flights,
  json,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from "../src/mod.ts";
import { generateData } from "./05_data_generator.ts";
import { merge } from "./16_merge.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";

/** Statistics of each email address, window by window. */
export function defineWorkflow(
  flightdata: DataStream<flights.FlightData>,
): DataStream<flights.UserStatistics> {
  return flightdata
    .map(flights.statisticsOf)
    .keyBy("email_address")
    .window(TumblingEventTimeWindows.of("1m"))
    .reduce(flights.mergeStatistics);
}

export const lesson: Lesson = {
  number: "18",
  beside: [generateData, merge],
  speed: 60,
  users: 5,
  define: (env) => {
    const flightdata = env.fromSource<flights.FlightData>(
      {
        topic: "flightdata",
        deserializer: json(flights.parseFlightData),
        partitionedBy: "email_address",
      },
      WatermarkStrategy.forMonotonousTimestamps(),
    );
    const userstatistics = defineWorkflow(flightdata);
    userstatistics.sinkTo({
      topic: "userstatistics",
      key: ({ email_address }) => JSON.stringify({ email_address }),
    });
    userstatistics.print();
  },
};

if (import.meta.main) await runLesson(lesson);

/**
 * Lesson 20: state: the statistics of lesson 18 as running totals, kept by email address.
 *
 * ```sh
 * deno task example 20
 * ```
 *
 * The workflow is written out in Flink's words. That of `flights stats` gives the same by
 * `runningReduce`, which also puts totals right when a window is corrected within the allowed lateness.
 * Its tests are in `20_running_totals_test.ts`.
 */

import {
  type DataStream,
  flights,
  json,
  type ProcessWindowFunction,
  TumblingEventTimeWindows,
  ValueStateDescriptor,
  WatermarkStrategy,
} from "../src/mod.ts";
import { generateData } from "./05_data_generator.ts";
import { merge } from "./16_merge.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";

type UserStatistics = flights.UserStatistics;

/** Adds a window's statistics to those of all windows of the address before. */
const runningTotals: ProcessWindowFunction<UserStatistics, string, UserStatistics> = (runtime) => {
  const state = runtime.getState(new ValueStateDescriptor<UserStatistics>("user statistics"));
  return {
    process: (_email, _context, [ofWindow], out) => {
      const before = state.value();
      const total = before === undefined ? ofWindow! : flights.mergeStatistics(before, ofWindow!);
      state.update(total);
      out.collect(total);
    },
  };
};

/** Statistics of each email address up to the end of each of its windows. */
export function defineWorkflow(
  flightdata: DataStream<flights.FlightData>,
): DataStream<UserStatistics> {
  return flightdata
    .map(flights.statisticsOf)
    .keyBy("email_address")
    .window(TumblingEventTimeWindows.of("1m"))
    .reduce(flights.mergeStatistics, runningTotals);
}

export const lesson: Lesson = {
  number: "20",
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

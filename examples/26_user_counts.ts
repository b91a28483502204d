/**
 * Lesson 26: an aggregate: how many travellers book in five minutes, each counted once. Records may be 5
 * seconds out of order. In Flink's lesson this is a table query:
 * `SELECT TUMBLE_START(...), COUNT(DISTINCT user_id) ... GROUP BY TUMBLE(rowtime, INTERVAL '5' MINUTE)`.
 *
 * ```sh
 * deno task example 26
 * ```
 */

import {
  type AggregateFunction,
  type DataStream,
  flights,
  formatTime,
  json,
  type ProcessWindowFunction,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from "../src/mod.ts";
import { generateData } from "./05_data_generator.ts";
import { merge } from "./16_merge.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";
import { tuple } from "./lesson/text.ts";

type Line = readonly [windowStart: string, users: number];

/** Counts distinct texts. The accumulator is state, hence a JSON value. */
const countDistinct: AggregateFunction<string, readonly string[], number> = {
  createAccumulator: () => [],
  add: (text, seen) => seen.includes(text) ? seen : [...seen, text],
  getResult: (seen) => seen.length,
  merge: (a, b) => [...new Set([...a, ...b])],
};

const withWindowStart: ProcessWindowFunction<number, string, Line> = () => ({
  process: (_key, { window }, [users], out) => out.collect([formatTime(window.start), users!]),
});

/** How many users there are in each window. All of them have one key: the count is of all. */
export function defineWorkflow(flightdata: DataStream<flights.FlightData>): DataStream<Line> {
  return flightdata
    .map((flight) => flight.email_address)
    .keyBy(() => "all users")
    .window(TumblingEventTimeWindows.of("5m"))
    .aggregate(countDistinct, withWindowStart);
}

export const lesson: Lesson = {
  number: "26",
  beside: [generateData, merge],
  speed: 60,
  users: 20,
  define: (env) => {
    const flightdata = env.fromSource(
      { topic: "flightdata", deserializer: json(flights.parseFlightData) },
      WatermarkStrategy.forBoundedOutOfOrderness("5s"),
    );
    defineWorkflow(flightdata).map(tuple).print();
  },
};

if (import.meta.main) await runLesson(lesson);

/**
 * Lesson 16: merge: the bookings of both airlines as one stream of flights, to flightdata.
 *
 * ```sh
 * deno task example 16
 * ```
 *
 * Its workflow is that of `flights merge`; its tests are in `16_merge_test.ts`.
 */

import {
  type DataStream,
  flights,
  json,
  type StreamEnvironment,
  WatermarkStrategy,
} from "../src/mod.ts";
import { generateData } from "./05_data_generator.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";

/** Both streams as flights, in one, without those that have landed as of their booking's event time. */
export function defineWorkflow(
  skyone: DataStream<flights.SkyOneBooking>,
  sunset: DataStream<flights.SunsetBooking>,
): DataStream<flights.FlightData> {
  return flights.merge.defineWorkflow(skyone, sunset);
}

/** Both topics to flightdata; lessons that read that run it beside them. */
export function merge(env: StreamEnvironment): DataStream<flights.FlightData> {
  const skyone = env.fromSource(
    { topic: "skyone", deserializer: json(flights.parseSkyOne) },
    WatermarkStrategy.forMonotonousTimestamps(),
  );
  const sunset = env.fromSource(
    { topic: "sunset", deserializer: json(flights.parseSunset) },
    WatermarkStrategy.forMonotonousTimestamps(),
  );
  const flightdata = defineWorkflow(skyone, sunset);
  flightdata.sinkTo({
    topic: "flightdata",
    key: ({ confirmation }) => JSON.stringify({ confirmation }),
    partitionBy: (flight) => flight.email_address,
  });
  return flightdata;
}

export const lesson: Lesson = {
  number: "16",
  beside: [generateData],
  define: (env) => merge(env).print(),
};

if (import.meta.main) await runLesson(lesson);

/**
 * Lesson 12: a workflow: SkyOne's bookings as flights, without those that have landed.
 *
 * ```sh
 * deno task example 12
 * ```
 *
 * Its tests, `12_skyone_to_flights_test.ts`, run the workflow with no log.
 */

import {
  type DataStream,
  flights,
  isoMilliseconds,
  json,
  type ProcessFunction,
  WatermarkStrategy,
} from "../src/mod.ts";
import { generateData } from "./05_data_generator.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";

/** Bookings of SkyOne as flights that have not landed. */
export function defineWorkflow(
  skyone: DataStream<flights.SkyOneBooking>,
): DataStream<flights.FlightData> {
  return skyone.map(flights.flightOfSkyOne).process(notLanded);
}

/** A flight is looked at as of its booking's event time, so that a replay gives the same. */
const notLanded: ProcessFunction<flights.FlightData, flights.FlightData> = () => ({
  processElement: (flight, context, out) => {
    if (isoMilliseconds(flight.arrival_time) > context.timestamp()) out.collect(flight);
  },
});

export const lesson: Lesson = {
  number: "12",
  beside: [generateData],
  define: (env) => {
    const skyone = env.fromSource(
      { topic: "skyone", deserializer: json(flights.parseSkyOne) },
      WatermarkStrategy.forMonotonousTimestamps(),
    );
    defineWorkflow(skyone).print();
  },
};

if (import.meta.main) await runLesson(lesson);

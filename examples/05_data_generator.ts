/**
 * Lesson 05: a data generator: 1 to 3 bookings of each airline a second, to skyone and sunset.
 *
 * ```sh
 * deno task example 05                           # on a log in memory
 * deno task example 05 --create --data .flights  # makes the topics, on a log that the others can read
 * ```
 */

import { type DataStream, Sources, type StreamEnvironment, WatermarkStrategy } from "../src/mod.ts";
import { type Booking, type BookingOptions, bookings } from "./lesson/bookings.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";

/** Writes each booking to its airline's topic; lessons that read these run it beside them. */
export function generateData(
  env: StreamEnvironment,
  options: BookingOptions,
): DataStream<Booking> {
  const generated = env.fromSource(
    Sources.asyncIterable(() => bookings(options)),
    WatermarkStrategy.forMonotonousTimestamps<Booking>()
      .withTimestampAssigner((booking) => booking.timestamp),
  );
  for (const topic of ["skyone", "sunset"] as const) {
    generated.filter((booking) => booking.airline === topic)
      .sinkTo({ topic, key: (booking) => booking.key, value: (booking) => booking.value });
  }
  return generated;
}

/** What is told of a booking that was written. */
function describe({ airline, key, value }: Booking): string {
  const { flight_arrival_time, arrival_time } = JSON.parse(value);
  return `record sent, topic - ${airline}, ref - ${JSON.parse(key).ref}, ` +
    `arrival time - ${flight_arrival_time ?? arrival_time}`;
}

export const lesson: Lesson = {
  number: "05",
  define: (env, options) => generateData(env, options).map(describe).print(),
};

if (import.meta.main) await runLesson(lesson);

/**
 * Lesson 14: a topic as a sink: the flights of lesson 12 to flightdata; they are printed, too.
 *
 * ```sh
 * deno task example 14
 * ```
 */

import { flights, json, WatermarkStrategy } from "../src/mod.ts";
import { generateData } from "./05_data_generator.ts";
import { defineWorkflow } from "./12_skyone_to_flights.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";

export const lesson: Lesson = {
  number: "14",
  beside: [generateData],
  define: (env) => {
    const skyone = env.fromSource(
      { topic: "skyone", deserializer: json(flights.parseSkyOne) },
      WatermarkStrategy.forMonotonousTimestamps(),
    );
    const flightdata = defineWorkflow(skyone);
    flightdata.sinkTo({
      topic: "flightdata",
      key: ({ confirmation }) => JSON.stringify({ confirmation }),
      // All flights of a traveller come to one partition, where lesson 18 sums them up.
      partitionBy: (flight) => flight.email_address,
    });
    flightdata.print();
  },
};

if (import.meta.main) await runLesson(lesson);

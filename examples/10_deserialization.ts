/**
 * Lesson 10: deserialization: the values of skyone as typed objects, printed as JSON. A value
 * that is no booking does not come here, it goes to skyone.dead-letter.
 *
 * ```sh
 * deno task example 10
 * ```
 */

import { flights, json, WatermarkStrategy } from "../src/mod.ts";
import { generateData } from "./05_data_generator.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";

export const lesson: Lesson = {
  number: "10",
  beside: [generateData],
  define: (env) => {
    env.fromSource(
      { topic: "skyone", deserializer: json(flights.parseSkyOne) },
      WatermarkStrategy.forMonotonousTimestamps(),
    ).print();
  },
};

if (import.meta.main) await runLesson(lesson);

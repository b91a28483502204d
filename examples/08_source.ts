/**
 * Lesson 08: a topic as a source: the values of skyone as text, printed as they come.
 *
 * ```sh
 * deno task example 08
 * ```
 */

import { text, WatermarkStrategy } from "../src/mod.ts";
import { generateData } from "./05_data_generator.ts";
import { type Lesson, runLesson } from "./lesson/run.ts";

export const lesson: Lesson = {
  number: "08",
  beside: [generateData],
  define: (env) => {
    env.fromSource(
      { topic: "skyone", deserializer: text },
      WatermarkStrategy.forMonotonousTimestamps(),
    ).print();
  },
};

if (import.meta.main) await runLesson(lesson);

/**
 * Lesson 04: a program: an environment, a bounded collection as its source, a sink that prints.
 *
 * ```sh
 * deno task example 04
 * ```
 */

import { execute, StreamEnvironment } from "../src/mod.ts";

const env = new StreamEnvironment();
env.fromCollection([1, 2, 3, 4, 5]).print();
await execute(env);

/** Small programs, one after the other. */

import { execute, StreamEnvironment } from "../../src/mod.ts";

/** Prints a heading, then runs what `define` makes of an environment of its own. */
export async function show(title: string, define: (env: StreamEnvironment) => void): Promise<void> {
  console.log(title);
  const env = new StreamEnvironment();
  define(env);
  await execute(env);
}

/**
 * A job from standard input to standard output, for tests: `stdin_job.ts [FOLDER]`, on a log in that
 * folder or in memory. SIGTERM asks it to stop; its error is told on stderr.
 */

import process from "node:process";
import {
  execute,
  FlightsError,
  openSqliteLog,
  Sources,
  StreamEnvironment,
  text,
  WatermarkStrategy,
} from "../src/mod.ts";

const [folder] = Deno.args;
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
const env = new StreamEnvironment();
env.fromSource(Sources.stdin(text), WatermarkStrategy.forMonotonousTimestamps())
  .map((line) => line.toUpperCase())
  .print("line");
const { signal } = stop;
try {
  if (folder === undefined) await execute(env, { signal });
  else {
    const log = await openSqliteLog({ directory: folder });
    await execute(env, { applicationId: "lines", log, signal });
    await log.close();
  }
  console.error("ended");
} catch (error) {
  if (!(error instanceof FlightsError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}

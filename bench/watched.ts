/**
 * What being watched costs a job: CPU seconds a million records of merge and of stats that nobody can
 * ask (`--http off`), and of the same with a dashboard open on it all the time, in turn.
 *
 * ```sh
 * deno run -A bench/watched.ts            # 500,000 bookings of each airline, 5 rounds
 * deno run -A bench/watched.ts --small    # 10,000 of each, 1 round
 * ```
 */

import { createHash } from "node:crypto";
import { openSqliteLog } from "../src/log/sqlite/sqlite_log.ts";
import { root } from "../tools/process.ts";
import { describeSpread, isSmall } from "./measure.ts";

const small = isSmall(Deno.args);
const count = small ? 10_000 : 500_000;
const rounds = small ? 1 : 5;

/** What a run took, and how many frames a dashboard was sent. */
interface Run {
  readonly cpuSeconds: number;
  readonly frames: number;
}

const data = Deno.makeTempDirSync({ prefix: "flights-watched-" });
try {
  await flights([
    "datagen",
    "--create",
    "--count",
    `${count}`,
    "--rate",
    "1000",
    "--speed",
    "1000000",
  ]);
  await flights(["merge", "--until-end"]);
  const log = await openSqliteLog({ directory: data });
  const [flightdata] = await log.describeTopics(["flightdata"]);
  await log.close();
  const flightCount = flightdata!.partitions.reduce((sum, { endOffset }) => sum + endOffset, 0);
  const hash = createHash("sha256").update(String(flightCount)).digest("hex").slice(0, 8);
  console.log(`${flightCount} flights of ${2 * count} bookings, result ${hash}`);
  // In this order: each run of merge writes all flights once more.
  await compare("stats", flightCount);
  await compare("merge", 2 * count);
} finally {
  Deno.removeSync(data, { recursive: true });
}

/** Runs a job alone and watched, in turn, each time as another job over the same records. */
async function compare(job: "merge" | "stats", records: number): Promise<void> {
  const alone: number[] = [];
  const watched: number[] = [];
  let frames = 0;
  for (let round = 0; round < rounds; round++) {
    // Who comes first changes, for the file grows with each.
    for (const isWatched of round % 2 === 0 ? [false, true] : [true, false]) {
      const id = `${job}-${round}-${isWatched ? "watched" : "alone"}`;
      const run = await flights(
        [job, "--until-end", "--application-id", id, "--http", isWatched ? "0" : "off"],
        { isWatched },
      );
      (isWatched ? watched : alone).push(run.cpuSeconds / records * 1e6);
      frames += run.frames;
    }
  }
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[rounds >> 1]!;
  const more = (median(watched) / median(alone) - 1) * 100;
  console.log(`${job}: CPU seconds a million records, of ${rounds} runs each in turn`);
  console.log(`  alone    ${describeSpread(alone, 2)}`);
  console.log(`  watched  ${describeSpread(watched, 2)}  (${frames} frames sent)`);
  console.log(`  watched costs ${more.toFixed(1)} % more, by the medians`);
}

/** Runs a command to its end; a dashboard that is open on it takes all that it is sent. */
async function flights(args: readonly string[], { isWatched = false } = {}): Promise<Run> {
  const child = new Deno.Command("sh", {
    // The shell's `times` tells what its child took.
    args: [
      "-c",
      '"$@"; code=$?; times >&2; exit $code',
      "sh",
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
    ]
      .concat([`${root}main.ts`, ...args, "--data", data]),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let told = "";
  let watching: Promise<number> = Promise.resolve(0);
  let isWatching = false;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    told += text;
    const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(told) ?? [];
    if (!isWatched || isWatching || address === undefined) continue;
    isWatching = true;
    watching = watch(address);
  }
  const { code } = await child.status;
  if (code !== 0) {
    throw new Error(`Cannot measure ${args.join(" ")}: it must exit 0, it says ${told}`);
  }
  return { cpuSeconds: cpuOf(told), frames: await watching };
}

/** The second line of `times` is what children took: minutes and seconds, user and system. */
function cpuOf(told: string): number {
  const [user, system] = told.trimEnd().split("\n").at(-1)!.split(" ").map((text) => {
    const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(text)!;
    return Number(minutes) * 60 + Number(seconds);
  }) as [number, number];
  return user + system;
}

/** Reads events until the server ends; how many frames came. */
async function watch(address: string): Promise<number> {
  let frames = 0;
  try {
    const response = await fetch(`${address}/events`);
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      frames += text.split("event: frame").length - 1;
    }
  } catch {
    // The job has ended, and the server with it.
  }
  return frames;
}

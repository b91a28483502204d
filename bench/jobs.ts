/**
 * The commands as whole processes on the embedded log: CPU seconds a million records read, records a
 * second, peak memory, and the time from a process's start to its first result. The floor is
 * JSON.parse and JSON.stringify of the bookings' values, in a process of its own and nothing else
 * counted.
 *
 * ```sh
 * deno run -A bench/jobs.ts            # 500,000 bookings of each airline, 3 rounds
 * deno run -A bench/jobs.ts --small    # 10,000 of each, 1 round
 * deno run -A bench/jobs.ts --sparse   # 1 to 3 bookings a second, so that many windows hold few
 * ```
 */

import { createHash } from "node:crypto";
import { main } from "../src/cli/cli.ts";
import type { Log } from "../src/log/log.ts";
import { openSqliteLog } from "../src/log/sqlite/sqlite_log.ts";
import { cpuSeconds, describeSpread, isSmall } from "./measure.ts";

const small = isSmall(Deno.args);
const count = small ? 10_000 : 500_000;
const rounds = small ? 1 : 3;
/** By default bookings are one millisecond apart; else as datagen spaces them when it is not told. */
const spacing = Deno.args.includes("--sparse")
  ? ["--rate", "max"]
  : ["--rate", "1000", "--speed", "1000000", "--users", "200"];

/** What a process took. */
interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMiB: number;
}

/** The line by which a child tells its cost. */
const costMark = "cost ";

if (Deno.args[0] === "--child") await child(Deno.args.slice(1));
else await parent();

/** Runs one command in this process and tells what it took. */
async function child(args: readonly string[]): Promise<void> {
  const began = performance.now();
  const spent = args[0] === "floor" ? await floor(args[1]!) : await whole(args);
  const peak = /VmHWM:\s*(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"))?.[1] ?? "0";
  const cost: Cost = {
    cpuSeconds: spent,
    wallSeconds: (performance.now() - began) / 1e3,
    peakMiB: Number(peak) / 1024,
  };
  console.error(costMark + JSON.stringify(cost));
  Deno.exit(0);
}

/** Runs a command; all the process takes counts. */
async function whole(args: readonly string[]): Promise<number> {
  const code = await main(args);
  if (code !== 0) Deno.exit(code);
  return cpuSeconds();
}

/** Parses and writes each booking's value; reading it from the log does not count. */
async function floor(directory: string): Promise<number> {
  const log = await openSqliteLog({ directory });
  let seconds = 0;
  let characters = 0;
  let texts: string[] = [];
  const work = () => {
    const before = cpuSeconds();
    for (const text of texts) characters += JSON.stringify(JSON.parse(text)).length;
    seconds += cpuSeconds() - before;
    texts = [];
  };
  await eachValue(log, ["skyone", "sunset"], (text) => {
    texts.push(text);
    if (texts.length === 10_000) work();
  });
  work();
  await log.close();
  if (characters === 0) throw new Error("there was nothing to parse");
  return seconds;
}

async function eachValue(log: Log, topics: readonly string[], visit: (text: string) => void) {
  for (const { name: topic, partitions } of await log.describeTopics(topics)) {
    for (const [partition, { endOffset }] of partitions.entries()) {
      for (let offset = 0; offset < endOffset;) {
        const [fetched] = await log.fetch([{ topic, partition, offset }]);
        for (const batch of fetched!.batches) {
          for (let i = batch.firstAt(offset); i < batch.count; i++) visit(batch.valueText(i) ?? "");
        }
        offset = fetched!.nextOffset;
      }
    }
  }
}

/** Runs a command in a child, and returns what it took. */
async function cost(args: readonly string[]): Promise<Cost> {
  const { stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL(import.meta.url).pathname, "--child", ...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stderr);
  const line = text.split("\n").find((one) => one.startsWith(costMark));
  if (code !== 0 || line === undefined) {
    throw new Error(`${args.join(" ")} ended with ${code}: ${text}`);
  }
  return JSON.parse(line.slice(costMark.length));
}

async function parent(): Promise<void> {
  const directory = Deno.makeTempDirSync({ prefix: "flights-bench-" });
  try {
    const idle = await idleCost(`${directory}/idle`);
    const costs = new Map<string, Cost[]>();
    let hash = "";
    let flights = 0;
    for (let round = 0; round < rounds; round++) {
      const data = `${directory}/${round}`;
      const once = async (name: string, args: readonly string[]) => {
        const all = costs.get(name) ?? [];
        all.push(await cost(name === "floor" ? [...args, data] : [...args, "--data", data]));
        costs.set(name, all);
      };
      const seeded = ["--seed", "1", "--start", "2026-01-01"];
      await once("datagen", [
        "datagen",
        "--create",
        "--count",
        String(count),
        ...spacing,
        ...seeded,
      ]);
      await once("floor", ["floor"]);
      await once("merge", ["merge", "--until-end"]);
      await once("stats", ["stats", "--until-end", "--drain"]);
      flights = await countRecords(data, "flightdata");
      hash = await resultHash(data);
      Deno.removeSync(data, { recursive: true });
    }
    tell(costs, { idle, flights });
    for (const job of ["merge", "stats"] as const) {
      console.log(
        `${job}: first result ${await firstResult(directory, job)} ms after its process started`,
      );
    }
    console.log(`result ${hash}`);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** A job on empty topics: what a start alone takes. */
async function idleCost(data: string): Promise<Cost> {
  await cost(["datagen", "--create", "--count", "0", "--data", data]);
  return await cost(["merge", "--until-end", "--data", data]);
}

function tell(
  costs: ReadonlyMap<string, readonly Cost[]>,
  { idle, flights }: { readonly idle: Cost; readonly flights: number },
): void {
  const recordsOf = (name: string) => name === "stats" ? flights : 2 * count;
  const perMillion = (name: string) =>
    costs.get(name)!.map(({ cpuSeconds }) => {
      const started = name === "floor" ? 0 : idle.cpuSeconds;
      return (cpuSeconds - started) * 1e6 / recordsOf(name);
    });
  const floors = perMillion("floor");
  console.log(
    `${2 * count} bookings, ${flights} flights, ${rounds} rounds; an idle start takes ` +
      `${idle.cpuSeconds.toFixed(2)} CPU s and ${
        idle.peakMiB.toFixed(0)
      } MiB. CPU is without the start; ` +
      "median (least to most).",
  );
  for (const [name, all] of costs) {
    const own = perMillion(name);
    const ratio = own.map((value, round) => value / floors[round]!);
    const rates = all.map(({ wallSeconds }) => recordsOf(name) / wallSeconds / 1e3);
    const line = [`${name.padEnd(8)} ${describeSpread(own, 2)} CPU s/million`];
    if (name !== "floor") {
      line.push(
        `${describeSpread(ratio, 2)} x floor`,
        `${describeSpread(rates, 0)} thousand records/s`,
      );
      line.push(`${describeSpread(all.map(({ peakMiB }) => peakMiB), 0)} MiB`);
    }
    console.log(line.join(", "));
  }
}

async function countRecords(data: string, topic: string): Promise<number> {
  const log = await openSqliteLog({ directory: data });
  const [described] = await log.describeTopics([topic]);
  await log.close();
  return described!.partitions.reduce((sum, { endOffset }) => sum + endOffset, 0);
}

/** Milliseconds from the start of a job's process until its output topic has a record. */
async function firstResult(directory: string, job: "merge" | "stats"): Promise<number> {
  const data = `${directory}/first-${job}`;
  await cost(["datagen", "--create", "--count", "5000", "--rate", "max", "--data", data]);
  if (job === "stats") await cost(["merge", "--until-end", "--data", data]);
  const log = await openSqliteLog({ directory: data });
  const began = performance.now();
  const running = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      new URL("../main.ts", import.meta.url).pathname,
      job,
      "--data",
      data,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const topic = job === "merge" ? "flightdata" : "userstatistics";
  let took = 0;
  for (;;) {
    took = performance.now() - began;
    const [described] = await log.describeTopics([topic]);
    if (described!.partitions.some(({ endOffset }) => endOffset > 0) || took > 30_000) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  running.kill("SIGTERM");
  await running.status;
  await log.close();
  return Math.round(took);
}

/** One hash over all results, in any order of the partitions. */
async function resultHash(data: string): Promise<string> {
  const log = await openSqliteLog({ directory: data });
  const values: string[] = [];
  await eachValue(log, ["userstatistics"], (text) => values.push(text));
  await log.close();
  return createHash("sha256").update(values.sort().join("\n")).digest("hex").slice(0, 8);
}

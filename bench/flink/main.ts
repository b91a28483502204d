/**
 * Merge and stats by both engines, one after the other on the same input and machine: one process of
 * this program, and a Flink session cluster that is up before the clock starts. Needs Linux, Java 17,
 * Maven and Python 3.
 *
 * ```sh
 * deno task bench:flink                        # 1,000,000 records, 3 runs: some minutes
 * deno task bench:flink --records 100000 --runs 1
 * ```
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { systemClock } from "../../src/base/clock.ts";
import { topics } from "../../src/flights/topics.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import type { Log } from "../../src/log/log.ts";
import { type FlinkCluster, startFlink } from "../../tests/flink_cluster/cluster.ts";
import { startCluster } from "../../tests/kafka/broker.ts";
import { firstRecordSeen, newApplicationId } from "../kafka/catch_up.ts";
import { createAnew, prepareBookings, prepareFlights } from "../kafka/input.ts";
import { commandLine, type Cost, runToEnd, type Site, startToEnd } from "../kafka/processes.ts";
import { describeSpread } from "../measure.ts";

type Job = "merge" | "stats";

/** One run of a job by one engine. */
interface Run extends Cost {
  readonly firstResultSeconds: number;
}

/** What a run needs. */
interface Place {
  readonly log: Log;
  readonly site: Site;
  readonly flink: FlinkCluster;
}

const outputs = { merge: topics.flightData, stats: topics.userStatistics } as const;
const bounded = { merge: ["--until-end"], stats: ["--until-end", "--drain"] } as const;
/** Where Flink writes; stats reads the same flightdata in both engines. */
const theirs = { merge: "flights-2", stats: "statistics-2" } as const;

async function runHere({ log, site }: Place, job: Job): Promise<Run> {
  await createAnew(log, [outputs[job]]);
  const giveUp = new AbortController();
  const seen = firstRecordSeen(log, outputs[job], giveUp.signal);
  const id = ["--application-id", newApplicationId(), "--commit-interval", "250ms"] as const;
  const running = startToEnd(site, [job, ...bounded[job], ...id]);
  try {
    const cost = await running.cost;
    return { ...cost, firstResultSeconds: (await seen - running.startedAt) / 1e3 };
  } finally {
    giveUp.abort();
    await seen;
  }
}

async function runThere({ log, site, flink }: Place, job: Job): Promise<Run> {
  await createAnew(log, [theirs[job]]);
  const giveUp = new AbortController();
  const seen = firstRecordSeen(log, theirs[job], giveUp.signal);
  const id = newApplicationId();
  const before = usageOf(flink);
  const startedAt = performance.now();
  try {
    await runToEnd(site, [
      ...["flink", "submit", job, ...bounded[job], "--gateway", flink.gateway],
      ...["--application-id", id, "--output-topic", theirs[job], "--commit-interval", "250ms"],
    ]);
    await finished(flink, id);
    const wallSeconds = (performance.now() - startedAt) / 1e3;
    const after = usageOf(flink);
    return {
      wallSeconds,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      peakMiB: after.peakMiB,
      firstResultSeconds: (await seen - startedAt) / 1e3,
    };
  } finally {
    giveUp.abort();
    await seen;
  }
}

async function finished({ web }: FlinkCluster, name: string): Promise<void> {
  for (;;) {
    const answer = await (await fetch(`${web}/jobs/overview`)).json();
    const jobs: readonly { name: string; state: string }[] = answer.jobs;
    const state = jobs.find((job) => job.name === name)?.state;
    if (state === "FINISHED") return;
    if (state === "FAILED") {
      throw new Error(`Cannot measure ${name}: it must finish, it is ${state}`);
    }
    await systemClock.sleep(50);
  }
}

/** Clock ticks in a second, as Linux tells them. */
const ticks = 100;

/** Processor time so far, and the most memory ever held, of all three processes. */
function usageOf(
  { pids }: FlinkCluster,
): { readonly cpuSeconds: number; readonly peakMiB: number } {
  let [cpuSeconds, peakMiB] = [0, 0];
  for (const pid of pids.values()) {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    cpuSeconds += (Number(fields[11]) + Number(fields[12])) / ticks;
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    peakMiB += Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1_024;
  }
  return { cpuSeconds, peakMiB };
}

function print(name: string, runs: readonly Run[], records: number): void {
  const rates = runs.map(({ wallSeconds }) => records / wallSeconds / 1e3);
  const cpu = runs.map(({ cpuSeconds }) => cpuSeconds / records * 1e6);
  const first = runs.map(({ firstResultSeconds }) => firstResultSeconds);
  const peak = runs.map(({ peakMiB }) => peakMiB);
  const row = (what: string, text: string) => console.log(`${name}, ${what}: ${text}`);
  row("thousand records/s", describeSpread(rates, 0));
  row("CPU s per million", describeSpread(cpu, 1));
  row("start to first result, s", describeSpread(first, 1));
  row("peak MiB", describeSpread(peak, 0));
}

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "1000000" },
    runs: { type: "string", default: "3" },
  },
});
const [records, runs] = [Number(values.records), Number(values.runs)];

async function measureJob(place: Place, job: Job): Promise<void> {
  const [here, there]: [Run[], Run[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    here.push(await runHere(place, job));
    there.push(await runThere(place, job));
  }
  print(`${job} here`, here, records);
  print(`${job} on Flink`, there, records);
  // Ends with another code than 0, which is thrown, when they differ.
  await runToEnd(place.site, ["flink", "compare", outputs[job], theirs[job]]);
  console.log(`${job}: both wrote the same`);
}

async function main(): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flights-bench-" });
  await using kafka = await startCluster({ heapMiB: 1_024 });
  await using flink = await startFlink({ taskHeapMiB: 768 });
  const bootstrap = kafka.bootstrap();
  const [host, port] = bootstrap.split(":");
  const log = openKafkaLog({
    bootstrap: [{ host: host!, port: Number(port) }],
    clientId: "flights-bench",
    instances: { directory: folder, host: "bench" },
  });
  try {
    const place = { log, flink, site: { command: commandLine(), bootstrap, folder } };
    const load = () => `load ${Deno.loadavg()[0]!.toFixed(1)}`;
    console.log(
      `${records} records, ${runs} runs, ${load()} on ${navigator.hardwareConcurrency} cores`,
    );
    await prepareBookings(log, records);
    await measureJob(place, "merge");
    await prepareFlights(log, records);
    await measureJob(place, "stats");
    console.log(`at the end ${load()}`);
  } finally {
    await log.close();
    await Deno.remove(folder, { recursive: true });
  }
}

await main();
process.exit(0);

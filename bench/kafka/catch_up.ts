/** Backlogs: jobs that read all there is and end, and what their processes took. */

import { topics } from "../../src/flights/topics.ts";
import type { Log } from "../../src/log/log.ts";
import { createAnew } from "./input.ts";
import { type Cost, type Site, startToEnd } from "./processes.ts";

/** How a job is run over its backlog. */
export interface CatchUpOptions {
  readonly job: "merge" | "stats";
  /** How many records the backlog has. */
  readonly records: number;
  readonly runs: number;
  /** Processes at once; default 1. */
  readonly processes?: number;
  /** Added to the command line. */
  readonly args?: readonly string[];
}

/** One run. */
export interface CatchUp extends Cost {
  /** From a start with nothing left to do to its end. */
  readonly startUp: Cost;
  /** From the start of the process until a reader saw a committed result. */
  readonly firstResultSeconds: number;
}

/** Runs of one job. */
export interface CatchUps {
  readonly records: number;
  readonly runs: readonly CatchUp[];
}

const outputOf = { merge: topics.flightData, stats: topics.userStatistics } as const;
/** The id of this run of the benchmark: what earlier ones left in the log does not matter. */
const session = `bench-${Date.now().toString(36)}`;
let jobs = 0;

/** An application id that nobody has had. */
export function newApplicationId(): string {
  return `${session}-${++jobs}`;
}

/** Runs a job over its backlog, each time anew, onto an empty output topic. */
export async function catchUp(log: Log, site: Site, options: CatchUpOptions): Promise<CatchUps> {
  const { job, records, runs, processes = 1, args = [] } = options;
  const all: CatchUp[] = [];
  for (let run = 0; run < runs; run++) {
    await createAnew(log, [outputOf[job]]);
    const command = [
      ...[job, "--application-id", newApplicationId(), "--commit-interval", "250ms"],
      ...["--until-end", ...(job === "stats" ? ["--drain"] : []), ...args],
    ];
    const { cost, firstResultSeconds } = await once(log, site, { job, command, processes });
    // It finds nothing to do.
    const startUp = await startToEnd(site, command).cost;
    all.push({ ...cost, startUp, firstResultSeconds });
  }
  return { records, runs: all };
}

async function once(
  log: Log,
  site: Site,
  { job, command, processes }: {
    readonly job: CatchUpOptions["job"];
    readonly command: readonly string[];
    readonly processes: number;
  },
): Promise<{ readonly cost: Cost; readonly firstResultSeconds: number }> {
  const giveUp = new AbortController();
  const seen = firstRecordSeen(log, outputOf[job], giveUp.signal);
  try {
    const running = Array.from({ length: processes }, () => startToEnd(site, command));
    const costs = await Promise.all(running.map(({ cost }) => cost));
    const firstResultSeconds = (await seen - running[0]!.startedAt) / 1e3;
    const cost = {
      cpuSeconds: costs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
      wallSeconds: Math.max(...costs.map(({ wallSeconds }) => wallSeconds)),
      peakMiB: costs.reduce((sum, { peakMiB }) => sum + peakMiB, 0),
    };
    return { cost, firstResultSeconds };
  } finally {
    giveUp.abort();
    await seen;
  }
}

/** When a read_committed reader sees the first record of an empty topic; NaN if it never does. */
export async function firstRecordSeen(
  log: Log,
  topic: string,
  signal: AbortSignal,
): Promise<number> {
  const [described] = await log.describeTopics([topic]);
  let positions = described!.partitions.map((_, partition) => ({ topic, partition, offset: 0 }));
  while (!signal.aborted) {
    const fetched = await log.fetch(positions, { maxWaitMs: 1_000, maxPartitionBytes: 1, signal });
    if (fetched.some(({ batches }) => batches.length > 0)) return performance.now();
    positions = fetched.map(({ partition, nextOffset }) => ({
      topic,
      partition,
      offset: nextOffset,
    }));
  }
  return Number.NaN;
}

/** Records a second, the start included. */
export function ratesWithStart({ records, runs }: CatchUps): number[] {
  return runs.map(({ wallSeconds }) => records / wallSeconds);
}

/** Records a second, without what a start with nothing to do takes. */
export function ratesWithoutStart({ records, runs }: CatchUps): number[] {
  return runs.map(({ wallSeconds, startUp }) => records / (wallSeconds - startUp.wallSeconds));
}

/** Processor seconds a million records, the start included. */
export function cpuPerMillion({ records, runs }: CatchUps): number[] {
  return runs.map(({ cpuSeconds }) => cpuSeconds / records * 1e6);
}

/** The same without what a start with nothing to do takes. */
export function cpuPerMillionWithoutStart({ records, runs }: CatchUps): number[] {
  return runs.map(({ cpuSeconds, startUp }) => (cpuSeconds - startUp.cpuSeconds) / records * 1e6);
}

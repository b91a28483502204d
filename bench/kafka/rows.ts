/** The rows of the table, in groups that can be measured each by itself. */

import { topics } from "../../src/flights/topics.ts";
import type { Log } from "../../src/log/log.ts";
import { catchUp, type CatchUpOptions } from "./catch_up.ts";
import { type Floor, measureFloors } from "./floors.ts";
import { createAnew, prepareBookings, prepareFlights } from "./input.ts";
import { idleCost, mergeLatency, readLatency, steadyCost } from "./live.ts";
import { knowsOption, type Site } from "./processes.ts";
import { profileJob } from "./profile.ts";
import {
  type CatchUpNotes,
  printCatchUps,
  printFloors,
  printLatency,
  printLoad,
  printProfile,
  printRestarts,
  printRow,
  printStart,
  printSteady,
} from "./report.ts";
import { restartSeconds } from "./restart.ts";
import {
  expectedFlightsHash,
  judgeFlights,
  type Judgement,
  judgeStatistics,
  lateOf,
} from "./results.ts";

/** The groups of rows. */
export const groups = ["merge", "stats", "restart", "latency", "live"] as const;

/** What is measured, and for how long. */
export interface Settings {
  readonly records: number;
  readonly runs: number;
  readonly only: readonly (typeof groups)[number][];
  readonly restarts: number;
  readonly loadMinutes: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Whether the functions that take most are told of merge and stats. */
  readonly profile: boolean;
}

/** Prints the table as it comes; returns whether all results are right. */
export async function measure(log: Log, site: Site, settings: Settings): Promise<boolean> {
  const { records, runs, only } = settings;
  console.log(
    `${records.toLocaleString("en")} records, ${runs} runs: median (least to most). In brackets: ` +
      "the aim, and the best of the others in runs of their own.",
  );
  printLoad("in the minute before");
  const judgements: Judgement[] = [];
  if (only.includes("merge") || only.includes("stats")) {
    await createAnew(log, [topics.flightData, topics.userStatistics]);
    await prepareBookings(log, records);
    const floors = await measureFloors(log, { records, rounds: runs });
    printFloors(floors);
    const floor = floors[0]!;
    if (only.includes("merge")) {
      judgements.push(...await measureMerge(log, site, { settings, floor }));
    }
    if (only.includes("stats")) judgements.push(await measureStats(log, site, { settings, floor }));
  }
  if (only.includes("restart")) await measureRestarts(log, site, settings);
  if (only.includes("latency")) await measureLatency(log, site, settings);
  if (only.includes("live")) await measureLive(log, site, settings);
  printLoad("in the last minute");
  for (const { text } of judgements) console.log(text);
  return judgements.every(({ isRight }) => isRight);
}

/** The settings of rows that have a floor below them. */
interface Grounded {
  readonly settings: Settings;
  readonly floor: Floor;
}

async function measureMerge(
  log: Log,
  site: Site,
  { settings, floor }: Grounded,
): Promise<readonly Judgement[]> {
  const { records, runs } = settings;
  const options = { job: "merge", records, runs } as const;
  const expected = await expectedFlightsHash(log);
  const judgements: Judgement[] = [];
  const measured = async (
    name: string,
    more: Partial<CatchUpOptions>,
    notes: CatchUpNotes = {},
  ) => {
    const all = await catchUp(log, site, { ...options, ...more });
    printCatchUps(name, all, { floor, notes });
    const { isRight, text } = await judgeFlights(log, expected);
    judgements.push({ isRight, text: `${name}: ${text}` });
    return all;
  };
  const twoMembers = "merge, two members in one process";
  if (await knowsOption(site, "--parallelism")) {
    const rate = { aim: "450,000", others: "the prototype 434,000" };
    await measured(twoMembers, { args: ["--parallelism", "2"] }, { rate });
  } else {
    printRow({ name: twoMembers, reached: "not available" });
  }
  await measured("merge, two processes", { processes: 2 });
  // Last, since stats replays what it has written.
  const one = await measured("merge, one member", {}, {
    rate: { aim: "350,000", others: "Flink SQL, its cluster up, 112,000" },
    cpu: { aim: "3.0", others: "Flink SQL 9.0, 9 x a floor of 1.0" },
    memory: { aim: "200", others: "Quix 195" },
  });
  printStart(one, { aim: "0.7", others: "Bytewax 0.9" });
  const late = await lateOf(log, topics.flightData);
  await catchUp(log, site, { job: "stats", records, runs: 1 });
  const replayed = await judgeStatistics(log, await lateOf(log, topics.flightData) - late);
  judgements.push({ ...replayed, text: `stats on merge's own output: ${replayed.text}` });
  if (settings.profile) printProfile("merge", await profileJob(log, site, options));
  return judgements;
}

async function measureStats(
  log: Log,
  site: Site,
  { settings: { records, runs, profile }, floor }: Grounded,
): Promise<Judgement> {
  await prepareFlights(log, records);
  const late = await lateOf(log, topics.flightData);
  const all = await catchUp(log, site, { job: "stats", records, runs });
  printCatchUps("stats, one member", all, {
    floor,
    notes: {
      rate: { aim: "500,000", others: "Flink SQL, its cluster up, 182,000" },
      cpu: { aim: "2.0", others: "Flink SQL 5.4, 5.4 x a floor of 1.0" },
      memory: { aim: "200", others: "Quix 182" },
    },
  });
  printStart(all, { aim: "0.7", others: "Flink SQL, its cluster up, 1.9" });
  const judged = await judgeStatistics(log, await lateOf(log, topics.flightData) - late);
  if (profile) printProfile("stats", await profileJob(log, site, { job: "stats", records }));
  return { ...judged, text: `stats: ${judged.text}` };
}

async function measureRestarts(log: Log, site: Site, settings: Settings): Promise<void> {
  const { restarts, loadMinutes } = settings;
  if (loadMinutes > 0) console.log(`each after ${loadMinutes} minutes of load:`);
  for (const job of ["merge", "stats"] as const) {
    for (const members of [1, 3]) {
      const seconds = await restartSeconds(log, site, { job, members, restarts, loadMinutes });
      const name = `${job}, SIGKILL to new result, ${members} members, s`;
      printRestarts({
        name: name.replace("1 members", "1 member"),
        aim: "0.3",
        others: "Kafka Streams 45",
      }, seconds);
    }
  }
}

async function measureLatency(log: Log, site: Site, settings: Settings): Promise<void> {
  printLatency({ name: "floor: append to read, ms" }, await readLatency(log, settings));
  const latency = await mergeLatency(log, site, settings);
  printLatency({ name: "merge, append to committed result, ms", aim: "p99 200" }, latency);
}

async function measureLive(log: Log, site: Site, settings: Settings): Promise<void> {
  printSteady(await steadyCost(log, site, settings));
  const percent = await idleCost(log, site, settings);
  printRow({ name: "merge, idle, % of a core", reached: percent.toFixed(2) });
}

/** Deletes what the jobs have kept in a log that goes on after this. */
export async function deleteKept(log: Log): Promise<void> {
  const names = (await log.describeTopics()).map(({ name }) => name);
  const kept = names.filter((name) => name.startsWith("bench-"));
  if (kept.length > 0) await log.deleteTopics(kept);
}

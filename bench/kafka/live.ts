/** Jobs beside a steady feed, or beside none: how soon results are there, and what waiting costs. */

import { systemClock } from "../../src/base/clock.ts";
import { topics } from "../../src/flights/topics.ts";
import type { Log } from "../../src/log/log.ts";
import { quantile } from "../measure.ts";
import { newApplicationId } from "./catch_up.ts";
import { Feed, Follower } from "./feed.ts";
import { bookings, createAnew, flights, type InputRecord } from "./input.ts";
import { type LiveProcess, type Site, startLive } from "./processes.ts";

/** Feeds begin here: no flight of theirs has landed for years. */
export const feedStart = Date.UTC(2020, 0, 1);

/** How long the live rows take. */
export interface LiveOptions {
  /** What is measured. */
  readonly seconds: number;
  /** What goes before, for the compiler. */
  readonly warmUpSeconds: number;
}

/** Times from append to where they were seen, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Records a second that were measured. */
  readonly rate: number;
}

const latencyRate = 10_000;
const steadyRate = 5_000;
/** Nothing that is waited for takes longer. */
const withinMs = 60_000;

/** A feed's records: bookings for merge, flights for stats. */
export function feedRecords(job: "merge" | "stats"): readonly InputRecord[] {
  return [...(job === "merge" ? bookings(2_000) : flights(2_000))];
}

/** From the append of a booking to when a read_committed reader sees its flight. */
export async function mergeLatency(log: Log, site: Site, options: LiveOptions): Promise<Latency> {
  await createAnew(log, [topics.skyone, topics.sunset, topics.flightData]);
  await using _job = await startMerge(log, site, { commitInterval: "100ms" });
  const records = feedRecords("merge");
  return await feedAndFollow(log, topics.flightData, { ...options, records });
}

/** The floor: from the append of a booking to when a reader sees the booking itself. */
export async function readLatency(log: Log, options: LiveOptions): Promise<Latency> {
  await createAnew(log, [topics.skyone]);
  const records = feedRecords("merge").filter(({ topic }) => topic === topics.skyone);
  return await feedAndFollow(log, topics.skyone, { ...options, records });
}

async function feedAndFollow(
  log: Log,
  topic: string,
  { records, seconds, warmUpSeconds }: LiveOptions & { readonly records: readonly InputRecord[] },
): Promise<Latency> {
  const latencies: number[] = [];
  /** The numbers of the records that count. */
  let [first, end] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  let seen = 0;
  let feed: Feed | null = null;
  const follower = await Follower.start(log, topic, (batch, record) => {
    seen++;
    const number = feed!.numberOf(batch.timestamp(record));
    if (first <= number && number < end) {
      latencies.push(performance.now() - feed!.appendedAt(number));
    }
  });
  await using _ = follower;
  feed = new Feed(log, { records, rate: latencyRate, from: feedStart, step: 1 });
  try {
    await follower.until(() => seen > 0, { withinMs, what: "a first result" });
    await systemClock.sleep(warmUpSeconds * 1e3);
    first = feed.sent;
    await systemClock.sleep(seconds * 1e3);
    end = feed.sent;
    // The slowest count, too.
    const all = () => latencies.length >= end - first;
    await follower.until(all, { withinMs, what: "the last result" });
  } finally {
    await feed.stop();
  }
  if (latencies.length !== end - first) {
    throw new Error(
      `Cannot tell a latency: ${end - first} results must come, ${latencies.length} came`,
    );
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number) => quantile(latencies, share);
  return { p50: at(0.5), p99: at(0.99), max: at(1), rate: latencies.length / seconds };
}

/** The share of one core that merge takes with nothing to do, in percent. */
export async function idleCost(log: Log, site: Site, options: LiveOptions): Promise<number> {
  await createAnew(log, [topics.skyone, topics.sunset, topics.flightData]);
  await using job = await startMerge(log, site, {});
  await systemClock.sleep(options.warmUpSeconds * 1e3);
  const [before, began] = [job.cpuSeconds(), performance.now()];
  await systemClock.sleep(options.seconds * 1e3);
  return (job.cpuSeconds() - before) / (performance.now() - began) * 1e5;
}

/** What merge takes at a steady 5,000 records a second. */
export interface SteadyCost {
  readonly cpuPerMillion: number;
  readonly rate: number;
  readonly peakMiB: number;
}

/** Measures merge beside a feed. */
export async function steadyCost(log: Log, site: Site, options: LiveOptions): Promise<SteadyCost> {
  await createAnew(log, [topics.skyone, topics.sunset, topics.flightData]);
  await using job = await startMerge(log, site, {});
  const records = feedRecords("merge");
  const feed = new Feed(log, { records, rate: steadyRate, from: feedStart, step: 1 });
  try {
    await systemClock.sleep(options.warmUpSeconds * 1e3);
    const [before, sent, began] = [job.cpuSeconds(), feed.sent, performance.now()];
    await systemClock.sleep(options.seconds * 1e3);
    const count = feed.sent - sent;
    return {
      cpuPerMillion: (job.cpuSeconds() - before) / count * 1e6,
      rate: count / (performance.now() - began) * 1e3,
      peakMiB: job.peakMiB(),
    };
  } finally {
    await feed.stop();
  }
}

async function startMerge(
  log: Log,
  site: Site,
  { commitInterval }: { readonly commitInterval?: string },
): Promise<LiveProcess> {
  const id = newApplicationId();
  const job = startLive(site, [
    ...["merge", "--application-id", id],
    ...(commitInterval === undefined ? [] : ["--commit-interval", commitInterval]),
  ]);
  try {
    await membersReady(log, id, 1);
  } catch (error) {
    await job.stop();
    throw error;
  }
  return job;
}

/** Resolves when so many members hold the partitions of a group. */
export async function membersReady(log: Log, group: string, count: number): Promise<void> {
  const giveUp = performance.now() + withinMs;
  for (;;) {
    const { members } = await log.describeGroup(group);
    const holding = members.filter(({ partitions }) => partitions.length > 0);
    if (holding.length === count) return;
    if (performance.now() > giveUp) {
      throw new Error(
        `Cannot wait for ${count} members of ${group}: they must hold partitions, ` +
          `${holding.length} do`,
      );
    }
    await systemClock.sleep(10);
  }
}

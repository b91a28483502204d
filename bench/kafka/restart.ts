/**
 * SIGKILL and restart: how long until results of what came after the kill can be read. The feed
 * never stops, and every record that comes closes a window of stats, so results are due all the time.
 */

import { systemClock } from "../../src/base/clock.ts";
import { textOf } from "../../src/base/bytes.ts";
import { topics } from "../../src/flights/topics.ts";
import type { Log } from "../../src/log/log.ts";
import type { RecordBatch } from "../../src/log/records/batch.ts";
import { newApplicationId } from "./catch_up.ts";
import { Feed, Follower } from "./feed.ts";
import { createAnew, partitions, placeOf } from "./input.ts";
import { feedRecords, feedStart, membersReady } from "./live.ts";
import { type LiveProcess, type Site, startLive } from "./processes.ts";

/** What is killed, and how often. */
export interface RestartOptions {
  readonly job: "merge" | "stats";
  readonly members: number;
  readonly restarts: number;
  /** Minutes of load before the first kill. */
  readonly loadMinutes: number;
}

const feedRate = 1_000;
const loadRate = 5_000;
/** Milliseconds of event time from record to record: a window of stats holds six of them. */
const step = 10_000;
const withinMs = 60_000;

/** Seconds from each SIGKILL to a result of what was appended after it, in the victim's partitions. */
export async function restartSeconds(
  log: Log,
  site: Site,
  { job, members, restarts, loadMinutes }: RestartOptions,
): Promise<readonly number[]> {
  const isMerge = job === "merge";
  const inputs = isMerge ? [topics.skyone, topics.sunset] : [topics.flightData];
  const output = isMerge ? topics.flightData : topics.userStatistics;
  await createAnew(log, [...inputs, output]);
  const id = newApplicationId();
  const command = [job, "--application-id", id];
  const running = Array.from({ length: members }, () => startLive(site, command));
  try {
    await membersReady(log, id, members);
    const records = feedRecords(job);
    /** The largest timestamp of a result of each input partition. */
    const newest = new Array<number>(partitions).fill(-1);
    const follower = await Follower.start(log, output, (batch, record) => {
      const timestamp = batch.timestamp(record);
      const place = isMerge
        ? records[(timestamp - feedStart) / step % records.length]!.partition
        : placeOf(emailOf(batch, record));
      newest[place] = Math.max(newest[place]!, timestamp);
    });
    await using _ = follower;
    const has = (timestamp: number) => (place: number) => newest[place]! >= timestamp;
    const results = { withinMs, what: `results of ${job}` };
    const all = [...newest.keys()];
    let from = feedStart;
    if (loadMinutes > 0) {
      const load = new Feed(log, { records, rate: loadRate, from, step });
      await systemClock.sleep(loadMinutes * 60_000);
      await load.stop();
      // The next feed's first record must be this list's first, too.
      from += Math.ceil(load.sent / records.length) * records.length * step;
    }
    const feed = new Feed(log, { records, rate: feedRate, from, step });
    try {
      await follower.until(() => all.every(has(from + step)), results);
      const seconds: number[] = [];
      for (let i = 0; i < restarts; i++) {
        const at = i % members;
        const held = await heldBy(log, id, running[at]!);
        const began = performance.now();
        await running[at]!.kill();
        const timestamp = feed.nextTimestamp;
        running[at] = startLive(site, command);
        await follower.until(() => held.some(has(timestamp)), results);
        seconds.push((performance.now() - began) / 1e3);
        const steady = feed.nextTimestamp;
        await follower.until(() => all.every(has(steady)), results);
      }
      return seconds;
    } finally {
      await feed.stop();
    }
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}

/** The traveller of a result. */
function emailOf(batch: RecordBatch, record: number): string {
  return JSON.parse(textOf(batch.key(record)!)).email_address;
}

/** The partitions of a process, by the description that jobs give of themselves. */
async function heldBy(log: Log, group: string, { pid }: LiveProcess): Promise<readonly number[]> {
  const { members } = await log.describeGroup(group);
  const member = members.find(({ description }) =>
    new RegExp(`process ${pid}\\b`).test(description)
  );
  if (member !== undefined && member.partitions.length > 0) return member.partitions;
  const told = members.map(({ description }) => description).join(", ");
  throw new Error(`Cannot kill process ${pid}: it must hold partitions of ${group}, of ${told}`);
}

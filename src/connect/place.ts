/** One process at a time feeds or taps a topic of a job: the member of its group that holds partition 0. */

import type { Clock } from "../base/clock.ts";
import { describeDuration } from "../base/duration.ts";
import { FlightsError, hasCode } from "../base/errors.ts";
import type { CommittedOffset, Log, Member } from "../log/log.ts";

/** How long to wait before a log that could not be reached is tried again, in milliseconds. */
const retryInterval = 1_000;
/** The longest wait for the place; the limits are looked at that often. */
const maxWaitMs = 100;

/** Whose place, and how long it may be waited for. */
export interface PlaceOptions {
  /** The topic, and the group. */
  readonly topic: string;
  /** For people: who has the place. */
  readonly description: string;
  readonly pace: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds until another that holds the place, or a log out of reach, ends it; null: never. */
  readonly wait: number | null;
}

/**
 * Calls `work` while this process has the place, with what was committed last: until it is done, or
 * stopped. `taken` says that the place is another's now; then, and after a fence, it is waited for.
 *
 * @throws {FlightsError} what `work` throws; `members-alive` when another has the place for too long;
 * `log-unreachable`.
 */
export async function holdPlace(
  log: Log,
  options: PlaceOptions,
  work: (member: Member, saved: CommittedOffset | null) => Promise<"done" | "taken">,
): Promise<void> {
  const { topic, description, pace, signal, wait } = options;
  let lostAt: number | null = null;
  const holding = async (member: Member, saved: CommittedOffset | null) => {
    lostAt = null;
    return await work(member, saved);
  };
  while (!signal.aborted) {
    try {
      const member = await log.join(topic, { description, topics: [topic], version: "1" });
      return await closing(member, () => holdAsMember(member, options, holding));
    } catch (error) {
      if (!hasCode(error, "fenced", "log-unreachable")) throw error;
      lostAt ??= pace.now();
      if (wait !== null && pace.now() - lostAt >= wait) throw error;
      if (error.code !== "fenced") await pace.sleep(retryInterval, signal);
    }
  }
}

async function closing(member: Member, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // What ended it is told, whatever comes of leaving.
    await member.close().catch(() => {});
    throw error;
  }
  await member.close();
}

async function holdAsMember(
  member: Member,
  options: PlaceOptions,
  work: (member: Member, saved: CommittedOffset | null) => Promise<"done" | "taken">,
): Promise<void> {
  while (await comesToHold(member, options)) {
    const saved = (await member.committed()).find(({ partition }) => partition === 0) ?? null;
    if (await work(member, saved) === "done") return;
  }
}

/** Whether a member holds the place now. */
export function holdsPlace(member: Member): boolean {
  return member.assignment.partitions.includes(0);
}

/** Waits until the member holds the place; false when it was stopped. */
async function comesToHold(
  member: Member,
  { topic, pace, signal, wait }: PlaceOptions,
): Promise<boolean> {
  const since = pace.now();
  while (!signal.aborted) {
    if (holdsPlace(member) && !member.isRebalancing) return true;
    await member.poll([], { maxWaitMs, signal });
    if (wait === null || pace.now() - since < wait || holdsPlace(member)) continue;
    const { waitingFor } = member.assignment;
    throw new FlightsError(
      "members-alive",
      `Cannot work on ${topic}: one process at a time must have it, ` +
        `${waitingFor ?? "another"} has it for over ${describeDuration(wait)}`,
    );
  }
  return false;
}

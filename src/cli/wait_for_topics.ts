/** Waiting for topics that are not there yet. */

import { type Clock, systemClock } from "../base/clock.ts";
import { FlightsError, hasCode } from "../base/errors.ts";
import type { Log, TopicDescription } from "../log/log.ts";
import type { Teller } from "./logging.ts";

/** How often to look, in milliseconds. */
const lookInterval = 100;

/** What is waited for, and how long. */
export interface WaitOptions {
  /** What the topics are needed for, as in "produce to" or "read". */
  readonly doing: string;
  /** Milliseconds; null: without end. */
  readonly wait: number | null;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/** What waiting works with. */
export interface WaitContext {
  readonly log: Log;
  readonly tell: Teller;
  readonly signal: AbortSignal;
}

/**
 * The named topics, in that order, as soon as all of them are there; says once what it waits for.
 * Null when it was stopped.
 *
 * @throws {FlightsError} `topic-missing` or `log-unreachable` when the time is over.
 */
export async function waitForTopics(
  { log, tell, signal }: WaitContext,
  names: readonly string[],
  { doing, wait, clock = systemClock }: WaitOptions,
): Promise<readonly TopicDescription[] | null> {
  const deadline = wait === null ? Number.POSITIVE_INFINITY : clock.now() + wait;
  let told = "";
  while (!signal.aborted) {
    let reason: string;
    try {
      const found = new Map((await log.describeTopics(names)).map((topic) => [topic.name, topic]));
      const missing = names.filter((name) => !found.has(name)).join(", ");
      if (missing === "") return names.map((name) => found.get(name)!);
      if (clock.now() >= deadline) {
        throw new FlightsError(
          "topic-missing",
          `Cannot ${doing} ${names.join(", ")}: it must exist, the log has no topic ${missing}`,
        );
      }
      reason = `the log has no topic ${missing} yet`;
    } catch (error) {
      if (!hasCode(error, "log-unreachable") || clock.now() >= deadline) throw error;
      reason = error.message;
    }
    if (reason !== told) tell.info(`waiting: ${reason}`);
    told = reason;
    await clock.sleep(Math.min(lookInterval, deadline - clock.now()), signal);
  }
  return null;
}

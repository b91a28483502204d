/** Waiting for topics that are not there yet, and for a log that cannot be reached yet. */

import { type Clock, systemClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import type { Log, TopicDescription } from "../log/log.ts";
import { waitFor, type WaitSettings } from "../runtime/wait_for.ts";
import type { Teller } from "./logging.ts";

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
export function waitForTopics(
  context: WaitContext,
  names: readonly string[],
  options: WaitOptions,
): Promise<readonly TopicDescription[] | null> {
  return waitFor(settingsOf(context, options), async (isLast) => {
    const described = await context.log.describeTopics(names);
    const found = new Map(described.map((topic) => [topic.name, topic]));
    const missing = names.filter((name) => !found.has(name)).join(", ");
    if (missing === "") return names.map((name) => found.get(name)!);
    if (!isLast) return `the log has no topic ${missing} yet`;
    throw new FlightsError(
      "topic-missing",
      `Cannot ${options.doing} ${names.join(", ")}: it must exist, the log has no topic ${missing}`,
    );
  });
}

/**
 * What `look` finds, as soon as the log can be reached; says once what it waits for. Null when it was
 * stopped.
 *
 * @throws {FlightsError} `log-unreachable` when the time is over.
 */
export async function waitForLog<T>(
  context: WaitContext,
  look: (log: Log) => Promise<T>,
  options: Omit<WaitOptions, "doing">,
): Promise<T | null> {
  const found = await waitFor(settingsOf(context, options), async () => ({
    value: await look(context.log),
  }));
  return found === null ? null : found.value;
}

function settingsOf(
  { tell, signal }: WaitContext,
  { wait, clock = systemClock }: Omit<WaitOptions, "doing">,
): WaitSettings {
  return { wait, clock, signal, waiting: (reason) => tell.info(`waiting: ${reason}`) };
}

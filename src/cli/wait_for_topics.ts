/** Waiting for topics that are not there yet, and for a log that cannot be reached yet. */

import { type Clock, systemClock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
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
export function waitForTopics(
  context: WaitContext,
  names: readonly string[],
  options: WaitOptions,
): Promise<readonly TopicDescription[] | null> {
  return waiting(context, options, async (isLast) => {
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
  const found = await waiting(context, options, async () => ({ value: await look(context.log) }));
  return found === null ? null : found.value;
}

/**
 * Calls `look` until it finds something; a text says what it waits for. Time that is over ends a look
 * that began before: a log takes its own time to give up. The last one may take as long as it does.
 */
async function waiting<T extends object>(
  { tell, signal }: WaitContext,
  { wait, clock = systemClock }: Omit<WaitOptions, "doing">,
  look: (isLast: boolean) => Promise<T | string>,
): Promise<T | null> {
  const deadline = wait === null ? Number.POSITIVE_INFINITY : clock.now() + wait;
  let told = "";
  while (!signal.aborted) {
    const isLast = clock.now() >= deadline;
    let reason: string;
    try {
      const looking = look(isLast);
      const found = await (isLast || wait === null
        ? looking
        : inTime(looking, { clock, time: deadline - clock.now(), wait }));
      if (typeof found === "object") {
        return found;
      }
      reason = found;
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

async function inTime<T>(
  looking: Promise<T>,
  { clock, time, wait }: { readonly clock: Clock; readonly time: number; readonly wait: number },
): Promise<T> {
  const done = new AbortController();
  const late = async () => {
    await clock.sleep(time, done.signal);
    throw new FlightsError(
      "log-unreachable",
      `Cannot go on: the log must answer within --wait ${formatDuration(wait)}, it has not`,
    );
  };
  const over = late();
  // The one that comes second fails unheard.
  for (const promise of [looking, over]) promise.catch(() => {});
  try {
    return await Promise.race([looking, over]);
  } finally {
    done.abort();
  }
}

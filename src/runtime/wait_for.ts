/** Waiting for what is not there yet: a topic, a log that cannot be reached. */

import type { Clock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import { FlightsError, hasCode } from "../base/errors.ts";

/** How often to look, in milliseconds. */
const lookInterval = 100;

/** How long to wait, and who is told. */
export interface WaitSettings {
  /** Milliseconds; null: without end. */
  readonly wait: number | null;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Told for what, once for each reason. */
  readonly waiting: (reason: string) => void;
}

/**
 * Calls `look` until it finds something; a text says what it waits for. Time that is over ends a look
 * that began before: a log takes its own time to give up. The last one may take as long as it does.
 * Null when it was stopped.
 *
 * @throws {FlightsError} what the last look has thrown; `log-unreachable` when the time is over.
 */
export async function waitFor<T extends object>(
  { wait, clock, signal, waiting }: WaitSettings,
  look: (isLast: boolean) => Promise<T | string>,
): Promise<T | null> {
  const deadline = wait === null ? Number.POSITIVE_INFINITY : clock.now() + wait;
  let told = "";
  while (!signal?.aborted) {
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
    if (reason !== told) waiting(reason);
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

/** Asking again, after pauses. */

import type { Clock } from "../../base/clock.ts";

const firstPauseMs = 2;
const longestPauseMs = 50;

/** How long to go on, and after which errors. */
export interface RetryOptions {
  readonly clock: Clock;
  /** No attempt begins later than this after the first. */
  readonly timeoutMs: number;
  /** Whether another attempt may help; told of each error that an attempt ended with. */
  readonly shouldRetry: (error: unknown) => boolean;
}

/**
 * Calls `attempt` until it succeeds, with pauses from 2 to 50 ms: what Kafka wants retried on the
 * spot is mostly over within milliseconds.
 *
 * @throws what the last attempt has thrown.
 */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, timeoutMs, shouldRetry } = options;
  const deadline = clock.now() + timeoutMs;
  for (let pauseMs = firstPauseMs;; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await attempt();
    } catch (error) {
      if (!shouldRetry(error) || clock.now() + pauseMs > deadline) throw error;
    }
    await clock.sleep(pauseMs);
  }
}

/** Tells for what a run waits, again and again as long as it waits: who looks sees that it lives. */

import type { Clock } from "../base/clock.ts";

/** A status is told at least that often, in milliseconds. */
export const tellInterval = 1_000;

/** Tells the reason of a wait. */
export class WaitTeller {
  readonly #pace: Clock;
  readonly #tell: (reason: string) => void;
  #reason = "";

  constructor(pace: Clock, tell: (reason: string) => void) {
    this.#pace = pace;
    this.#tell = tell;
  }

  /** Tells a reason, which counts until the next one. */
  tell(reason: string): void {
    this.#reason = reason;
    this.#tell(reason);
  }

  /**
   * Tells the reason every second until `work` has ended, however long the log takes to answer.
   *
   * @param reason counts from now on; told only when it takes longer. Default: that of before.
   */
  async during<T>(work: Promise<T>, reason = this.#reason): Promise<T> {
    this.#reason = reason;
    const ended = new AbortController();
    void this.#repeat(ended.signal);
    try {
      return await work;
    } finally {
      ended.abort();
    }
  }

  async #repeat(ended: AbortSignal): Promise<void> {
    for (;;) {
      await this.#pace.sleep(tellInterval, ended);
      if (ended.aborted) return;
      this.#tell(this.#reason);
    }
  }
}

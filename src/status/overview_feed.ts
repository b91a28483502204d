/** Looks again and again while somebody watches, once for all who do. */

import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { LogOverview } from "./overview.ts";

/** Time between two looks, in milliseconds. */
const interval = 1_000;

/** Is told what was seen; or why nothing could be. */
export interface OverviewListener {
  seen(overview: LogOverview): void;
  failed(reason: string): void;
}

/** Hands each look at a log to all who listen; with nobody there it does nothing. */
export class OverviewFeed {
  readonly #look: (signal: AbortSignal) => Promise<LogOverview>;
  readonly #clock: Clock;
  readonly #listeners = new Set<OverviewListener>();
  #newest: LogOverview | null = null;
  #stop: AbortController | null = null;

  /** @param clock paces. */
  constructor(look: (signal: AbortSignal) => Promise<LogOverview>, clock: Clock) {
    this.#look = look;
    this.#clock = clock;
  }

  /** Adds a listener, which is told the newest look at once, and returns a function that takes it away. */
  subscribe(listener: OverviewListener): () => void {
    this.#listeners.add(listener);
    if (this.#stop === null) {
      this.#stop = new AbortController();
      void this.#run(this.#stop.signal);
    } else if (this.#newest !== null) listener.seen(this.#newest);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.abort();
      this.#stop = null;
      this.#newest = null;
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const overview = await this.#look(signal);
        if (signal.aborted) return;
        this.#newest = overview;
        for (const listener of this.#listeners) listener.seen(overview);
      } catch (error) {
        if (signal.aborted) return;
        for (const listener of this.#listeners) listener.failed(messageOf(error));
      }
      await this.#clock.sleep(interval, signal);
    }
  }
}

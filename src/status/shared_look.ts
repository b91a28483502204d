/** Looks again and again while somebody watches, once for all who do. */

import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";

/** Time between two looks, in milliseconds. */
const defaultInterval = 1_000;

/** Is told what was seen; or why nothing could be. */
export interface Watcher<T> {
  seen(value: T): void;
  failed(reason: string): void;
}

/** Hands each look to all who watch; with nobody there it does nothing. */
export class SharedLook<T> {
  readonly #look: (signal: AbortSignal) => Promise<T>;
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #watchers = new Set<Watcher<T>>();
  #newest: { readonly value: T } | null = null;
  #stop: AbortController | null = null;

  /** @param options `clock` paces; `interval`: between two looks, in milliseconds, default 1,000. */
  constructor(
    look: (signal: AbortSignal) => Promise<T>,
    { clock, interval = defaultInterval }: { readonly clock: Clock; readonly interval?: number },
  ) {
    this.#look = look;
    this.#clock = clock;
    this.#interval = interval;
  }

  /** Adds a watcher, who is told the newest look at once, and returns what takes it away again. */
  watch(watcher: Watcher<T>): () => void {
    this.#watchers.add(watcher);
    if (this.#stop === null) {
      this.#stop = new AbortController();
      void this.#run(this.#stop.signal);
    } else if (this.#newest !== null) watcher.seen(this.#newest.value);
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#stop?.abort();
      this.#stop = null;
      this.#newest = null;
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const value = await this.#look(signal);
        if (signal.aborted) return;
        this.#newest = { value };
        for (const watcher of this.#watchers) watcher.seen(value);
      } catch (error) {
        if (signal.aborted) return;
        for (const watcher of this.#watchers) watcher.failed(messageOf(error));
      }
      await this.#clock.sleep(this.#interval, signal);
    }
  }
}

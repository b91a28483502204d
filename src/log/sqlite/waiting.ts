/** Waiting for a change of the file: by this process at once, by another one within some milliseconds. */

import { systemClock } from "../../base/clock.ts";
import type { Database } from "./database.ts";

/** The first pause between two looks, in milliseconds; it doubles up to the longest. */
const shortestPause = 2;
const longestPause = 25;

/** Tells when the file has changed. */
export class ChangeSignal {
  readonly #db: Database;
  readonly #sleepers = new Set<AbortController>();
  #ownChanges = 0;
  #closed = false;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Notes a change by this process. */
  changed(): void {
    this.#ownChanges++;
    for (const sleeper of this.#sleepers) sleeper.abort();
  }

  /** Ends all waits, now and from now on. */
  close(): void {
    this.#closed = true;
    this.changed();
  }

  /** What {@linkcode ChangeSignal.wait} compares with. */
  get mark(): string {
    return this.#closed ? "" : `${this.#db.dataVersion} ${this.#ownChanges}`;
  }

  /** Waits until the file is not as it was at `mark`, for `milliseconds` at most. */
  async wait(mark: string, milliseconds: number, signal?: AbortSignal): Promise<void> {
    const deadline = systemClock.now() + milliseconds;
    for (
      let pause = shortestPause;
      !signal?.aborted && !this.#closed;
      pause = Math.min(pause * 2, longestPause)
    ) {
      if (this.mark !== mark) return;
      const left = deadline - systemClock.now();
      if (left <= 0) return;
      await this.#sleep(Math.min(pause, left), signal);
    }
  }

  async #sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    const sleeper = new AbortController();
    const stop = () => sleeper.abort();
    this.#sleepers.add(sleeper);
    signal?.addEventListener("abort", stop);
    try {
      await systemClock.sleep(milliseconds, sleeper.signal);
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#sleepers.delete(sleeper);
    }
  }
}

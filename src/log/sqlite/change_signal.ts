/** Waiting for a change of the file: by this process at once, by others within milliseconds. */

import { systemClock } from "../../base/clock.ts";
import type { Database } from "./database.ts";

/**
 * The pauses between two looks, in milliseconds. A pause is a part of the time that nothing has
 * changed for: a busy log is followed closely, and an idle one costs next to nothing.
 */
const shortestPause = 2;
const longestPause = 25;
const pauseShare = 1 / 4;

/** Tells when the file has changed. Waits in real time: other processes know no other. */
export class ChangeSignal {
  readonly #db: Database;
  readonly #sleepers = new Set<AbortController>();
  #ownChanges = 0;
  #seenMark = "";
  /** When the newest change was seen. */
  #changedAt = systemClock.now();
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

  /** Whether waits have been ended. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** What {@linkcode ChangeSignal.wait} compares with; to be taken before looking at the file. */
  get mark(): string {
    return `${this.#closed ? "closed" : this.#db.dataVersion} ${this.#ownChanges}`;
  }

  /** Waits until the file is not as it was at `mark`, for `milliseconds` at most. */
  async wait(mark: string, milliseconds: number, signal?: AbortSignal): Promise<void> {
    const deadline = systemClock.now() + milliseconds;
    while (!signal?.aborted && !this.#closed && this.mark === mark) {
      const left = deadline - systemClock.now();
      if (left <= 0) return;
      await this.#sleep(Math.min(this.#pause(mark), left), signal);
    }
  }

  #pause(mark: string): number {
    const now = systemClock.now();
    if (mark !== this.#seenMark) {
      this.#seenMark = mark;
      this.#changedAt = now;
    }
    const quiet = now - this.#changedAt;
    return Math.max(shortestPause, Math.min(quiet * pauseShare, longestPause));
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

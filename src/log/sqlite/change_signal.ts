/** Waiting for a change of the file: by this process at once, by others within milliseconds. */

import { systemClock } from "../../base/clock.ts";
import type { Database } from "./database.ts";

/**
 * The pauses between two looks, in milliseconds. A pause is a part of the time that nothing has
 * changed for: a busy log is followed closely.
 */
const shortestPause = 2;
const longestPause = 25;
const pauseShare = 1 / 4;
/**
 * After so many milliseconds without a change the system is asked to tell of the next one: an idle
 * log then costs no looks. A busy one would have it tell of every page that is written.
 */
const quietTime = 250;

/** Tells when the file has changed. Waits in real time: other processes know no other. */
export class ChangeSignal {
  readonly #db: Database;
  readonly #sleepers = new Set<AbortController>();
  #ownChanges = 0;
  #seenMark = "";
  /** When the newest change was seen. */
  #changedAt = systemClock.now();
  #watcher: Deno.FsWatcher | null = null;
  #closed = false;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Notes a change by this process. */
  changed(): void {
    this.#ownChanges++;
    this.#wake();
  }

  /** Ends all waits, now and from now on. */
  close(): void {
    this.#closed = true;
    this.#watcher?.close();
    this.#watcher = null;
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
    while (!signal?.aborted && !this.#closed) {
      // Whether to watch is settled before the look, or a change between the two would be missed.
      const pause = this.#pause(mark);
      const left = deadline - systemClock.now();
      if (left <= 0 || this.mark !== mark) return;
      await this.#sleep(Math.min(pause, left), signal);
    }
  }

  #pause(mark: string): number {
    const now = systemClock.now();
    if (mark !== this.#seenMark) {
      this.#seenMark = mark;
      this.#changedAt = now;
    }
    const quiet = now - this.#changedAt;
    if (quiet >= quietTime && this.#isWatching()) return Infinity;
    return Math.max(shortestPause, Math.min(quiet * pauseShare, longestPause));
  }

  /** Watches the file, if the system can. */
  #isWatching(): boolean {
    if (this.#watcher !== null) return true;
    try {
      this.#watcher = Deno.watchFs(`${this.#db.path}-wal`);
    } catch {
      // Systems have few watchers to give, some have none. Looking does it too.
      return false;
    }
    void this.#awaitEvent(this.#watcher);
    return true;
  }

  /** Takes the first event, or a failure, for a sign of more and goes back to looking. */
  async #awaitEvent(watcher: Deno.FsWatcher): Promise<void> {
    const { done } = await watcher[Symbol.asyncIterator]().next().catch(() => ({ done: false }));
    if (!done) watcher.close();
    this.#watcher = null;
    this.#changedAt = systemClock.now();
    this.#wake();
  }

  #wake(): void {
    for (const sleeper of this.#sleepers) sleeper.abort();
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

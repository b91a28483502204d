/** Event-time timers: a time and a key, each pair at most once. */

import { compareUtf8 } from "../../base/bytes.ts";
import { Heap } from "../../base/heap.ts";
import type { EntryKey, Table } from "./tables.ts";

/** A time at which a key wants to be called. */
export interface Timer {
  readonly timestamp: number;
  readonly key: string;
}

/** Holds timers. */
export class TimerTable implements Table {
  readonly #timers = new Map<string, Timer>();
  readonly #changed = new Map<string, Timer>();
  /** All timers by time, and some that were deleted: those are passed over when they come up. */
  readonly #queue = new Heap<Timer>(compareTimers);

  get size(): number {
    return this.#timers.size;
  }

  /** The time of the last timer, or null. */
  get last(): number | null {
    let last: number | null = null;
    for (const { timestamp } of this.#timers.values()) {
      if (last === null || timestamp > last) last = timestamp;
    }
    return last;
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  /** Sets a timer; one that is there already stays as it is. */
  register(timer: Timer): void {
    const name = nameOf(timer);
    if (this.#timers.has(name)) return;
    this.#timers.set(name, timer);
    this.#queue.push(timer);
    this.#changed.set(name, timer);
  }

  /** Takes a timer back, if it is there. */
  delete(timer: Timer): void {
    const name = nameOf(timer);
    if (this.#timers.delete(name)) this.#changed.set(name, timer);
  }

  /** Takes out the first timer at or before `watermark`, by time and then key bytes, or null. */
  takeDue(watermark: number): Timer | null {
    for (;;) {
      const first = this.#queue.peek();
      if (first === undefined || first.timestamp > watermark) return null;
      this.#queue.pop();
      const name = nameOf(first);
      if (this.#timers.get(name) !== first) continue;
      this.#timers.delete(name);
      this.#changed.set(name, first);
      return first;
    }
  }

  restore(key: EntryKey, value: unknown): void {
    const timer = { timestamp: Number(key[0]), key: String(key[1]) };
    const name = nameOf(timer);
    if (value === undefined) {
      this.#timers.delete(name);
    } else if (!this.#timers.has(name)) {
      this.#timers.set(name, timer);
      this.#queue.push(timer);
    }
  }

  takeChanges(tell: (key: EntryKey, value: unknown) => void): void {
    for (const [name, timer] of this.#changed) {
      tell([timer.timestamp, timer.key], this.#timers.has(name) ? 1 : undefined);
    }
    this.#changed.clear();
  }
}

function nameOf(timer: Timer): string {
  return `${timer.timestamp} ${timer.key}`;
}

function compareTimers(a: Timer, b: Timer): number {
  return a.timestamp - b.timestamp || compareUtf8(a.key, b.key);
}

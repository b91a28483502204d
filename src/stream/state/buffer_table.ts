/** Elements that others still may meet: of each key, by event time. One changelog entry an element. */

import { compareUtf8 } from "../../base/bytes.ts";
import { Heap } from "../../base/heap.ts";
import type { EntryKey, Table } from "./tables.ts";

/** An element that is kept. */
export interface Buffered<T> {
  readonly timestamp: number;
  readonly value: T;
}

interface Entry<T> extends Buffered<T> {
  readonly key: string;
  /** Tells elements of one key and time apart, in the order of their arrival. */
  readonly sequence: number;
  state: "new" | "saved" | "removed";
}

/** The first element of a key at a time: from there on the key has something to let go. */
type Mark = Pick<Entry<unknown>, "timestamp" | "key">;

/** Holds elements, JSON values, by key, event time and arrival. */
export class BufferTable<T> implements Table {
  /** Of each key its elements, by time and then arrival. */
  readonly #keys = new Map<string, Entry<T>[]>();
  /** A mark for each key and time; those of elements that are gone are passed over. */
  readonly #marks = new Heap<Mark>((a, b) =>
    a.timestamp - b.timestamp || compareUtf8(a.key, b.key)
  );
  #size = 0;
  #new: Entry<T>[] = [];
  readonly #removed = new Map<string, EntryKey>();

  get size(): number {
    return this.#size;
  }

  get hasChanges(): boolean {
    return this.#new.length > 0 || this.#removed.size > 0;
  }

  /** Adds an element of `key`. */
  add(key: string, { timestamp, value }: Buffered<T>): void {
    const entries = this.#entriesOf(key);
    const at = firstAfter(entries, timestamp);
    const before = entries[at - 1];
    const sequence = before?.timestamp === timestamp ? before.sequence + 1 : 0;
    const entry: Entry<T> = { key, timestamp, value, sequence, state: "new" };
    this.#insert(entries, at, entry);
    this.#new.push(entry);
  }

  /** The elements of `key` in [first, last], by time and then arrival. */
  between(key: string, first: number, last: number): readonly Buffered<T>[] {
    const entries = this.#keys.get(key);
    if (entries === undefined) return [];
    // Times are whole.
    return entries.slice(firstAfter(entries, first - 1), firstAfter(entries, last));
  }

  /** The last element of `key` up to `timestamp`, or undefined. */
  lastUpTo(key: string, timestamp: number): Buffered<T> | undefined {
    const entries = this.#keys.get(key);
    return entries?.[firstAfter(entries, timestamp) - 1];
  }

  /**
   * Lets go all elements up to `timestamp`.
   *
   * @param keepsLast whether the last of a key stays, until another one comes to take its place.
   */
  removeUpTo(timestamp: number, keepsLast: (value: T) => boolean = () => false): void {
    for (;;) {
      const mark = this.#marks.peek();
      if (mark === undefined || mark.timestamp > timestamp) return;
      this.#marks.pop();
      const entries = this.#keys.get(mark.key);
      if (entries === undefined) continue;
      const end = firstAfter(entries, timestamp);
      const last = entries[end - 1];
      const stays = last !== undefined && keepsLast(last.value);
      for (const entry of entries.splice(0, stays ? end - 1 : end)) this.#leave(entry);
      if (entries.length === 0) this.#keys.delete(mark.key);
    }
  }

  #leave(entry: Entry<T>): void {
    this.#size--;
    if (entry.state === "saved") {
      const key = entryKey(entry);
      this.#removed.set(JSON.stringify(key), key);
    }
    entry.state = "removed";
  }

  #entriesOf(key: string): Entry<T>[] {
    let entries = this.#keys.get(key);
    if (entries === undefined) {
      entries = [];
      this.#keys.set(key, entries);
    }
    return entries;
  }

  #insert(entries: Entry<T>[], at: number, entry: Entry<T>): void {
    const { timestamp, key } = entry;
    if (entries[at - 1]?.timestamp !== timestamp) this.#marks.push({ timestamp, key });
    entries.splice(at, 0, entry);
    this.#size++;
  }

  restore(name: EntryKey, value: unknown): void {
    const [key, timestamp, sequence] = [String(name[0]), Number(name[1]), Number(name[2])];
    const entries = this.#entriesOf(key);
    const at = firstAfter(entries, timestamp, sequence - 1);
    const found = entries[at];
    if (found?.timestamp === timestamp && found.sequence === sequence) {
      entries.splice(at, 1);
      this.#size--;
    }
    if (value !== undefined) {
      this.#insert(entries, at, { key, timestamp, sequence, value: value as T, state: "saved" });
    }
    if (entries.length === 0) this.#keys.delete(key);
  }

  takeChanges(tell: (key: EntryKey, value: unknown) => void): void {
    for (const entry of this.#new) {
      if (entry.state === "removed") continue;
      entry.state = "saved";
      const key = entryKey(entry);
      if (this.#removed.size > 0) this.#removed.delete(JSON.stringify(key));
      tell(key, entry.value);
    }
    this.#new = [];
    for (const key of this.#removed.values()) tell(key, undefined);
    this.#removed.clear();
  }
}

function entryKey({ key, timestamp, sequence }: Entry<unknown>): EntryKey {
  return [key, timestamp, sequence];
}

/** The place of the first entry behind `timestamp`, or behind the one of that sequence there. */
function firstAfter<T>(
  entries: readonly Entry<T>[],
  timestamp: number,
  sequence = Infinity,
): number {
  const isBehind = (entry: Entry<T>) =>
    entry.timestamp > timestamp || (entry.timestamp === timestamp && entry.sequence > sequence);
  let [low, high] = [0, entries.length];
  // Most come in the order of their times.
  if (high > 0 && !isBehind(entries[high - 1]!)) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBehind(entries[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

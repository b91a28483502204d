/** Any number of entries a key: the elements of a list by number, what a map holds by name. */

import { compareUtf8 } from "../../base/bytes.ts";
import type { EntryKey, Table } from "./tables.ts";

/** Names an entry among those of its key. */
export type EntryName = string | number;

interface Slot<V> {
  readonly key: string;
  readonly name: EntryName;
  value: V;
  changed: boolean;
  /** Whether the changelog has it: what it has not got need not be removed there. */
  saved: boolean;
}

/** The entries of one key. */
interface Group<V> {
  slots: Map<EntryName, Slot<V>>;
  /** Above all numbers that it has had. */
  next: number;
  /** Whether it has had a name that is a text: these come behind all numbers. */
  hasTexts: boolean;
  sorted: boolean;
}

/**
 * Holds entries, each of which is told by itself when it changes: to add to a long list costs one
 * entry. Values are JSON values and must not be changed in place.
 */
export class EntryTable<V> implements Table {
  readonly #groups = new Map<string, Group<V>>();
  #changed: Slot<V>[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get hasChanges(): boolean {
    return this.#changed.length > 0;
  }

  /** Whether `key` has an entry. */
  has(key: string): boolean {
    return this.#groups.has(key);
  }

  /** The value of one entry, or undefined. */
  get(key: string, name: EntryName): V | undefined {
    return this.#slot(key, name)?.value;
  }

  /** Sets one entry; undefined removes it. */
  set(key: string, name: EntryName, value: V | undefined): void {
    if (value === undefined) return this.#remove(key, name);
    const slot = this.#slot(key, name);
    if (slot === undefined) {
      this.#insert({ key, name, value, changed: true, saved: false });
      return;
    }
    slot.value = value;
    if (slot.changed) return;
    slot.changed = true;
    this.#changed.push(slot);
  }

  /** Adds an entry behind all others, under a number, and returns that. */
  append(key: string, value: V): number {
    const name = this.#groups.get(key)?.next ?? 0;
    this.#insert({ key, name, value, changed: true, saved: false });
    return name;
  }

  /** Removes all entries of `key`. */
  clear(key: string): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    for (const slot of group.slots.values()) this.#touch(slot);
    this.#size -= group.slots.size;
    this.#groups.delete(key);
  }

  /** The entries of `key`: numbers first, then texts by their bytes. */
  entries(key: string): readonly (readonly [EntryName, V])[] {
    const group = this.#groups.get(key);
    if (group === undefined) return [];
    // What was restored came in the order of the changelog, which is another after a restart.
    if (!group.sorted) {
      group.slots = new Map([...group.slots].sort(([a], [b]) => compareNames(a, b)));
      group.sorted = true;
    }
    return Array.from(group.slots.values(), ({ name, value }) => [name, value] as const);
  }

  /** All keys that have entries, in no order. */
  keys(): Iterable<string> {
    return this.#groups.keys();
  }

  #slot(key: string, name: EntryName): Slot<V> | undefined {
    return this.#groups.get(key)?.slots.get(name);
  }

  #insert(slot: Slot<V>): void {
    const { key, name } = slot;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { slots: new Map(), next: 0, hasTexts: false, sorted: true };
      this.#groups.set(key, group);
    }
    const isLargest = typeof name === "number" && name >= group.next;
    group.sorted &&= group.slots.size === 0 || isLargest && !group.hasTexts;
    group.hasTexts ||= typeof name === "string";
    if (isLargest) group.next = name + 1;
    group.slots.set(name, slot);
    this.#size++;
    if (slot.changed) this.#changed.push(slot);
  }

  #remove(key: string, name: EntryName): void {
    const group = this.#groups.get(key);
    const slot = group?.slots.get(name);
    if (group === undefined || slot === undefined) return;
    this.#touch(slot);
    this.#size--;
    group.slots.delete(name);
    if (group.slots.size === 0) this.#groups.delete(key);
  }

  #touch(slot: Slot<V>): void {
    if (slot.changed) return;
    slot.changed = true;
    this.#changed.push(slot);
  }

  restore(entry: EntryKey, value: unknown): void {
    const key = String(entry[0]);
    const name = entry[1]!;
    const slot = this.#slot(key, name);
    if (value === undefined) {
      this.#remove(key, name);
      this.#changed = [];
    } else if (slot !== undefined) {
      slot.value = value as V;
    } else {
      this.#insert({ key, name, value: value as V, changed: false, saved: true });
    }
  }

  takeChanges(tell: (key: EntryKey, value: unknown) => void): void {
    for (const slot of this.#changed) {
      slot.changed = false;
      const current = this.#slot(slot.key, slot.name);
      if (current === slot) {
        slot.saved = true;
        tell([slot.key, slot.name], slot.value);
      } else if (current === undefined && slot.saved) {
        tell([slot.key, slot.name], undefined);
      }
    }
    this.#changed = [];
  }
}

function compareNames(a: EntryName, b: EntryName): number {
  if (typeof a === "number") return typeof b === "number" ? a - b : -1;
  return typeof b === "number" ? 1 : compareUtf8(a, b);
}

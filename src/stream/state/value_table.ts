/** One value a key. */

import type { EntryKey, Table } from "./tables.ts";

interface Slot<V> {
  readonly key: string;
  value: V | undefined;
  changed: boolean;
}

/** Holds one value a key; values are JSON values and must not be changed in place. */
export class ValueTable<V> implements Table {
  readonly #slots = new Map<string, Slot<V>>();
  #changed: Slot<V>[] = [];

  get size(): number {
    return this.#slots.size;
  }

  get hasChanges(): boolean {
    return this.#changed.length > 0;
  }

  /** The value of `key`, or undefined. */
  get(key: string): V | undefined {
    return this.#slots.get(key)?.value;
  }

  /** Sets the value of `key`; undefined removes it. */
  set(key: string, value: V | undefined): void {
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      if (value === undefined) return;
      slot = { key, value, changed: false };
      this.#slots.set(key, slot);
    }
    slot.value = value;
    if (!slot.changed) {
      slot.changed = true;
      this.#changed.push(slot);
    }
    if (value === undefined) this.#slots.delete(key);
  }

  /** All keys and values, in no order. */
  *entries(): Generator<readonly [string, V]> {
    for (const { key, value } of this.#slots.values()) yield [key, value as V];
  }

  restore(key: EntryKey, value: unknown): void {
    const name = String(key[0]);
    if (value === undefined) this.#slots.delete(name);
    else this.#slots.set(name, { key: name, value: value as V, changed: false });
  }

  takeChanges(tell: (key: EntryKey, value: unknown) => void): void {
    // A key that was removed and set anew has two slots: only the newest speaks, and one removal.
    const removed = new Set<string>();
    for (const slot of this.#changed) {
      slot.changed = false;
      const current = this.#slots.get(slot.key);
      if (current === slot) tell([slot.key], slot.value);
      else if (current === undefined && !removed.has(slot.key)) {
        removed.add(slot.key);
        tell([slot.key], undefined);
      }
    }
    this.#changed = [];
  }
}

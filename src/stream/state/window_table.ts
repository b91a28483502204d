/** What windows hold: an accumulator for each window and key. */

import { compareUtf8 } from "../../base/bytes.ts";
import type { Window } from "../windows/window.ts";
import type { EntryKey, Table } from "./tables.ts";

/** What one window holds of one key. */
export interface WindowSlot<A> {
  readonly key: string;
  accumulator: A;
  /** How many input records it holds that have not been given out (semantics 21). */
  held: number;
}

interface Slot<A> extends WindowSlot<A> {
  readonly pane: Pane<A>;
  changed: boolean;
}

/** One window with its keys. */
interface Pane<A> {
  readonly window: Window;
  readonly slots: Map<string, Slot<A>>;
}

/** Holds an accumulator, a JSON value, for each window and key. */
export class WindowTable<A> implements Table {
  readonly #panes = new Map<number, Pane<A>>();
  #last: Pane<A> | null = null;
  #changed: Slot<A>[] = [];
  readonly #removed = new Map<string, EntryKey>();

  get size(): number {
    let size = 0;
    for (const pane of this.#panes.values()) size += pane.slots.size;
    return size;
  }

  get hasChanges(): boolean {
    return this.#changed.length > 0 || this.#removed.size > 0;
  }

  /** What `window` holds of `key`, or undefined. */
  get(window: Window, key: string): WindowSlot<A> | undefined {
    return this.#pane(window)?.slots.get(key);
  }

  /** Puts a first accumulator into `window` for `key`. */
  insert(window: Window, key: string, accumulator: A): WindowSlot<A> {
    let pane = this.#pane(window);
    if (pane === undefined) {
      pane = { window: { start: window.start, end: window.end }, slots: new Map() };
      this.#panes.set(window.start, pane);
    }
    const slot: Slot<A> = { key, accumulator, held: 0, pane, changed: true };
    pane.slots.set(key, slot);
    this.#changed.push(slot);
    return slot;
  }

  /** Notes that `slot` changed since the last commit. */
  touch(slot: WindowSlot<A>): void {
    const own = slot as Slot<A>;
    if (own.changed) return;
    own.changed = true;
    this.#changed.push(own);
  }

  /** Lets a window go. */
  remove(window: Window): void {
    const pane = this.#pane(window);
    if (pane === undefined) return;
    for (const slot of pane.slots.values()) {
      const key = [window.start, window.end, slot.key];
      this.#removed.set(JSON.stringify(key), key);
    }
    this.#panes.delete(window.start);
    this.#last = null;
  }

  /** All windows, earliest end first. */
  windows(): readonly Window[] {
    const windows = [...this.#panes.values()].map((pane) => pane.window);
    return windows.sort((a, b) => a.end - b.end);
  }

  /** How many keys each window has, in no order. */
  sizes(): readonly { readonly window: Window; readonly keys: number }[] {
    return [...this.#panes.values()].map(({ window, slots }) => ({ window, keys: slots.size }));
  }

  /** What `window` holds, in the order of the keys' bytes (semantics 4). */
  slots(window: Window): readonly WindowSlot<A>[] {
    const slots = [...this.#pane(window)?.slots.values() ?? []];
    return slots.sort((a, b) => compareUtf8(a.key, b.key));
  }

  #pane(window: Window): Pane<A> | undefined {
    if (this.#last?.window.start === window.start) return this.#last;
    const pane = this.#panes.get(window.start);
    if (pane !== undefined) this.#last = pane;
    return pane;
  }

  restore(entry: EntryKey, value: unknown): void {
    const window = { start: Number(entry[0]), end: Number(entry[1]) };
    const key = String(entry[2]);
    if (value === undefined) {
      const pane = this.#pane(window);
      pane?.slots.delete(key);
      if (pane?.slots.size === 0) {
        this.#panes.delete(window.start);
        this.#last = null;
      }
      return;
    }
    const [accumulator, held] = value as [A, number];
    const slot = this.insert(window, key, accumulator) as Slot<A>;
    slot.held = held;
    slot.changed = false;
    this.#changed.pop();
  }

  takeChanges(tell: (key: EntryKey, value: unknown) => void): void {
    for (const slot of this.#changed) {
      slot.changed = false;
      const { window } = slot.pane;
      if (this.#panes.get(window.start) !== slot.pane) continue;
      const key = [window.start, window.end, slot.key];
      if (this.#removed.size > 0) this.#removed.delete(JSON.stringify(key));
      tell(key, [slot.accumulator, slot.held]);
    }
    this.#changed = [];
    for (const key of this.#removed.values()) tell(key, undefined);
    this.#removed.clear();
  }
}

/**
 * What will be over when. It is no table: what is in it can be read off the table whose entries it
 * watches, and is after a restart.
 */

import { Heap } from "../../base/heap.ts";
import type { EntryName } from "./entry_table.ts";

/** An entry of a table and when to look at it. */
export interface Expiry {
  readonly at: number;
  readonly key: string;
  /** Which of the key's entries. */
  readonly name: EntryName;
}

/** The entries it watches. */
export interface Expiring {
  /** When an entry is over, in milliseconds; null: it is not there any more. */
  expiresAt(key: string, name: EntryName): number | null;
  remove(key: string, name: EntryName): void;
}

/** Finds what is over. How often the end of an entry is put off costs nothing. */
export class ExpiryQueue {
  readonly #heap = new Heap<Expiry>((a, b) => a.at - b.at);
  /** The one of the heap that counts for each entry. */
  readonly #current = new Map<string, Expiry>();

  /** How many looks at entries are ahead: one an entry, and more for a time where it ended sooner. */
  get size(): number {
    return this.#heap.size;
  }

  /** Sees to it that an entry is looked at by that time. */
  watch(expiry: Expiry): void {
    const id = idOf(expiry);
    const known = this.#current.get(id);
    if (known !== undefined && known.at <= expiry.at) return;
    this.#current.set(id, expiry);
    this.#heap.push(expiry);
  }

  /** Removes what is over at `now`. */
  expire(now: number, entries: Expiring): void {
    for (;;) {
      const first = this.#heap.peek();
      if (first === undefined || first.at > now) return;
      this.#heap.pop();
      const id = idOf(first);
      if (this.#current.get(id) !== first) continue;
      this.#current.delete(id);
      const { key, name } = first;
      const at = entries.expiresAt(key, name);
      if (at === null) continue;
      if (at <= now) entries.remove(key, name);
      else this.watch({ at, key, name });
    }
  }
}

function idOf({ key, name }: Expiry): string {
  return typeof name === "number" ? `${name} ${key}` : `${name.length}:${name}${key}`;
}

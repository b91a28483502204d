/**
 * What the kinds of keyed state are made of: a cell is one value of the key in work, a shelf is any
 * number of entries of it. Each is plain or has a time-to-live.
 */

import { type EntryName, EntryTable } from "../state/entry_table.ts";
import { ExpiryQueue } from "../state/expiry_queue.ts";
import type { StateTables } from "../state/tables.ts";
import { ValueTable } from "../state/value_table.ts";
import type { ResolvedTtl } from "./functions.ts";

/** What is in work while a state is used. */
export interface StateScope {
  /** The text of the key in work. */
  readonly key: string;
  /** The event time of the element or timer in work. */
  readonly time: number;
  /** How far event time has come, for what may be over. */
  readonly eventTime: number;
  /** The clock's time. */
  readonly processingTime: number;
}

/** One value of the key in work. */
export interface Cell<V> {
  read(): V | undefined;
  write(value: V): void;
  clear(): void;
}

/** Any number of entries of the key in work. */
export interface Shelf<V> {
  get(name: EntryName): V | undefined;
  set(name: EntryName, value: V): void;
  append(value: V): void;
  remove(name: EntryName): void;
  entries(): readonly (readonly [EntryName, V])[];
  isEmpty(): boolean;
  clear(): void;
}

/** Where a cell or shelf keeps what it holds. */
export interface Place {
  readonly tables: StateTables;
  readonly name: string;
  readonly shape: string;
  readonly scope: StateScope;
}

/** A value and when it was last touched; its end is not saved, for the next run may state another. */
type Timed<V> = readonly [touched: number, value: V];

export function plainCell<V>({ tables, scope, ...names }: Place): Cell<V> {
  const table = tables.add(new ValueTable<V>(), names);
  return {
    read: () => table.get(scope.key),
    write: (value) => table.set(scope.key, value),
    clear: () => table.set(scope.key, undefined),
  };
}

export function plainShelf<V>({ tables, scope, ...names }: Place): Shelf<V> {
  const table = tables.add(new EntryTable<V>(), names);
  return {
    get: (name) => table.get(scope.key, name),
    set: (name, value) => table.set(scope.key, name, value),
    append: (value) => void table.append(scope.key, value),
    remove: (name) => table.set(scope.key, name, undefined),
    entries: () => table.entries(scope.key),
    isEmpty: () => !table.has(scope.key),
    clear: () => table.clear(scope.key),
  };
}

/** How what is in a state ages. */
class Lifetime {
  readonly time: ResolvedTtl["time"];
  readonly readsTouch: boolean;

  constructor(private readonly ttl: ResolvedTtl, private readonly scope: StateScope) {
    this.time = ttl.time;
    this.readsTouch = ttl.updateOn === "read-and-write";
  }

  /** The time from which what is touched now counts; one that lives is never made to die sooner. */
  touch(before: Timed<unknown> | undefined): number {
    const now = this.time === "event" ? this.scope.time : this.scope.processingTime;
    return before === undefined ? now : Math.max(now, before[0]);
  }

  endOf(touched: number): number {
    return touched + this.ttl.duration;
  }

  isOver(touched: number): boolean {
    const { eventTime, processingTime } = this.scope;
    return this.endOf(touched) <= (this.time === "event" ? eventTime : processingTime);
  }
}

/** A {@linkcode Shelf} whose entries live for a time, each for itself. */
export class AgingShelf<V> implements Shelf<V> {
  readonly #table: EntryTable<Timed<V>>;
  readonly #scope: StateScope;
  readonly #lifetime: Lifetime;
  #queue: ExpiryQueue | null = null;

  constructor({ tables, scope, ...names }: Place, ttl: ResolvedTtl) {
    this.#table = tables.add(new EntryTable<Timed<V>>(), names);
    this.#scope = scope;
    this.#lifetime = new Lifetime(ttl, scope);
  }

  /** The time it goes by. */
  get time(): ResolvedTtl["time"] {
    return this.#lifetime.time;
  }

  get(name: EntryName): V | undefined {
    const timed = this.#live(name);
    return timed === undefined ? undefined : this.#read(name, timed);
  }

  set(name: EntryName, value: V): void {
    const touched = this.#lifetime.touch(this.#table.get(this.#scope.key, name));
    if (value === undefined || this.#lifetime.isOver(touched)) return this.remove(name);
    this.#table.set(this.#scope.key, name, [touched, value]);
    this.#watch(this.#scope.key, name, touched);
  }

  append(value: V): void {
    const touched = this.#lifetime.touch(undefined);
    if (this.#lifetime.isOver(touched)) return;
    const name = this.#table.append(this.#scope.key, [touched, value]);
    this.#watch(this.#scope.key, name, touched);
  }

  remove(name: EntryName): void {
    this.#table.set(this.#scope.key, name, undefined);
  }

  entries(): readonly (readonly [EntryName, V])[] {
    const live = this.#table.entries(this.#scope.key)
      .filter(([, [touched]]) => !this.#lifetime.isOver(touched));
    return live.map(([name, timed]) => [name, this.#read(name, timed)] as const);
  }

  isEmpty(): boolean {
    return this.#table.entries(this.#scope.key)
      .every(([, [touched]]) => this.#lifetime.isOver(touched));
  }

  clear(): void {
    this.#table.clear(this.#scope.key);
  }

  #live(name: EntryName): Timed<V> | undefined {
    const timed = this.#table.get(this.#scope.key, name);
    return timed === undefined || this.#lifetime.isOver(timed[0]) ? undefined : timed;
  }

  #read(name: EntryName, timed: Timed<V>): V {
    const [before, value] = timed;
    const touched = this.#lifetime.readsTouch ? this.#lifetime.touch(timed) : before;
    if (touched > before) this.#table.set(this.#scope.key, name, [touched, value]);
    return value;
  }

  #watch(key: string, name: EntryName, touched: number): void {
    this.#queued().watch({ key, name, at: this.#lifetime.endOf(touched) });
  }

  #queued(): ExpiryQueue {
    if (this.#queue !== null) return this.#queue;
    this.#queue = new ExpiryQueue();
    for (const key of this.#table.keys()) {
      for (const [name, [touched]] of this.#table.entries(key)) this.#watch(key, name, touched);
    }
    return this.#queue;
  }

  /** Removes what is over at `now`. */
  expire(now: number): void {
    this.#queued().expire(now, {
      expiresAt: (key, name) => {
        const timed = this.#table.get(key, name);
        return timed === undefined ? null : this.#lifetime.endOf(timed[0]);
      },
      remove: (key, name) => this.#table.set(key, name, undefined),
    });
  }
}

/** The one entry of a cell that is a shelf. */
const only = 0;

/** A {@linkcode Cell} on a shelf. */
export function cellOn<V>(shelf: Shelf<V>): Cell<V> {
  return {
    read: () => shelf.get(only),
    write: (value) => shelf.set(only, value),
    clear: () => shelf.remove(only),
  };
}

/** What windows hold, each with the state and the timers of its trigger. */

import { compareUtf8 } from "../../base/bytes.ts";
import { Heap } from "../../base/heap.ts";
import type { Window } from "../window.ts";
import type { EntryKey, Table } from "./tables.ts";

/** By which time a timer comes due. */
export type PaneTimerDomain = "event" | "processing";

/** One window of one key. */
export interface Pane<A> {
  /** Unique in the table; it stays when the window grows. */
  readonly id: number;
  readonly key: string;
  readonly window: Window;
  /** How many input records it holds that have not been given out (semantics 21). */
  held: number;
  /** What its elements come to; undefined before the first and after a purge. */
  accumulator: A | undefined;
  /** What its trigger remembers, by name. */
  states: Map<string, unknown>;
  readonly timers: Readonly<Record<PaneTimerDomain, ReadonlySet<number>>>;
}

/** A timer that has come due. */
export interface PaneTimer<A> {
  readonly timestamp: number;
  readonly pane: Pane<A>;
}

interface OwnPane<A> extends Pane<A> {
  window: Window;
  readonly timers: Record<PaneTimerDomain, Set<number>>;
  changed: boolean;
  /** Whether the changelog has an entry of it. */
  told: boolean;
}

interface QueuedTimer<A> {
  readonly timestamp: number;
  readonly pane: OwnPane<A>;
  /** The pane's window when it was set: timers do not outlive a change of the window. */
  readonly window: Window;
}

/** Holds panes; their accumulators and states are JSON values. */
export class PaneTable<A> implements Table {
  readonly #panes = new Map<number, OwnPane<A>>();
  /** By key, then by window. */
  readonly #index = new Map<string, Map<string, OwnPane<A>>>();
  /** All timers by time, and some that were deleted: those are passed over when they come up. */
  readonly #queues: Record<PaneTimerDomain, Heap<QueuedTimer<A>>> = {
    event: new Heap(compareTimers),
    processing: new Heap(compareTimers),
  };
  #changed: OwnPane<A>[] = [];
  #removed: number[] = [];
  #nextId = 0;

  get size(): number {
    return this.#panes.size;
  }

  get hasChanges(): boolean {
    return this.#changed.length > 0 || this.#removed.length > 0;
  }

  /** All panes, in no order. */
  panes(): Iterable<Pane<A>> {
    return this.#panes.values();
  }

  /** The panes of `key`, in no order. */
  ofKey(key: string): Iterable<Pane<A>> {
    return this.#index.get(key)?.values() ?? [];
  }

  /** The pane of `window` and `key`, or undefined. */
  get(window: Window, key: string): Pane<A> | undefined {
    return this.#index.get(key)?.get(nameOf(window));
  }

  /** Opens an empty pane. */
  insert({ start, end }: Window, key: string): Pane<A> {
    const pane: OwnPane<A> = {
      id: this.#nextId++,
      key,
      window: { start, end },
      held: 0,
      accumulator: undefined,
      states: new Map(),
      timers: { event: new Set(), processing: new Set() },
      changed: true,
      told: false,
    };
    this.#enter(pane);
    this.#changed.push(pane);
    return pane;
  }

  /** Notes that `pane` changed since the last commit. */
  touch(pane: Pane<A>): void {
    const own = pane as OwnPane<A>;
    if (own.changed) return;
    own.changed = true;
    this.#changed.push(own);
  }

  /** Gives `pane` another window; its timers and its trigger's state are gone with the old one. */
  move(pane: Pane<A>, { start, end }: Window): void {
    const own = pane as OwnPane<A>;
    this.#leave(own);
    own.window = { start, end };
    own.states = new Map();
    own.timers.event.clear();
    own.timers.processing.clear();
    this.#enter(own);
    this.touch(own);
  }

  /** Lets `pane` go. */
  remove(pane: Pane<A>): void {
    const own = pane as OwnPane<A>;
    this.#leave(own);
    if (own.told) this.#removed.push(own.id);
  }

  /** Sets a timer of `pane`; one that is there already stays as it is. */
  register(pane: Pane<A>, domain: PaneTimerDomain, timestamp: number): void {
    const own = pane as OwnPane<A>;
    if (own.timers[domain].has(timestamp)) return;
    own.timers[domain].add(timestamp);
    this.#queues[domain].push({ timestamp, pane: own, window: own.window });
    this.touch(own);
  }

  /** Takes a timer of `pane` back, if it is there. */
  unregister(pane: Pane<A>, domain: PaneTimerDomain, timestamp: number): void {
    const own = pane as OwnPane<A>;
    if (own.timers[domain].delete(timestamp)) this.touch(own);
  }

  /** Takes out the first timer at or before `time`, by time, key bytes and window end, or null. */
  takeDue(domain: PaneTimerDomain, time: number): PaneTimer<A> | null {
    const queue = this.#queues[domain];
    for (;;) {
      const first = queue.peek();
      if (first === undefined || first.timestamp > time) return null;
      queue.pop();
      const { pane, window, timestamp } = first;
      if (this.#panes.get(pane.id) !== pane || pane.window !== window) continue;
      if (!pane.timers[domain].delete(timestamp)) continue;
      this.touch(pane);
      return first;
    }
  }

  #enter(pane: OwnPane<A>): void {
    this.#panes.set(pane.id, pane);
    let windows = this.#index.get(pane.key);
    if (windows === undefined) {
      windows = new Map();
      this.#index.set(pane.key, windows);
    }
    windows.set(nameOf(pane.window), pane);
  }

  #leave(pane: OwnPane<A>): void {
    this.#panes.delete(pane.id);
    const windows = this.#index.get(pane.key)!;
    windows.delete(nameOf(pane.window));
    if (windows.size === 0) this.#index.delete(pane.key);
  }

  restore(entry: EntryKey, value: unknown): void {
    const id = Number(entry[0]);
    const before = this.#panes.get(id);
    if (before !== undefined) this.#leave(before);
    if (value === undefined) return;
    const [key, start, end, held, states, event, processing, ...contents] = value as SavedPane<A>;
    const pane: OwnPane<A> = {
      id,
      key,
      window: { start, end },
      held,
      accumulator: contents[0],
      states: new Map(states),
      timers: { event: new Set(event), processing: new Set(processing) },
      changed: false,
      told: true,
    };
    this.#nextId = Math.max(this.#nextId, id + 1);
    this.#enter(pane);
    for (const domain of ["event", "processing"] as const) {
      for (const timestamp of pane.timers[domain]) {
        this.#queues[domain].push({ timestamp, pane, window: pane.window });
      }
    }
  }

  takeChanges(tell: (key: EntryKey, value: unknown) => void): void {
    for (const id of this.#removed) tell([id], undefined);
    this.#removed = [];
    for (const pane of this.#changed) {
      pane.changed = false;
      if (this.#panes.get(pane.id) !== pane) continue;
      pane.told = true;
      tell([pane.id], saved(pane));
    }
    this.#changed = [];
  }
}

type SavedPane<A> = readonly [
  key: string,
  start: number,
  end: number,
  held: number,
  states: readonly (readonly [string, unknown])[],
  event: readonly number[],
  processing: readonly number[],
  ...accumulator: [] | [A],
];

function saved<A>(pane: Pane<A>): SavedPane<A> {
  const { key, window, held, states, timers, accumulator } = pane;
  const { start, end } = window;
  const { event, processing } = timers;
  const contents: [] | [A] = accumulator === undefined ? [] : [accumulator];
  return [key, start, end, held, [...states], [...event], [...processing], ...contents];
}

function nameOf({ start, end }: Window): string {
  return `${start} ${end}`;
}

function compareTimers<A>(a: QueuedTimer<A>, b: QueuedTimer<A>): number {
  return a.timestamp - b.timestamp || compareUtf8(a.pane.key, b.pane.key) ||
    a.window.end - b.window.end || a.window.start - b.window.start;
}

/** Gives a keyed function its state by descriptors. */

import { FlightsError } from "../../base/errors.ts";
import type { EntryName } from "../state/entry_table.ts";
import type { StateTables } from "../state/tables.ts";
import {
  AgingShelf,
  type Cell,
  cellOn,
  type Place,
  plainCell,
  plainShelf,
  type Shelf,
  type StateScope,
} from "./state_cells.ts";
import type {
  AggregatingState,
  AggregatingStateDescriptor,
  ListState,
  ListStateDescriptor,
  MapKey,
  MapState,
  MapStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  ResolvedTtl,
  StateDescriptor,
  ValueState,
  ValueStateDescriptor,
} from "./functions.ts";

/** The settings of {@linkcode KeyedStates}. */
export interface KeyedStatesConfig {
  /** That of the node: it stands before the names of the tables. */
  readonly id: string;
  readonly tables: StateTables;
  readonly scope: StateScope;
}

/** The states of one function, by name. */
export class KeyedStates {
  readonly #config: KeyedStatesConfig;
  readonly #known = new Map<string, { readonly shape: string; readonly storage: unknown }>();
  readonly #aging: AgingShelf<unknown>[] = [];
  #sealed = false;

  constructor(config: KeyedStatesConfig) {
    this.#config = config;
  }

  /** From now on there are no new states: what is saved of them could not be restored. */
  seal(): void {
    this.#sealed = true;
  }

  /** Removes what is over at `now`, by that time. */
  expire(time: ResolvedTtl["time"], now: number): void {
    for (const shelf of this.#aging) if (shelf.time === time) shelf.expire(now);
  }

  value<V>(descriptor: ValueStateDescriptor<V>): ValueState<V> {
    const cell = this.#cell<V>(descriptor, "value");
    return {
      value: () => cell.read(),
      update: (value) => cell.write(value),
      clear: () => cell.clear(),
    };
  }

  list<V>(descriptor: ListStateDescriptor<V>): ListState<V> {
    const shelf = this.#shelf<V>(descriptor, "list");
    const addAll = (values: Iterable<V>) => {
      for (const value of values) shelf.append(value);
    };
    return {
      add: (value) => shelf.append(value),
      addAll,
      get: () => shelf.entries().map(([, value]) => value),
      update: (values) => {
        // What it is given may be made of what it holds.
        const all = [...values];
        shelf.clear();
        addAll(all);
      },
      clear: () => shelf.clear(),
    };
  }

  map<N extends MapKey, V>(descriptor: MapStateDescriptor<N, V>): MapState<N, V> {
    const shelf = this.#shelf<V>(descriptor, "map");
    const entries = () => shelf.entries() as readonly (readonly [N, V])[];
    return {
      get: (name) => shelf.get(name),
      put: (name, value) => shelf.set(checked(descriptor, name), value),
      has: (name) => shelf.get(name) !== undefined,
      remove: (name) => shelf.remove(name),
      entries,
      keys: () => entries().map(([name]) => name),
      values: () => entries().map(([, value]) => value),
      isEmpty: () => shelf.isEmpty(),
      clear: () => shelf.clear(),
    };
  }

  reducing<V>(descriptor: ReducingStateDescriptor<V>): ReducingState<V> {
    const cell = this.#cell<V>(descriptor, "reducing");
    return {
      add: (value) => {
        const before = cell.read();
        cell.write(before === undefined ? value : descriptor.reduce(before, value));
      },
      get: () => cell.read(),
      clear: () => cell.clear(),
    };
  }

  aggregating<T, A, R>(
    descriptor: AggregatingStateDescriptor<T, A, R>,
  ): AggregatingState<T, R> {
    const cell = this.#cell<A>(descriptor, "aggregating");
    const { aggregate } = descriptor;
    return {
      add: (value) => {
        const before = cell.read();
        const accumulator = before === undefined ? aggregate.createAccumulator() : before;
        cell.write(aggregate.add(value, accumulator));
      },
      get: () => {
        const accumulator = cell.read();
        return accumulator === undefined ? undefined : aggregate.getResult(accumulator);
      },
      clear: () => cell.clear(),
    };
  }

  #cell<V>(descriptor: StateDescriptor, kind: string): Cell<V> {
    return this.#storage(
      descriptor,
      kind,
      (place, ttl) => ttl === null ? plainCell<V>(place) : cellOn(this.#agingShelf<V>(place, ttl)),
    );
  }

  #shelf<V>(descriptor: StateDescriptor, kind: string): Shelf<V> {
    return this.#storage(
      descriptor,
      kind,
      (place, ttl) => ttl === null ? plainShelf<V>(place) : this.#agingShelf<V>(place, ttl),
    );
  }

  #agingShelf<V>(place: Place, ttl: ResolvedTtl): Shelf<V> {
    const shelf = new AgingShelf<V>(place, ttl);
    this.#aging.push(shelf as AgingShelf<unknown>);
    return shelf;
  }

  /** The storage of a state, which is made when its name is asked for first. */
  #storage<S>(
    descriptor: StateDescriptor,
    kind: string,
    make: (place: Place, ttl: ResolvedTtl | null) => S,
  ): S {
    const { name: state, ttl } = descriptor;
    const shape = ttl === null ? kind : `${kind}, time-to-live by ${ttl.time} time`;
    const known = this.#known.get(state);
    if (known !== undefined) {
      if (known.shape === shape) return known.storage as S;
      throw refused(state, `a name must be one state, it is (${known.shape}) and (${shape})`);
    }
    if (this.#sealed) {
      throw refused(state, "it must be taken hold of when its task starts, the task has begun");
    }
    const { id, tables, scope } = this.#config;
    const storage = make({ tables, name: `${id}/state/${state}`, shape, scope }, ttl);
    this.#known.set(state, { shape, storage });
    return storage;
  }
}

function checked(descriptor: StateDescriptor, name: EntryName): EntryName {
  if (typeof name === "string" || Number.isFinite(name)) return name;
  throw new FlightsError(
    "invalid-argument",
    `Cannot put into the state "${descriptor.name}": a key of it must be a text or a finite number, ` +
      `it is ${name}`,
  );
}

function refused(state: string, why: string): FlightsError {
  return new FlightsError("invalid-argument", `Cannot get the state "${state}": ${why}`);
}

/** Joins a keyed stream with the rows of a table, as of each element's time. */

import { BufferTable } from "../state/buffer_table.ts";
import type { RowChange } from "../table.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";

/** The settings of a lookup join. */
export interface LookupJoinConfig<T, V, O> {
  readonly id: string;
  /** Whether an element without a row is left out. */
  readonly isInner: boolean;
  readonly join: (value: T, row: V | undefined) => O;
}

/** What a key's row became: nothing where it was deleted. */
type Version<V> = readonly [row: V] | readonly [];

/** Builds the operator of a {@linkcode LookupJoinConfig}: elements first, changes of rows second. */
export function lookupJoin<T, V, O>(config: LookupJoinConfig<T, V, O>) {
  return (context: OperatorContext, downstream: Downstream): Operator =>
    new LookupJoin(config, context, downstream);
}

class LookupJoin<T, V, O> implements Operator {
  /** Of each key its row as of the watermark, and what it became since. */
  readonly #versions: BufferTable<Version<V>>;

  constructor(
    readonly config: LookupJoinConfig<T, V, O>,
    readonly context: OperatorContext,
    readonly downstream: Downstream,
  ) {
    const options = { name: `${config.id}/rows`, shape: "versions of rows" };
    this.#versions = context.state.add(new BufferTable<Version<V>>(), options);
  }

  readonly process = (value: unknown, timestamp: number, key: string): void => {
    const { isInner, join } = this.config;
    // What the row was before the watermark is not kept.
    const asOf = Math.max(timestamp, this.context.watermark);
    const [row] = this.#versions.lastUpTo(key, asOf)?.value ?? [];
    if (row === undefined && isInner) return;
    this.downstream.emit(join(value as T, row), timestamp, key);
  };

  readonly processSecond = (change: unknown, timestamp: number, key: string): void => {
    this.context.used();
    const { row } = change as RowChange<V>;
    // The newest record is the row, whatever its time: compaction keeps no other.
    const newest = this.#versions.lastUpTo(key, Infinity)?.timestamp ?? timestamp;
    const value: Version<V> = row === undefined ? [] : [row];
    this.#versions.add(key, { timestamp: Math.max(timestamp, newest), value });
  };

  /** Lets go what rows were before the watermark, and those that were deleted. */
  advance(watermark: number): void {
    this.#versions.removeUpTo(watermark, isRow);
  }
}

function isRow(version: Version<unknown>): boolean {
  return version.length > 0;
}

/** What panes hold of their elements: one accumulator, or the elements. */

import { ElementTable } from "../state/element_table.ts";
import type { Pane } from "../state/pane_table.ts";
import type { StateTables } from "../state/tables.ts";
import type { WindowFold } from "./window_aggregate.ts";

/** The contents of panes. */
export interface WindowContents<T, A, R> {
  add(pane: Pane<A>, value: T): void;
  has(pane: Pane<A>): boolean;
  /** What a pane that has any gives out. */
  get(pane: Pane<A>): R;
  clear(pane: Pane<A>): void;
  /** Puts the contents of the later pane to those of `into`. */
  merge(into: Pane<A>, later: Pane<A>): void;
}

/** Makes the contents of one task's panes. */
export type WindowContentsBuilder<T, A, R> = (
  state: StateTables,
  id: string,
) => WindowContents<T, A, R>;

/** Panes hold one accumulator each. */
export function foldedContents<T, A, R>(
  fold: WindowFold<T, A, R>,
): WindowContentsBuilder<T, A, R> {
  return () => ({
    add: (pane, value) => {
      const { accumulator } = pane;
      pane.accumulator = accumulator === undefined
        ? fold.first(value)
        : fold.add(accumulator, value);
    },
    has: (pane) => pane.accumulator !== undefined,
    get: (pane) => fold.result(pane.accumulator!),
    clear: (pane) => pane.accumulator = undefined,
    merge: (into, { accumulator }) => {
      if (accumulator === undefined) return;
      into.accumulator = into.accumulator === undefined
        ? accumulator
        : fold.merge(into.accumulator, accumulator);
    },
  });
}

/** Panes hold their elements, in the order in which they come. */
export function listedContents<T>(): WindowContentsBuilder<T, never, readonly T[]> {
  return (state, id) => {
    const table = new ElementTable<T>();
    state.add(table, { name: `${id}/elements`, shape: "elements" });
    return {
      add: (pane, value) => table.add(pane.id, value),
      has: (pane) => table.has(pane.id),
      get: (pane) => table.get(pane.id),
      clear: (pane) => table.clear(pane.id),
      merge: (into, later) => table.move(later.id, into.id),
    };
  };
}

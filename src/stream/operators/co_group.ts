/** Windows over the elements of two streams: each is marked by the stream that it came from. */

import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type { ProcessWindowFunction } from "./window_function.ts";

/** An element of one of two streams, as the windows of both hold it. */
export type TaggedUnion<L, R> = { readonly left: L } | { readonly right: R };

/** Marks the elements of the first input as left ones, those of the second as right ones. */
export function tagged() {
  return (_: OperatorContext, { emit }: Downstream): Operator => ({
    process: (left, timestamp, key) => emit({ left }, timestamp, key),
    processSecond: (right, timestamp, key) => emit({ right }, timestamp, key),
  });
}

/** Gives a window's elements to `group`, those of each stream in the order in which they came. */
export function coGroup<L, R, O>(
  group: (left: readonly L[], right: readonly R[]) => Iterable<O>,
): ProcessWindowFunction<TaggedUnion<L, R>, unknown, O> {
  return () => ({
    process: (_, __, elements, out) => {
      const left: L[] = [];
      const right: R[] = [];
      for (const element of elements) {
        if ("left" in element) left.push(element.left);
        else right.push(element.right);
      }
      for (const result of group(left, right)) out.collect(result);
    },
  });
}

/** The same for each pair of them: the first left one with all right ones, then the second, ... */
export function pairUp<L, R, O>(join: (left: L, right: R) => O) {
  return coGroup(function* (lefts: readonly L[], rights: readonly R[]): Generator<O> {
    for (const left of lefts) {
      for (const right of rights) yield join(left, right);
    }
  });
}

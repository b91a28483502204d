/**
 * Which field of one model comes from which of another, found out by asking the function that maps
 * them: each field of a made-up value holds what no other does, and is looked for in the result.
 */

import { FlightsError } from "../base/errors.ts";
import type { Model } from "../flights/model_parser.ts";
import { columnsOf } from "./tables.ts";

/** Where a field comes from: another field, or always the same text. */
export type Origin = { readonly field: string } | { readonly constant: string };

/**
 * The origins of the fields that `map` gives out.
 *
 * @throws {FlightsError} `internal` for a field that is neither a copy nor a constant: SQL for it must
 * be written by hand.
 */
export function originsOf<T, R extends object>(
  model: Model<T>,
  map: (value: T) => R,
): ReadonlyMap<string, Origin> {
  const fields = columnsOf(model);
  // Times in the form of the topics, so that a function that normalises times leaves them as they are.
  const valueAt = (at: number, round: number) =>
    fields[at]![1] === "STRING" ? `2${round}00-01-01T00:00:00.${String(at).padStart(3, "0")}` : at;
  const probe = (round: number) =>
    map(Object.fromEntries(fields.map(([name], at) => [name, valueAt(at, round)])) as T);
  const [first, second] = [probe(0), probe(1)] as unknown as Record<string, unknown>[];
  return new Map(
    Object.entries(first!).map(([name, value]): [string, Origin] => {
      const at = fields.findIndex((_, index) =>
        valueAt(index, 0) === value && valueAt(index, 1) === second![name]
      );
      if (at >= 0) return [name, { field: fields[at]![0] }];
      if (typeof value === "string" && value === second![name]) return [name, { constant: value }];
      throw new FlightsError(
        "internal",
        `Cannot write ${name} in SQL: it must be a copy of a field or a constant, it is computed`,
      );
    }),
  );
}

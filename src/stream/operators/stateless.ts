/** Operators that remember nothing. */

import { FlightsError } from "../../base/errors.ts";
import { partitionForText } from "../../base/murmur2.ts";
import { type Key, keyText, placementText } from "../key.ts";
import type { OperatorContext } from "../task/task_context.ts";
import type { Downstream, Operator } from "../topology.ts";

/** Gives out one element for each. */
export function map<T, O>(transform: (value: T) => O) {
  return (_: OperatorContext, { emit }: Downstream): Operator => ({
    process: (value, timestamp, key) => emit(transform(value as T), timestamp, key),
  });
}

/** Gives out any number of elements for each. */
export function flatMap<T, O>(transform: (value: T) => Iterable<O>) {
  return (_: OperatorContext, { emit }: Downstream): Operator => ({
    process: (value, timestamp, key) => {
      for (const one of transform(value as T)) emit(one, timestamp, key);
    },
  });
}

/** Lets through the elements that `keep` says yes to. */
export function filter<T>(keep: (value: T) => boolean) {
  return (_: OperatorContext, { emit }: Downstream): Operator => ({
    process: (value, timestamp, key) => {
      if (keep(value as T)) emit(value, timestamp, key);
    },
  });
}

/** Lets all elements through: what a union is, its inputs being wired to it. */
export function passThrough() {
  return (_: OperatorContext, { emit }: Downstream): Operator => ({ process: emit });
}

/** How many keys a task remembers to have seen in place; then it begins to look anew. */
const rememberedKeys = 100_000;

/**
 * Gives each element its key. A keyed operator needs all records of a key in one task, so each key's
 * place is checked at its first sight (semantics 23).
 */
export function keyBy<T, K extends Key>(keySelector: (value: T) => K) {
  return (context: OperatorContext, { emit }: Downstream): Operator => {
    const seen = new Set<string>();
    const check = (key: string, placement: string) => {
      const home = partitionForText(placement, context.partitions);
      if (home !== context.partition) {
        throw new FlightsError(
          "misplaced-key",
          `Cannot key ${context.describeRecord()} by "${placement}": a keyed operator needs all records of a key on ` +
            `one partition, this key belongs on ${home}; reset the job and send its input through a ` +
            "repartition topic (flights stats --repartition; in a job of your own a source without " +
            "partitionedBy), or write the topic with Kafka's own partitioner over that field's text",
        );
      }
      if (seen.size >= rememberedKeys) seen.clear();
      seen.add(key);
    };
    return {
      process: (value, timestamp) => {
        const selected = keySelector(value as T);
        const key = keyText(selected);
        if (!seen.has(key)) check(key, placementText(selected));
        emit(value, timestamp, key);
      },
    };
  };
}

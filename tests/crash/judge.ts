/** Compares what is on a topic with what must be there, record by record. */

import type { RecordText } from "./oracle.ts";

/** What a judge found. */
export interface Verdict {
  /** Records that must be there and are not, or not often enough. */
  readonly lost: readonly RecordText[];
  /** Records that are there and must not be, or too often. */
  readonly doubled: readonly RecordText[];
}

/** Judges two multisets of records. */
export function judge(expected: readonly RecordText[], found: readonly RecordText[]): Verdict {
  const count = new Map<RecordText, number>();
  for (const record of expected) count.set(record, (count.get(record) ?? 0) + 1);
  for (const record of found) count.set(record, (count.get(record) ?? 0) - 1);
  const repeat = ([record, times]: [RecordText, number]) =>
    Array<RecordText>(Math.abs(times)).fill(record);
  const entries = [...count];
  return {
    lost: entries.filter(([, times]) => times > 0).flatMap(repeat),
    doubled: entries.filter(([, times]) => times < 0).flatMap(repeat),
  };
}

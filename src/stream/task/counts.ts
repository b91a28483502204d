/** Where each record that came in has ended (semantics 21). */

/** What can become of a record. */
export type Outcome = keyof OutcomeCounts;

/** How many records have ended where. */
export interface OutcomeCounts {
  /** It had an effect: on an output or on state. */
  used: number;
  /** No operator let it through. */
  filtered: number;
  /** It went into windows that were open; `held` tells how many of them still wait there. */
  windowed: number;
  /** Every window it belongs to had closed. */
  late: number;
  /** It went to the dead-letter topic. */
  deadLetter: number;
  /** It was malformed and passed over, as asked for. */
  skipped: number;
}

/** Outcomes of the records of one partition. */
export function noOutcomes(): OutcomeCounts {
  return { used: 0, filtered: 0, windowed: 0, late: 0, deadLetter: 0, skipped: 0 };
}

/** The sum of all outcomes: how many records came in. */
export function totalOf(counts: OutcomeCounts): number {
  return counts.used + counts.filtered + counts.windowed + counts.late + counts.deadLetter +
    counts.skipped;
}

/** Adds outcomes up. */
export function sumOutcomes(all: Iterable<OutcomeCounts>): OutcomeCounts {
  const sum = noOutcomes();
  for (const counts of all) {
    for (const outcome of Object.keys(sum) as Outcome[]) sum[outcome] += counts[outcome];
  }
  return sum;
}

/** What has been added to outcomes since they were as `before`. */
export function outcomesSince(now: OutcomeCounts, before: OutcomeCounts): OutcomeCounts {
  const since = noOutcomes();
  for (const outcome of Object.keys(since) as Outcome[]) {
    since[outcome] = now[outcome] - before[outcome];
  }
  return since;
}

/** What can be said of why there is no output, or not the one that is expected. */

/** Every cause, the heaviest first: in that order they are told. */
export const causes = [
  // Nothing comes until somebody acts.
  "unknown-job",
  "offset-lost",
  "topic-recreated",
  "topic-missing",
  "no-member",
  "not-answering",
  "waiting",
  "rejoining",
  "restoring",
  "standing-by",
  "partitions-unheld",
  "transaction-open",
  "stalled",
  "all-dead-letters",
  "all-late",
  "all-filtered",
  // It comes by itself, or when more comes in.
  "behind",
  "at-end",
  "no-input",
  "input-silent",
  "held-upstream",
  "held-back",
  "window-open",
  "window-empty",
  "key-unknown",
  // Worth knowing.
  "window-fired",
  "key-state",
  "unreported-writers",
  "dead-letters",
  "late-records",
  "has-output",
] as const;

/** What stands in the way. */
export type Cause = (typeof causes)[number];

/**
 * How it stands in the way: `blocking` until somebody acts, `waiting` until time or records come, `note`
 * not at all.
 */
export type Severity = "blocking" | "waiting" | "note";

/** The figures of a finding by name, for who does not read sentences. Times are milliseconds. */
export type Figures = Readonly<Record<string, string | number | null>>;

/** One answer. */
export interface Finding {
  readonly cause: Cause;
  readonly severity: Severity;
  /** The job it is about. */
  readonly job: string;
  /** A sentence for people. */
  readonly text: string;
  readonly figures: Figures;
}

const firstWaiting = causes.indexOf("behind");
const firstNote = causes.indexOf("window-fired");

/** How a cause stands in the way. */
export function severityOf(cause: Cause): Severity {
  const index = causes.indexOf(cause);
  return index < firstWaiting ? "blocking" : index < firstNote ? "waiting" : "note";
}

/** Makes a finding. */
export function finding(
  cause: Cause,
  { job, text, figures = {} }: Pick<Finding, "job" | "text"> & { readonly figures?: Figures },
): Finding {
  return { cause, severity: severityOf(cause), job, text, figures };
}

/** The heaviest first; of one weight in the order in which they were found. */
export function byWeight(a: Finding, b: Finding): number {
  return causes.indexOf(a.cause) - causes.indexOf(b.cause);
}

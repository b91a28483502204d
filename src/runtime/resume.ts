/** Where a task goes on (semantics 17, 18): a decision over what has been read, and nothing else. */

import type { SavedProgress } from "./saved_progress.ts";

/** Where a job's first start begins: an end of the log, or a time in milliseconds. */
export type StartFrom = "earliest" | "latest" | number;

/** What happens when the log no longer holds what the job was to read next (semantics 17). */
export type OnDataLoss = "fail" | "earliest" | "latest";

/** What is known of an input partition when its task starts. */
export interface ResumeFacts {
  readonly saved: SavedProgress | null;
  /** Whether the job has committed anything else: other offsets, or state. */
  readonly startedBefore: boolean;
  readonly topicId: string;
  readonly partitions: number;
  readonly startOffset: number;
  readonly endOffset: number;
  /** Where `from` lies in this partition. */
  readonly firstOffset: number;
  readonly onDataLoss: OnDataLoss;
}

/** Where an input partition goes on, as an offset, and why there (semantics 17, 18). */
export type ResumePoint =
  /** The first start of the job. */
  | { readonly kind: "first"; readonly offset: number }
  /** Where the last commit left it. */
  | { readonly kind: "committed"; readonly offset: number }
  /** The offset that was committed is gone from the log; state is kept. */
  | { readonly kind: "truncated"; readonly offset: number; readonly committed: number }
  /** The topic is another one; state is thrown away. */
  | { readonly kind: "recreated"; readonly offset: number }
  /** Somebody has to decide. */
  | { readonly kind: "data-loss"; readonly found: string }
  | { readonly kind: "partitions-changed"; readonly found: string };

/** The kinds of those that go on from what was saved. */
type GoesOn = { readonly kind: "committed" | "truncated" };

/** A {@linkcode ResumePoint} with what was saved, where that is gone on from. */
export type Resume =
  | Exclude<ResumePoint, GoesOn>
  | (Extract<ResumePoint, GoesOn> & { readonly saved: SavedProgress });

/** Decides where an input partition goes on. */
export function decideResume(facts: ResumeFacts): Resume {
  const { saved, topicId, startOffset, endOffset, onDataLoss } = facts;
  const decided = onDataLoss === "latest" ? endOffset : startOffset;
  if (saved === null) {
    // Its first commit gave every input an offset; a log forgets it with the topic.
    if (!facts.startedBefore) return { kind: "first", offset: facts.firstOffset };
    return recreated(decided, onDataLoss);
  }
  if (saved.partitions !== facts.partitions) {
    return {
      kind: "partitions-changed",
      found:
        `it had ${saved.partitions} partitions when the job committed last, it has ${facts.partitions}`,
    };
  }
  if (saved.topicId !== topicId) return recreated(decided, onDataLoss);
  if (saved.offset >= startOffset && saved.offset <= endOffset) {
    return { kind: "committed", offset: saved.offset, saved };
  }
  if (onDataLoss !== "fail") {
    return { kind: "truncated", offset: decided, committed: saved.offset, saved };
  }
  const found = saved.offset < startOffset
    ? `the log starts at ${startOffset}`
    : `the log ends at ${endOffset}`;
  return { kind: "data-loss", found };
}

function recreated(offset: number, onDataLoss: OnDataLoss): Resume {
  if (onDataLoss !== "fail") return { kind: "recreated", offset };
  return { kind: "data-loss", found: "the topic was deleted and created anew since then" };
}

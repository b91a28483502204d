/** One value for all that is known of a log and its jobs at one moment: what every view renders. */

import type { AnnouncedProcess, GroupMember, OpenTransaction } from "../log/log.ts";
import type { JobStatus } from "../runtime/job_status.ts";

/** A log and its jobs. Times are milliseconds since the Unix epoch, on the clock of who looked. */
export interface LogOverview {
  /** Of the shape of this value. */
  readonly version: 1;
  /** When it was looked at. */
  readonly at: number;
  /** The log, for people. */
  readonly log: string;
  /** By application id. */
  readonly jobs: readonly JobOverview[];
  /** By name. */
  readonly topics: readonly TopicOverview[];
}

/** A job. */
export interface JobOverview {
  /** What its processes tell together, or what was committed last where none answers. */
  readonly status: JobStatus;
  /** Who told the status: `log` when no process of the job answered. */
  readonly toldBy: "process" | "log";
  /** The live members that the group knows. */
  readonly members: readonly GroupMember[];
  /** The processes that say they answer questions, and why one did not; null where it did. */
  readonly processes: readonly (AnnouncedProcess & { readonly failure: string | null })[];
  /** What the group has committed, beside what the log still holds. */
  readonly committed: readonly CommittedInput[];
  /** The transactions that hold back its inputs. */
  readonly transactions: readonly OpenTransaction[];
}

/** What a group has committed of one partition. */
export interface CommittedInput {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read. */
  readonly offset: number;
  /** The identity of the topic that the offset counts in; null where another program committed it. */
  readonly topicId: string | null;
}

/** A topic. */
export interface TopicOverview {
  readonly name: string;
  /** Its identity. */
  readonly id: string;
  /** One entry a partition, at its number's index. */
  readonly partitions: readonly { readonly startOffset: number; readonly endOffset: number }[];
}

/** Whether a group is no job of ours: nobody answers for it, and what it committed is another program's. */
export function isOfAnotherProgram({ toldBy, committed }: JobOverview): boolean {
  return toldBy === "log" && committed.length > 0 &&
    committed.every(({ topicId }) => topicId === null);
}

/** The offsets that a topic still holds, over all partitions; control records count. */
export function sizeOf({ partitions }: TopicOverview): number {
  return partitions.reduce((sum, { startOffset, endOffset }) => sum + endOffset - startOffset, 0);
}

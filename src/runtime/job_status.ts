/** The one value that everything which shows a job renders. Immutable; built at each commit. */

import type { OutcomeCounts } from "../stream/counts.ts";

/** What a job is doing; `at-end`: all it holds is committed up to its stops, and it waits for others. */
export type JobState =
  | "waiting"
  | "standing-by"
  | "restoring"
  | "running"
  | "at-end"
  | "stopped";

/** A member of a job as it is now. Times are milliseconds since the Unix epoch, on the job's clock. */
export interface JobStatus {
  /** Of the shape of this value. */
  readonly version: 1;
  /** The job. */
  readonly applicationId: string;
  /** The id of this member in the job's group; null while it is none. */
  readonly member: string | null;
  /** What it is doing. */
  readonly state: JobState;
  /** What it waits for; null when it does not. */
  readonly waitingFor: string | null;
  /** When this was so. */
  readonly at: number;
  /** When the run began. */
  readonly startedAt: number;
  /** The tasks that it holds. */
  readonly tasks: readonly TaskStatus[];
  /** Records written to each topic since the tasks were taken up. */
  readonly outputs: Readonly<Record<string, number>>;
  /** What its commits did. */
  readonly commits: CommitStatus;
}

/** One task. */
export interface TaskStatus {
  /** The name of its stage: of its inputs, without the application id. */
  readonly stage: string;
  /** Its partition number: of each input it reads that partition. */
  readonly partition: number;
  /** How far event time has come, in milliseconds since the Unix epoch; null before the first record. */
  readonly watermark: number | null;
  /** Records that wait in open windows. */
  readonly held: number;
  /** Entries of its state tables. */
  readonly stateEntries: number;
  /** What became of its records (semantics 21). */
  readonly outcomes: Readonly<OutcomeCounts>;
  /** In the order of the topology's sources. */
  readonly inputs: readonly InputStatus[];
}

/** One input partition. */
export interface InputStatus {
  /** The topic; its partition is the task's. */
  readonly topic: string;
  /** The next offset to process. */
  readonly position: number;
  /** The high watermark as last seen; null before the first fetch. */
  readonly endOffset: number | null;
  /** How far event time has come in it, in milliseconds since the Unix epoch; null before that. */
  readonly watermark: number | null;
  /** Whether it holds nothing back (semantics 8). */
  readonly idle: boolean;
  /** Whether its watermark is what its writers report, not what its records show (semantics 24). */
  readonly carried: boolean;
  /** The jobs that report it; none where it is not carried. */
  readonly writers: readonly WriterStatus[];
  /** The upstream task that the watermark waits for; null where none does. */
  readonly heldBy: UpstreamStatus | null;
  /** Records of writers that report nothing though others do: they can be late. */
  readonly unreported: number;
}

/** A job that writes an input. */
export interface WriterStatus {
  /** Its application id. */
  readonly job: string;
  /** How many tasks it says it has. */
  readonly tasks: number;
}

/** A task of a job that writes an input. */
export interface UpstreamStatus {
  /** Its application id. */
  readonly job: string;
  /** The task's number. */
  readonly task: number;
  /** As it was reported; null for none yet. */
  readonly watermark: number | null;
}

/** What the commits did. */
export interface CommitStatus {
  /** How many there were since the tasks were taken up. */
  readonly count: number;
  /** The job's clock at the last one; null before it. */
  readonly lastAt: number | null;
  /** How long the last one took, in milliseconds. */
  readonly lastDurationMs: number | null;
}

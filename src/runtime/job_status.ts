/** The one value that everything which shows a job renders. Immutable; built at each commit. */

import type { OutcomeCounts } from "../stream/task/counts.ts";

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
  /** The topics that its records come from, in the order of its topology; no repartition topics. */
  readonly reads: readonly string[];
  /**
   * The topics that its results go to, in the order of its topology; no repartition topics, late or dead
   * letters.
   */
  readonly writes: readonly string[];
  /** Records written to each topic since the tasks were taken up. */
  readonly outputs: Readonly<Record<string, number>>;
  /** What its commits did. */
  readonly commits: CommitStatus;
  /** The build that runs it, as it names itself; null where it does not. */
  readonly build: string | null;
  /** The member itself; of a status that several members share, each of them. */
  readonly members: readonly MemberStatus[];
}

/** What belongs to one member. */
export interface MemberStatus {
  /** Its id in the job's group; null while it is none. */
  readonly member: string | null;
  /** What it is doing. */
  readonly state: JobState;
  /** What it waits for; null when it does not. */
  readonly waitingFor: string | null;
  /** When this was so. */
  readonly at: number;
  /** The partition numbers whose tasks it holds. */
  readonly partitions: readonly number[];
  /** How often it was given other tasks since the run began. */
  readonly rebalances: number;
  /** How often it was replaced, or lost the log, since the run began, and joined again. */
  readonly fences: number;
  /** Why it did so last; null when it did not. */
  readonly lastFence: FenceStatus | null;
  /** How far it has rebuilt state; null unless its state is `restoring`. */
  readonly restore: RestoreStatus | null;
  /** What its commits did. */
  readonly commits: CommitStatus;
}

/** Why a member joined again. */
export interface FenceStatus {
  /** When. */
  readonly at: number;
  /** What it was told. */
  readonly reason: string;
}

/** How far state is rebuilt. */
export interface RestoreStatus {
  /** How many changelog offsets were read. */
  readonly done: number;
  /** How many there are to read; tasks that have not begun count as the mean of the others. */
  readonly total: number;
  /** How long the rest will take at this rate, in milliseconds; null before anything was read. */
  readonly leftMs: number | null;
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
  /** Entries of its state tables; null where nobody runs it. */
  readonly stateEntries: number | null;
  /**
   * About how many bytes of changelog these come to, by the mean of those that were saved; null where
   * nobody runs it.
   */
  readonly stateBytes: number | null;
  /** How many changelog offsets its state is rebuilt from, those of nothing too; null without state. */
  readonly changelogOffsets: number | null;
  /**
   * How a bounded run ended here: its open windows were fired, or kept (semantics 11). Null where none
   * did, and of the last stage, for whose end no other one waits.
   */
  readonly ended: "drain" | "hold" | null;
  /** The input whose partition holds back the watermark; null when all are idle. */
  readonly holder: string | null;
  /** The windows that are open, as they were at most a second before for each 100,000 entries of state. */
  readonly windows: WindowsStatus;
  /** What became of its records (semantics 21). */
  readonly outcomes: Readonly<OutcomeCounts>;
  /** In the order of the topology's sources. */
  readonly inputs: readonly InputStatus[];
}

/** The open windows of a task. */
export interface WindowsStatus {
  /** How many there are, over all operators. */
  readonly count: number;
  /** The first to end of each operator, at most eight. */
  readonly earliest: readonly WindowStatus[];
}

/** A window that is open. Its times are null where it has no end. */
export interface WindowStatus {
  /** The id of the operator's node. */
  readonly operator: string;
  /** Its first time. */
  readonly start: number | null;
  /** The first time behind it. */
  readonly end: number | null;
  /** How many keys it holds. */
  readonly keys: number;
  /** What closes it: the watermark or the clock that comes to `end - 1`, or only its trigger. */
  readonly endsBy: "event-time" | "processing-time" | "never";
  /**
   * When silence closes it (semantics 9), on the job's clock, if nothing comes any more; null where
   * that is turned off, or an input has more to read, or its writers judge what is idle and one is not.
   */
  readonly silenceAt: number | null;
}

/** One input partition. */
export interface InputStatus {
  /** The topic; its partition is the task's. */
  readonly topic: string;
  /** The next offset to process. */
  readonly position: number;
  /** The high watermark as last seen; null before the first fetch. */
  readonly endOffset: number | null;
  /** How many offsets are left to process; null before the first fetch. */
  readonly lag: number | null;
  /** How far event time has come in it, in milliseconds since the Unix epoch; null before that. */
  readonly watermark: number | null;
  /** Whether it holds nothing back (semantics 8). */
  readonly idle: boolean;
  /** Since when it is idle; null while it is not, and of a table, which never holds back. */
  readonly idleSince: number | null;
  /** When it will be idle if nothing comes any more; null while it is, or where the clock does not judge it. */
  readonly idleAt: number | null;
  /** When its last record came, or the task began; null where nobody runs it. */
  readonly lastRecordAt: number | null;
  /** When its position was seen to move last, or the task began; null where nobody runs it. */
  readonly lastMovedAt: number | null;
  /**
   * How long a silence makes it idle, in milliseconds; where watermarks are carried it does not count.
   * Null where nobody runs it.
   */
  readonly idleTimeoutMs: number | null;
  /** How far behind a newer record of its partition one may come, in milliseconds; null as above. */
  readonly outOfOrdernessMs: number | null;
  /** Whether a silence of all inputs closes windows (semantics 9); null as above. */
  readonly closesOnSilence: boolean | null;
  /** What became of its records since the job began (semantics 21). */
  readonly outcomes: Readonly<OutcomeCounts>;
  /** The same of those only that were taken since this member took up the task. */
  readonly outcomesHere: Readonly<OutcomeCounts>;
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
  /** What became of the last one; `failed` where the member was fenced or lost the log by it. */
  readonly lastOutcome: "committed" | "failed" | null;
}

/** How a job is run. */

import type { Clock } from "../base/clock.ts";
import type { OnError } from "../stream/task/task.ts";
import type { Topology } from "../stream/topology.ts";
import type { JobStatus } from "./job_status.ts";
import type { OnDataLoss, ResumePoint, StartFrom } from "./resume.ts";
import type { Tracer } from "./tracer.ts";
import type { TopicWarning } from "./topic_warnings.ts";

/** A topology under the name by which the log knows it. */
export interface Job {
  /** The consumer group, and the prefix of what the job keeps for itself. */
  readonly applicationId: string;
  /** What it computes. */
  readonly topology: Topology;
}

/** Where a bounded run stops: of each input topic an offset a partition. */
export type Stops = ReadonlyMap<string, readonly number[]>;

/** How a bounded run ends (semantics 11). */
export interface UntilEnd {
  /** Whether open windows are fired at the end. */
  readonly drain: boolean;
  /** How long to wait for a topic or another member, in milliseconds. */
  readonly wait: number;
  /**
   * For members that end together (`findStops`): where all of them stop. Each stays, at its end
   * or standing by, until its signal. Default: the end offsets of the start, and it leaves there.
   */
  readonly stops?: Stops;
}

/** Settings of a run. */
export interface JobOptions {
  /** Judges idleness, silence and future timestamps; default: the machine's. */
  readonly clock?: Clock;
  /** Paces commits and waits; default: the machine's. */
  readonly pace?: Clock;
  /** Milliseconds between commits; default 100. */
  readonly commitInterval?: number;
  /** Where the first start begins (semantics 18); default `earliest`. */
  readonly from?: StartFrom;
  /** Stops at the end offsets of the start; default: run until stopped. */
  readonly untilEnd?: UntilEnd;
  /** Default `dead-letter` (semantics 19). */
  readonly onError?: OnError;
  /** Milliseconds a record may be ahead of the clock (semantics 10); null: any far; default 1 day. */
  readonly maxFuture?: number | null;
  /** Default `fail` (semantics 17). */
  readonly onDataLoss?: OnDataLoss;
  /**
   * `auto`, the default: the watermarks that the writers of the inputs report are followed, where they
   * do (semantics 24). `record`: only the records' own times count.
   */
  readonly watermarks?: "auto" | "record";
  /**
   * A task reports its own watermark at most this often, in milliseconds, to the readers of what it
   * writes; a change of idle at once. Default 1,000.
   */
  readonly reportInterval?: number;
  /** For people: who runs it; default the application id. */
  readonly description?: string;
  /** For people: the build of the program, told in its status; default none. */
  readonly build?: string;
  /** Where this process answers questions about the job, told to the log; default nowhere. */
  readonly address?: string;
  /** Stops the run after a last commit. */
  readonly signal?: AbortSignal;
  /** Takes down how long commits and restores take; default: nobody. */
  readonly tracer?: Tracer;
  /** Is told what the job does; default: nobody. */
  readonly observer?: JobObserver;
}

/** Where one input partition goes on, as it was decided at a start. */
export interface ResumedInput {
  /** The topic that is read. */
  readonly topic: string;
  /** Its partition. */
  readonly partition: number;
  /** Where it goes on, and why there. */
  readonly resume: ResumePoint;
  /** Whether it begins at its first record whatever `from` says: a repartition topic or a table. */
  readonly isReadWhole?: boolean;
}

/** Is told what a job does. All functions are optional and must not throw. */
export interface JobObserver {
  /** It cannot go on yet; told once for each reason. */
  waiting?(reason: string): void;
  /** A setting of its topics may bring trouble; told at the start, once each. */
  warned?(warning: TopicWarning): void;
  /** Tasks have been taken up (semantics 18). */
  resumed?(inputs: readonly ResumedInput[]): void;
  /** A bounded run fired its open windows up to this time (semantics 11). */
  drained?(partition: number, watermark: number): void;
  /** This member was replaced, or its log was out of reach, and it joins again. */
  replaced?(reason: string): void;
  /** After each commit, and when the state of the job changes. */
  status?(status: JobStatus): void;
}

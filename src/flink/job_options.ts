/** What a job on Flink is made from. Durations are milliseconds. */

import type { AsOf } from "../flights/merge.ts";
import type { SqlSetting } from "./sql_text.ts";

/** The settings that both jobs have. */
export interface FlinkJobOptions {
  /** The job's name, consumer group and prefix of its transactional ids. */
  readonly applicationId: string;
  /** Where the cluster, not this machine, reaches Kafka. */
  readonly bootstrapServer: string;
  /** Client properties of Kafka, without the `properties.` before them. */
  readonly clientProperties: readonly SqlSetting[];
  /** The topic written, where it is not the job's usual one. */
  readonly outputTopic: string;
  /** Where a start without a savepoint begins; a time in milliseconds. */
  readonly from: "earliest" | "latest" | number;
  /** Stops at the end that the topics have at the start. */
  readonly untilEnd: boolean;
  readonly outOfOrderness: number;
  readonly idleTimeout: number;
  /** What becomes of records that cannot be read. */
  readonly onError: "skip" | "fail";
  /** Between checkpoints: so long it takes until a result is visible to read_committed readers. */
  readonly checkpointInterval: number;
  /** How long Kafka keeps a transaction open for a job that is away. */
  readonly transactionTimeout: number;
  readonly parallelism: number;
}

/** The settings of merge. */
export interface FlinkMergeOptions extends FlinkJobOptions {
  readonly asOf: AsOf;
}

/** The settings of stats. */
export interface FlinkStatsOptions extends FlinkJobOptions {
  /** The topic read, where it is not flightdata. */
  readonly inputTopic: string;
  readonly window: number;
  readonly perWindow: boolean;
}

/** A job by its name and settings. */
export type FlinkJob =
  | { readonly name: "merge"; readonly options: FlinkMergeOptions }
  | { readonly name: "stats"; readonly options: FlinkStatsOptions };

/** A job as Flink SQL: what is run in one session, in this order. */
export interface JobSql {
  readonly settings: readonly SqlSetting[];
  /** The tables and views. */
  readonly tables: readonly string[];
  /** The one statement that starts the job. */
  readonly insert: string;
}

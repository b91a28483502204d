/** The options of the jobs on Flink: those of the jobs here, as far as Flink SQL can express them. */

import { type Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { AsOf } from "../../flights/merge.ts";
import { topics } from "../../flights/topics.ts";
import type { FlinkJob } from "../../flink/job_options.ts";
import type { SqlSetting } from "../../flink/sql_text.ts";
import { type EverywhereOptions, withEverywhere } from "../everywhere.ts";
import { withRule } from "../usage.ts";
import {
  applicationId,
  asOf,
  duration,
  integer,
  positiveDuration,
  startFrom,
  topicName,
} from "../values.ts";

/** What merge and stats are told for Flink. */
export type FlinkCommandOptions = EverywhereOptions & {
  readonly applicationId: string;
  readonly untilEnd?: true;
  readonly drain?: true;
  readonly from: "earliest" | "latest" | number;
  readonly outOfOrderness: number;
  readonly idleTimeout: number;
  readonly closeOnSilence: boolean;
  readonly onError: "skip" | "fail";
  readonly commitInterval: number;
  readonly transactionTimeout: number;
  readonly parallelism: number;
  readonly outputTopic: string;
};

/** Those of merge. */
export type FlinkMergeCommandOptions = FlinkCommandOptions & { readonly asOf: AsOf };

/** Those of stats. */
export type FlinkStatsCommandOptions = FlinkCommandOptions & {
  readonly window: number;
  readonly perWindow?: true;
  readonly inputTopic: string;
};

/** What a job on Flink is made from, by the job's name. */
export type FlinkJobRequest =
  | { readonly name: "merge"; readonly options: FlinkMergeCommandOptions }
  | { readonly name: "stats"; readonly options: FlinkStatsCommandOptions };

/** Takes one value of an option of the jobs here, and says of others why Flink has no such thing. */
function only(allowed: string, why: string): (text: string) => string {
  return (text) => {
    if (text === allowed) return text;
    throw new InvalidArgumentError(`It must be ${allowed} on Flink: ${why}.`);
  };
}

/** Below, Flink refuses to make checkpoints. */
const shortestCheckpoint = 10;

function checkpointInterval(text: string): number {
  const milliseconds = positiveDuration(text);
  if (milliseconds >= shortestCheckpoint) return milliseconds;
  throw new InvalidArgumentError(
    `It must be ${shortestCheckpoint}ms or more on Flink: it is the time between checkpoints.`,
  );
}

function onError(text: string): "skip" | "fail" {
  if (text === "skip" || text === "fail") return text;
  throw new InvalidArgumentError(
    text === "dead-letter"
      ? "It must be skip or fail on Flink: a table of Flink SQL cannot hand on what it cannot read."
      : "It must be skip or fail.",
  );
}

/** Adds the options of a job to a command. */
export function withFlinkJobOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
  name: "merge" | "stats",
): Command<A, O & FlinkCommandOptions> {
  const output = name === "merge" ? topics.flightData : topics.userStatistics;
  const add = (flags: string, description: string) => new Option(flags, description);
  command
    .addOption(
      add("--application-id <id>", "the job's name, consumer group, prefix of transactional ids")
        .argParser(applicationId).default(`flink-${name}`),
    )
    .addOption(
      add("--output-topic <topic>", "where results go").argParser(topicName).default(output),
    )
    .addOption(
      add("--from <where>", "where it begins without a savepoint: earliest, latest or a time")
        .argParser(startFrom).default("earliest"),
    )
    .option("--until-end", "end at the end that the topics have at its start")
    .addOption(
      add(
        "--out-of-orderness <duration>",
        "how far behind a newer record of its partition one may come",
      ).argParser(duration).default(0, "0s"),
    )
    .addOption(
      add("--idle-timeout <duration>", "a partition silent for so long holds nothing back")
        .argParser(positiveDuration).default(10_000, "10s"),
    )
    .option("--no-close-on-silence", "as Flink does anyway")
    .addOption(
      add("--on-error <policy>", "what becomes of records that cannot be read: skip or fail")
        .argParser(onError).default("skip" as const),
    )
    .addOption(
      add("--commit-interval <duration>", "time between checkpoints, which commit results")
        .argParser(checkpointInterval).default(1_000, "1s"),
    )
    .addOption(
      add("--transaction-timeout <duration>", "longer than the job is ever away: see flink sql")
        .argParser(positiveDuration).default(600_000, "10m"),
    )
    .addOption(
      add("--parallelism <n>", "slots that the job takes").argParser(integer(1, 10_000)).default(1),
    );
  return withRule(
    withEverywhere(withRefused(command)),
    ({ has }) =>
      has("bootstrapServer") || has("commandConfig")
        ? null
        : "--bootstrap-server must say where the cluster reaches Kafka (or bootstrap.servers in --command-config)",
  ) as unknown as Command<A, O & FlinkCommandOptions>;
}

/** Options of the jobs here that mean nothing else on Flink, or cannot be had. */
function withRefused<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
): Command<A, O> {
  return command
    .addOption(
      new Option("--max-future <duration>", "off: Flink has no such bound").argParser(
        only("off", "its watermark would be ahead before a statement could drop the record"),
      ),
    )
    .addOption(
      new Option("--watermarks <which>", "record: Flink has no other").argParser(
        only("record", "Flink SQL takes no watermarks from a topic"),
      ),
    )
    .addOption(
      new Option("--on-data-loss <policy>", "earliest: Flink does no other").argParser(
        only("earliest", "its Kafka source goes on at the earliest record, whatever it is set to"),
      ),
    ) as unknown as Command<A, O>;
}

/** Adds the options of merge. */
export function withMergeOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
): Command<A, O & FlinkMergeCommandOptions> {
  command.addOption(
    new Option(
      "--as-of <time>",
      "when a flight has landed: seen at its record's time, now, or a stated time",
    ).argParser(asOf).default("record" as const),
  );
  return withFlinkJobOptions(command, "merge") as unknown as Command<
    A,
    O & FlinkMergeCommandOptions
  >;
}

/** Adds the options of stats. */
export function withStatsOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
): Command<A, O & FlinkStatsCommandOptions> {
  command
    .addOption(
      new Option("--window <duration>", "size of the windows").argParser(positiveDuration)
        .default(60_000, "1m"),
    )
    .option("--per-window", "each window's own sums instead of running totals")
    .addOption(
      new Option("--input-topic <topic>", "where flights are read").argParser(topicName)
        .default(topics.flightData),
    )
    .option("--drain", "with --until-end: fire the windows that are open there; Flink always does")
    .option("--repartition", "take flights on any partition; Flink always does")
    .addOption(
      new Option("--allowed-lateness <duration>", "0s: Flink's windows take no late records")
        .argParser(only("0s", "its window functions drop what is late")),
    );
  return withRule(withFlinkJobOptions(command, "stats"), ({ values, has }) => {
    if (has("drain") && !values.untilEnd) return "--drain needs --until-end";
    if (values.untilEnd && !has("drain")) {
      return "--until-end needs --drain on Flink: at the end of a bounded input it closes all windows";
    }
    return null;
  }) as unknown as Command<A, O & FlinkStatsCommandOptions>;
}

/** How Kafka is reached from the cluster. */
export interface KafkaOfCluster {
  readonly bootstrapServer: string;
  readonly clientProperties: readonly SqlSetting[];
}

/** The job that is asked for. */
export function flinkJobOf({ name, options }: FlinkJobRequest, kafka: KafkaOfCluster): FlinkJob {
  const common = {
    ...kafka,
    applicationId: options.applicationId,
    outputTopic: options.outputTopic,
    from: options.from,
    untilEnd: options.untilEnd === true,
    outOfOrderness: options.outOfOrderness,
    idleTimeout: options.idleTimeout,
    onError: options.onError,
    checkpointInterval: options.commitInterval,
    transactionTimeout: options.transactionTimeout,
    parallelism: options.parallelism,
  };
  if (name === "merge") return { name, options: { ...common, asOf: options.asOf } };
  const { inputTopic, window, perWindow } = options;
  return { name, options: { ...common, inputTopic, window, perWindow: perWindow === true } };
}

/** The options that merge and stats have in common. */

import { type Command, Option } from "@commander-js/extra-typings";
import config from "../../deno.json" with { type: "json" };
import type { JobOptions, Stops } from "../runtime/job_options.ts";
import type { OnDataLoss, StartFrom } from "../runtime/resume.ts";
import type { OnError } from "../stream/task/task.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { type HttpOption, httpOption } from "./answering.ts";
import { type EverywhereOptions, withEverywhere } from "./everywhere.ts";
import { withRule } from "./usage.ts";
import {
  applicationId,
  duration,
  durationOrOff,
  integer,
  positiveDuration,
  startFrom,
} from "./values.ts";

/** Whether a job follows what the writers of its inputs report. */
type Watermarks = NonNullable<JobOptions["watermarks"]>;

/** The options of a job. */
export type JobCommandOptions = EverywhereOptions & {
  readonly applicationId: string;
  readonly untilEnd?: true;
  readonly drain?: true;
  readonly wait: number;
  readonly from: StartFrom;
  readonly outOfOrderness: number;
  readonly idleTimeout: number;
  readonly closeOnSilence: boolean;
  readonly maxFuture: number | null;
  readonly watermarks: Watermarks;
  readonly onError: OnError;
  readonly onDataLoss: OnDataLoss;
  readonly commitInterval: number;
  readonly parallelism: number;
  readonly http?: HttpOption;
};

const day = 86_400_000;

/** More members than these in one process are taken for a mistake; partitions end it earlier. */
const maxParallelism = 64;

/** The options that decide how a job's sources tell event time. */
export type TimeOptions = Pick<
  JobCommandOptions,
  "outOfOrderness" | "idleTimeout" | "closeOnSilence"
>;

/** Adds {@linkcode TimeOptions} to a command. */
export function withTimeOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
): Command<A, O & TimeOptions> {
  return command
    .addOption(
      new Option(
        "--out-of-orderness <duration>",
        "how far behind a newer record of its partition one may come; taken off carried watermarks, too",
      )
        .argParser(duration).default(0, "0s"),
    )
    .addOption(
      new Option(
        "--idle-timeout <duration>",
        "a partition silent for so long holds nothing back; where watermarks are carried, their " +
          "writers judge that",
      )
        .argParser(positiveDuration).default(10_000, "10s"),
    )
    .option(
      "--no-close-on-silence",
      "keep windows open while all partitions are silent, their watermarks carried or not",
    ) as unknown as Command<A, O & TimeOptions>;
}

/** The option that names a job; `name` is its default. */
export function applicationIdOption(name: string) {
  return new Option("--application-id <id>", "consumer group, and prefix of what the job keeps")
    .argParser(applicationId).default(name);
}

/** Adds the options of a job to a command; `name` is its default application id. */
export function withJobOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
  name: string,
): Command<A, O & JobCommandOptions> {
  const onErrors = ["dead-letter", "skip", "fail"] as const;
  const onDataLosses = ["fail", "earliest", "latest"] as const;
  const watermarks = ["auto", "record"] as const;
  command
    .option("--until-end", "stop at the end that the topics have now")
    .option("--drain", "with --until-end: fire the windows that are open there")
    .addOption(
      new Option(
        "--wait <duration>",
        "with --until-end: how long to wait for topics or another member",
      )
        .argParser(duration).default(10_000, "10s"),
    )
    .addOption(
      new Option("--from <where>", "where a first start begins: earliest, latest or a time")
        .argParser(startFrom).default("earliest"),
    );
  withTimeOptions(command)
    .addOption(
      new Option(
        "--max-future <duration>",
        "how far ahead of the clock a record may be, or off; carried watermarks are not looked at",
      )
        .argParser(durationOrOff).default(day, "1d"),
    )
    .addOption(
      new Option(
        "--watermarks <which>",
        "auto: those that the writers of the inputs report (carried), else by the records' times; " +
          "record: only the latter",
      )
        .choices(watermarks).default("auto"),
    )
    .addOption(
      new Option("--on-error <policy>", "what becomes of records that cannot be read")
        .choices(onErrors).default("dead-letter"),
    )
    .addOption(
      new Option("--on-data-loss <policy>", "where to go on when the log lost what was next")
        .choices(onDataLosses).default("fail"),
    )
    .addOption(
      new Option("--commit-interval <duration>", "time between commits")
        .argParser(positiveDuration).default(100, "100ms"),
    )
    .addOption(
      new Option("--parallelism <n>", "members of the job in this process, a worker thread each")
        .argParser(integer(1, maxParallelism)).default(1),
    )
    .addOption(applicationIdOption(name))
    .addOption(httpOption());
  const complete = withEverywhere(command) as unknown as Command<A, O & JobCommandOptions>;
  return withRule(complete, ({ has }) => {
    const needsEnd = (["drain", "wait"] as const).find((name) => has(name) && !has("untilEnd"));
    return needsEnd === undefined ? null : `--${needsEnd} needs --until-end`;
  });
}

/** The watermark strategy that the options ask for. */
export function watermarkStrategy<T>(options: TimeOptions): WatermarkStrategy<T> {
  const strategy = WatermarkStrategy.forBoundedOutOfOrderness<T>(options.outOfOrderness)
    .withIdleness(options.idleTimeout);
  return options.closeOnSilence ? strategy : strategy.withoutClosingOnSilence();
}

/** How the options say a member is run. @param options `stops`: for members that end together. */
export function runOptions(
  options: JobCommandOptions,
  { stops, address }: { readonly stops?: Stops | null; readonly address?: string | null } = {},
): JobOptions {
  const { commitInterval, from, onError, onDataLoss, maxFuture, watermarks } = options;
  const { untilEnd, drain, wait } = options;
  return {
    build: config.version,
    commitInterval,
    from,
    onError,
    onDataLoss,
    maxFuture,
    watermarks,
    ...(address && { address }),
    ...(untilEnd && { untilEnd: { drain: drain === true, wait, ...(stops && { stops }) } }),
  };
}

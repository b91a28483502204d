/** What merge and stats have in common: the options of a job, and how it is run and told of. */

import { type Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { describeDuration } from "../base/duration.ts";
import { formatTime } from "../base/time.ts";
import { runJob } from "../runtime/job.ts";
import type { Job, JobObserver } from "../runtime/job_options.ts";
import type { OnDataLoss, StartFrom } from "../runtime/resume.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import { describeResume } from "../runtime/task_start.ts";
import { sumOutcomes, totalOf } from "../stream/counts.ts";
import type { OnError } from "../stream/task.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { type CommandContext, runCommand } from "./command.ts";
import { type EverywhereOptions, withEverywhere } from "./everywhere.ts";
import type { Teller } from "./logging.ts";
import { ProgressLine } from "./progress_line.ts";
import { withRule } from "./usage.ts";
import { applicationId, duration, durationOrOff, positiveDuration, startFrom } from "./values.ts";

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
  readonly onError: OnError;
  readonly onDataLoss: OnDataLoss;
  readonly commitInterval: number;
};

const day = 86_400_000;

/** Adds the options of a job to a command; `name` is its default application id. */
export function withJobOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
  name: string,
): Command<A, O & JobCommandOptions> {
  const onErrors = ["dead-letter", "skip", "fail"] as const;
  const onDataLosses = ["fail", "earliest", "latest"] as const;
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
    )
    .addOption(
      new Option(
        "--out-of-orderness <duration>",
        "how far behind a newer record of its partition one may come",
      )
        .argParser(duration).default(0, "0s"),
    )
    .addOption(
      new Option("--idle-timeout <duration>", "a partition silent for so long holds nothing back")
        .argParser(positiveDuration).default(10_000, "10s"),
    )
    .option("--no-close-on-silence", "keep windows open while all partitions are silent")
    .addOption(
      new Option("--max-future <duration>", "how far ahead of the clock a record may be, or off")
        .argParser(durationOrOff).default(day, "1d"),
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
      new Option("--application-id <id>", "consumer group, and prefix of what the job keeps")
        .argParser(applicationId).default(name),
    );
  const complete = withEverywhere(command) as unknown as Command<A, O & JobCommandOptions>;
  return withRule(complete, ({ has }) => {
    const needsEnd = (["drain", "wait"] as const).find((name) => has(name) && !has("untilEnd"));
    return needsEnd === undefined ? null : `--${needsEnd} needs --until-end`;
  });
}

/** The watermark strategy that the options ask for. */
export function watermarkStrategy<T>(options: JobCommandOptions): WatermarkStrategy<T> {
  const strategy = WatermarkStrategy.forBoundedOutOfOrderness<T>(options.outOfOrderness)
    .withIdleness(options.idleTimeout);
  return options.closeOnSilence ? strategy : strategy.withoutClosingOnSilence();
}

/** Runs a job as its options say and returns the exit code. */
export function runJobCommand(options: JobCommandOptions, job: Job): Promise<number> {
  return runCommand(options, async (context) => {
    const { log, tell, signal } = context;
    tell.info(`${job.applicationId} starts on ${log.description}`, { job: job.applicationId });
    const progress = new ProgressLine(job.applicationId, options.untilEnd === true);
    try {
      const status = await runJob(log, job, {
        commitInterval: options.commitInterval,
        from: options.from,
        onError: options.onError,
        onDataLoss: options.onDataLoss,
        maxFuture: options.maxFuture,
        description: `${job.applicationId} (process ${process.pid})`,
        signal,
        observer: observe(context, options, progress),
        ...(options.untilEnd &&
          { untilEnd: { drain: options.drain === true, wait: options.wait } }),
      });
      progress.clear();
      tellEnd(tell, status);
    } finally {
      progress.clear();
    }
  });
}

function observe(
  { tell }: CommandContext,
  options: JobCommandOptions,
  progress: ProgressLine,
): JobObserver {
  return {
    waiting: (reason) => tell.info(`waiting: ${reason}`),
    replaced: (reason) => tell.warning(`joining again: ${reason}`),
    resumed: (inputs) => {
      for (const input of inputs) {
        const { topic, partition, resume } = input;
        tell.info(`resumes ${describeResume(input, options.from)}`, {
          topic,
          partition,
          resume: resume.kind,
        });
      }
    },
    drained: (partition, watermark) =>
      tell.info(`drained task ${partition}: open windows fired up to ${formatTime(watermark)}`, {
        partition,
        watermark,
      }),
    status: (status) => progress.show(status),
  };
}

/** What came in and went out, when a job stops. */
function tellEnd(tell: Teller, status: JobStatus): void {
  const outcomes = sumOutcomes(status.tasks.map((task) => task.outcomes));
  const held = status.tasks.reduce((sum, task) => sum + task.held, 0);
  const records = totalOf(outcomes);
  const lateShare = records === 0 ? 0 : outcomes.late / records * 100;
  const parts = Object.entries({
    ...outcomes,
    used: outcomes.used + outcomes.windowed - held,
    held,
  })
    .filter(([name, count]) => name !== "windowed" && count > 0)
    .map(([name, count]) => `${count} ${name === "deadLetter" ? "dead letters" : name}`);
  const took = describeDuration(status.at - status.startedAt);
  tell.info(
    `${status.applicationId} stopped after ${took}: ${records} records in since the job began` +
      `${parts.length === 0 ? "" : ` (${parts.join(", ")})`}, late share ${lateShare.toFixed(2)} %`,
    { records, ...outcomes, held, outputs: status.outputs },
  );
}

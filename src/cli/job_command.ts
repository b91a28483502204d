/** What merge and stats have in common: the options of a job, and how it is run and told of. */

import { type Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { describeDuration } from "../base/duration.ts";
import { formatTime } from "../base/time.ts";
import { runJob } from "../runtime/job.ts";
import type { Job, JobObserver } from "../runtime/job_options.ts";
import type { OnDataLoss, StartFrom } from "../runtime/resume.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import { type OutcomeCounts, sumOutcomes, totalOf } from "../stream/counts.ts";
import type { OnError } from "../stream/task.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { runCommand } from "./command.ts";
import { type EverywhereOptions, withEverywhere } from "./everywhere.ts";
import type { Teller } from "./logging.ts";
import { ProgressLine } from "./progress_line.ts";
import { resumeLines } from "./resume_lines.ts";
import { withRule } from "./usage.ts";
import { applicationId, duration, durationOrOff, positiveDuration, startFrom } from "./values.ts";
import { counted } from "./words.ts";

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
  return runCommand(options, async ({ log, tell, signal }) => {
    tell.info(`${job.applicationId} starts on ${log.description}`, { job: job.applicationId });
    const progress = new ProgressLine(job.applicationId, options.untilEnd === true);
    const drained = new Map<number, number>();
    try {
      const status = await runJob(log, job, {
        commitInterval: options.commitInterval,
        from: options.from,
        onError: options.onError,
        onDataLoss: options.onDataLoss,
        maxFuture: options.maxFuture,
        description: `${job.applicationId} (process ${process.pid})`,
        signal,
        observer: {
          ...tellObserved(aboveProgress(tell, progress), options.from),
          drained: (partition, watermark) => drained.set(partition, watermark),
          status: (status) => progress.show(status),
        },
        ...(options.untilEnd &&
          { untilEnd: { drain: options.drain === true, wait: options.wait } }),
      });
      progress.clear();
      if (drained.size > 0) tellDrained(tell, drained);
      tellEnd(tell, status);
    } finally {
      progress.clear();
    }
  });
}

type TellObserved = Pick<Teller, "info" | "warning">;

/** Tells above the progress line, which is drawn anew below. */
function aboveProgress(tell: Teller, progress: ProgressLine): TellObserved {
  const cleared = (level: keyof TellObserved): TellObserved["info"] => (message, fields) => {
    progress.clear();
    tell[level](message, fields);
  };
  return { info: cleared("info"), warning: cleared("warning") };
}

function tellObserved(tell: TellObserved, from: StartFrom): JobObserver {
  return {
    waiting: (reason) => tell.info(`waiting: ${reason}`),
    warned: ({ level, message, topics }) => tell[level](message, { topics }),
    replaced: (reason) => tell.warning(`joining again: ${reason}`),
    resumed: (inputs) => {
      for (const { level, message, fields } of resumeLines(inputs, from)) {
        tell[level](message, fields);
      }
    },
  };
}

/** @param drained the watermark of each task whose open windows were fired. */
function tellDrained(tell: Teller, drained: ReadonlyMap<number, number>): void {
  const last = Math.max(...drained.values());
  tell.info(
    `drained: open windows of ${counted(drained.size, "task")} fired, the last ends at ${
      formatTime(last + 1)
    }`,
    { watermarks: Object.fromEntries(drained) },
  );
}

/** What came in and went out, when a job stops. */
function tellEnd(tell: Teller, status: JobStatus): void {
  const { applicationId, tasks, outputs } = status;
  const outcomes = sumOutcomes(tasks.map((task) => task.outcomes));
  const held = tasks.reduce((sum, task) => sum + task.held, 0);
  const records = totalOf(outcomes);
  const stopped = `${applicationId} stopped after ${
    describeDuration(status.at - status.startedAt)
  }`;
  tell.info(
    tasks.length === 0
      ? `${stopped}: it had no partitions`
      : `${stopped}: ${describeOutcomes(outcomes, held)}`,
    { records, ...outcomes, held, outputs },
  );
}

/** What became of all records since the job began, for people. */
export function describeOutcomes(outcomes: OutcomeCounts, held: number): string {
  const { used, windowed, deadLetter, ...others } = outcomes;
  const parts = Object.entries({ used: used + windowed - held, ...others, held })
    .map(([name, count]) => ({ count, text: `${count} ${name}` }));
  parts.push({ count: deadLetter, text: counted(deadLetter, "dead letter") });
  const shown = parts.filter(({ count }) => count > 0).map(({ text }) => text).join(", ");
  const records = totalOf(outcomes);
  const lateShare = records === 0 ? 0 : outcomes.late / records * 100;
  return `${counted(records, "record")} in since the job began${
    shown === "" ? "" : ` (${shown})`
  }, ` +
    `late share ${lateShare.toFixed(2)} %`;
}

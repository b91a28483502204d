/** `flights status`. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { describeDuration } from "../base/duration.ts";
import { FlightsError } from "../base/errors.ts";
import { formatTime } from "../base/time.ts";
import { systemClock } from "../base/clock.ts";
import { Frames } from "../status/frame.ts";
import type { JobOverview, LogOverview } from "../status/overview.ts";
import { readStates } from "../status/read_states.ts";
import { sumOutcomes, totalOf } from "../stream/task/counts.ts";
import { type CommandContext, runCommand } from "./command.ts";
import { DataOutput } from "./data_output.ts";
import { keyTable } from "./key_table.ts";
import { canDraw } from "./live_terminal.ts";
import { jobArgument, look, lookOnce, type LookOptions, withLookOptions } from "./looking.ts";
import { TextOutput, writeError } from "./text_output.ts";
import { textTable } from "./text_table.ts";
import { withExamples } from "./usage.ts";
import { watchJobs } from "./watching.ts";

/** Builds the command. */
export function statusCommand() {
  const command = new Command("status")
    .summary("shows how far jobs are")
    .description(
      "shows how far jobs are, those that run and those that do not: a table on a terminal, elsewhere " +
        "one JSON object a line",
    )
    .addArgument(jobArgument())
    .option(
      "--watch",
      "a live view, until q or Ctrl-C; elsewhere than on a terminal a line a change",
    )
    .addOption(
      new Option(
        "--key <key>",
        "what is saved of a key, as it stands in the field that the job is keyed by",
      ).conflicts("watch"),
    );
  withExamples(command, [
    ["flights status", "all jobs of the log"],
    ["flights status stats", "one job, partition by partition"],
    ["flights status stats --key abcde@email.com", "what is saved of one key"],
    ["flights status --watch", "all jobs, live"],
    ["flights status stats --json", "for a script"],
  ]);
  return withLookOptions(command, { json: "one JSON object a line on a terminal too" })
    .action(async (job, options) => {
      process.exitCode = await runCommand(
        options,
        (context) => options.watch ? watch(context, job, options) : status(context, job, options),
        { readOnly: true },
      );
    });
}

async function status(
  context: CommandContext,
  job: string | undefined,
  options: LookOptions & { readonly key?: string },
): Promise<void> {
  const overview = await look(context, options);
  if (overview === null) return;
  const jobs = overview.jobs.filter(({ status }) =>
    job === undefined || status.applicationId === job
  );
  if (job !== undefined && jobs.length === 0) throw jobMissing(job, overview);
  const { log, signal } = context;
  const { key } = options;
  const readings = key === undefined
    ? null
    : await readStates(log, { ...overview, jobs }, { key, signal });
  if (options.json !== true && process.stdout.isTTY === true) {
    if (readings !== null) writeError(keyTable(readings, key!));
    else writeError(job === undefined ? jobTable(jobs, overview.at) : partitionTable(jobs[0]!));
    return;
  }
  const output = new DataOutput();
  const told = readings?.map((reading) => ({ key, ...reading })) ??
    jobs.map(({ status, toldBy }) => ({ ...status, toldBy }));
  for (const one of told) output.add(`${JSON.stringify(one)}\n`);
  await output.flush();
}

/** Looks again and again. */
async function watch(
  context: CommandContext,
  job: string | undefined,
  options: LookOptions,
): Promise<void> {
  const first = await look(context, options);
  if (first === null) return;
  if (job !== undefined && !first.jobs.some(({ status }) => status.applicationId === job)) {
    throw jobMissing(job, first);
  }
  const { log, signal } = context;
  const frames = new Frames(log, () => lookOnce(log, options));
  await watchJobs(() => frames.look(), {
    output: new TextOutput(),
    title: job === undefined ? "flights status" : `flights status ${job}`,
    job,
    json: options.json === true,
    draws: canDraw(),
    color: options.color,
    clock: systemClock,
    signal,
  });
}

function jobMissing(job: string, { jobs, log }: LogOverview): FlightsError {
  const names = jobs.map(({ status }) => status.applicationId).join(", ");
  return new FlightsError(
    "job-missing",
    `Cannot show ${job}: ${log} must know that job, it knows ${names === "" ? "none" : names}`,
  );
}

/** A row a job. */
export function jobTable(jobs: readonly JobOverview[], now: number): string {
  const rows = jobs.map(({ status, members }) => {
    const inputs = status.tasks.flatMap((task) => task.inputs);
    const watermarks = status.tasks.flatMap(({ watermark }) => watermark ?? []);
    const least = watermarks.length === 0 ? null : Math.min(...watermarks);
    return [
      status.applicationId,
      status.state,
      Math.max(members.length, status.members.length),
      totalOf(sumOutcomes(status.tasks.map(({ outcomes }) => outcomes))),
      inputs.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
      least === null ? "none yet" : formatTime(least),
      least === null ? "" : describeDuration(now - least),
      status.tasks.reduce((sum, { windows }) => sum + windows.count, 0),
    ];
  });
  const head = ["job", "state", "members", "records", "lag", "watermark", "behind", "open windows"];
  return textTable(head, rows);
}

/** A row an input partition. */
export function partitionTable({ status }: JobOverview): string {
  const rows = status.tasks.flatMap(({ stage, partition, holder, inputs }) =>
    inputs.map((input) => [
      stage,
      input.topic,
      partition,
      input.position,
      input.lag ?? "",
      input.watermark === null ? "none yet" : formatTime(input.watermark),
      input.idle ? "idle" : holder === input.topic ? "holds it back" : "",
    ])
  );
  return textTable(["stage", "topic", "partition", "position", "lag", "watermark", ""], rows);
}

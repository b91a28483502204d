/** `flights topics watermarks`: what the writers of a topic have reported, and taking one out. */

import { Argument, Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { systemClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import type { Log, TopicDescription } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { encodeProgress, watermarksTopic } from "../runtime/progress_records.ts";
import { type CommandContext, runCommand } from "./command.ts";
import { DataOutput } from "./data_output.ts";
import { withEverywhere } from "./everywhere.ts";
import { readReportedTasks, type ReportedTask, reportTable } from "./reported_watermarks.ts";
import { writeError } from "./text_output.ts";
import { withExamples, withRule, withWait } from "./usage.ts";
import { applicationId, topicName } from "./values.ts";
import { waitForTopics } from "./wait_for_topics.ts";
import { counted } from "../base/words.ts";

/** Builds the command. */
export function watermarksCommand() {
  const command = new Command("watermarks")
    .summary("shows how far the jobs that write a topic say they are")
    .description(
      "shows how far the jobs that write a topic say they are, which its readers wait for: a row a " +
        "task, as a table on a terminal, elsewhere one JSON object a line",
    )
    .addArgument(new Argument("<topic>", "the topic that is written").argParser(topicName))
    .option("--json", "one JSON object a line on a terminal too")
    .addOption(
      new Option(
        "--forget <job>",
        "take out a job that will not come back: readers wait for it no more",
      ).argParser(applicationId),
    );
  withExamples(command, [
    ["flights topics watermarks flightdata", "whom readers of flightdata wait for"],
    ["flights topics watermarks flightdata --forget merge", "no longer for merge"],
  ]);
  const complete = withRule(
    withEverywhere(withWait(command)),
    ({ has }) => has("json") && has("forget") ? "--json is not for --forget" : null,
  );
  return complete.action(async (topic, options) => {
    process.exitCode = await runCommand(options, (context) => watermarks(context, topic, options));
  });
}

async function watermarks(
  context: CommandContext,
  name: string,
  { json, forget, wait }: {
    readonly json?: true;
    readonly forget?: string;
    readonly wait: number;
  },
): Promise<void> {
  const { log, tell } = context;
  const found = await waitForTopics(context, [name], { doing: "tell the watermarks of", wait });
  if (found === null) return;
  const topic = found[0]!;
  const [reports] = await log.describeTopics([watermarksTopic(name)]);
  const tasks = reports === undefined ? [] : await readReportedTasks(log, { topic, reports });
  if (forget !== undefined) {
    const partitions = await forgetWriter(log, forget, { name, reports, tasks });
    const where = counted(partitions, "partition");
    const waits = `readers of ${name} wait for it no more`;
    return tell.info(`took ${forget} out of ${reports!.name} on ${where}: ${waits}`, {
      job: forget,
      topic: name,
    });
  }
  if (tasks.length === 0) {
    return tell.info(`no job reports watermarks of ${name}: its readers go by its records' times`);
  }
  if (json !== true && process.stdout.isTTY === true) return writeError(reportTable(tasks));
  const output = new DataOutput();
  for (const task of tasks) output.add(`${JSON.stringify(task)}\n`);
  await output.flush();
}

/**
 * Takes a job out of what readers of a topic wait for, and returns on how many partitions.
 *
 * @param subject `reports`: the topic of the reports, if there is one; `tasks`: what is on it.
 * @throws {FlightsError} `not-registered`; `members-alive` while a member of the job lives: nothing
 * is written then.
 */
export async function forgetWriter(
  log: Log,
  job: string,
  { name, reports, tasks }: {
    readonly name: string;
    readonly reports: TopicDescription | undefined;
    readonly tasks: readonly ReportedTask[];
  },
): Promise<number> {
  if (reports === undefined || !tasks.some((task) => task.job === job)) {
    const jobs = [...new Set(tasks.map((task) => task.job))].join(", ");
    throw new FlightsError(
      "not-registered",
      `Cannot take ${job} out of the writers of ${name}: it must be one that reports watermarks, ` +
        (jobs === "" ? "none does" : `only ${jobs} does`),
    );
  }
  const { members } = await log.describeGroup(job);
  if (members.length > 0) {
    const names = members.map(({ description }) => description).join(", ");
    throw new FlightsError(
      "members-alive",
      `Cannot take ${job} out of the writers of ${name}: none of its members may be alive, ` +
        `${names} is; stop it first`,
    );
  }
  const { key, value } = encodeProgress({ kind: "forgotten", job });
  const now = systemClock.now();
  await log.append(reports.partitions.map((_, partition) => {
    const builder = new RecordBatchBuilder();
    builder.appendText(now, key, value);
    return { topic: reports.name, partition, batch: builder.finish() };
  }));
  return reports.partitions.length;
}

/** `flights topics`: what the log holds. */

import { Command } from "@commander-js/extra-typings";
import process from "node:process";
import { formatDuration } from "../base/duration.ts";
import type { Log, TopicDescription } from "../log/log.ts";
import { watermarksTopic } from "../runtime/progress_records.ts";
import { type CommandContext, runCommand } from "./command.ts";
import { DataOutput } from "./data_output.ts";
import { type EverywhereOptions, withEverywhere } from "./everywhere.ts";
import { writeError } from "./text_output.ts";
import { textTable } from "./text_table.ts";
import { watermarksCommand } from "./topics_watermarks.ts";
import { withExamples, withWait } from "./usage.ts";
import { topicName } from "./values.ts";
import { waitForLog, waitForTopics } from "./wait_for_topics.ts";

/** Commander hands over what it has read so far. */
function topicNames(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, topicName(text)];
}

/** Builds the command. */
export function topicsCommand() {
  const command = new Command("topics").description(
    "lists, describes and deletes topics, and shows how far their writers are",
  );
  withExamples(command, [
    ["flights topics list", "all names, one a line"],
    ["flights topics describe skyone", "how many records each partition holds"],
    ["flights topics watermarks flightdata", "how far the jobs that write it say they are"],
    ["flights topics delete skyone.late", "delete a topic and its records"],
  ]);
  command.addCommand(listCommand());
  command.addCommand(describeCommand());
  command.addCommand(watermarksCommand());
  command.addCommand(deleteCommand());
  return command;
}

function listCommand() {
  const command = new Command("list").description("prints the names of all topics, one a line");
  withExamples(command, [["flights topics list", "all names, one a line"]]);
  return withEverywhere(withWait(command)).action(async (options) => {
    process.exitCode = await runCommand(options, async (context) => {
      const topics = await waitForLog(context, (log) => log.describeTopics(), options);
      if (topics === null) return;
      const output = new DataOutput();
      for (const { name } of topics) output.add(`${name}\n`);
      await output.flush();
    });
  });
}

function describeCommand() {
  const command = new Command("describe")
    .summary("shows topics with their partitions")
    .description(
      "shows topics with their partitions: a table on a terminal, elsewhere one JSON object a line",
    )
    .argument("[topics...]", "which ones (default: all)", topicNames)
    .option("--json", "one JSON object a line on a terminal too");
  withExamples(command, [
    ["flights topics describe", "all topics"],
    ["flights topics describe skyone --json", "one topic, for a script"],
  ]);
  return withEverywhere(withWait(command)).action(async (names, options) => {
    process.exitCode = await runCommand(options, (context) => describe(context, names, options));
  });
}

interface DescribeOptions extends EverywhereOptions {
  readonly json?: true;
  readonly wait: number;
}

async function describe(
  context: CommandContext,
  names: readonly string[],
  { json, wait }: DescribeOptions,
): Promise<void> {
  const topics = names.length === 0
    ? await waitForLog(context, (log) => log.describeTopics(), { wait })
    : await waitForTopics(context, names, { doing: "describe", wait });
  if (topics === null) return;
  if (json !== true && process.stdout.isTTY === true) {
    writeError(tableOf(topics));
    return;
  }
  const output = new DataOutput();
  for (const topic of topics) output.add(`${JSON.stringify(jsonOf(topic))}\n`);
  await output.flush();
}

/** What is shown of a topic; `records` counts offsets, so those that compaction removed too. */
function jsonOf(topic: TopicDescription) {
  const partitions = topic.partitions.map(({ startOffset, endOffset }, partition) => {
    return { partition, startOffset, endOffset, records: endOffset - startOffset };
  });
  const { partitions: _, settings, ...described } = topic;
  const records = partitions.reduce((sum, one) => sum + one.records, 0);
  const known = settings === "hidden"
    ? { ...described, cleanup: null, retentionMs: null, retentionBytes: null }
    : { ...described, ...settings };
  return { ...known, records, partitions };
}

/** Topics as a table for people: a row a partition. The id is left to JSON: it would not fit. */
export function tableOf(topics: readonly TopicDescription[]): string {
  const rows = topics.flatMap((topic) => {
    const { name, cleanup, retentionMs, retentionBytes, partitions } = jsonOf(topic);
    const limits = [
      ...(retentionMs === null ? [] : [formatDuration(retentionMs)]),
      ...(retentionBytes === null ? [] : [`${retentionBytes} bytes a partition`]),
    ];
    const kept = cleanup === "compact"
      ? ["newest of each key", ...limits]
      : cleanup === null
      ? ["needs DescribeConfigs"]
      : limits;
    return partitions.map(({ partition, startOffset, endOffset, records }) =>
      partition === 0
        ? [name, partition, startOffset, endOffset, records, kept.join(", ") || "for ever"]
        : ["", partition, startOffset, endOffset, records, ""]
    );
  });
  return textTable(["topic", "partition", "start", "end", "records", "kept"], rows);
}

function deleteCommand() {
  const command = new Command("delete")
    .description(
      "deletes topics with their records, what their writers report (T.watermarks) and the offsets " +
        "that groups committed in them",
    )
    .argument("<topics...>", "which ones; all of them, or none when one is missing", topicNames);
  withExamples(command, [["flights topics delete skyone.late sunset.late", "delete two topics"]]);
  return withEverywhere(withWait(command)).action(async (names, options) => {
    process.exitCode = await runCommand(options, async (context) => {
      const unique = [...new Set(names)];
      const { wait } = options;
      const topics = await waitForTopics(context, unique, { doing: "delete", wait });
      if (topics === null) return;
      const { log, tell } = context;
      const beside = await reportsOn(log, unique);
      await log.deleteTopics([...unique, ...beside]);
      const withIt = beside.length === 0 ? "" : `, and with it ${beside.join(", ")}`;
      tell.info(`deleted ${unique.join(", ")}${withIt}`, { topics: [...unique, ...beside] });
    });
  });
}

/** The topics on which writers of `names` report, which say nothing without them. */
async function reportsOn(log: Log, names: readonly string[]): Promise<readonly string[]> {
  const reports = new Set(names.map(watermarksTopic));
  // All are looked at: who asks for one that is not there needs to be permitted to.
  const topics = (await log.describeTopics()).map(({ name }) => name);
  return topics.filter((name) => reports.has(name) && !names.includes(name));
}

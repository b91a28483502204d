/** `flights flink compare`: whether two topics hold the same, as two engines wrote it. */

import { Argument, Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { textOf } from "../../base/bytes.ts";
import { FlightsError } from "../../base/errors.ts";
import { formatTime } from "../../base/time.ts";
import type { TopicDescription } from "../../log/log.ts";
import { type CommandContext, runCommand } from "../command.ts";
import { DataOutput } from "../data_output.ts";
import { type EverywhereOptions, withEverywhere } from "../everywhere.ts";
import { OldestFirstReader } from "../oldest_first_reader.ts";
import { withExamples, withWait } from "../usage.ts";
import { time, topicName } from "../values.ts";
import { waitForTopics } from "../wait_for_topics.ts";

interface CompareOptions extends EverywhereOptions {
  readonly wait: number;
  readonly before?: number;
}

/** Builds the command. */
export function compareCommand() {
  const command = new Command("compare")
    .summary("compares what two topics hold")
    .description(
      "compares what two topics hold now, in any order and on any partition: record times, keys and " +
        "values as JSON, where 125.0 is 125. Exit code 6 when they differ",
    )
    .addArgument(new Argument("<topic>", "what one engine wrote").argParser(topicName))
    .addArgument(new Argument("<other>", "what the other wrote").argParser(topicName))
    .addOption(
      new Option("--before <time>", "only records of times before: to leave out what is on its way")
        .argParser(time),
    );
  withExamples(command, [
    ["flights flink compare userstatistics statistics-2", "all that is there"],
    ["flights flink compare a b --before 2026-01-31T12:00", "what was over at noon"],
  ]);
  return withEverywhere(withWait(command)).action(async (topic, other, options) => {
    process.exitCode = await runCommand(
      options,
      (context) => compare(context, [topic, other], options),
    );
  });
}

async function compare(
  context: CommandContext,
  names: readonly [string, string],
  { wait, before = Number.POSITIVE_INFINITY }: CompareOptions,
): Promise<void> {
  const topics = await waitForTopics(context, names, { doing: "compare", wait });
  if (topics === null) return;
  const comparison = new Comparison();
  for (const [at, topic] of topics.entries()) {
    await eachRecord(context, topic, (timestamp, key, value) => {
      if (timestamp < before) comparison.add(at as 0 | 1, comparableText(timestamp, key, value));
    });
  }
  const { same, only, examples } = comparison.result();
  const output = new DataOutput();
  output.add(`${JSON.stringify({ same, only: { [names[0]]: only[0], [names[1]]: only[1] } })}\n`);
  await output.flush();
  if (only[0] + only[1] === 0) return;
  for (const [at, texts] of examples.entries()) {
    for (const text of texts) context.tell.warning(`only in ${names[at]}: ${text}`);
  }
  throw new FlightsError(
    "check-mismatch",
    `Cannot take ${names[0]} for ${names[1]}: they must hold the same, ${
      only[0]
    } records are only in ` +
      `the first and ${only[1]} only in the second`,
  );
}

async function eachRecord(
  { log, signal }: CommandContext,
  topic: TopicDescription,
  take: (timestamp: number, key: Uint8Array | null, value: Uint8Array | null) => void,
): Promise<void> {
  const ranges = topic.partitions.map(({ startOffset, endOffset }, partition) => {
    return { partition, from: startOffset, to: endOffset };
  });
  for await (const run of new OldestFirstReader(log, topic, ranges).read(signal)) {
    for (const { cursor } of run) take(cursor.timestamp, cursor.key(), cursor.value());
  }
}

/** A record as a text that is the same for records that mean the same. */
export function comparableText(
  timestamp: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
): string {
  return `${formatTime(timestamp)} ${meaningOf(key)} ${meaningOf(value)}`;
}

/** JSON with its fields in the order of their names; else the text itself. */
function meaningOf(bytes: Uint8Array | null): string {
  if (bytes === null) return "null";
  const text = textOf(bytes);
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return text;
  }
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([name, inner]) => [name, sorted(inner)]));
}

/** So many of each side are shown. */
const shown = 3;

/** Two multisets of texts, side by side. */
export class Comparison {
  readonly #counts = new Map<string, [first: number, second: number]>();

  /** Adds one to the first (0) or the second (1). */
  add(side: 0 | 1, text: string): void {
    const counts = this.#counts.get(text);
    if (counts !== undefined) counts[side]++;
    else this.#counts.set(text, side === 0 ? [1, 0] : [0, 1]);
  }

  /** How many are in both, how many in one only, and the first few of these. */
  result() {
    let same = 0;
    const only: [number, number] = [0, 0];
    const examples: readonly [string[], string[]] = [[], []];
    for (const [text, [first, second]] of this.#counts) {
      same += Math.min(first, second);
      for (const [at, more] of [first - second, second - first].entries()) {
        if (more <= 0) continue;
        only[at as 0 | 1] += more;
        if (examples[at]!.length < shown) examples[at]!.push(text);
      }
    }
    return { same, only, examples };
  }
}

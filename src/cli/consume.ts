/** `flights consume`. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { FlightsError } from "../base/errors.ts";
import type { Log, TopicDescription } from "../log/log.ts";
import { type CommandContext, runCommand } from "./command.ts";
import { DataOutput } from "./data_output.ts";
import { formatEnvelope } from "./envelope.ts";
import { type EverywhereOptions, withEverywhere } from "./everywhere.ts";
import { exitCode } from "./exit_codes.ts";
import { OldestFirstReader, type PartitionRange, type ReadPlace } from "./oldest_first_reader.ts";
import { withExamples, withRule, withWait } from "./usage.ts";
import { integer, type ReadFrom, readFrom, topicName } from "./values.ts";
import { waitForTopics } from "./wait_for_topics.ts";

interface ConsumeOptions extends EverywhereOptions {
  readonly from: ReadFrom;
  readonly untilEnd?: true;
  readonly count?: number;
  readonly follow?: true;
  readonly partition?: number;
  readonly json?: true;
  readonly wait: number;
}

/** Builds the command. */
export function consumeCommand() {
  const command = new Command("consume")
    .summary("prints the records of a topic")
    .description(
      "prints the records of a topic, the oldest of all partitions first: the value and a line feed " +
        "(a null value is an empty line), or with --json the envelope that produce reads",
    )
    .argument("<topic>", "what to read", topicName)
    .addOption(
      new Option(
        "--from <where>",
        "earliest, latest, a time, or an offset: a whole number below 100000000000 is an offset, " +
          "from there on milliseconds since 1970",
      ).argParser(readFrom).default("earliest" as ReadFrom),
    )
    .addOption(
      new Option("--until-end", "stop at the end that the topic has now")
        .conflicts(["count", "follow"]),
    )
    .addOption(
      new Option("--count <n>", "stop after so many records")
        .argParser(integer(1)).conflicts("follow"),
    )
    .option("--follow", "go on for ever and wait for the topic too (the default)")
    .addOption(
      new Option("--partition <p>", "read this partition only").argParser(integer(0)),
    )
    .option("--json", "print the envelope, one JSON object a line");
  withExamples(command, [
    ["flights consume userstatistics", "show results as they come"],
    ["flights consume flightdata --until-end --json | jq .ts", "what is there, with its metadata"],
    ["flights consume skyone --from 2026-01-31T12:00 --count 3", "three records from a time on"],
  ]);
  const withWaiting = withRule(
    withWait(command),
    ({ values, has }) =>
      has("wait") && values.untilEnd === undefined && values.count === undefined
        ? "--wait needs --until-end or --count: without them it waits for ever"
        : null,
  );
  return withEverywhere(withWaiting).action(async (topic, options) => {
    process.exitCode = await runCommand(options, (context) => consume(context, topic, options));
  });
}

async function consume(
  context: CommandContext,
  name: string,
  options: ConsumeOptions,
): Promise<number | void> {
  const { log, signal } = context;
  const { untilEnd, count = Number.POSITIVE_INFINITY, wait } = options;
  const follows = untilEnd === undefined && options.count === undefined;
  const topics = await waitForTopics(context, [name], {
    doing: "consume",
    wait: follows ? null : wait,
  });
  if (topics === null) return;
  const topic = topics[0]!;
  const reader = new OldestFirstReader(log, topic, await rangesOf(log, topic, options));
  const render = options.json ? envelopeOf(topic) : valueOf;
  const output = new DataOutput();
  let printed = 0;
  for await (const run of reader.read(signal)) {
    for (const place of run) {
      render(output, place);
      if (output.isFull) await output.flush();
      if (++printed === count || output.isClosed || signal.aborted) break;
    }
    await output.flush();
    if (printed === count || output.isClosed) return exitCode.done;
  }
}

/** Where each partition's reading begins and ends. */
async function rangesOf(
  log: Log,
  { name, partitions }: TopicDescription,
  { from, partition, untilEnd }: ConsumeOptions,
): Promise<readonly PartitionRange[]> {
  if (partition !== undefined && partition >= partitions.length) {
    throw new FlightsError(
      "invalid-argument",
      `Cannot read --partition ${partition} of ${name}: it must be 0 to ${partitions.length - 1}`,
    );
  }
  const atTime = typeof from === "object" && "time" in from
    ? await log.offsetsForTime(name, from.time)
    : [];
  const begin = (number: number) => {
    const { startOffset, endOffset } = partitions[number]!;
    if (from === "earliest") return startOffset;
    if (from === "latest") return endOffset;
    return "offset" in from ? from.offset : atTime[number]!;
  };
  const wanted = partition === undefined ? [...partitions.keys()] : [partition];
  return wanted.map((number) => ({
    partition: number,
    from: begin(number),
    to: untilEnd ? partitions[number]!.endOffset : null,
  }));
}

type Render = (output: DataOutput, place: ReadPlace) => void;

const lineFeed = Uint8Array.of(0x0a);

function valueOf(output: DataOutput, { cursor }: ReadPlace): void {
  const value = cursor.value();
  if (value !== null) output.add(value);
  output.add(lineFeed);
}

function envelopeOf({ name }: TopicDescription): Render {
  return (output, { partition, cursor }) => {
    const line = formatEnvelope({
      topic: name,
      partition,
      offset: cursor.offset,
      timestamp: cursor.timestamp,
      timestampType: cursor.batch.timestampType,
      headers: cursor.headers(),
      key: cursor.key(),
      value: cursor.value(),
    });
    output.add(`${line}\n`);
  };
}

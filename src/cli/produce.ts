/** `flights produce`. */

import { Command } from "@commander-js/extra-typings";
import process from "node:process";
import { type Clock, systemClock } from "../base/clock.ts";
import { FlightsError, messageOf } from "../base/errors.ts";
import { partitionForKey } from "../base/murmur2.ts";
import type { Log, OutputBatch, TopicDescription } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { type CommandContext, runCommand } from "./command.ts";
import { EnvelopeError, parseEnvelope } from "./envelope.ts";
import { type EverywhereOptions, withEverywhere } from "./everywhere.ts";
import { linesOf } from "../base/lines.ts";
import { withExamples, withWait } from "./usage.ts";
import { topicName } from "./values.ts";
import { waitForTopics } from "./wait_for_topics.ts";
import { counted } from "../base/words.ts";

interface ProduceOptions extends EverywhereOptions {
  readonly file?: string;
  readonly wait: number;
}

/** Builds the command. */
export function produceCommand() {
  const command = new Command("produce")
    .summary("writes records to a topic, from lines of JSON")
    .description(
      "writes records to a topic: one JSON object a line, as `kcat -J` and `consume --json` print them. " +
        "Needed: payload (null is a tombstone). Optional: key, ts (milliseconds; default now), " +
        "partition (default by key, else in turn), headers ([name, value, ...]). " +
        "Bytes: payload_base64, key_base64, headers_base64. Ignored: topic, offset, tstype, broker",
    )
    .argument("<topic>", "where to write to", topicName)
    .option("--file <file>", "read lines from a file instead of stdin");
  withExamples(command, [
    [`echo '{"payload":"hello"}' | flights produce skyone`, "write one record"],
    ["flights produce skyone --file records.jsonl", "write the records of a file"],
    ["flights consume a --until-end --json | flights produce b", "copy a topic"],
  ]);
  return withEverywhere(withWait(command)).action(async (topic, options) => {
    process.exitCode = await runCommand(options, (context) => produce(context, topic, options));
  });
}

async function produce(
  context: CommandContext,
  name: string,
  { file, wait }: ProduceOptions,
): Promise<void> {
  const { log, tell, signal } = context;
  const input = openInput(file);
  const topics = await waitForTopics(context, [name], { doing: "produce to", wait });
  if (topics === null) return;
  const producer = new LineProducer(log, topics[0]!);
  try {
    for await (const lines of linesOf(untilAborted(input, signal))) {
      // What was cut off by a request to stop is no line.
      if (signal.aborted) break;
      await producer.write(lines);
    }
  } finally {
    const { written } = producer;
    tell.info(`wrote ${counted(written, "record")} to ${name}`, {
      topic: name,
      records: written,
    });
  }
}

/** Where lines come from; a file is closed at its end. */
function openInput(path: string | undefined): ReadableStream<Uint8Array> {
  if (path === undefined) return Deno.stdin.readable;
  try {
    return Deno.openSync(path).readable;
  } catch (error) {
    throw new FlightsError(
      "invalid-argument",
      `Cannot open --file ${path}: it must be a file that can be read, ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Yields chunks until their end, or until the process is asked to stop. */
async function* untilAborted(
  chunks: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = chunks.getReader();
  const stop = () => void reader.cancel();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
}

/** Writes envelopes to a topic. */
export class LineProducer {
  readonly #log: Log;
  readonly #topic: TopicDescription;
  readonly #clock: Clock;
  readonly #builders: readonly RecordBatchBuilder[];
  #lines = 0;
  #written = 0;
  #waiting = 0;
  #turn = 0;

  /** @param clock gives the timestamps of lines without one; default: the machine's. */
  constructor(log: Log, topic: TopicDescription, clock: Clock = systemClock) {
    this.#log = log;
    this.#topic = topic;
    this.#clock = clock;
    this.#builders = topic.partitions.map(() => new RecordBatchBuilder());
  }

  /** How many records are on the log. */
  get written(): number {
    return this.#written;
  }

  /**
   * Writes the records of all `lines` at once; empty lines are passed over.
   *
   * @throws {FlightsError} `bad-record` for a line that holds none: all before it are written.
   */
  async write(lines: readonly Uint8Array[]): Promise<void> {
    try {
      for (const line of lines) this.#add(line);
    } catch (error) {
      await this.#flush();
      throw new FlightsError(
        "bad-record",
        `Cannot produce line ${this.#lines} to ${this.#topic.name}: ${messageOf(error)}`,
        { cause: error },
      );
    }
    await this.#flush();
  }

  #add(line: Uint8Array): void {
    this.#lines++;
    if (isBlank(line)) return;
    const { key, value, headers, timestamp, partition } = parseEnvelope(line);
    const partitions = this.#builders.length;
    if (partition !== null && partition >= partitions) {
      throw new EnvelopeError(`partition must be 0 to ${partitions - 1}`, `it is ${partition}`);
    }
    const chosen = partition ??
      (key === null ? this.#turn++ % partitions : partitionForKey(key, partitions));
    this.#builders[chosen]!.append(timestamp ?? this.#clock.now(), key, value, headers);
    this.#waiting++;
  }

  async #flush(): Promise<void> {
    const outputs: OutputBatch[] = [];
    this.#builders.forEach((builder, partition) => {
      if (builder.count === 0) return;
      outputs.push({ topic: this.#topic.name, partition, batch: builder.finish() });
    });
    if (outputs.length > 0) await this.#log.append(outputs);
    this.#written += this.#waiting;
    this.#waiting = 0;
  }
}

/** Whether a line holds nothing but white space. */
function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** Kafka's own command line tools, as clients that know nothing of ours. */

import { defaultVersion, distribution, type KafkaVersion } from "./distribution.ts";

const tools = {
  ConfigCommand: () => "kafka.admin.ConfigCommand",
  ConsoleConsumer: () => "org.apache.kafka.tools.consumer.ConsoleConsumer",
  ConsoleProducer: (version: KafkaVersion) =>
    version === "3.9.1" ? "kafka.tools.ConsoleProducer" : "org.apache.kafka.tools.ConsoleProducer",
  ConsumerGroupCommand: () => "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
  DumpLogSegments: () => "kafka.tools.DumpLogSegments",
  LeaderElectionCommand: () => "org.apache.kafka.tools.LeaderElectionCommand",
  ReassignPartitionsCommand: () => "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
  TopicCommand: () => "org.apache.kafka.tools.TopicCommand",
  TransactionsCommand: () => "org.apache.kafka.tools.TransactionsCommand",
} satisfies Record<string, (version: KafkaVersion) => string>;

/** The tools by the names of their classes. */
export type KafkaTool = keyof typeof tools;

/** How a tool is run. */
export interface KafkaToolOptions {
  /** Whose tool it is; default {@linkcode defaultVersion}. */
  readonly version?: KafkaVersion;
  /** Written to stdin; default: nothing. */
  readonly input?: string;
  /** Killed after this long; default 60 seconds. */
  readonly timeoutMs?: number;
}

/**
 * Runs a tool to its end, a second or two, and returns what it printed to stdout.
 *
 * @throws when it fails or does not end in time, with what it said.
 */
export async function kafkaTool(
  tool: KafkaTool,
  args: readonly string[],
  { version = defaultVersion, input = "", timeoutMs = 60_000 }: KafkaToolOptions = {},
): Promise<string> {
  const { javaArguments } = await distribution(version);
  const child = new Deno.Command("java", {
    args: [
      "-Xmx256m",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
      ...javaArguments,
      tools[tool](version),
      ...args,
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(timeoutMs),
  }).spawn();
  const [output] = await Promise.all([child.output(), feed(child.stdin, input)]);
  const text = new TextDecoder();
  const stdout = text.decode(output.stdout);
  if (output.success) return stdout;
  throw new Error(
    `Cannot run ${tool} ${args.join(" ")}: it must succeed within ${timeoutMs / 1_000} s, ` +
      `it ended with ${output.signal ?? output.code}:\n${stdout}${text.decode(output.stderr)}`,
  );
}

async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch (error) {
    // It ended without reading all of it: what it printed tells why.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

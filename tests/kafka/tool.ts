/** Kafka's own command line tools, as clients that know nothing of ours. */

import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { defaultVersion, distribution, type KafkaVersion } from "./distribution.ts";
import { startWatchedJava } from "./watched_java.ts";

const tools = {
  AclCommand: (version: KafkaVersion) =>
    version === "3.9.1" ? "kafka.admin.AclCommand" : "org.apache.kafka.tools.AclCommand",
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

/** A tool that runs until it is ended. */
export interface RunningTool extends AsyncDisposable {
  /** Resolves when it has printed `text`. @throws when it ends before, or after a minute. */
  printed(text: string): Promise<void>;
}

/** Starts a tool that goes on; it ends with its block, or with the process of the tests. */
export async function startKafkaTool(
  tool: KafkaTool,
  args: readonly string[],
): Promise<RunningTool> {
  const { javaArguments } = await distribution(defaultVersion);
  const folder = await Deno.makeTempDir({ prefix: "flights-tool-" });
  const log = join(folder, "output.txt");
  const java = startWatchedJava(
    [
      "-Xmx256m",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
      ...javaArguments,
      tools[tool](defaultVersion),
      ...args,
    ],
    { folder, log },
  );
  let isOver = false;
  const ended = java.ended.then(() => {
    isOver = true;
  });
  const output = () => Deno.readTextFile(log).catch(() => "");
  return {
    printed: async (text) => {
      const deadline = systemClock.now() + 60_000;
      while (!(await output()).includes(text)) {
        if (isOver || systemClock.now() > deadline) {
          throw new Error(
            `Cannot wait for ${tool}: it must print "${text}", it said: ${await output()}`,
          );
        }
        await systemClock.sleep(25);
      }
    },
    [Symbol.asyncDispose]: async () => {
      // So it can leave its group.
      if (!isOver) java.kill("SIGTERM");
      await ended;
      await Deno.remove(folder, { recursive: true }).catch(() => {});
    },
  };
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

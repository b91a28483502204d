/** Options that every command has. Flag before environment before default. */

import { type Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { brokers, filled } from "./values.ts";

/** How much is told on stderr. */
export const logLevels = ["debug", "info", "warning", "error"] as const;

/** How it is told. */
export const logFormats = ["text", "json"] as const;

/** The values of the options that every command has. A type, since commander asks for a record. */
export type EverywhereOptions = {
  /** Addresses of brokers; without them the log is the embedded one. */
  readonly bootstrapServer?: string;
  /** A file of Kafka client properties. */
  readonly commandConfig?: string;
  /** What that file holds, once it has been read: a pipe gives it only once. */
  readonly commandConfigText?: string;
  readonly data: string;
  readonly logLevel: (typeof logLevels)[number];
  readonly logFormat: (typeof logFormats)[number];
  readonly color: boolean;
};

const dataOption = new Option("--data <dir>", "folder of the embedded log")
  .argParser(filled).default(".flights").env("FLIGHTS_DATA");

/** Adds them to a command. @param options another `--data`, for a command with a log of its own. */
export function withEverywhere<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
  { data = dataOption }: { readonly data?: Option } = {},
): Command<A, O & EverywhereOptions> {
  const format = process.stderr.isTTY ? "text" : "json";
  return command
    .addOption(
      new Option("--bootstrap-server <host:port,...>", "Kafka instead of the embedded log")
        .argParser(brokers).env("BOOTSTRAP_SERVERS"),
    )
    .addOption(
      new Option(
        "--command-config <file>",
        "Kafka client properties, as Kafka's own tools take them",
      )
        .argParser(filled).env("FLIGHTS_COMMAND_CONFIG"),
    )
    .addOption(data)
    .addOption(
      new Option("--log-level <level>", "how much is told on stderr")
        .choices(logLevels).default("info").env("FLIGHTS_LOG_LEVEL"),
    )
    .addOption(
      new Option("--log-format <format>", "how it is told")
        .choices(logFormats).default(format, "text on a terminal, json else")
        .env("FLIGHTS_LOG_FORMAT"),
    )
    .option("--no-color", "no colours (also: NO_COLOR)") as unknown as Command<
      A,
      O & EverywhereOptions
    >;
}

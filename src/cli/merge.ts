/** `flights merge`. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { topics } from "../flights/topics.ts";
import { runJobCommand } from "./job_command.ts";
import { withJobOptions } from "./job_flags.ts";
import type { MergeOwnOptions } from "./jobs.ts";
import { withExamples } from "./usage.ts";
import { asOf, topicName } from "./values.ts";

/** Adds what merge has of its own to a command. */
export function withMergeOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
): Command<A, O & MergeOwnOptions> {
  return command
    .addOption(
      new Option(
        "--as-of <time>",
        "when a flight has landed: seen at its record's time, now, or a stated time",
      )
        .argParser(asOf).default("record" as const),
    )
    .addOption(
      new Option("--output-topic <topic>", "where flights go").argParser(topicName)
        .default(topics.flightData),
    ) as unknown as Command<A, O & MergeOwnOptions>;
}

/** Builds the command. */
export function mergeCommand() {
  const command = new Command("merge")
    .description("reads skyone and sunset, drops landed flights, writes flightdata");
  withExamples(command, [
    ["flights merge", "run until stopped"],
    ["flights merge --until-end", "take what is there, then exit"],
    ["flights merge --as-of now", "drop what has landed by the clock"],
  ]);
  return withJobOptions(withMergeOptions(command), "merge").action(async (options) => {
    process.exitCode = await runJobCommand({ name: "merge", options });
  });
}

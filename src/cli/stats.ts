/** `flights stats`. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { topics } from "../flights/topics.ts";
import { runJobCommand } from "./job_command.ts";
import { withJobOptions } from "./job_flags.ts";
import type { StatsOwnOptions } from "./jobs.ts";
import { withExamples } from "./usage.ts";
import { duration, positiveDuration, topicName } from "./values.ts";

/** Adds what stats has of its own to a command. */
export function withStatsOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
): Command<A, O & StatsOwnOptions> {
  return command
    .addOption(
      new Option("--window <duration>", "size of the windows").argParser(positiveDuration).default(
        60_000,
        "1m",
      ),
    )
    .option("--per-window", "each window's own sums instead of running totals")
    .addOption(
      new Option(
        "--allowed-lateness <duration>",
        "how long a closed window still takes records, by carried watermarks too",
      )
        .argParser(duration).default(0, "0s"),
    )
    .option(
      "--repartition",
      "take flightdata that other programs have placed by something else than the email address",
    )
    .addOption(
      new Option("--input-topic <topic>", "where flights are read").argParser(topicName)
        .default(topics.flightData),
    )
    .addOption(
      new Option("--output-topic <topic>", "where results go").argParser(topicName)
        .default(topics.userStatistics),
    ) as unknown as Command<A, O & StatsOwnOptions>;
}

/** Builds the command. */
export function statsCommand() {
  const command = new Command("stats")
    .description(
      "reads flightdata, writes the running totals of each email address to userstatistics",
    );
  withExamples(command, [
    ["flights stats", "run until stopped"],
    ["flights stats --until-end --drain", "take what is there, close all windows, then exit"],
    ["flights stats --repartition --until-end --drain", "the same of flights on any partition"],
    ["flights stats --window 1h --per-window --application-id hourly", "sums of each hour"],
  ]);
  return withJobOptions(withStatsOptions(command), "stats").action(async (options) => {
    process.exitCode = await runJobCommand({ name: "stats", options });
  });
}

/** `flights flink sql`: a job as Flink SQL. */

import { Command } from "@commander-js/extra-typings";
import process from "node:process";
import { jobScript } from "../../flink/script.ts";
import { DataOutput } from "../data_output.ts";
import { withExamples } from "../usage.ts";
import { kafkaOfCluster } from "./client_settings.ts";
import { flinkJobOf, type FlinkJobRequest, withMergeOptions, withStatsOptions } from "./flags.ts";
import { runFlinkCommand } from "./run.ts";

/** Builds the command. */
export function sqlCommand() {
  const command = new Command("sql").description(
    "prints a job as Flink SQL, with what differs there; passwords are left out",
  );
  withExamples(command, [
    ["flights flink sql stats --bootstrap-server kafka:9092", "the job stats"],
  ]);
  const merge = new Command("merge").description("prints merge as Flink SQL");
  withExamples(merge, [
    ["flights flink sql merge --bootstrap-server kafka:9092 > merge.sql", "for Flink's SQL client"],
  ]);
  command.addCommand(
    withMergeOptions(merge).action(async (options) => {
      process.exitCode = await print({ name: "merge", options });
    }),
  );
  const stats = new Command("stats").description("prints stats as Flink SQL");
  withExamples(stats, [
    ["flights flink sql stats --bootstrap-server kafka:9092 --window 1h", "in windows of an hour"],
  ]);
  command.addCommand(
    withStatsOptions(stats).action(async (options) => {
      process.exitCode = await print({ name: "stats", options });
    }),
  );
  return command;
}

function print(request: FlinkJobRequest): Promise<number> {
  return runFlinkCommand(request.options, async ({ everywhere }) => {
    const output = new DataOutput();
    output.add(jobScript(flinkJobOf(request, await kafkaOfCluster(everywhere, "hidden"))));
    await output.flush();
  });
}

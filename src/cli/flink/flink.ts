/** `flights flink`: the same jobs on a Flink cluster. */

import { Command } from "@commander-js/extra-typings";
import { withExamples } from "../usage.ts";
import { compareCommand } from "./compare.ts";
import { cancelCommand, listCommand, statusCommand, stopCommand } from "./jobs.ts";
import { sqlCommand } from "./sql.ts";
import { submitCommand } from "./submit.ts";

/** Builds the command with those below it. */
export function flinkCommand() {
  const command = new Command("flink").description("runs the same jobs on a Flink cluster");
  withExamples(command, [
    ["flights flink sql stats --bootstrap-server kafka:9092", "see the job as Flink SQL"],
    ["flights flink submit stats --bootstrap-server kafka:9092", "run it on a cluster"],
    ["flights flink status flink-stats", "see how it is"],
    ["flights flink stop flink-stats", "end it with a savepoint"],
    ["flights flink compare userstatistics statistics-2", "compare what two engines wrote"],
  ]);
  command.addCommand(sqlCommand());
  command.addCommand(submitCommand());
  command.addCommand(listCommand());
  command.addCommand(statusCommand());
  command.addCommand(stopCommand());
  command.addCommand(cancelCommand());
  command.addCommand(compareCommand());
  return command;
}

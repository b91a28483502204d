/** `flights reset`. */

import { Argument, Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { formatTime } from "../base/time.ts";
import { resetJob, type ResetResult } from "../runtime/reset.ts";
import { runCommand } from "./command.ts";
import { withEverywhere } from "./everywhere.ts";
import { withExamples, withWait } from "./usage.ts";
import { applicationId, resetTo } from "./values.ts";
import { waitForLog } from "./wait_for_topics.ts";

/** Builds the command. */
export function resetCommand() {
  const command = new Command("reset")
    .summary("takes a job back: its offsets, its state, its own topics")
    .description(
      "takes a job back: deletes its offsets, its state and its own topics; what it wrote stays. " +
        "Refused while a member of the job lives",
    )
    .addArgument(new Argument("<job>", "the job's application id").argParser(applicationId))
    .addOption(
      new Option(
        "--to <where>",
        "where it begins next: earliest (as a job that never ran; --from decides), or a time",
      ).argParser(resetTo).default("earliest" as "earliest" | number),
    );
  withExamples(command, [
    ["flights reset stats", "compute all statistics anew"],
    ["flights reset merge --to 2026-01-31T12:00", "begin again at a time"],
  ]);
  return withEverywhere(withWait(command)).action(async (job, options) => {
    process.exitCode = await runCommand(options, async (context) => {
      const { log, tell } = context;
      const { wait } = options;
      if (await waitForLog(context, (log) => log.describeTopics(), { wait }) === null) return;
      const result = await resetJob(log, job, options);
      tell.info(describeReset(job, options.to, result), {
        job,
        inputs: result.inputs,
        deletedTopics: result.deletedTopics,
      });
    });
  });
}

function describeReset(job: string, to: "earliest" | number, result: ResetResult): string {
  const { inputs, offsets, deletedTopics } = result;
  if (inputs.length === 0 && deletedTopics.length === 0) {
    return `${job} never ran on this log: there is nothing to take back`;
  }
  const deleted = deletedTopics.length === 0 ? "" : `, deleted ${deletedTopics.join(", ")}`;
  const next = to === "earliest" || offsets.length === 0
    ? "its next start is a first start"
    : `its next start begins at ${formatTime(to as number)} with empty state`;
  const forgot = inputs.length === 0 ? "" : ` forgot its offsets in ${inputs.join(", ")}`;
  return `reset ${job}:${forgot}${deleted}; ${next}`;
}

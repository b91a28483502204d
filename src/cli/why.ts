/** `flights why`. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { FlightsError } from "../base/errors.ts";
import { readStates } from "../status/read_states.ts";
import type { LogOverview } from "../status/overview.ts";
import { why } from "../status/why/why.ts";
import { runCommand } from "./command.ts";
import { DataOutput } from "./data_output.ts";
import { jobArgument, look, withLookOptions } from "./looking.ts";
import { withExamples } from "./usage.ts";
import { time } from "./values.ts";

/** Builds the command. */
export function whyCommand() {
  const command = new Command("why")
    .summary("says why there is no output, or what it waits for")
    .description(
      "says why there is no output, or what it waits for: of a job that runs, or of what it has committed",
    )
    .addArgument(jobArgument())
    .addOption(
      new Option("--window <time>", "of the window that this event time belongs to").argParser(
        time,
      ),
    )
    .option("--key <key>", "of a key, as it stands in the field that the job is keyed by");
  withExamples(command, [
    ["flights why", "all jobs of the log"],
    ["flights why stats", "one job"],
    ["flights why stats --window 2026-01-31T12:04", "why that minute is not there yet"],
    ["flights why stats --key abcde@email.com", "what is saved of one key, and what it waits for"],
    ["flights why --json", "one finding a line, for a script"],
  ]);
  return withLookOptions(command, { json: "one finding a line, as JSON" })
    .action(async (job, options) => {
      const { window, key } = options;
      process.exitCode = await runCommand(options, async (context) => {
        const overview = await look(context, options);
        if (overview === null) return;
        const { log, tell, signal } = context;
        const about = {
          ...(job !== undefined && { job }),
          ...(key !== undefined && { key }),
        };
        const saved = await readStates(log, overview, {
          ...about,
          failed: ({ message, code }) => tell.warning(message, { code }),
          signal,
        });
        const findings = why(overview, {
          saved,
          ...about,
          ...(window !== undefined && { window }),
        });
        const [first] = findings;
        if (first?.cause === "unknown-job") {
          throw new FlightsError("job-missing", `Cannot say why: ${first.text}`);
        }
        const output = new DataOutput();
        for (const finding of findings) {
          output.add(`${options.json ? JSON.stringify(finding) : finding.text}\n`);
        }
        if (findings.length === 0 && !options.json) output.add(`${nothing(overview)}\n`);
        await output.flush();
      }, { readOnly: true });
    });
}

/** What there is to say without a finding. */
function nothing({ jobs, log }: LogOverview): string {
  return jobs.length === 0 ? `no job has run on ${log} yet` : "nothing stands in the way";
}

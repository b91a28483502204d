/** `flights explain`: what a job is made of. */

import { Command, Option } from "@commander-js/extra-typings";
import { explain, type ExplainFormat } from "../runtime/explain.ts";
import { applicationIdOption, type TimeOptions, withTimeOptions } from "./job_flags.ts";
import { topologyOf, type TopologyRequest } from "./jobs.ts";
import { withMergeOptions } from "./merge.ts";
import { withStatsOptions } from "./stats.ts";
import { withExamples } from "./usage.ts";

const formats: readonly ExplainFormat[] = ["text", "mermaid"];

/** Builds the command; each job is a command below it, with the options that change its topology. */
export function explainCommand() {
  const command = new Command("explain").description(
    "prints what a job is made of: sources, operators, state, topics; it needs no log",
  );
  withExamples(command, [
    ["flights explain merge", "the job merge, top to bottom"],
    ["flights explain stats --format mermaid", "a flowchart for a Markdown file"],
    ["flights explain stats --repartition", "what an option changes"],
  ]);
  command.addCommand(mergeExplained());
  command.addCommand(statsExplained());
  return command;
}

function mergeExplained() {
  const command = new Command("merge").description("prints what merge is made of");
  withExamples(command, [
    ["flights explain merge", "as text"],
    ["flights explain merge --format mermaid", "as a flowchart"],
  ]);
  return withExplainOptions(withMergeOptions(command), "merge")
    .action((options, self) => print(self, { name: "merge", options }));
}

function statsExplained() {
  const command = new Command("stats").description("prints what stats is made of");
  withExamples(command, [
    ["flights explain stats", "as text"],
    ["flights explain stats --per-window --window 1h", "with other settings"],
  ]);
  return withExplainOptions(withStatsOptions(command), "stats")
    .action((options, self) => print(self, { name: "stats", options }));
}

/** A type, since commander asks for a record. */
type ExplainCommandOptions = {
  readonly format: ExplainFormat;
  readonly applicationId: string;
};

function withExplainOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
  name: string,
) {
  return withTimeOptions(command)
    .addOption(applicationIdOption(name))
    .addOption(
      new Option("--format <format>", "text for a terminal, mermaid for a Markdown file")
        .choices(formats).default("text"),
    ) as unknown as Command<A, O & TimeOptions & ExplainCommandOptions>;
}

function print(
  command: Command,
  request: TopologyRequest & { readonly options: ExplainCommandOptions },
): void {
  const { format, applicationId } = request.options;
  command.configureOutput().writeOut!(explain(topologyOf(request), { format, applicationId }));
}

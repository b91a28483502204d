/** The program: all commands, and what is said of a wrong command line. */

import { Command, CommanderError, type OutputConfiguration } from "@commander-js/extra-typings";
import type { Command as UntypedCommand } from "commander";
import process from "node:process";
import { messageOf } from "../base/errors.ts";
import config from "../../deno.json" with { type: "json" };
import { addCompletions } from "./completions.ts";
import { consumeCommand } from "./consume.ts";
import { datagenCommand } from "./datagen.ts";
import { demoCommand } from "./demo.ts";
import { explainCommand } from "./explain.ts";
import { exitCode, exitCodeOf } from "./exit_codes.ts";
import { flinkCommand } from "./flink/flink.ts";
import { mergeCommand } from "./merge.ts";
import { produceCommand } from "./produce.ts";
import { resetCommand } from "./reset.ts";
import { statsCommand } from "./stats.ts";
import { statusCommand } from "./status.ts";
import { topicsCommand } from "./topics.ts";
import { TextOutput, writeError } from "./text_output.ts";
import { uiCommand } from "./ui.ts";
import { withExamples } from "./usage.ts";
import { whyCommand } from "./why.ts";

/** Takes help and usage errors; default: stdout and stderr. */
export type UsageOutput = Pick<OutputConfiguration, "writeOut" | "writeErr">;

/** Help goes to stdout, errors to stderr; either may be closed. */
const standard: UsageOutput = {
  writeOut: (text) => new TextOutput().write(text),
  writeErr: writeError,
};

/** Builds the program with all its commands. */
export function createProgram(output: UsageOutput = {}): UntypedCommand {
  const program = new Command("flights")
    .description("Event-time streams of flight bookings, exactly once")
    .usage("COMMAND [options]")
    .version(config.version, "--version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show the help of a command")
    .showHelpAfterError("Add --help to see how it is used.")
    .configureOutput({
      ...standard,
      ...output,
      outputError: (text, write) => write(startWithOption(text)),
    })
    .exitOverride();
  withExamples(program, [
    ["flights demo", "see all of it at work within a minute"],
    ["flights datagen --create", "bookings of two airlines, in a first terminal"],
    ["flights merge", "one stream of flights, in a second"],
    ["flights stats", "running totals of each traveller, in a third"],
    ["flights consume userstatistics", "the results, in a fourth"],
  ]);
  const commands = [
    demoCommand(),
    datagenCommand(),
    mergeCommand(),
    statsCommand(),
    statusCommand(),
    whyCommand(),
    uiCommand(),
    explainCommand(),
    resetCommand(),
    topicsCommand(),
    produceCommand(),
    consumeCommand(),
    flinkCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  const untyped = program as unknown as UntypedCommand;
  addCompletions(untyped);
  for (const command of untyped.commands) inheritSettings(command, untyped);
  return untyped;
}

/** Commands that are built on their own do not take their parent's settings by themselves. */
function inheritSettings(command: UntypedCommand, parent: UntypedCommand): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inheritSettings(child, command);
}

/** A message begins with the option that is wrong. */
function startWithOption(text: string): string {
  return text.replace(/^error: (option |command-)?/, "");
}

/**
 * Runs the command line and returns the exit code; usage errors are answered on stderr.
 *
 * @param args what follows the program's name.
 */
export async function main(args: readonly string[], output?: UsageOutput): Promise<number> {
  try {
    await createProgram(output).parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCode.done : exitCode.usage;
    }
    // Nobody reads any more.
    if (error instanceof Deno.errors.BrokenPipe) return exitCode.done;
    writeError(`${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
  return Number(process.exitCode ?? exitCode.done);
}

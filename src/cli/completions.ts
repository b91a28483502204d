/** `flights completions`, and the hidden command by which the shell asks for them. */

import tab from "@bomb.sh/tab/commander";
import type { Command } from "@commander-js/extra-typings";
import type { Command as UntypedCommand } from "commander";
import { withExamples } from "./usage.ts";

/** The shells whose scripts are offered. */
const shells = ["bash", "zsh", "fish"] as const;

/**
 * Adds `completions SHELL`, which prints a script for the shell, and the hidden `complete -- WORDS`,
 * which the script calls. To be added last: it completes the commands that are there.
 */
export function addCompletions(program: UntypedCommand): void {
  tab(program, { completionCommandName: "completions" });
  const command = program.commands.find((one) => one.name() === "completions")!;
  command.description("prints a script that lets your shell complete commands, options and values");
  command.registeredArguments[0]!.choices([...shells]);
  command.registeredArguments[0]!.description = "your shell";
  withExamples(command as unknown as Command, [
    ["flights completions bash >> ~/.bashrc", "complete in every new bash"],
    ["flights completions fish > ~/.config/fish/completions/flights.fish", "complete in fish"],
    ['flights completions zsh > "${fpath[1]}/_flights"', "complete in zsh"],
  ]);
}

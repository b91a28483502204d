/** What all commands' declarations have in common: examples, rules between options, waiting. */

import { type Command, Option } from "@commander-js/extra-typings";
import { duration } from "./values.ts";

/** A command line, and what it does. */
export type Example = readonly [line: string, what: string];

/** The narrowest terminal that help is written for. */
const columns = 80;

/** Puts examples in front of a command's help: in two columns, or where those are too wide in turn. */
export function withExamples<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
  examples: readonly Example[],
): Command<A, O> {
  const width = Math.max(...examples.map(([line]) => line.length));
  const inColumns = examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`);
  const inTurn = examples.map(([line, what]) => `  # ${what}\n  ${line}`);
  const lines = inColumns.every((line) => line.length < columns) ? inColumns : inTurn;
  return command.addHelpText("before", `Examples:\n${lines.join("\n")}\n`);
}

/** The values of a command's options, and which of them were stated. */
export interface StatedOptions<O> {
  readonly values: O;
  /** Whether the option was stated, on the command line or in the environment. */
  readonly has: (name: keyof O & string) => boolean;
}

/**
 * Adds a rule between a command's options; it is checked before the command touches anything.
 *
 * @param broken names the option that is wrong and says what it needs, or null.
 */
export function withRule<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
  broken: (options: StatedOptions<O>) => string | null,
): Command<A, O> {
  return command.hook("preAction", (self) => {
    const values = self.opts() as O;
    const has = (name: string) =>
      ["cli", "env"].includes(self.getOptionValueSource(name) ?? "default");
    const message = broken({ values, has });
    if (message !== null) self.error(message);
  });
}

/** Adds the option that limits how long a command waits for topics, and for the log itself. */
export function withWait<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
): Command<A, O & { readonly wait: number }> {
  return command.addOption(
    new Option("--wait <duration>", "how long to wait for a log or topic that is not there")
      .argParser(duration).default(10_000, "10s"),
  ) as unknown as Command<A, O & { readonly wait: number }>;
}

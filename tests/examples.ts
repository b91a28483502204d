/** Runs the programs of examples/ as processes. */

import { fileURLToPath } from "node:url";
import { type FlightsProcess, startProgram } from "./flights.ts";

/** Where a lesson finds its log. */
export interface ProgramOptions {
  /** Folder of the embedded log; default: none. */
  readonly data?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a program, by default on a log in memory, whatever the machine's environment says. */
export function startExample(
  file: string,
  args: readonly string[],
  { data = "", env = {} }: ProgramOptions = {},
): FlightsProcess {
  const path = fileURLToPath(new URL(`../examples/${file}`, import.meta.url));
  return startProgram([Deno.execPath(), "run", "-A", "--quiet", "--no-check", path, ...args], {
    data,
    env: { BOOTSTRAP_SERVERS: "", ...env },
  });
}

/** What a program prints that ends well. @throws when it does not. */
export async function outputOf(
  file: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await startExample(file, args, options).result;
  if (code === 0) return stdout;
  throw new Error(`${file} ${args.join(" ")} ended with ${code}: ${stderr}`);
}

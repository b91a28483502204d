/** What the tests fetch once and keep in the user's cache: $XDG_CACHE_HOME, else ~/.cache. */

import { join } from "node:path";

/**
 * The folder `name` of the cache. Where it is not there yet, `fill` fills another folder, which gets
 * the name at last: a half-filled one is never used.
 */
export async function cachedFolder(
  name: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const cache = join(
    Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "/tmp", ".cache"),
    "flights-tests",
  );
  const home = join(cache, name);
  if (await exists(home)) return home;
  await Deno.mkdir(cache, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: cache, prefix: "fetching-" });
  try {
    await fill(folder);
    await Deno.rename(folder, home);
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    // Another process was faster.
    if (!await exists(home)) throw error;
  }
  return home;
}

/** Whether there is something at `path`. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** What a program is run for, for messages. */
export interface Purpose {
  /** As in "fetch Kafka". */
  readonly doing: string;
  /** What brings the program, as in "Maven". */
  readonly needs: string;
}

/**
 * Runs a program to its end and returns what it printed.
 *
 * @throws when there is no such program, or it fails, with what it said.
 */
export async function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  { doing, needs }: Purpose,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const output = await outputOf(program, args).catch((cause) => {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`Cannot ${doing}: ${needs} must be on the path, there is no ${program}`);
  });
  const text = new TextDecoder();
  const [stdout, stderr] = [text.decode(output.stdout), text.decode(output.stderr)];
  if (output.success) return { stdout, stderr };
  throw new Error(`Cannot ${doing}: ${program} must succeed, it said:\n${stdout}${stderr}`);
}

/** A program that is not there is a rejection, which Deno by itself throws at once. */
async function outputOf(program: string, args: readonly string[]): Promise<Deno.CommandOutput> {
  return await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
}

/** Other programs, run to their end with a bound on their time. */

import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** How a program is run. */
export interface RunOptions {
  /** Default: the repository. */
  readonly cwd?: string;
  /** Added to this process's environment, or in its place with `clearEnv`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clearEnv?: boolean;
  /** Killed after this long; default 10 minutes. */
  readonly timeoutMs?: number;
}

/** How a program ended. */
export interface RunResult {
  readonly success: boolean;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly seconds: number;
}

/** Runs a program without input and collects what it prints. */
export async function run(
  [program, ...args]: readonly [string, ...string[]],
  { cwd = root, env = {}, clearEnv = false, timeoutMs = 600_000 }: RunOptions = {},
): Promise<RunResult> {
  const start = performance.now();
  const deadline = AbortSignal.timeout(timeoutMs);
  const { success, code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: { ...env },
    clearEnv,
    stdin: "null",
    signal: deadline,
  }).output();
  const text = new TextDecoder();
  return {
    success,
    code,
    stdout: text.decode(stdout),
    stderr: text.decode(stderr),
    timedOut: deadline.aborted && !success,
    seconds: (performance.now() - start) / 1000,
  };
}

/** Runs the deno that runs this: it need not be on the path. */
export function runDeno(args: readonly string[], options?: RunOptions): Promise<RunResult> {
  return run([Deno.execPath(), ...args], options);
}

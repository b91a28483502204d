/**
 * The jobs as whole processes of the command line, and what the operating system says they took. It
 * is read from /proc, so these benchmarks need Linux.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/base/clock.ts";

/** Where jobs run, and on what. */
export interface Site {
  /** The program and what comes before its arguments. */
  readonly command: readonly [string, ...string[]];
  /** HOST:PORT of the brokers, with commas between; null: the embedded log in `folder`. */
  readonly bootstrap: string | null;
  /** For what the processes keep and what they say. */
  readonly folder: string;
}

/** What a process took from its start to its end. */
export interface Cost {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakMiB: number;
}

/** A process that is on its way to its end. */
export interface Running {
  /** When it was started, as `performance.now()`. */
  readonly startedAt: number;
  /** @throws when it does not end with 0 in time, with what it said. */
  readonly cost: Promise<Cost>;
}

const endsWithinMs = 20 * 60_000;
const stopsWithinMs = 30_000;
const lookEveryMs = 20;

/** The command line from its source, or the executable that was built of it. */
export function commandLine(executable?: string): readonly [string, ...string[]] {
  if (executable !== undefined) return [executable];
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  return [Deno.execPath(), "run", "-A", "--quiet", main];
}

/** Whether the command line knows an option of merge. */
export async function knowsOption({ command }: Site, option: string): Promise<boolean> {
  const [program, ...before] = command;
  const { stdout } = await new Deno.Command(program, { args: [...before, "merge", "--help"] })
    .output();
  return new TextDecoder().decode(stdout).includes(option);
}

/**
 * Runs "$@" and tells its process's id, then what `times` tells: the shell's times, and those of the
 * processes it has waited for. Nothing else gives them to the full once a process has ended.
 */
const timed = `
log=$1
shift
"$@" </dev/null >/dev/null 2>"$log" &
echo $!
wait $!
code=$?
times
exit $code
`;

let started = 0;

function logFile({ folder }: Site, args: readonly string[]): string {
  return join(folder, `${args[0]}-${++started}.log`);
}

/** Where the embedded log of a site is. */
export function dataOf(folder: string): string {
  return join(folder, "data");
}

function environment({ bootstrap, folder }: Site): Record<string, string> {
  return bootstrap === null
    ? { FLIGHTS_DATA: dataOf(folder) }
    : { BOOTSTRAP_SERVERS: bootstrap, XDG_STATE_HOME: folder };
}

/** Starts a command that ends by itself. */
export function startToEnd(site: Site, args: readonly string[]): Running {
  const log = logFile(site, args);
  const startedAt = performance.now();
  const shell = new Deno.Command("sh", {
    args: ["-c", timed, "sh", log, ...site.command, ...args],
    env: environment(site),
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  return { startedAt, cost: untilEnd(shell, { args, log, startedAt }) };
}

/** Runs a command to its end. */
export function runToEnd(site: Site, args: readonly string[]): Promise<Cost> {
  return startToEnd(site, args).cost;
}

async function untilEnd(
  shell: Deno.ChildProcess,
  { args, log, startedAt }: {
    readonly args: readonly string[];
    readonly log: string;
    readonly startedAt: number;
  },
): Promise<Cost> {
  let said = "";
  let ended = false;
  const heard = (async () => {
    for await (const text of shell.stdout.pipeThrough(new TextDecoderStream())) said += text;
  })();
  const status = shell.status.then((status) => {
    ended = true;
    return status;
  });
  let peakMiB = 0;
  while (!ended) {
    const pid = Number.parseInt(said);
    if (pid > 0) peakMiB = Math.max(peakMiB, peakMemory(pid) ?? 0);
    if (pid > 0 && performance.now() - startedAt > endsWithinMs) killQuietly(pid);
    await Promise.race([status, systemClock.sleep(lookEveryMs)]);
  }
  const wallSeconds = (performance.now() - startedAt) / 1e3;
  const { code } = await status;
  await heard;
  if (code !== 0) throw await badEnd(args, `it must end with 0, it ended with ${code}`, log);
  return { cpuSeconds: secondsOfTimes(said), wallSeconds, peakMiB };
}

/** The last line: "0m1.23s 0m0.45s", the user and system time of the ended processes. */
function secondsOfTimes(said: string): number {
  const last = said.trimEnd().split("\n").at(-1)!;
  const times = [...last.matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error(`Cannot read the times: two are needed, "${last}" came`);
  return times.reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

/** A process that runs until it is ended. */
export interface LiveProcess extends AsyncDisposable {
  readonly pid: number;
  /** Its processor time so far. */
  cpuSeconds(): number;
  /** The most memory it has had so far. */
  peakMiB(): number;
  /** Ends it by SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** Ends it by SIGTERM, or by SIGKILL when it does not listen; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts a command that runs until it is ended. One that ends by itself fails the benchmark. */
export function startLive(site: Site, args: readonly string[]): LiveProcess {
  const log = logFile(site, args);
  const child = new Deno.Command("sh", {
    args: ["-c", 'log=$1; shift; exec "$@" 2>"$log"', "sh", log, ...site.command, ...args],
    env: environment(site),
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let expected = false;
  const ended = child.status.then(async ({ code, signal }) => {
    if (expected) return;
    throw await badEnd(args, `it must run on, it ended with ${signal ?? code}`, log);
  });
  const end = async (signal: Deno.Signal) => {
    if (!expected) {
      expected = true;
      child.kill(signal);
    }
    await ended;
  };
  const stop = async () => {
    const timer = setTimeout(() => killQuietly(child.pid), stopsWithinMs);
    await end("SIGTERM");
    clearTimeout(timer);
  };
  return {
    pid: child.pid,
    cpuSeconds: () => cpuSecondsOf(child.pid),
    peakMiB: () => peakMemory(child.pid) ?? Number.NaN,
    kill: () => end("SIGKILL"),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function badEnd(args: readonly string[], what: string, log: string): Promise<Error> {
  const text = await Deno.readTextFile(log).catch(() => "");
  const last = text.trimEnd().split("\n").slice(-10).join("\n");
  return new Error(`Cannot measure flights ${args.join(" ")}: ${what}; it said:\n${last}`);
}

/** Null when the process has ended. */
function peakMemory(pid: number): number | null {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const peak = /VmHWM:\s*(\d+) kB/.exec(status)?.[1];
    return peak === undefined ? null : Number(peak) / 1024;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || isGone(error)) return null;
    throw error;
  }
}

/** ESRCH: the process ended while its file was being read. Deno gives this error no code of its own. */
function isGone(error: unknown): boolean {
  return error instanceof Error && error.message.includes("(os error 3)");
}

/** The clock ticks that Linux counts in for everybody. */
const ticksASecond = 100;

function cpuSecondsOf(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The program's name, in parentheses, may hold anything; user and system time are fields 14, 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksASecond;
}

function killQuietly(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

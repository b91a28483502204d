/** The processes of a run: each ends for a reason that is expected of it, or fails the run. */

import { systemClock } from "../../../src/base/clock.ts";
import { type FlightsProcess, startFlights } from "../../flights.ts";

/** How much memory a process had. */
export interface MemorySample {
  readonly name: string;
  readonly pid: number;
  /** Milliseconds since it was started. */
  readonly age: number;
  /** Resident memory in MB. */
  readonly megabytes: number;
}

/** How all processes are run. */
export interface FleetOptions {
  readonly data: string;
  readonly env: Readonly<Record<string, string>>;
  /** Is told when a process ended for no good reason: the run is to end. */
  readonly fail: (reason: string) => void;
}

/** The exit code of a process that SIGTERM has stopped. */
const terminated = 143;
/** A process that is asked to stop has so long for its last commit. */
const stopsWithin = 60_000;
/** So much of what a process said is shown when it failed. */
const shownLines = 40;

interface Running {
  readonly process: FlightsProcess;
  readonly startedAt: number;
  /** The signal that it is about to end by; null while it must not end. */
  expected: "SIGKILL" | "SIGTERM" | null;
}

/** Processes by name. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #running = new Map<string, Running>();
  readonly memory: MemorySample[] = [];
  /** How often any was started. */
  starts = 0;
  /** How often any has joined its group again, as they tell. */
  joinedAgain = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Those that run, or are stopped for a while. */
  get names(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Starts the command line. */
  start(name: string, args: readonly string[]): void {
    const { data, env } = this.#options;
    const process = startFlights(args, { data, env });
    const running: Running = { process, startedAt: systemClock.now(), expected: null };
    this.#running.set(name, running);
    this.starts++;
    this.#watch(name, running);
  }

  /** Stops it for a while, or lets it go on. Does nothing for one that has ended. */
  signal(name: string, signal: "SIGSTOP" | "SIGCONT"): void {
    this.#running.get(name)?.process.kill(signal);
  }

  /** Resolves when it has told `text`, or has ended. */
  async told(name: string, text: string): Promise<void> {
    await this.#running.get(name)?.process.told(text).catch(() => {});
  }

  /** Ends it, and waits for its end. Does nothing for one that has ended. */
  async end(name: string, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined) return;
    running.expected = signal;
    running.process.kill(signal);
    const ended = running.process.result.then(() => true);
    const patience = new AbortController();
    const late = systemClock.sleep(stopsWithin, patience.signal).then(() => false);
    if (!await Promise.race([ended, late])) {
      this.#options.fail(`${name} did not stop within ${stopsWithin / 1_000} s of ${signal}`);
      running.process.kill("SIGKILL");
      await ended;
    }
    patience.abort();
  }

  /** Ends all that are left by SIGKILL, for a run that has failed. */
  async killAll(): Promise<void> {
    await Promise.all(this.names.map((name) => this.end(name, "SIGKILL")));
  }

  /** Notes how much memory each process has now. */
  sample(): void {
    for (const [name, { process: { pid }, startedAt }] of this.#running) {
      const megabytes = residentMegabytes(pid);
      if (megabytes === null) continue;
      this.memory.push({ name, pid, age: systemClock.now() - startedAt, megabytes });
    }
  }

  async #watch(name: string, running: Running): Promise<void> {
    const { code, signal, stderr } = await running.process.result;
    this.#running.delete(name);
    this.joinedAgain += stderr.split("joining again").length - 1;
    const asked = running.expected;
    const isExpected = asked === "SIGKILL"
      ? signal === "SIGKILL"
      : asked === "SIGTERM" && (code === terminated || signal === "SIGTERM");
    if (isExpected) return;
    const said = stderr.trimEnd().split("\n").slice(-shownLines).join("\n");
    this.#options.fail(
      `${name} ended with ${signal ?? code}, it was ${
        asked === null ? "to run on" : `to end by ${asked}`
      }; it said:\n${said}`,
    );
  }
}

/** The resident memory of a process, or null when it has ended. */
function residentMegabytes(pid: number): number | null {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / 1_024;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** How the memory of a process in the last third of its life compares to that in the second. */
export function memoryGrowth(samples: readonly MemorySample[], name: string): number {
  const own = samples.filter((sample) => sample.name === name);
  const life = own.at(-1)!.age;
  const median = (from: number, to: number) => {
    const part = own.filter(({ age }) => age > life * from && age <= life * to);
    return part.map(({ megabytes }) => megabytes).sort((a, b) => a - b)[part.length >> 1]!;
  };
  return median(2 / 3, 1) / median(1 / 3, 2 / 3);
}

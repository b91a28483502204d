/** Runs the command line as a process: the built executable that FLIGHTS_EXECUTABLE names, else main.ts. */

import { fileURLToPath } from "node:url";

/** How a process is run. */
export interface FlightsOptions {
  /** The folder of the embedded log. */
  readonly data: string;
  /** Where it is run; default: where the tests are. */
  readonly cwd?: string;
  /** Written to stdin; default: nothing. */
  readonly stdin?: string | Uint8Array;
  /** Whether stdin stays open, for {@linkcode FlightsProcess.send}; default false. */
  readonly keepStdinOpen?: boolean;
  /** Stdout is closed when this many bytes have come, as `head -c` does; default: never. */
  readonly stdoutLimit?: number;
  /** The same for stderr. */
  readonly stderrLimit?: number;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a process ended. */
export interface FlightsResult {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  /** Stdout as bytes. */
  readonly bytes: Uint8Array;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that runs. */
export interface FlightsProcess {
  readonly pid: number;
  /** Resolves when `text` has come on stdout; rejects when the process ends before. */
  printed(text: string): Promise<void>;
  /** Resolves when `text` has come on stderr; rejects when the process ends before. */
  told(text: string): Promise<void>;
  /** Resolves with the address at which the process says it answers. */
  address(): Promise<string>;
  /** Writes to stdin, which was kept open. */
  send(text: string): Promise<void>;
  kill(signal: Deno.Signal): void;
  /** Resolves at its end. */
  readonly result: Promise<FlightsResult>;
}

/** What runs the command line, in front of its arguments. */
export function commandLine(): readonly [string, ...string[]] {
  const executable = Deno.env.get("FLIGHTS_EXECUTABLE");
  if (executable !== undefined) return [executable];
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  return [Deno.execPath(), "run", "-A", "--quiet", main];
}

/** Starts the command line. */
export function startFlights(args: readonly string[], options: FlightsOptions): FlightsProcess {
  const [program, ...before] = commandLine();
  return startProgram([program, ...before, ...args], options);
}

/** Starts another program in the same way. @param command the program and its arguments. */
export function startProgram(
  [program, ...args]: readonly [string, ...string[]],
  options: FlightsOptions,
): FlightsProcess {
  const { data, stdin = "", keepStdinOpen = false, stdoutLimit, stderrLimit, env = {} } = options;
  const child = new Deno.Command(program, {
    args,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { FLIGHTS_DATA: data, ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = new Heard(child.stdout, stdoutLimit);
  const stderr = new Heard(child.stderr, stderrLimit);
  const input = child.stdin.getWriter();
  const fed = feed(input, stdin, keepStdinOpen);
  const end = async (): Promise<FlightsResult> => {
    const [bytes, errors] = await Promise.all([stdout.all, stderr.all]);
    const { code, signal } = await child.status;
    if (keepStdinOpen) await input.close().catch(ignoreBrokenPipe);
    await fed;
    return { code, signal, bytes, stdout: textOf(bytes), stderr: textOf(errors) };
  };
  return {
    pid: child.pid,
    printed: (text) => stdout.waitFor(text),
    told: (text) => stderr.waitFor(text),
    address: () => stderr.match(/http:\/\/[^\s"]+:\d+(?=["\s])/),
    send: (text) => input.write(new TextEncoder().encode(text)),
    kill: (signal) => child.kill(signal),
    result: end(),
  };
}

/** Runs the command line to its end. */
export function flights(
  args: readonly string[],
  options: FlightsOptions,
): Promise<FlightsResult> {
  return startFlights(args, options).result;
}

async function feed(
  input: WritableStreamDefaultWriter<Uint8Array>,
  data: string | Uint8Array,
  keepOpen: boolean,
): Promise<void> {
  try {
    if (data.length > 0) {
      await input.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
    }
    if (!keepOpen) await input.close();
  } catch (error) {
    ignoreBrokenPipe(error);
  }
}

/** Whoever needs no more input ends before all of it has been read. */
function ignoreBrokenPipe(error: unknown): void {
  if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** What has come from a process so far. */
class Heard {
  readonly all: Promise<Uint8Array>;
  #bytes = new Uint8Array(0);
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor(stream: ReadableStream<Uint8Array>, limit = Number.POSITIVE_INFINITY) {
    this.all = this.#read(stream, limit);
  }

  async #read(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
    for await (const chunk of stream) {
      const longer = new Uint8Array(this.#bytes.length + chunk.length);
      longer.set(this.#bytes);
      longer.set(chunk, this.#bytes.length);
      this.#bytes = longer;
      this.#wake();
      if (longer.length >= limit) break;
    }
    this.#ended = true;
    this.#wake();
    return this.#bytes;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async waitFor(text: string): Promise<void> {
    await this.match(new RegExp(RegExp.escape(text)));
  }

  async match(pattern: RegExp): Promise<string> {
    for (;;) {
      const [found] = pattern.exec(textOf(this.#bytes)) ?? [];
      if (found !== undefined) return found;
      if (this.#ended) {
        throw new Error(`"${pattern.source}" never came, only: ${textOf(this.#bytes)}`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

/** A folder for an embedded log, gone at the end of its block. */
export function dataFolder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "flights-test-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

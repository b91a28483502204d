/** Starts processes on a log (child.ts), talks with them and listens to them. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";

const script = new URL("./child.ts", import.meta.url).pathname;

/** How a process is started. */
export interface ChildOptions {
  /** Which group to join, which step to die at, and the like; see child.ts. */
  readonly argument?: string;
  /** A program and its arguments that start it; default: none. */
  readonly by?: readonly string[];
}

/** A process on a log. */
export class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exit: Promise<void>;

  /** Starts a process in a role of child.ts. */
  constructor(role: string, directory: string, { argument = "", by = [] }: ChildOptions = {}) {
    const deno = [Deno.execPath(), "run", "-A", "--quiet", "--no-lock"];
    const [program, ...args] = [...by, ...deno, script, role, directory, argument];
    this.#process = spawn(program!, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#exit = new Promise((resolve) => this.#process.once("exit", () => resolve()));
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  /** The next line it writes; null when it writes no more. */
  async line(): Promise<string | null> {
    const { done, value } = await this.#lines.next();
    return done ? null : value;
  }

  /** Waits for a line, which must be the next one. */
  async expect(line: string): Promise<void> {
    assert.equal(await this.line(), line);
  }

  /** All lines from here to its end. */
  async rest(): Promise<readonly string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== null; line = await this.line()) lines.push(line);
    await this.#exit;
    return lines;
  }

  /** Gives it a line. */
  send(line: string): void {
    this.#process.stdin!.write(`${line}\n`);
  }

  /** Sends it a signal. */
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
    // ChildProcess.kill sends a process no second signal.
    process.kill(this.#process.pid!, signal);
  }

  /** Ends it, if it has not ended, and waits for that. */
  async end(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.signal("SIGKILL");
    }
    await this.#exit;
  }
}

/** Runs `work` with a folder of its own, and removes it and its processes afterwards. */
export async function withProcesses(
  work: (
    directory: string,
    start: (role: string, options?: ChildOptions) => Child,
  ) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const children: Child[] = [];
  try {
    await work(directory, (role, options) => {
      const child = new Child(role, directory, options);
      children.push(child);
      return child;
    });
  } finally {
    for (const child of children) await child.end();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Text for people on stdout and stderr, which may be closed or full: help, the demo, tables. */

import { utf8 } from "../base/bytes.ts";
import { FlightsError, messageOf } from "../base/errors.ts";

/** Takes bytes at once. */
export interface SyncSink {
  /** Takes some of `bytes` and returns how many. */
  writeSync(bytes: Uint8Array): number;
}

/** Writes text at once. What nobody reads any more (`| head`) is dropped, and {@linkcode TextOutput.closed} aborts. */
export class TextOutput {
  readonly #sink: SyncSink;
  readonly #closed = new AbortController();

  /** @param sink default: stdout. */
  constructor(sink: SyncSink = Deno.stdout) {
    this.#sink = sink;
  }

  /** Aborted when nobody reads any more. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** @throws {FlightsError} `output-failed` when it is not taken for another reason. */
  write(text: string): void {
    const bytes = utf8(text);
    try {
      for (let at = 0; at < bytes.length && !this.closed.aborted;) {
        at += this.#sink.writeSync(bytes.subarray(at));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw outputFailed(error);
      this.#closed.abort();
    }
  }
}

/** What is thrown when stdout takes no more. */
export function outputFailed(cause: unknown): FlightsError {
  return new FlightsError(
    "output-failed",
    `Cannot write to stdout: it must take what is written, ${messageOf(cause)}`,
    { cause },
  );
}

/** Writes to stderr; who has closed it wants no more of it. */
export function writeError(text: string): void {
  try {
    new TextOutput(Deno.stderr).write(text);
  } catch {
    // Nobody is left to be told.
  }
}

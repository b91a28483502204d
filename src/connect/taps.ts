/** Where the elements of a sink go that is no topic: standard output, a function of the program. */

import { utf8 } from "../base/bytes.ts";
import { FlightsError, messageOf } from "../base/errors.ts";
import type { CallbackContext, Tap } from "../stream/sinks.ts";
import { FileTap } from "./file_tap.ts";

/** Takes elements in order. What it has taken is told by {@linkcode TapWriter.flush}. */
export interface TapWriter {
  /** Takes one element; a promise is waited for before the next. */
  take(text: string, context: CallbackContext): void | Promise<void>;
  /** Puts out what was taken, and returns what is to be kept of it with the committed offset. */
  flush(): Promise<string>;
  close(): void | Promise<void>;
}

/**
 * Opens a tap where it was left.
 *
 * @param saved what its last flush gave back; null at the first start.
 */
export function openTap(tap: Tap, saved: string | null): Promise<TapWriter> {
  switch (tap.kind) {
    case "stdout":
      return Promise.resolve(new StdoutTap());
    case "callback":
      return Promise.resolve(new CallbackTap(tap.take));
    case "file":
      return FileTap.open(tap, saved);
  }
}

/** Takes bytes at once. */
export interface SyncSink {
  /** Takes some of `bytes` and returns how many. */
  writeSync(bytes: Uint8Array): number;
}

/** Lines on standard output. */
export class StdoutTap implements TapWriter {
  readonly #sink: SyncSink;
  #lines = "";

  /** @param sink default: standard output. */
  constructor(sink: SyncSink = Deno.stdout) {
    this.#sink = sink;
  }

  take(text: string): void {
    this.#lines += `${text}\n`;
  }

  /** @throws {FlightsError} `output-failed` when nobody reads any more, or the disk behind it is full. */
  // deno-lint-ignore require-await -- What it throws is a rejection.
  async flush(): Promise<string> {
    const bytes = utf8(this.#lines);
    this.#lines = "";
    try {
      for (let at = 0; at < bytes.length;) at += this.#sink.writeSync(bytes.subarray(at));
    } catch (error) {
      throw new FlightsError(
        "output-failed",
        `Cannot write to stdout: it must take what is written, ${messageOf(error)}`,
        { cause: error },
      );
    }
    return "";
  }

  close(): void {}
}

/** A function of the program. */
class CallbackTap implements TapWriter {
  readonly #take: (value: unknown, context: CallbackContext) => void | Promise<void>;

  constructor(take: (value: unknown, context: CallbackContext) => void | Promise<void>) {
    this.#take = take;
  }

  /** @throws {FlightsError} `operator-failed` when the function throws. */
  take(text: string, context: CallbackContext): void | Promise<void> {
    try {
      return this.#take(JSON.parse(text), context)?.catch((error: unknown) => {
        throw callbackFailed(error);
      });
    } catch (error) {
      throw callbackFailed(error);
    }
  }

  flush(): Promise<string> {
    return Promise.resolve("");
  }

  close(): void {}
}

function callbackFailed(error: unknown): FlightsError {
  return new FlightsError(
    "operator-failed",
    `Cannot hand on an element: the job's callback must not throw, it threw "${messageOf(error)}"`,
    { cause: error },
  );
}

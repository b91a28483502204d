/** Stdout, which holds data and nothing else. */

import { concatBytes, utf8 } from "../base/bytes.ts";
import { outputFailed } from "./text_output.ts";

/** What is collected before it is handed on, in bytes. */
const flushSize = 64 * 1024;

/** Takes bytes as fast as they are read at the other end. */
export interface ByteSink {
  /** Takes some of `bytes` and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Writes data to stdout, no faster than it is read there. When nobody reads any more (`| head`) that
 * is no failure: all further data is dropped, and {@linkcode DataOutput.isClosed} says so.
 */
export class DataOutput {
  readonly #sink: ByteSink;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #closed = false;

  /** @param sink default: stdout, written to without blocking, so that signals come through. */
  constructor(sink: ByteSink = Deno.stdout) {
    this.#sink = sink;
  }

  /** Whether nobody reads any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Whether it is time to flush. */
  get isFull(): boolean {
    return this.#size >= flushSize;
  }

  /** Adds data, which must not change until it is flushed. */
  add(data: Uint8Array | string): void {
    const bytes = typeof data === "string" ? utf8(data) : data;
    this.#chunks.push(bytes);
    this.#size += bytes.length;
  }

  /**
   * Hands on what has been added.
   *
   * @throws {FlightsError} `output-failed` when it is not taken, and not since nobody reads.
   */
  async flush(): Promise<void> {
    const bytes = concatBytes(this.#chunks);
    this.#chunks = [];
    this.#size = 0;
    try {
      for (let at = 0; at < bytes.length && !this.#closed;) {
        at += await this.#sink.write(bytes.subarray(at));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw outputFailed(error);
      this.#closed = true;
    }
  }
}

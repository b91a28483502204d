/**
 * Lines in a file, exactly once. A flush makes them durable and tells the file's length, which is kept
 * with the committed offset; what a crash left behind that length is cut off at the next start.
 */

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { utf8 } from "../base/bytes.ts";
import { FlightsError, messageOf } from "../base/errors.ts";
import type { ExistingFile } from "../stream/sinks.ts";
import { markOf, tailBefore, tailOf } from "./file_mark.ts";
import type { TapWriter } from "./taps.ts";

/** Lines wait until they are about so long, in characters. */
const bufferLength = 256 * 1024;
const lineFeed = utf8("\n");

/** How far a file has been written. */
interface FileLength {
  readonly bytes: number;
  /** Tells whether the file is the same up to there. */
  readonly mark: string;
}

/** Writes lines behind what is accounted for. */
export class FileTap implements TapWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  #bytes: number;
  #tail: Uint8Array;
  #lines = "";

  private constructor(path: string, file: FileHandle, { bytes, tail }: {
    readonly bytes: number;
    readonly tail: Uint8Array;
  }) {
    this.#path = path;
    this.#file = file;
    this.#bytes = bytes;
    this.#tail = tail;
  }

  /**
   * Opens a file where its last flush left it, or makes it.
   *
   * @throws {FlightsError} `invalid-argument` for a file that holds something at the first start,
   * `state-incompatible` for one that is not what was written, `output-failed`.
   */
  static async open(
    { path, existing }: { readonly path: string; readonly existing: ExistingFile },
    saved: string | null,
  ): Promise<FileTap> {
    const length = saved === null ? null : JSON.parse(saved) as FileLength;
    return await taking(path, async () => {
      const file = await opened(path, length);
      try {
        const bytes = length === null
          ? await firstLength(file, path, existing)
          : await lengthBefore(file, path, length);
        await file.truncate(bytes);
        await file.sync();
        await syncFolder(path);
        return new FileTap(path, file, { bytes, tail: await tailBefore(file, bytes) });
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  }

  take(text: string): void | Promise<void> {
    this.#lines += `${text}\n`;
    if (this.#lines.length >= bufferLength) return this.#write();
  }

  /** @throws {FlightsError} `output-failed` when the disk is full. */
  async flush(): Promise<string> {
    await this.#write();
    await taking(this.#path, () => this.#file.datasync());
    const length: FileLength = { bytes: this.#bytes, mark: markOf(this.#tail) };
    return JSON.stringify(length);
  }

  async #write(): Promise<void> {
    const bytes = utf8(this.#lines);
    this.#lines = "";
    await taking(this.#path, async () => {
      for (let at = 0; at < bytes.length;) {
        const place = this.#bytes + at;
        const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, place);
        at += bytesWritten;
      }
    });
    this.#bytes += bytes.length;
    this.#tail = tailOf(this.#tail, bytes);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Opens the file, and makes it where nothing of it is accounted for. */
async function opened(path: string, length: FileLength | null): Promise<FileHandle> {
  if (length === null || length.bytes === 0) {
    return await open(path, constants.O_RDWR | constants.O_CREAT);
  }
  try {
    return await open(path, "r+");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw notAsWritten(path, length, "it is not there");
  }
}

/** The length that a file has at the first start, in which lines end. */
async function firstLength(
  file: FileHandle,
  path: string,
  existing: ExistingFile,
): Promise<number> {
  const { size } = await file.stat();
  if (size === 0 || existing === "replace") return 0;
  if (existing === "fail") {
    throw new FlightsError(
      "invalid-argument",
      `Cannot write the file ${path}: it must be empty at the first start, it has ${size} bytes; move ` +
        'it away, or have it appended to or replaced (existing: "append", "replace")',
    );
  }
  const last = (await tailBefore(file, size)).at(-1);
  if (last === lineFeed[0]) return size;
  await file.write(lineFeed, 0, 1, size);
  return size + 1;
}

/** The length that is accounted for, of a file that must be what was written. */
async function lengthBefore(
  file: FileHandle,
  path: string,
  length: FileLength,
): Promise<number> {
  const { bytes, mark } = length;
  const { size } = await file.stat();
  if (size < bytes) throw notAsWritten(path, length, `it has ${size}`);
  if (markOf(await tailBefore(file, bytes)) === mark) return bytes;
  throw notAsWritten(path, length, "they are others");
}

function notAsWritten(path: string, { bytes }: FileLength, found: string): FlightsError {
  return new FlightsError(
    "state-incompatible",
    `Cannot write the file ${path} on: its first ${bytes} bytes must be what was written, ${found}; put ` +
      "the old file back, or take the job back with `flights reset` and begin a new file",
  );
}

/** Makes the name of a new file durable. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function taking<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FlightsError) throw error;
    throw new FlightsError(
      "output-failed",
      `Cannot write the file ${path}: it must take what is written, ${messageOf(error)}`,
      { cause: error },
    );
  }
}

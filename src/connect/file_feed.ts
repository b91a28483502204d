/** Lines of a file, from a place on, so that a run that goes on feeds each exactly once. */

import { type FileHandle, open } from "node:fs/promises";
import { concatBytes } from "../base/bytes.ts";
import { FlightsError, messageOf } from "../base/errors.ts";
import { linesOf, withoutCarriageReturn } from "../base/lines.ts";
import type { FeedChunk, FeedPosition } from "./feeds.ts";
import { markLength, markOf, tailBefore, tailOf } from "./file_mark.ts";

/** How far a file has been fed. */
export interface FilePosition extends FeedPosition {
  /** The place in the file behind the last line. */
  readonly bytes: number;
  /** Whether that line ended with a line feed; only a file's last one can be without. */
  readonly ended: boolean;
  /** Tells whether the file is the same up to there. */
  readonly mark: string;
}

const defaultChunkSize = 256 * 1024;
const lineFeed = new Uint8Array([0x0a]);

/**
 * Reads a file's lines to its end; a carriage return before a line feed is none of the line.
 *
 * @param options `chunkSize`: how many bytes are read at a time; default 262,144.
 * @throws {FlightsError} `invalid-argument` when the file cannot be read, `state-incompatible` when it
 * is not the one that was fed, `bad-record` for a line of over 64 MiB.
 */
export async function* readFile(
  path: string,
  from: FeedPosition,
  { chunkSize = defaultChunkSize }: { readonly chunkSize?: number } = {},
): AsyncGenerator<FeedChunk> {
  const file = await opened(path);
  try {
    const saved = "bytes" in from ? from as FilePosition : null;
    const start = saved === null ? 0 : await placeBehind(file, path, saved);
    let tail = await tailBefore(file, start);
    let [fed, bytes] = [from.fed, start];
    const reading = { path, at: start, chunkSize };
    for await (const lines of linesOf(chunksOf(file, reading))) {
      const first = fed;
      fed += lines.length;
      bytes = lines.reduce((sum, line) => sum + line.length + 1, bytes);
      tail = tailOf(tail, lastBytes(lines));
      // Only the last line of a file can be without its line feed, and then it comes alone.
      const ended = bytes <= reading.at;
      if (!ended) [bytes, tail] = [reading.at, await tailBefore(file, reading.at)];
      const position: FilePosition = { fed, bytes, ended, mark: markOf(tail) };
      yield {
        elements: lines.map((line, i) => ({
          value: withoutCarriageReturn(line),
          timestamp: first + i,
        })),
        position,
      };
    }
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function* chunksOf(
  file: FileHandle,
  reading: { readonly path: string; readonly chunkSize: number; at: number },
): AsyncGenerator<Uint8Array> {
  const { chunkSize } = reading;
  for (;;) {
    const chunk = new Uint8Array(chunkSize);
    let bytesRead: number;
    try {
      ({ bytesRead } = await file.read(chunk, 0, chunkSize, reading.at));
    } catch (error) {
      throw unreadable(reading.path, error);
    }
    if (bytesRead === 0) return;
    reading.at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** The end of lines, as long as it takes to mark the place behind them. */
function lastBytes(lines: readonly Uint8Array[]): Uint8Array {
  let first = lines.length;
  for (let length = 0; first > 0 && length < markLength;) length += lines[--first]!.length + 1;
  return concatBytes(lines.slice(first).flatMap((line) => [line, lineFeed]));
}

/** Where to read on in a file that was fed to a place before. */
async function placeBehind(file: FileHandle, path: string, saved: FilePosition): Promise<number> {
  const { size } = await file.stat();
  if (size < saved.bytes) {
    throw changed(path, `it has ${size} bytes, of which ${saved.bytes} were read before`);
  }
  const tail = await tailBefore(file, saved.bytes);
  if (markOf(tail) !== saved.mark) throw changed(path, `before byte ${saved.bytes} it is another`);
  if (saved.ended || size === saved.bytes) return saved.bytes;
  const next = new Uint8Array(1);
  await file.read(next, 0, 1, saved.bytes);
  if (next[0] === lineFeed[0]) return saved.bytes + 1;
  throw changed(path, `the line before byte ${saved.bytes} went on after it was read`);
}

function unreadable(path: string, cause: unknown): FlightsError {
  return new FlightsError(
    "invalid-argument",
    `Cannot feed the file ${path}: it must be a file that can be read, ${messageOf(cause)}`,
    { cause },
  );
}

function changed(path: string, found: string): FlightsError {
  return new FlightsError(
    "state-incompatible",
    `Cannot feed the file ${path}: nothing of what was read before may change, ${found}; put the old ` +
      "file back, or take the job back with `flights reset`",
  );
}

/** Lines of a stream of bytes. */

import { concatBytes } from "./bytes.ts";
import { FlightsError } from "./errors.ts";

/** The longest line that is taken, in bytes. */
const maxLineBytes = 64 * 1024 * 1024;
const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Yields, for each chunk that comes, the lines that it ends, without their line feeds; so nobody
 * waits for a line that is already there, and no more than a chunk and a line are held in memory.
 *
 * @throws {FlightsError} `bad-record` for a line of over 64 MiB.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly Uint8Array[]> {
  let rest: Uint8Array[] = [];
  let restSize = 0;
  for await (const chunk of chunks) {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      lines.push(concatBytes([...rest, chunk.subarray(start, end)]));
      rest = [];
      restSize = 0;
      start = end + 1;
    }
    rest.push(chunk.slice(start));
    restSize += chunk.length - start;
    if (restSize > maxLineBytes) {
      throw new FlightsError(
        "bad-record",
        `Cannot read a line: it must be at most ${maxLineBytes} bytes long, it is longer`,
      );
    }
    yield lines;
  }
  if (restSize > 0) yield [concatBytes(rest)];
}

/** A line without the carriage return that stands before some line feeds. */
export function withoutCarriageReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
}

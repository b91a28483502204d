/** A record's headers, as they stand behind its value: their count, then name and value of each. */

import { textOf, utf8 } from "../../base/bytes.ts";
import type { Header } from "../../base/record.ts";
import { maxVarintSize, type VarintReader, writeVarint } from "./varint.ts";

/** What {@linkcode encodeHeaders} gives for none: their count. */
export const noHeaders = new Uint8Array(1);

const noneRead: readonly Header[] = [];

/** Headers with their count, as they stand at the end of a record. */
export function encodeHeaders(headers: readonly Header[] | undefined): Uint8Array {
  if (headers === undefined || headers.length === 0) return noHeaders;
  const names = headers.map((header) => utf8(header.name));
  let size = maxVarintSize;
  headers.forEach((header, h) => {
    size += 2 * maxVarintSize + names[h]!.length + (header.value?.length ?? 0);
  });
  const bytes = new Uint8Array(size);
  let at = writeVarint(bytes, 0, headers.length);
  headers.forEach(({ value }, h) => {
    const name = names[h]!;
    at = writeVarint(bytes, at, name.length);
    bytes.set(name, at);
    at = writeVarint(bytes, at + name.length, value === null ? -1 : value.length);
    if (value === null) return;
    bytes.set(value, at);
    at += value.length;
  });
  return bytes.subarray(0, at);
}

/**
 * Steps over the headers; so it is known that they can be read.
 *
 * @throws {FlightsError} `log-corrupt` when they cannot.
 */
export function skipHeaders(reader: VarintReader): void {
  const count = reader.int();
  if (count < 0) throw reader.corrupt(`a record's headers must be 0 or more, they are ${count}`);
  for (let h = 0; h < count; h++) {
    const nameLength = takeLength(reader);
    if (nameLength < 0) throw reader.corrupt("a header must have a name, it is null");
    reader.at += nameLength;
    const valueLength = takeLength(reader);
    if (valueLength > 0) reader.at += valueLength;
  }
}

/** Reads headers that have been stepped over before; their values are views. */
export function readHeaders(reader: VarintReader): readonly Header[] {
  const count = reader.int();
  if (count === 0) return noneRead;
  const headers: Header[] = [];
  for (let h = 0; h < count; h++) {
    const name = textOf(takeBytes(reader)!);
    headers.push({ name, value: takeBytes(reader) });
  }
  return headers;
}

/**
 * Reads a length, -1 for null, that stays within the record.
 *
 * @throws {FlightsError} `log-corrupt` when it does not.
 */
export function takeLength(reader: VarintReader): number {
  const length = reader.int();
  if (length < -1 || length > reader.end - reader.at) {
    throw reader.corrupt(
      `a length must be -1 to ${reader.end - reader.at}, what the record has left, it is ${length}`,
    );
  }
  return length;
}

/** Reads bytes with their length: a view. */
function takeBytes(reader: VarintReader): Uint8Array | null {
  const length = takeLength(reader);
  if (length < 0) return null;
  const start = reader.at;
  reader.at += length;
  return reader.bytes.subarray(start, reader.at);
}

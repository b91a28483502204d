/**
 * Zigzag variable-length integers, as in Kafka's record format: seven bits a byte, the lowest
 * first; the sign in bit 0. Longs are JavaScript numbers, so safe integers only.
 */

import { FlightsError } from "../../base/errors.ts";

/** The most bytes an int takes. */
export const maxVarintSize = 5;
/** The most bytes a safe integer takes: 54 bits with its sign. */
export const maxVarlongSize = 8;

/** How many bytes the int `value` takes. */
export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

/** How many bytes the safe integer `value` takes. */
export function varlongSize(value: number): number {
  if (value === (value | 0)) return varintSize(value);
  let rest = value < 0 ? -value - 1 : value;
  // The lowest byte has six bits of the magnitude beside the sign.
  rest = Math.floor(rest / 0x40);
  let size = 1;
  for (; rest >= 1; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Writes the int `value` to `bytes` at `at` and returns the place behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  while (zigzag >= 0x80) {
    bytes[at++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  bytes[at++] = zigzag;
  return at;
}

/** Writes the safe integer `value` to `bytes` at `at` and returns the place behind it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) return writeVarint(bytes, at, value);
  const negative = value < 0;
  let rest = negative ? -value - 1 : value;
  // Zigzag by hand: doubling first could leave the safe integers.
  let low = (rest % 0x40) * 2 + (negative ? 1 : 0);
  rest = Math.floor(rest / 0x40);
  while (rest > 0) {
    bytes[at++] = low | 0x80;
    low = rest % 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = low;
  return at;
}

/** Reads varints one after the other and never past its end. */
export class VarintReader {
  readonly bytes: Uint8Array;
  /** What is being read, for messages. */
  readonly what: string;
  /** The place of the next byte. */
  at = 0;
  /** The place behind the last byte that may be read; at most `bytes.length`. */
  end: number;

  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes;
    this.what = what;
    this.end = bytes.length;
  }

  /** @throws {FlightsError} `log-corrupt` when it is cut off, or larger than 32 bits. */
  int(): number {
    const bytes = this.bytes;
    let at = this.at;
    let zigzag = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= this.end) throw this.#cutOff();
      const byte = bytes[at++]!;
      zigzag |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (shift === 28 && byte > 0x0f) break;
        this.at = at;
        return (zigzag >>> 1) ^ -(zigzag & 1);
      }
    }
    throw this.corrupt("an int must fit 32 bits, it is larger");
  }

  /** @throws {FlightsError} `log-corrupt` when it is cut off, or no safe integer. */
  long(): number {
    const bytes = this.bytes;
    let at = this.at;
    let byte = 0;
    let negative = false;
    let magnitude = 0;
    // The lowest byte has six bits of the magnitude beside the sign.
    let unit = 0.5;
    for (let size = 1; size <= maxVarlongSize; size++) {
      if (at >= this.end) throw this.#cutOff();
      byte = bytes[at++]!;
      if (size === 1) negative = (byte & 1) === 1;
      magnitude += (size === 1 ? byte & 0x7e : byte & 0x7f) * unit;
      if (byte < 0x80) {
        const value = negative ? -magnitude - 1 : magnitude;
        if (!Number.isSafeInteger(value)) break;
        this.at = at;
        return value;
      }
      unit *= 0x80;
    }
    throw this.corrupt("a long must be a safe integer (53 bits), it is larger");
  }

  /** The error for what was found here: "<what is needed>, <what is there>". */
  corrupt(problem: string): FlightsError {
    return new FlightsError("log-corrupt", `Cannot decode ${this.what}: ${problem}`);
  }

  #cutOff(): FlightsError {
    return this.corrupt(`a varint must end before byte ${this.end} of the records, it goes on`);
  }
}

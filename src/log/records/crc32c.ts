/**
 * CRC-32C (Castagnoli), the checksum of record batches. By tables alone it would take longer than
 * all else the codec does, so long batches are first folded to a few kilobytes by WebAssembly.
 * The rest is slicing by 16: sixteen bytes a step, read as four 32-bit words; each byte is looked up
 * in the table for its distance from the step's end, so that no look-up waits for another.
 */

import { assert } from "../../base/errors.ts";

const polynomial = 0x82f6_3b78;

/** At 256 * k + byte: what the byte is worth when k more bytes follow. */
const table = makeTable();

function makeTable(): Int32Array {
  const all = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0);
    all[byte] = crc;
  }
  for (let i = 256; i < all.length; i++) {
    const crc = all[i - 256]!;
    all[i] = (crc >>> 8) ^ all[crc & 0xff]!;
  }
  return all;
}

assert(
  new Uint8Array(new Uint32Array([1]).buffer)[0] === 1,
  "words must be little-endian on this machine, they are not",
);

/** `crc32c.wat`, assembled; the same in every process. */
const foldModule =
  "AGFzbQEAAAABBQFgAX8AAwIBAAUDAQABBxECBm1lbW9yeQIABGZvbGQAAAqFAQGCAQIBfwF7A0AgAf0A" +
  "BAAhAiABIAIgAf0ABJAI/VH9CwSQCCABIAIgAf0ABLAT/VH9CwSwEyABIAIgAf0ABKAV/VH9CwSgFSAB" +
  "IAIgAf0ABLAY/VH9CwSwGCABIAIgAf0ABJAa/VH9CwSQGiABQRBqIgEgAEkNAAtBACAAQZAa/AoAAAs=";

/** What folding leaves of a message, however long: 209 blocks of 16 bytes. */
const foldedSize = 209 * 16;
/** How many bytes are folded at a time: they and what is left fit the processor's nearest cache. */
const foldStep = 32 * 1024;
/** From this size on folding is faster, though its rest then has to be looked up as well. */
const worthFolding = 8 * 1024;

const { memory, fold } = new WebAssembly.Instance(
  new WebAssembly.Module(Uint8Array.from(atob(foldModule), (char) => char.charCodeAt(0))),
).exports as { readonly memory: WebAssembly.Memory; readonly fold: (end: number) => void };
const folding = new Uint8Array(memory.buffer);
const foldedWords = new Int32Array(memory.buffer, 0, foldedSize / 4);

/** The CRC-32C of `bytes` from `start` (default 0) to their end, 0 to 2^32 - 1. */
export function crc32c(bytes: Uint8Array, start = 0): number {
  const size = bytes.length - start;
  if (size < worthFolding) return ~lookUp(-1, bytes.subarray(start)) >>> 0;
  const end = start + size - size % 16;
  return ~lookUp(foldAll(bytes.subarray(start, end)), bytes.subarray(end)) >>> 0;
}

/** @param bytes whole blocks of 16. */
function foldAll(bytes: Uint8Array): number {
  folding.fill(0, 0, foldedSize);
  for (let at = 0; at < bytes.length; at += foldStep) {
    const part = bytes.subarray(at, at + foldStep);
    folding.set(part, foldedSize);
    // A CRC begins with all bits set, which is to say with the first four bytes inverted.
    if (at === 0) { for (let i = 0; i < 4; i++) folding[foldedSize + i]! ^= 0xff; }
    fold(part.length);
  }
  return wordByWord(0, foldedWords);
}

function lookUp(crc: number, bytes: Uint8Array): number {
  const wordsAt = Math.min(-bytes.byteOffset & 3, bytes.length);
  const wordCount = ((bytes.length - wordsAt) >>> 4) << 2;
  const wordsEnd = wordsAt + 4 * wordCount;
  crc = byteByByte(crc, bytes.subarray(0, wordsAt));
  if (wordCount > 0) {
    crc = wordByWord(crc, new Int32Array(bytes.buffer, bytes.byteOffset + wordsAt, wordCount));
  }
  return byteByByte(crc, bytes.subarray(wordsEnd));
}

function byteByByte(crc: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 0xff]!;
  return crc;
}

/** @param words a multiple of four. */
function wordByWord(crc: number, words: Int32Array): number {
  for (let i = 0; i < words.length; i += 4) {
    const a = words[i]! ^ crc;
    const b = words[i + 1]!;
    const c = words[i + 2]!;
    const d = words[i + 3]!;
    crc = table[0xf00 + (a & 0xff)]! ^ table[0xe00 + ((a >>> 8) & 0xff)]! ^
      table[0xd00 + ((a >>> 16) & 0xff)]! ^ table[0xc00 + (a >>> 24)]! ^
      table[0xb00 + (b & 0xff)]! ^ table[0xa00 + ((b >>> 8) & 0xff)]! ^
      table[0x900 + ((b >>> 16) & 0xff)]! ^ table[0x800 + (b >>> 24)]! ^
      table[0x700 + (c & 0xff)]! ^ table[0x600 + ((c >>> 8) & 0xff)]! ^
      table[0x500 + ((c >>> 16) & 0xff)]! ^ table[0x400 + (c >>> 24)]! ^
      table[0x300 + (d & 0xff)]! ^ table[0x200 + ((d >>> 8) & 0xff)]! ^
      table[0x100 + ((d >>> 16) & 0xff)]! ^ table[d >>> 24]!;
  }
  return crc;
}

/** Murmur2 with Kafka's seed, by which its Java client chooses a key's partition. */

import { utf8 } from "./bytes.ts";

const seed = 0x9747b28c;
const factor = 0x5bd1e995;

/** The hash of `bytes`, as a signed 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const whole = length & ~3;
  let hash = seed ^ length;
  for (let i = 0; i < whole; i += 4) {
    hash = mix(
      hash,
      bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24),
    );
  }
  if (whole < length) {
    const second = whole + 1 < length ? bytes[whole + 1]! : 0;
    const third = whole + 2 < length ? bytes[whole + 2]! : 0;
    hash = Math.imul(hash ^ bytes[whole]! ^ (second << 8) ^ (third << 16), factor);
  }
  return finish(hash);
}

/** The hash of the UTF-8 bytes of `text`, without making them where it is ASCII. */
export function murmur2OfText(text: string): number {
  const length = text.length;
  const whole = length & ~3;
  let hash = seed ^ length;
  /** All characters in one: above 127 when any of them is. */
  let seen = 0;
  for (let i = 0; i < whole; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    seen |= a | b | c | d;
    hash = mix(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  if (whole < length) {
    const first = text.charCodeAt(whole);
    const second = whole + 1 < length ? text.charCodeAt(whole + 1) : 0;
    const third = whole + 2 < length ? text.charCodeAt(whole + 2) : 0;
    seen |= first | second | third;
    hash = Math.imul(hash ^ first ^ (second << 8) ^ (third << 16), factor);
  }
  return seen > 0x7f ? murmur2(utf8(text)) : finish(hash);
}

/** The partition of a key's hash, as the Java client reckons it. */
export function partitionOf(hash: number, partitions: number): number {
  return (hash & 0x7fff_ffff) % partitions;
}

/** The partition of a key among `partitions`. */
export function partitionForKey(key: Uint8Array, partitions: number): number {
  return partitionOf(murmur2(key), partitions);
}

/** The partition of a key of text among `partitions`. */
export function partitionForText(key: string, partitions: number): number {
  return partitionOf(murmur2OfText(key), partitions);
}

function mix(hash: number, word: number): number {
  const product = Math.imul(word, factor);
  return Math.imul(hash, factor) ^ Math.imul(product ^ (product >>> 24), factor);
}

function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 13), factor);
  return mixed ^ (mixed >>> 15);
}

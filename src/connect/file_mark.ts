/** Whether a file still is the one that was read or written up to a place: by its last bytes there. */

import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

/** How many bytes before a place tell whether the file is the same. */
export const markLength = 1_024;

/** Stands for the bytes before a place, of which the last {@linkcode markLength} are given. */
export function markOf(tail: Uint8Array): string {
  return createHash("sha256").update(tail).digest("hex").slice(0, 16);
}

/** The bytes before a place in a file that mark it; fewer where the file is shorter. */
export async function tailBefore(file: FileHandle, place: number): Promise<Uint8Array> {
  const start = Math.max(0, place - markLength);
  const tail = new Uint8Array(place - start);
  let length = 0;
  while (length < tail.length) {
    const { bytesRead } = await file.read(tail, length, tail.length - length, start + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return tail.subarray(0, length);
}

/** The last bytes of what was there before and of what came behind it. */
export function tailOf(before: Uint8Array, added: Uint8Array): Uint8Array {
  if (added.length >= markLength) return added.slice(-markLength);
  const kept = before.subarray(Math.max(0, before.length + added.length - markLength));
  const tail = new Uint8Array(kept.length + added.length);
  tail.set(kept);
  tail.set(added, kept.length);
  return tail;
}

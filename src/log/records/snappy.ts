/**
 * Snappy, decompressed. Java clients put its blocks into the frame of snappy-java (its author's name
 * is xerial), librdkafka writes one block without a frame, and everybody reads both.
 *
 * ```text
 * Frame:  magic     0x82 "SNAPPY" 0
 *         versions  int32, int32             its own, and the oldest that can read it: not looked at
 *         blocks    [length int32, block]    big-endian, to the end
 * Block:  size      uvarint32                of what it gives
 *         elements, to the end; the low two bits of the first byte tell the kind:
 *           0  literals: length - 1 in the other six bits, or from 60 on in 1 to 4 bytes
 *           1  repeat: length - 4 in the next three bits, distance in the other three and one byte
 *           2  repeat: length - 1 in the other six bits, distance in two bytes
 *           3  the same with four bytes
 *         all numbers little-endian
 * ```
 */

import { viewOf } from "./header.ts";
import { cutOff, UnpackedBytes } from "./unpacked_bytes.ts";

const frameMagic = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00] as const;
const frameHeaderSize = frameMagic.length + 8;
/** No element gives more for what it takes than a repeat: 64 bytes for three. */
const bestRatio = 64 / 3;

/** A block in its packed bytes. */
interface Block {
  readonly packed: Uint8Array;
  /** How many bytes it gives. */
  readonly size: number;
  /** Where its elements begin. */
  readonly at: number;
}

/**
 * Decompresses `packed`, framed or not.
 *
 * @throws when it is damaged or gives more than `maxSize` bytes.
 */
export function decompressSnappy(packed: Uint8Array, maxSize: number): Uint8Array {
  const blocks = isFramed(packed) ? blocksOf(packed) : [blockOf(packed)];
  const total = blocks.reduce((sum, { size }) => sum + size, 0);
  if (total > maxSize) throw new Error(`it gives ${total}`);
  const unpacked = new UnpackedBytes(maxSize, total);
  for (const block of blocks) unpack(block, unpacked);
  return unpacked.finish();
}

function isFramed(packed: Uint8Array): boolean {
  return packed.length >= frameHeaderSize && frameMagic.every((byte, i) => packed[i] === byte);
}

function blocksOf(packed: Uint8Array): readonly Block[] {
  const view = viewOf(packed);
  const blocks: Block[] = [];
  for (let at = frameHeaderSize; at < packed.length;) {
    const end = at + 4 + view.getUint32(at);
    if (end > packed.length) throw cutOff();
    blocks.push(blockOf(packed.subarray(at + 4, end)));
    at = end;
  }
  return blocks;
}

function blockOf(packed: Uint8Array): Block {
  let size = 0;
  let at = 0;
  for (let factor = 1;; factor *= 0x80) {
    const byte = packed[at++];
    if (byte === undefined) throw cutOff();
    size += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
  }
  // Not believed before memory is claimed for it.
  const most = Math.floor((packed.length - at) * bestRatio);
  if (size <= most) return { packed, size, at };
  throw new Error(`a block of ${packed.length} bytes can give at most ${most}, it says ${size}`);
}

function unpack({ packed, size, at }: Block, unpacked: UnpackedBytes): void {
  const view = viewOf(packed);
  const end = unpacked.size + size;
  unpacked.beginBlock(size);
  while (at < packed.length) {
    const tag = packed[at++]!;
    const upper = tag >>> 2;
    switch (tag & 3) {
      case 0: {
        let length = upper + 1;
        if (upper >= 60) {
          const bytes = upper - 59;
          length = littleEndian(view, at, bytes) + 1;
          at += bytes;
        }
        unpacked.addLiterals(packed, at, length);
        at += length;
        break;
      }
      case 1:
        unpacked.addRepeat(((upper >>> 3) << 8) | view.getUint8(at), (upper & 7) + 4);
        at += 1;
        break;
      case 2:
        unpacked.addRepeat(view.getUint16(at, true), upper + 1);
        at += 2;
        break;
      case 3:
        unpacked.addRepeat(view.getUint32(at, true), upper + 1);
        at += 4;
        break;
    }
  }
  if (unpacked.size < end) {
    throw new Error(`a block must give ${size} bytes, ${end - unpacked.size} are missing`);
  }
}

function littleEndian(view: DataView, at: number, bytes: number): number {
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 0x100 + view.getUint8(at + i);
  return value;
}

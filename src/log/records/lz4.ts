/**
 * The LZ4 frame format (version 1.6.4), decompressed: one frame and nothing behind it, as Kafka's
 * clients write it. The Java client reads independent blocks only; blocks that are linked, which
 * other writers make, are read here too.
 *
 * ```text
 * Frame:  magic            uint32   0x184d2204; all numbers are little-endian
 *         flags            uint8    bits 7-6 version 1, 5 blocks are independent, 4 block checksums,
 *                                   3 content size, 2 content checksum, 1 reserved, 0 dictionary
 *         block size       uint8    bits 6-4: 4 to 7 for at most 64 KiB, 256 KiB, 1 MiB, 4 MiB
 *         content size     uint64   with flag 3
 *         header checksum  uint8    bits 8-15 of XXH32 of all from the flags on
 *         blocks           [length uint32, block, XXH32 of it with flag 4]   highest bit of the
 *                                   length: the block is not compressed
 *         end              uint32   0
 *         content checksum uint32   XXH32 of all content, with flag 2
 * Block:  sequences, the last one without a repeat:
 *         token            uint8    bits 7-4 literals, 3-0 length of the repeat - 4; 15: more bytes
 *                                   are added to it, as long as they are 255
 *         literals
 *         distance         uint16   of the repeat
 * ```
 */

import { xxHash32 } from "js-xxhash";
import { viewOf } from "./header.ts";
import { cutOff, UnpackedBytes } from "./unpacked_bytes.ts";

const magic = 0x184d2204;
const flag = {
  version: 0xc0,
  independent: 0x20,
  blockChecksums: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  unknown: 0x03,
} as const;
const versionOne = 0x40;
/** Where the frame's descriptor begins, behind the magic number. */
const descriptor = 4;
const notCompressed = 0x8000_0000;
const shortestRepeat = 4;
/** A length that does not fit a token's four bits. */
const moreFollows = 15;
/** How often as many bytes as are packed are expected; where there are more, room is made. */
const usualRatio = 4;

interface FrameHeader {
  readonly maxBlockSize: number;
  readonly linked: boolean;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
  /** Null where it is not told. */
  readonly contentSize: bigint | null;
  /** Where the blocks begin. */
  readonly end: number;
}

/**
 * Decompresses the frame `packed`.
 *
 * @throws when it is damaged, gives more than `maxSize` bytes or needs a dictionary.
 */
export function decompressLz4(packed: Uint8Array, maxSize: number): Uint8Array {
  const view = viewOf(packed);
  const header = readHeader(packed, view);
  const unpacked = new UnpackedBytes(maxSize, Math.min(usualRatio * packed.length, maxSize));
  let at = header.end;
  for (;;) {
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const end = at + word % notCompressed;
    if (end > packed.length) throw cutOff();
    const block = packed.subarray(at, end);
    unpacked.beginBlock(header.maxBlockSize, header);
    if (word >= notCompressed) unpacked.addLiterals(block, 0, block.length);
    else unpack(block, unpacked);
    at = end;
    if (header.blockChecksums) {
      check("a block's checksum", xxHash32(block), view.getUint32(at, true));
      at += 4;
    }
  }
  const content = unpacked.finish();
  if (header.contentChecksum) {
    check("the content's checksum", xxHash32(content), view.getUint32(at, true));
    at += 4;
  }
  if (header.contentSize !== null) {
    check("the content's size", BigInt(content.length), header.contentSize);
  }
  check("the frame's size", at, packed.length);
  return content;
}

function readHeader(packed: Uint8Array, view: DataView): FrameHeader {
  check("the magic number", view.getUint32(0, true), magic);
  const flags = view.getUint8(descriptor);
  const has = (bit: number) => (flags & bit) !== 0;
  if ((flags & (flag.version | flag.unknown)) !== versionOne) {
    throw new Error(`its flags must be of version 1 without a dictionary, they are ${flags}`);
  }
  const blockCode = view.getUint8(descriptor + 1);
  const exponent = blockCode >>> 4;
  if (blockCode % 0x10 !== 0 || exponent < 4 || exponent > 7) {
    throw new Error(`its block size must be 0x40 to 0x70, it is ${blockCode}`);
  }
  let at = descriptor + 2;
  let contentSize: bigint | null = null;
  if (has(flag.contentSize)) {
    contentSize = view.getBigUint64(at, true);
    at += 8;
  }
  const checksum = (xxHash32(packed.subarray(descriptor, at)) >>> 8) & 0xff;
  check("the header's checksum", checksum, view.getUint8(at));
  return {
    maxBlockSize: 2 ** (8 + 2 * exponent),
    linked: !has(flag.independent),
    blockChecksums: has(flag.blockChecksums),
    contentChecksum: has(flag.contentChecksum),
    contentSize,
    end: at + 1,
  };
}

function check<T extends number | bigint>(what: string, found: T, expected: T): void {
  if (found !== expected) throw new Error(`${what} must be ${expected}, it is ${found}`);
}

function unpack(block: Uint8Array, unpacked: UnpackedBytes): void {
  const view = viewOf(block);
  for (let at = 0;;) {
    const token = view.getUint8(at++);
    let literals = token >>> 4;
    if (literals === moreFollows) {
      for (let byte = 255; byte === 255; literals += byte) byte = view.getUint8(at++);
    }
    if (literals > 0) unpacked.addLiterals(block, at, literals);
    at += literals;
    if (at === block.length) return;
    const distance = view.getUint16(at, true);
    at += 2;
    let length = token & 0x0f;
    if (length === moreFollows) {
      for (let byte = 255; byte === 255; length += byte) byte = view.getUint8(at++);
    }
    unpacked.addRepeat(distance, length + shortestRepeat);
  }
}

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { xxHash32 } from "js-xxhash";
import { concatBytes, utf8 } from "../../base/bytes.ts";
import { decompressLz4 } from "./lz4.ts";
import frames from "./testdata/lz4_frames.json" with { type: "json" };
import { elements, naiveUnpack, type PackedElement } from "./testdata/elements.ts";

type Name = keyof typeof frames;

const names = Object.keys(frames) as Name[];
const large = 1 << 20;

function frame(name: Name): Uint8Array {
  return Uint8Array.fromBase64(frames[name]);
}

/** What testdata/lz4_frames.py packed. */
function contentOf(name: Name): Uint8Array {
  const noise = new Uint8Array(300);
  for (let i = 0, state = 1; i < noise.length; i++) {
    state = state * 16807 % 2147483647;
    noise[i] = state;
  }
  if (name === "empty") return new Uint8Array(0);
  if (name === "noise-alone") return noise;
  const line = (i: number) => `{"n":${i * i},"traveller":"t${i % 7}@example.com"}\n`;
  const text = utf8(Array.from({ length: 200 }, (_, i) => line(i)).join(""));
  return concatBytes([noise, new Uint8Array(50000), text, new Uint8Array(20000), text]);
}

Deno.test("decompressLz4 reads the reference library's frames, of every option", () => {
  for (const name of names) deepEqual(decompressLz4(frame(name), large), contentOf(name), name);
});

Deno.test("decompressLz4 gives as much as it may, and not a byte more", () => {
  for (const name of names) {
    const { length } = contentOf(name);
    equal(decompressLz4(frame(name), length).length, length);
    if (length > 0) throws(() => decompressLz4(frame(name), length - 1), /gives \d+ more/);
  }
});

Deno.test("decompressLz4 finds every frame that is cut off, and what is behind one", () => {
  for (const name of ["everything-linked", "plain-independent", "noise-alone", "empty"] as const) {
    const whole = frame(name);
    for (let end = 0; end < whole.length; end += end < 100 ? 1 : 97) {
      throws(() => decompressLz4(whole.subarray(0, end), large), `${name} cut off at ${end}`);
    }
    throws(
      () => decompressLz4(concatBytes([whole, Uint8Array.of(0)]), large),
      /frame's size must be \d+, it is \d+/,
    );
  }
});

Deno.test("decompressLz4 finds every changed byte of a frame with all checksums", () => {
  const whole = frame("everything-linked");
  for (let at = 0; at < whole.length; at += at < 40 ? 1 : 31) {
    const damaged = whole.slice();
    damaged[at]! ^= 1;
    throws(() => decompressLz4(damaged, large), `changed at ${at}`);
  }
});

/** A frame's header; the checksum is right. */
function header(flags: number, blockSize = 0x40, rest: readonly number[] = []): Uint8Array {
  const described = Uint8Array.of(flags, blockSize, ...rest);
  const checksum = (xxHash32(described) >>> 8) & 0xff;
  return Uint8Array.of(0x04, 0x22, 0x4d, 0x18, ...described, checksum);
}

function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

const end = uint32(0);

function frameOf(flags: number, ...blocks: readonly Uint8Array[]): Uint8Array {
  const framed = blocks.flatMap((block) => [uint32(block.length), block]);
  return concatBytes([header(flags), ...framed, end]);
}

const independent = 0x60;
const linked = 0x40;

Deno.test("decompressLz4 refuses versions, dictionaries, reserved bits and block sizes it does not know", () => {
  deepEqual(decompressLz4(concatBytes([header(independent), end]), large), new Uint8Array(0));
  for (const flags of [0x20, 0xa0, 0xe0, independent | 1, independent | 2]) {
    throws(
      () => decompressLz4(concatBytes([header(flags, 0x40, [0, 0, 0, 0]), end]), large),
      /flags must be/,
    );
  }
  for (const blockSize of [0x00, 0x30, 0x80, 0xc0, 0x41]) {
    throws(
      () => decompressLz4(concatBytes([header(independent, blockSize), end]), large),
      /block size must be/,
    );
  }
});

Deno.test("decompressLz4 lets a block reach as far back as it may, to the byte", () => {
  // Four literals, then five bytes from `distance` back, then no literals.
  const first = (distance: number) => Uint8Array.of(0x41, 1, 2, 3, 4, distance, 0, 0);
  const unpacked = (
    flags: number,
    ...blocks: Uint8Array[]
  ) => [...decompressLz4(frameOf(flags, ...blocks), large)];
  deepEqual(unpacked(independent, first(4)), [1, 2, 3, 4, 1, 2, 3, 4, 1]);
  deepEqual(unpacked(independent, first(1)), [1, 2, 3, 4, 4, 4, 4, 4, 4]);
  for (const distance of [0, 5]) {
    throws(() => unpacked(independent, first(distance)), /a repeat must begin/);
  }

  const second = (distance: number) => Uint8Array.of(0x10, 5, distance, 0, 0);
  deepEqual(unpacked(linked, first(4), second(10)).slice(9), [5, 1, 2, 3, 4]);
  throws(() => unpacked(linked, first(4), second(11)), /1 to 10 bytes before, not 11/);
  throws(() => unpacked(independent, first(4), second(2)), /1 to 1 bytes before, not 2/);
});

Deno.test("decompressLz4 refuses a block that gives more than the block size, or ends with a repeat", () => {
  const zeros = (size: number) => {
    // One literal, then size - 1 repeats of it: 19 in the token and its first byte, then by 255.
    const more = size - 1 - 19;
    const bytes = new Array<number>(Math.floor(more / 255)).fill(255);
    return Uint8Array.of(0x1f, 0, 1, 0, ...bytes, more % 255, 0);
  };
  equal(decompressLz4(frameOf(independent, zeros(65536)), large).length, 65536);
  throws(() => decompressLz4(frameOf(independent, zeros(65537)), large), /gives 1 more/);
  throws(() => decompressLz4(frameOf(independent, zeros(100).subarray(0, -1)), large));
});

/** A block of sequences; each repeat has literals, maybe none, before it. */
function packBlock(block: readonly PackedElement[]): Uint8Array {
  const bytes: number[] = [];
  let literals: number[] = [];
  const extend = (length: number) => {
    if (length < 15) return;
    let more = length - 15;
    for (; more >= 255; more -= 255) bytes.push(255);
    bytes.push(more);
  };
  const sequence = (repeat: { distance: number; length: number } | null) => {
    const length = repeat === null ? 0 : repeat.length - 4;
    bytes.push(Math.min(literals.length, 15) << 4 | Math.min(length, 15));
    extend(literals.length);
    bytes.push(...literals);
    if (repeat !== null) bytes.push(repeat.distance & 0xff, repeat.distance >>> 8);
    if (repeat !== null) extend(length);
    literals = [];
  };
  for (const element of block) {
    if (element instanceof Uint8Array) literals.push(...element);
    else sequence(element);
  }
  sequence(null);
  return Uint8Array.from(bytes);
}

Deno.test("decompressLz4 gives what sequences of literals and repeats spell, of any lengths", () => {
  fc.assert(fc.property(elements({ minRepeat: 4, maxRepeat: 600, maxDistance: 2000 }), (block) => {
    const packed = frameOf(independent, packBlock(block));
    deepEqual([...decompressLz4(packed, large)], naiveUnpack(block));
  }));
});

Deno.test("decompressLz4 answers any bytes with bytes within its bound or an error", () => {
  const whole = [
    frame("plain-linked"),
    frame("noise-alone"),
    frameOf(linked, packBlock([utf8("abc")])),
  ];
  const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...whole), fc.uint8Array().map((bytes) => frameOf(linked, bytes))),
      fc.array(change, { maxLength: 5 }),
      fc.nat(),
      (original, changes, cut) => {
        const bytes = original.slice(0, cut % 4 === 0 ? cut % original.length : original.length);
        // Behind the header, whose checksum would find it.
        for (const [at, byte] of changes) {
          if (bytes.length > 7) bytes[7 + at % (bytes.length - 7)] = byte;
        }
        let unpacked: Uint8Array;
        try {
          unpacked = decompressLz4(bytes, 100_000);
        } catch (error) {
          ok(error instanceof Error);
          return;
        }
        ok(unpacked.length <= 100_000);
      },
    ),
    { numRuns: 2000 },
  );
});

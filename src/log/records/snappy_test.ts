import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { concatBytes } from "../../base/bytes.ts";
import { decompressSnappy } from "./snappy.ts";
import { elements, naiveUnpack, type PackedElement } from "./testdata/elements.ts";

const large = 1 << 20;

function uvarint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push(value % 0x80 | 0x80);
  return [...bytes, value];
}

/** A block of `elements` that says that it gives `size` bytes. */
function block(size: number, ...elements: readonly number[]): Uint8Array {
  return Uint8Array.of(...uvarint(size), ...elements);
}

/** The frame of snappy-java. */
function frame(...blocks: readonly Uint8Array[]): Uint8Array {
  const header = Uint8Array.of(
    0x82,
    ...[..."SNAPPY"].map((char) => char.charCodeAt(0)),
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    1,
  );
  const framed = blocks.flatMap((
    { length },
    i,
  ) => [Uint8Array.of(0, length >>> 16, length >>> 8, length), blocks[i]!]);
  return concatBytes([header, ...framed]);
}

/** How many bytes a literal's length or a repeat's distance is written in, at the least. */
type Widths = { readonly literals: 0 | 1 | 2 | 3 | 4; readonly distance: 1 | 2 | 4 };

function packElement(element: PackedElement, { literals, distance: width }: Widths): number[] {
  const littleEndian = (value: number, bytes: number) =>
    Array.from({ length: bytes }, (_, i) => Math.floor(value / 0x100 ** i) & 0xff);
  if (element instanceof Uint8Array) {
    const rest = element.length - 1;
    const needed = rest < 60 ? 0 : rest < 0x100 ? 1 : 2;
    const bytes = Math.max(needed, literals);
    const tag = bytes === 0 ? rest << 2 : (59 + bytes) << 2;
    return [tag, ...littleEndian(rest, bytes), ...element];
  }
  const { distance, length } = element;
  if (width === 1 && length >= 4 && length <= 11 && distance < 2048) {
    return [1 | (length - 4) << 2 | (distance >>> 8) << 5, distance & 0xff];
  }
  const isLong = width === 4;
  return [(isLong ? 3 : 2) | (length - 1) << 2, ...littleEndian(distance, isLong ? 4 : 2)];
}

const widths: fc.Arbitrary<Widths> = fc.record({
  literals: fc.constantFrom(0, 1, 2, 3, 4),
  distance: fc.constantFrom(1, 2, 4),
});

Deno.test("decompressSnappy gives what elements spell in each of their forms, framed or not", () => {
  const blocks = fc.array(
    fc.tuple(
      elements({ minRepeat: 1, maxRepeat: 64, maxDistance: 5000 }),
      fc.array(widths, { minLength: 1 }),
    ),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(fc.property(blocks, (blocks) => {
    const spelt = blocks.map(([list]) => naiveUnpack(list));
    const packed = blocks.map(([list, forms], i) =>
      block(
        spelt[i]!.length,
        ...list.flatMap((one, n) => packElement(one, forms[n % forms.length]!)),
      )
    );
    deepEqual([...decompressSnappy(packed[0]!, large)], spelt[0]);
    deepEqual([...decompressSnappy(frame(...packed), large)], spelt.flat());
  }));
});

const abcd = [0x0c, 1, 2, 3, 4];

Deno.test("decompressSnappy lets a block reach as far back as it may, to the byte", () => {
  const repeat = (distance: number) => block(9, ...abcd, 0x05, distance);
  deepEqual([...decompressSnappy(repeat(4), large)], [1, 2, 3, 4, 1, 2, 3, 4, 1]);
  for (const distance of [0, 5]) {
    throws(() => decompressSnappy(repeat(distance), large), /a repeat must begin/);
  }
  throws(
    () => decompressSnappy(frame(block(4, ...abcd), repeat(5)), large),
    /1 to 4 bytes before, not 5/,
  );
});

Deno.test("decompressSnappy gives as much as it may, and not a byte more", () => {
  const packed = frame(block(4, ...abcd), block(4, ...abcd));
  equal(decompressSnappy(packed, 8).length, 8);
  throws(() => decompressSnappy(packed, 7), /it gives 8/);
});

Deno.test("decompressSnappy refuses blocks that give more or less than they say", () => {
  throws(() => decompressSnappy(block(3, ...abcd), large), /gives 1 more/);
  throws(() => decompressSnappy(block(5, ...abcd), large), /must give 5 bytes, 1 are missing/);
});

Deno.test("decompressSnappy claims no memory for a size that so few bytes cannot give", () => {
  // Three bytes behind the size: 64 bytes are the most that they can give.
  deepEqual(decompressSnappy(Uint8Array.of(0), large), new Uint8Array(0));
  throws(() => decompressSnappy(block(65, 0xfe, 1, 0), 2 ** 40), /can give at most 64, it says 65/);
  throws(() => decompressSnappy(block(2 ** 40, 0xfe, 1, 0), 2 ** 50), /it says 1099511627776/);
});

Deno.test("decompressSnappy refuses what is cut off anywhere", () => {
  const whole = block(78, ...abcd, 0xf0, 4, 1, 2, 3, 4, 5, 0xfe, 9, 0, 0x05, 4);
  equal(decompressSnappy(whole, large).length, 78);
  for (let end = 0; end < whole.length; end++) {
    throws(() => decompressSnappy(whole.subarray(0, end), large), `cut off at ${end}`);
  }
  const framed = frame(whole);
  for (let end = 17; end < framed.length; end++) {
    throws(() => decompressSnappy(framed.subarray(0, end), large), `framed and cut off at ${end}`);
  }
});

Deno.test("decompressSnappy answers any bytes with bytes within its bound or an error", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const sized = fc.tuple(fc.nat({ max: 2000 }), bytes).map(([size, rest]) => block(size, ...rest));
  const framed = fc.array(sized, { maxLength: 4 }).map((blocks) => frame(...blocks));
  fc.assert(
    fc.property(fc.oneof(bytes, sized, framed), (packed) => {
      let unpacked: Uint8Array;
      try {
        unpacked = decompressSnappy(packed, 1500);
      } catch (error) {
        ok(error instanceof Error);
        return;
      }
      ok(unpacked.length <= 1500);
    }),
    { numRuns: 2000 },
  );
});

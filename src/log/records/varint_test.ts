import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { hasCode } from "../../base/errors.ts";
import {
  maxVarintSize,
  maxVarlongSize,
  VarintReader,
  varintSize,
  varlongSize,
  writeVarint,
  writeVarlong,
} from "./varint.ts";

const isCorrupt = (error: unknown) => hasCode(error, "log-corrupt");

function read(bytes: readonly number[]): VarintReader {
  return new VarintReader(Uint8Array.from(bytes), "test bytes");
}

Deno.test("writeVarint writes the bytes that the format's description names", () => {
  const cases: [number, number[]][] = [
    [0, [0]],
    [-1, [1]],
    [1, [2]],
    [63, [0x7e]],
    [-64, [0x7f]],
    [64, [0x80, 0x01]],
    [300, [0xd8, 0x04]],
    [2 ** 31 - 1, [0xfe, 0xff, 0xff, 0xff, 0x0f]],
    [-(2 ** 31), [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ];
  for (const [value, expected] of cases) {
    const bytes = new Uint8Array(maxVarintSize);
    const end = writeVarint(bytes, 0, value);
    deepEqual([...bytes.subarray(0, end)], expected);
    equal(varintSize(value), expected.length);
    equal(read(expected).int(), value);
    equal(read(expected).long(), value);
  }
});

Deno.test("writeVarlong writes a safe integer as 64-bit zigzag does", () => {
  const values = fc.oneof(fc.maxSafeInteger(), fc.integer());
  fc.assert(
    fc.property(values, (value) => {
      const expected: number[] = [];
      let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
      for (; zigzag >= 0x80n; zigzag >>= 7n) expected.push(Number(zigzag & 0x7fn) | 0x80);
      expected.push(Number(zigzag));
      const bytes = new Uint8Array(maxVarlongSize);
      const end = writeVarlong(bytes, 0, value);
      deepEqual([...bytes.subarray(0, end)], expected);
      equal(varlongSize(value), end);
      equal(read(expected).long(), value);
    }),
    {
      examples: [
        [Number.MAX_SAFE_INTEGER],
        [Number.MIN_SAFE_INTEGER],
        [2 ** 31],
        [-(2 ** 31) - 1],
        [2 ** 32],
        [2 ** 48 - 1],
        [2 ** 48],
        [-(2 ** 48)],
      ],
    },
  );
});

Deno.test("VarintReader refuses what is cut off", () => {
  throws(() => read([]).int(), isCorrupt);
  throws(() => read([]).long(), isCorrupt);
  throws(() => read([0x80, 0x80]).int(), isCorrupt);
  throws(() => read([0x80, 0x80]).long(), isCorrupt);
  const reader = read([0x80, 0x01]);
  reader.end = 1;
  throws(() => reader.int(), isCorrupt);
  throws(() => reader.long(), isCorrupt);
});

Deno.test("VarintReader refuses what is out of range", () => {
  throws(() => read([0xff, 0xff, 0xff, 0xff, 0x1f]).int(), isCorrupt);
  throws(() => read([0x80, 0x80, 0x80, 0x80, 0x80, 0x00]).int(), isCorrupt);
  const tooLong = Array.from({ length: 9 }, () => 0x80);
  throws(() => read([...tooLong, 0x00]).long(), isCorrupt);
  // 2^53, one above the largest safe integer, and -2^53.
  throws(() => read([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]).long(), isCorrupt);
  throws(() => read([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]).long(), isCorrupt);
  equal(
    read([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]).long(),
    Number.MAX_SAFE_INTEGER,
  );
});

Deno.test("VarintReader reads any bytes without passing its end", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(12), (bytes, end) => {
    const reader = new VarintReader(bytes, "test bytes");
    reader.end = Math.min(end, bytes.length);
    for (const take of [() => reader.int(), () => reader.long()]) {
      reader.at = 0;
      try {
        ok(Number.isSafeInteger(take()));
        ok(reader.at > 0 && reader.at <= reader.end);
      } catch (error) {
        ok(isCorrupt(error));
        equal(reader.at, 0);
      }
    }
  }));
});

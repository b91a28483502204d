import { equal } from "node:assert/strict";
import fc from "fast-check";
import { utf8 } from "../../base/bytes.ts";
import { Random } from "../../base/random.ts";
import { crc32c } from "./crc32c.ts";

/** By the definition, bit by bit. */
function bitByBit(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

Deno.test("crc32c gives the values of RFC 3720, B.4", () => {
  equal(crc32c(new Uint8Array(32)), 0x8a91_36aa);
  equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8_ab43);
  equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd_794e);
  equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113f_db5c);
  equal(crc32c(utf8("123456789")), 0xe306_9283);
  equal(crc32c(new Uint8Array(0)), 0);
});

Deno.test("crc32c is that of the definition at every alignment and length", () => {
  const longest = Uint8Array.from({ length: 120 }, (_, i) => (i * 89 + 7) & 0xff);
  for (let from = 0; from < 20; from++) {
    for (let to = from; to <= longest.length; to++) {
      const expected = bitByBit(longest.slice(from, to));
      equal(crc32c(longest.subarray(from, to)), expected);
      equal(crc32c(longest.subarray(0, to), from), expected);
    }
  }
});

Deno.test("crc32c is that of the definition for bytes that are folded, at every edge", () => {
  const random = new Random(1);
  const longest = Uint8Array.from({ length: 3 * 32_768 + 40 }, () => random.below(256));
  const edges = [8 * 1024, 8 * 1024 + 3344, 32_768, 2 * 32_768, 3 * 32_768];
  for (const edge of edges) {
    for (const size of [edge - 17, edge - 16, edge - 1, edge, edge + 1, edge + 15, edge + 16]) {
      const from = size % 7;
      equal(
        crc32c(longest.subarray(from, from + size)),
        bitByBit(longest.subarray(from, from + size)),
      );
    }
  }
  equal(crc32c(longest, 5), bitByBit(longest.subarray(5)));
});

Deno.test("crc32c is that of the definition for random bytes", () => {
  fc.assert(
    fc.property(fc.nat(70_000), fc.nat(20), fc.nat(), (size, start, seed) => {
      const random = new Random(seed);
      const bytes = Uint8Array.from({ length: start + size }, () => random.below(256));
      equal(crc32c(bytes, start), bitByBit(bytes.subarray(start)));
    }),
    { numRuns: 50 },
  );
});

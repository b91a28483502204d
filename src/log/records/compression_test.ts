import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { hasCode } from "../../base/errors.ts";
import { codecOf, compress, compressionOf, decompress } from "./compression.ts";

const written = ["none", "gzip", "zstd"] as const;
const what = "test bytes";

/** A thousand zeros. */
const zeros = new Uint8Array(1000);
const packedZeros = {
  gzip: compress(zeros, "gzip"),
  // A literal, then repeats of it: fifteen of 64 bytes and one of 39.
  snappy: Uint8Array.of(0xe8, 7, 0, 0, ...Array(15).fill([0xfe, 1, 0]).flat(), 0x9a, 1, 0),
  // A frame of one block: a literal, then a repeat of it of 4 + 15 + 3 * 255 + 215 bytes.
  lz4: Uint8Array.of(
    ...[0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82],
    ...[9, 0, 0, 0, 0x1f, 0, 1, 0, 255, 255, 255, 215, 0],
    ...[0, 0, 0, 0],
  ),
  zstd: compress(zeros, "zstd"),
} as const;
const all = Object.entries(packedZeros) as [keyof typeof packedZeros, Uint8Array][];

const isCorrupt = (error: unknown) => hasCode(error, "log-corrupt");

Deno.test("decompress gives back what compress took", () => {
  const records = Uint8Array.from({ length: 5000 }, (_, i) => i % 7);
  for (const compression of written) {
    const packed = compress(records, compression);
    equal(packed.length < records.length, compression !== "none");
    deepEqual(new Uint8Array(decompress(packed, compression, { what })), records);
  }
});

Deno.test("decompress stops at its largest size", () => {
  for (const [compression, packed] of all) {
    const unpacked = decompress(packed, compression, { what, maxSize: 1000 });
    deepEqual(new Uint8Array(unpacked), zeros, compression);
    throws(
      () => decompress(packed, compression, { what, maxSize: 999 }),
      (error: unknown) => hasCode(error, "log-corrupt") && /at most 999/.test(error.message),
    );
  }
});

Deno.test("decompress refuses damage", () => {
  for (const [compression, packed] of all) {
    throws(() => decompress(packed.subarray(1), compression, { what }), isCorrupt);
    // Of zstd that is cut off node:zlib gives what there is.
    if (compression === "zstd") continue;
    throws(() => decompress(new Uint8Array(0), compression, { what }), isCorrupt);
    throws(() => decompress(packed.subarray(0, -1), compression, { what }), isCorrupt);
  }
});

Deno.test("decompress answers any damage with bytes within its bound or a refusal", () => {
  const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      ([compression, packed], changes) => {
        const bytes = packed.slice();
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        try {
          ok(decompress(bytes, compression, { what, maxSize: 2000 }).length <= 2000);
        } catch (error) {
          ok(isCorrupt(error), String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("compressionOf knows Kafka's five numbers", () => {
  const names = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
  names.forEach((name, codec) => {
    equal(compressionOf(codec, what), name);
    equal(codecOf(name), codec);
  });
  for (const codec of [5, 6, 7]) {
    throws(() => compressionOf(codec, what), (error: unknown) => {
      ok(hasCode(error, "log-corrupt"));
      return error.message.includes(`number ${codec}`);
    });
  }
});

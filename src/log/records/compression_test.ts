import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { hasCode } from "../../base/errors.ts";
import { codecOf, compress, compressionOf, decompress } from "./compression.ts";

const compressions = ["none", "gzip", "zstd"] as const;
const what = "test bytes";

Deno.test("decompress gives back what compress took", () => {
  const records = Uint8Array.from({ length: 5000 }, (_, i) => i % 7);
  for (const compression of compressions) {
    const packed = compress(records, compression);
    equal(packed.length < records.length, compression !== "none");
    deepEqual(new Uint8Array(decompress(packed, compression, { what })), records);
  }
});

Deno.test("decompress stops at its largest size", () => {
  for (const compression of ["gzip", "zstd"] as const) {
    const packed = compress(new Uint8Array(1001), compression);
    equal(decompress(packed, compression, { what, maxSize: 1001 }).length, 1001);
    throws(
      () => decompress(packed, compression, { what, maxSize: 1000 }),
      (error: unknown) => hasCode(error, "log-corrupt") && /at most 1000/.test(error.message),
    );
  }
});

Deno.test("decompress refuses damage", () => {
  const isCorrupt = (error: unknown) => hasCode(error, "log-corrupt");
  const zipped = compress(new Uint8Array(1000), "gzip");
  throws(() => decompress(zipped.subarray(0, -1), "gzip", { what }), isCorrupt);
  for (const compression of ["gzip", "zstd"] as const) {
    const packed = compress(new Uint8Array(1000), compression);
    throws(() => decompress(packed.subarray(1), compression, { what }), isCorrupt);
  }
});

Deno.test("compressionOf names the compressions that it does not support", () => {
  for (const compression of compressions) {
    equal(compressionOf(codecOf(compression), what), compression);
  }
  for (const [codec, name] of [[2, "snappy"], [3, "lz4"]] as const) {
    throws(
      () => compressionOf(codec, what),
      (error: unknown) => hasCode(error, "invalid-argument") && error.message.includes(name),
    );
  }
  for (const codec of [5, 6, 7]) {
    throws(() => compressionOf(codec, what), (error: unknown) => {
      ok(hasCode(error, "log-corrupt"));
      return error.message.includes(`number ${codec}`);
    });
  }
});

/** Compression of a batch's records, all of them together: Kafka's four. */

import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { FlightsError, messageOf } from "../../base/errors.ts";
import { decompressLz4 } from "./lz4.ts";
import { decompressSnappy } from "./snappy.ts";

/** How the records of a batch that is read may be compressed. */
export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** Kafka's number of each. */
const codecs: Readonly<Record<Compression, number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
};

/** How the records of a batch can be written. Snappy and lz4 are others' only. */
export type WrittenCompression = Exclude<Compression, "snappy" | "lz4">;

/**
 * The most bytes that the records of one batch may take uncompressed. A few kilobytes that are damaged
 * or hostile could otherwise claim all memory.
 */
export const maxDecompressedSize = 128 * 1024 * 1024;

/** The number that stands for `compression` in a batch's attributes. */
export function codecOf(compression: Compression): number {
  return codecs[compression];
}

/**
 * The compression that `codec` stands for.
 *
 * @param what what is being decoded, for messages.
 * @throws {FlightsError} `log-corrupt` for a number that stands for none.
 */
export function compressionOf(codec: number, what: string): Compression {
  for (const [name, id] of Object.entries(codecs)) {
    if (id === codec) return name as Compression;
  }
  throw new FlightsError(
    "log-corrupt",
    `Cannot decode ${what}: its compression must be ${Object.keys(codecs).join(", ")}, ` +
      `it is number ${codec}`,
  );
}

/** Compresses a batch's records. */
export function compress(records: Uint8Array, compression: WrittenCompression): Uint8Array {
  switch (compression) {
    case "none":
      return records;
    case "gzip":
      return gzipSync(records);
    case "zstd":
      return zstdCompressSync(records);
  }
}

/**
 * Decompresses a batch's records. Of zstd data that is cut off it gives what there is, since
 * node:zlib does; that the records are too few is then for the caller to find.
 *
 * @param options `what` is being decoded, for messages; `maxSize` in bytes, default
 * {@linkcode maxDecompressedSize}.
 * @throws {FlightsError} `log-corrupt` when they are damaged or larger than `maxSize`.
 */
export function decompress(
  records: Uint8Array,
  compression: Compression,
  options: { readonly what: string; readonly maxSize?: number },
): Uint8Array {
  const { what, maxSize: maxOutputLength = maxDecompressedSize } = options;
  try {
    switch (compression) {
      case "none":
        return records;
      case "gzip":
        return gunzipSync(records, { maxOutputLength });
      case "snappy":
        return decompressSnappy(records, maxOutputLength);
      case "lz4":
        return decompressLz4(records, maxOutputLength);
      case "zstd":
        return zstdDecompressSync(records, { maxOutputLength });
    }
  } catch (cause) {
    throw new FlightsError(
      "log-corrupt",
      `Cannot decode ${what}: its ${compression} data must be whole and give at most ` +
        `${maxOutputLength} bytes, it is not (${messageOf(cause)})`,
      { cause },
    );
  }
}

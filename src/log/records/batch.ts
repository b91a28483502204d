/** Reading record batches: the bytes that both logs keep, seen as columns. */

import { textOf } from "../../base/bytes.ts";
import { assert, FlightsError } from "../../base/errors.ts";
import type { Header, RawRecord } from "../../base/record.ts";
import { type Compression, compressionOf, decompress } from "./compression.ts";
import { crc32c } from "./crc32c.ts";
import { attribute, controlKey, field, getLong, lengthPrefix, magic, viewOf } from "./header.ts";
import { readHeaders, skipHeaders, takeLength } from "./record_headers.ts";
import { VarintReader } from "./varint.ts";

/** Whether a record's timestamp was given by its writer or by the log, when it was appended. */
export type TimestampType = "create" | "append";

/** How batches are decoded. */
export interface DecodeOptions {
  /** Whether the bytes are checked against their CRC-32C; default true. */
  readonly verifyChecksum?: boolean;
}

/** A record's row in the index: five numbers. A start of -1 stands for null. */
const row = {
  offsetDelta: 0,
  keyStart: 1,
  keyEnd: 2,
  valueStart: 3,
  valueEnd: 4,
  size: 5,
} as const;

/** Stands for the text of values that are not all ASCII. */
const notAscii = Symbol("not ASCII");

/** Where batches' values are made ready for the decoder: one place, since a new one costs more. */
let scratch = new Uint8Array(0);
const maxScratchSize = 2 * 1024 * 1024;

/** The fewest bytes a record takes: each of its seven numbers takes one. */
const minRecordSize = 7;

/**
 * A decoded batch: a view over its bytes, which must not change. All damage is found by decoding;
 * reading a record afterwards cannot fail. Records are counted from 0 to `count - 1`.
 */
export class RecordBatch {
  /** The batch as it lies on the log. */
  readonly bytes: Uint8Array;
  /** The offset that its records' are counted from: of its first record, unless that is gone. */
  readonly baseOffset: number;
  /** Its last offset, whether or not that record is still there. */
  readonly lastOffset: number;
  /** How many records it holds; 0 when compaction left none. */
  readonly count: number;
  /** The largest timestamp of its records; -1 where they have none. */
  readonly maxTimestamp: number;
  /** Whose its records' timestamps are. */
  readonly timestampType: TimestampType;
  /** How its records lie in `bytes`. */
  readonly compression: Compression;
  /** The idempotent producer's id; -1 for none. */
  readonly producerId: number;
  /** The idempotent producer's epoch; -1 for none. */
  readonly producerEpoch: number;
  /** The sequence number of the first record; -1 for none. */
  readonly baseSequence: number;
  /** Whether it belongs to a transaction. */
  readonly isTransactional: boolean;
  /** Whether it holds markers instead of records. */
  readonly isControl: boolean;
  /** What a control batch says of its producer's transaction; null for any other batch. */
  readonly controlType: "commit" | "abort" | null;

  /** The records, decompressed. */
  readonly #records: Uint8Array;
  readonly #index: Int32Array;
  readonly #timestamps: Float64Array;
  /** All values as one text, each at its place in `records`; made when first asked for. */
  #text: string | typeof notAscii | undefined;

  /**
   * Decodes `bytes`, which hold one batch and nothing else.
   *
   * @throws {FlightsError} `log-corrupt` for damage of any kind.
   */
  static decode(bytes: Uint8Array, options?: DecodeOptions): RecordBatch {
    const size = batchSizeAt(bytes, 0);
    if (size !== bytes.length) {
      throw new FlightsError(
        "log-corrupt",
        `Cannot decode a record batch: it must be all of the ${bytes.length} bytes given, ` +
          (size === null ? "its header is cut off" : `it has ${size}`),
      );
    }
    return new RecordBatch(bytes, options);
  }

  private constructor(bytes: Uint8Array, options: DecodeOptions = {}) {
    const view = viewOf(bytes);
    const what = `the record batch at offset ${view.getBigInt64(field.baseOffset)}`;
    const { verifyChecksum = true } = options;
    if (verifyChecksum) {
      const stored = view.getUint32(field.crc);
      const actual = crc32c(bytes, field.attributes);
      if (stored !== actual) {
        throw corrupt(what, `its checksum must be ${hex(stored)}, it is ${hex(actual)}`);
      }
    }
    this.bytes = bytes;
    this.baseOffset = safeLong(view, field.baseOffset, what);
    this.maxTimestamp = safeLong(view, field.maxTimestamp, what);
    this.producerId = safeLong(view, field.producerId, what);
    this.producerEpoch = view.getInt16(field.producerEpoch);
    this.baseSequence = view.getInt32(field.baseSequence);
    this.count = view.getInt32(field.recordCount);
    const lastOffsetDelta = view.getInt32(field.lastOffsetDelta);
    this.lastOffset = this.baseOffset + lastOffsetDelta;
    if (this.baseOffset < 0 || lastOffsetDelta < 0 || !Number.isSafeInteger(this.lastOffset)) {
      throw corrupt(what, `its offsets must be 0 to 2^53 - 1, the last is ${this.lastOffset}`);
    }
    const attributes = view.getInt16(field.attributes);
    this.timestampType = attributes & attribute.logAppendTime ? "append" : "create";
    this.isTransactional = (attributes & attribute.transactional) !== 0;
    this.isControl = (attributes & attribute.control) !== 0;
    this.compression = compressionOf(attributes & attribute.compression, what);
    this.#records = decompress(bytes.subarray(field.records), this.compression, { what });
    if (this.count < 0 || this.count > this.#records.length / minRecordSize) {
      throw corrupt(
        what,
        `its ${this.#records.length} bytes of records must hold as many as it counts, ` +
          `it counts ${this.count}`,
      );
    }
    this.#index = new Int32Array(this.count * row.size);
    this.#timestamps = new Float64Array(this.count);
    this.#indexRecords(new VarintReader(this.#records, what), {
      lastOffsetDelta,
      baseTimestamp: safeLong(view, field.baseTimestamp, what),
    });
    if (this.timestampType === "append") this.#timestamps.fill(this.maxTimestamp);
    this.controlType = this.isControl ? controlTypeOf(this) : null;
  }

  /** How many bytes it takes on the log. */
  get size(): number {
    return this.bytes.length;
  }

  /** The offset behind it. */
  get nextOffset(): number {
    return this.lastOffset + 1;
  }

  /** The offset of record `i`. */
  offset(i: number): number {
    return this.baseOffset + this.#index[this.#rowOf(i)]!;
  }

  /** The timestamp of record `i` in milliseconds since the Unix epoch; -1 for none. */
  timestamp(i: number): number {
    this.#rowOf(i);
    return this.#timestamps[i]!;
  }

  /** The key of record `i`: a view of the batch's bytes. */
  key(i: number): Uint8Array | null {
    const at = this.#rowOf(i);
    const start = this.#index[at + row.keyStart]!;
    return start < 0 ? null : this.#records.subarray(start, this.#index[at + row.keyEnd]!);
  }

  /** The value of record `i`: a view of the batch's bytes. */
  value(i: number): Uint8Array | null {
    const at = this.#rowOf(i);
    const start = this.#index[at + row.valueStart]!;
    return start < 0 ? null : this.#records.subarray(start, this.#index[at + row.valueEnd]!);
  }

  /** The key of record `i` as text; what is not UTF-8 becomes U+FFFD. */
  keyText(i: number): string | null {
    const key = this.key(i);
    return key === null ? null : textOf(key);
  }

  /**
   * The value of record `i` as text; what is not UTF-8 becomes U+FFFD. The text may share memory
   * with the whole batch's: keep what is parsed from it rather than the text.
   */
  valueText(i: number): string | null {
    const at = this.#rowOf(i);
    const start = this.#index[at + row.valueStart]!;
    if (start < 0) return null;
    const end = this.#index[at + row.valueEnd]!;
    this.#text ??= this.#valuesAsText();
    return this.#text === notAscii
      ? textOf(this.#records.subarray(start, end))
      : this.#text.slice(start, end);
  }

  /** The headers of record `i`, in order; their values are views of the batch's bytes. */
  headers(i: number): readonly Header[] {
    const reader = new VarintReader(this.#records, "headers");
    reader.at = this.#index[this.#rowOf(i) + row.valueEnd]!;
    return readHeaders(reader);
  }

  /** The first record with `offset` or a later one; `count` when there is none. */
  firstAt(offset: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.offset(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #rowOf(i: number): number {
    assert(i >>> 0 === i && i < this.count, "a record's number must be below its batch's count");
    return i * row.size;
  }

  /**
   * One call of the decoder for all values, since a call costs more than a short text. Where the
   * text is as long as its bytes, every byte became one character, so a value's text is at its
   * bytes' place. What lies between the values is blanked out, as it is seldom ASCII.
   */
  #valuesAsText(): string | typeof notAscii {
    const size = this.#records.length;
    if (scratch.length < size && size <= maxScratchSize) scratch = new Uint8Array(maxScratchSize);
    const bytes = size <= maxScratchSize ? scratch.subarray(0, size) : new Uint8Array(size);
    bytes.set(this.#records);
    const index = this.#index;
    let gap = 0;
    for (let at = 0; at < index.length; at += row.size) {
      const valueEnd = index[at + row.valueEnd]!;
      const valueStart = index[at + row.valueStart]!;
      const gapEnd = valueStart < 0 ? valueEnd : valueStart;
      while (gap < gapEnd) bytes[gap++] = 0;
      gap = valueEnd;
    }
    bytes.fill(0, gap);
    const text = textOf(bytes);
    return text.length === size ? text : notAscii;
  }

  #indexRecords(
    reader: VarintReader,
    { lastOffsetDelta, baseTimestamp }: { lastOffsetDelta: number; baseTimestamp: number },
  ): void {
    const index = this.#index;
    const timestamps = this.#timestamps;
    const limit = this.#records.length;
    let previousDelta = -1;
    for (let i = 0, at = 0; i < timestamps.length; i++, at += row.size) {
      reader.end = limit;
      const length = reader.int();
      const end = reader.at + length;
      if (length < minRecordSize - 1 || end > limit) {
        throw reader.corrupt(`record ${i} must fit ${limit} bytes, it ends at ${end}`);
      }
      reader.end = end;
      reader.at++; // Attributes: none are defined.
      const timestamp = baseTimestamp + reader.long();
      if (!Number.isSafeInteger(timestamp)) {
        throw reader.corrupt(`timestamps must be safe integers, record ${i} has ${timestamp}`);
      }
      timestamps[i] = timestamp;
      const delta = reader.int();
      if (delta <= previousDelta || delta > lastOffsetDelta) {
        throw reader.corrupt(
          `offsets must ascend to ${lastOffsetDelta}, record ${i} has ${delta} after ${previousDelta}`,
        );
      }
      previousDelta = delta;
      index[at + row.offsetDelta] = delta;
      const keyLength = takeLength(reader);
      index[at + row.keyStart] = keyLength < 0 ? -1 : reader.at;
      if (keyLength > 0) reader.at += keyLength;
      index[at + row.keyEnd] = reader.at;
      const valueLength = takeLength(reader);
      index[at + row.valueStart] = valueLength < 0 ? -1 : reader.at;
      if (valueLength > 0) reader.at += valueLength;
      index[at + row.valueEnd] = reader.at;
      skipHeaders(reader);
      if (reader.at !== end) {
        throw reader.corrupt(`record ${i} must end at byte ${end}, it ends at ${reader.at}`);
      }
    }
    if (reader.at !== limit) {
      throw reader.corrupt(
        `its ${timestamps.length} records must fill ${limit} bytes, they end at ${reader.at}`,
      );
    }
  }
}

/**
 * Decodes the whole batches that `bytes` begin with. A last one that is cut off, as Kafka's fetches
 * may end, is left out: the bytes used are the sum of the batches' sizes.
 *
 * @throws {FlightsError} as {@linkcode RecordBatch.decode}.
 */
export function decodeBatches(bytes: Uint8Array, options?: DecodeOptions): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let at = 0;;) {
    const size = batchSizeAt(bytes, at);
    if (size === null || at + size > bytes.length) return batches;
    batches.push(RecordBatch.decode(bytes.subarray(at, at + size), options));
    at += size;
  }
}

/**
 * The size in bytes of the batch that begins at `at`, which may be more than there are; null when
 * there is not enough of it to tell.
 */
function batchSizeAt(bytes: Uint8Array, at: number): number | null {
  if (bytes.length - at < field.crc) return null;
  const view = viewOf(bytes);
  const what = `the record batch at offset ${view.getBigInt64(at + field.baseOffset)}`;
  const version = view.getInt8(at + field.magic);
  if (version !== magic) throw corrupt(what, `its magic byte must be ${magic}, it is ${version}`);
  const size = lengthPrefix + view.getInt32(at + field.batchLength);
  if (size < field.records) {
    throw corrupt(what, `it must have at least ${field.records} bytes, it has ${size}`);
  }
  return size;
}

/** A record of a batch; to be moved on by setting `index` or `batch`, without a new object each. */
export class RecordCursor implements RawRecord {
  batch: RecordBatch;
  /** Which record of the batch. */
  index: number;

  constructor(batch: RecordBatch, index = 0) {
    this.batch = batch;
    this.index = index;
  }

  get timestamp(): number {
    return this.batch.timestamp(this.index);
  }

  get offset(): number {
    return this.batch.offset(this.index);
  }

  key(): Uint8Array | null {
    return this.batch.key(this.index);
  }

  value(): Uint8Array | null {
    return this.batch.value(this.index);
  }

  valueText(): string | null {
    return this.batch.valueText(this.index);
  }

  headers(): readonly Header[] {
    return this.batch.headers(this.index);
  }
}

/** What the marker of a control batch says; null where it is none that this program knows. */
function controlTypeOf(batch: RecordBatch): "commit" | "abort" | null {
  const key = batch.count > 0 ? batch.key(0) : null;
  if (key === null || key.length < 4) return null;
  const type = viewOf(key).getInt16(controlKey.type);
  if (type === controlKey.commit) return "commit";
  return type === controlKey.abort ? "abort" : null;
}

/** @throws {FlightsError} `log-corrupt` when the int64 at `at` is no safe integer. */
function safeLong(view: DataView, at: number, what: string): number {
  const value = getLong(view, at);
  if (!Number.isSafeInteger(value)) {
    throw corrupt(what, `its numbers must be safe integers, that at byte ${at} is ${value}`);
  }
  return value;
}

function corrupt(what: string, problem: string): FlightsError {
  return new FlightsError("log-corrupt", `Cannot decode ${what}: ${problem}`);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

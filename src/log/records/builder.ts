/** Writing record batches: the bytes that both logs keep. */

import { assert } from "../../base/errors.ts";
import { utf8 } from "../../base/bytes.ts";
import type { Header } from "../../base/record.ts";
import { codecOf, compress, type WrittenCompression } from "./compression.ts";
import {
  attribute,
  controlKey,
  field,
  setLong,
  viewOf,
  writeChecksum,
  writeHeader,
} from "./header.ts";
import { encodeHeaders, noHeaders } from "./record_headers.ts";
import {
  maxVarintSize,
  maxVarlongSize,
  varintSize,
  varlongSize,
  writeVarint,
  writeVarlong,
} from "./varint.ts";

/** A finished batch. */
export interface EncodedBatch {
  /** The batch; its base offset is 0 until {@linkcode setBaseOffset}. */
  readonly bytes: Uint8Array;
  /** How many records it holds; it covers as many offsets, and those that were left out. */
  readonly count: number;
  /** The largest timestamp of its records, -1 for none. */
  readonly maxTimestamp: number;
}

/** Who wrote a batch, in the terms of Kafka's idempotent producer (KIP-98). */
export interface Producer {
  /** Default -1: none. */
  readonly producerId?: number;
  /** Default -1. */
  readonly producerEpoch?: number;
  /** The sequence number of the first record; default -1. */
  readonly baseSequence?: number;
  /** Whether the batch is part of a transaction; default false. */
  readonly transactional?: boolean;
}

/** What the batches of a builder are. */
export interface BatchOptions extends Producer {
  /** Default `none`. */
  readonly compression?: WrittenCompression;
}

/** Text waits until it is this long, since one call of the encoder costs as much as a record. */
const runLength = 16 * 1024;
/** Records with little text wait until they are this many. */
const runCount = 512;
/** The most bytes of a record beside its key, value and headers. */
const maxFrameSize = 4 * maxVarintSize + maxVarlongSize + 1;

/** The most offsets a batch covers, since it counts them from 0 in 31 bits. */
const maxOffsets = 2 ** 31;
/** The most bytes that a UTF-16 unit becomes. */
const maxUtf8Size = 3;

const encoder = new TextEncoder();

/**
 * Builds batches, one after the other. The records of a batch have offsets from 0 in steps of 1,
 * unless some are left out by {@linkcode skip}.
 */
export class RecordBatchBuilder {
  readonly #options: BatchOptions;
  /** The batch so far: room for its header, then records. */
  #bytes = new Uint8Array(16 * 1024);
  #at: number = field.records;
  #count = 0;
  #nextDelta = 0;
  #baseTimestamp = -1;
  #maxTimestamp = -1;
  #sequence: number;

  /** Text that was appended and is not in `bytes` yet: keys and values in one. */
  #run = "";
  #pending = 0;
  readonly #timestampDeltas = new Float64Array(runCount);
  readonly #keyLengths = new Int32Array(runCount);
  readonly #valueLengths = new Int32Array(runCount);
  readonly #headers: Uint8Array[] = [];
  #headersSize = 0;

  /** A batch without records. */
  constructor(options: BatchOptions = {}) {
    this.#options = options;
    this.#sequence = options.baseSequence ?? -1;
  }

  /** How many records the batch holds so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * The bytes of the batch so far, uncompressed. The text appended last (up to 16,384 characters) is
   * counted as ASCII and without what is around it.
   */
  get size(): number {
    return this.#at + this.#run.length + this.#headersSize;
  }

  /**
   * Appends a record.
   *
   * @param timestamp in milliseconds since the Unix epoch.
   * @throws {FlightsError} `internal` when the timestamp, or its distance from the batch's first, is
   * no safe integer.
   */
  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers?: readonly Header[],
  ): void {
    this.#flush();
    const timestampDelta = this.#enter(timestamp);
    this.#place(timestampDelta, { key, value, headers: encodeHeaders(headers) });
  }

  /**
   * Appends a record of text, which becomes UTF-8; lone surrogates become U+FFFD. Several times as
   * fast as encoding first, for ASCII. Throws as {@linkcode append} does.
   */
  appendText(
    timestamp: number,
    key: string | null,
    value: string | null,
    headers?: readonly Header[],
  ): void {
    if (endsHalfway(key) || endsHalfway(value)) {
      // In one run with what follows, its last half might become a whole character.
      const keyBytes = key === null ? null : utf8(key);
      return this.append(timestamp, keyBytes, value === null ? null : utf8(value), headers);
    }
    const timestampDelta = this.#enter(timestamp);
    const i = this.#pending++;
    this.#timestampDeltas[i] = timestampDelta;
    this.#keyLengths[i] = key === null ? -1 : key.length;
    this.#valueLengths[i] = value === null ? -1 : value.length;
    const headerBytes = encodeHeaders(headers);
    this.#headers[i] = headerBytes;
    this.#headersSize += headerBytes.length;
    if (key !== null) this.#run += key;
    if (value !== null) this.#run += value;
    if (this.#run.length >= runLength || this.#pending === runCount) this.#flush();
  }

  /**
   * Leaves out the next `offsets` offsets, as compaction does with the records it removes.
   *
   * @throws {FlightsError} `internal` when they are below 0 or more than a batch can cover.
   */
  skip(offsets: number): void {
    this.#flush();
    this.#nextDelta += offsets;
    assert(
      offsets >= 0 && this.#nextDelta <= maxOffsets,
      `a batch must cover ascending offsets, ${maxOffsets} at most, it covers ${this.#nextDelta}`,
    );
  }

  /**
   * Ends the batch. The builder then begins another one, whose sequence goes on from this one's.
   *
   * @throws {FlightsError} `internal` when it covers no offset at all.
   */
  finish(): EncodedBatch {
    this.#flush();
    assert(this.#nextDelta > 0, "a batch must cover an offset, it covers none");
    const { compression = "none", transactional = false, producerId, producerEpoch } = this
      .#options;
    const records = compress(this.#bytes.subarray(field.records, this.#at), compression);
    const bytes = new Uint8Array(field.records + records.length);
    bytes.set(records, field.records);
    const batch = { bytes, count: this.#count, maxTimestamp: this.#maxTimestamp };
    writeHeader(bytes, {
      attributes: codecOf(compression) | (transactional ? attribute.transactional : 0),
      lastOffsetDelta: this.#nextDelta - 1,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: this.#maxTimestamp,
      producerId: producerId ?? -1,
      producerEpoch: producerEpoch ?? -1,
      baseSequence: this.#sequence,
      recordCount: this.#count,
    });
    if (this.#sequence >= 0) this.#sequence = (this.#sequence + this.#count) % 2 ** 31;
    this.#at = field.records;
    this.#count = 0;
    this.#nextDelta = 0;
    this.#baseTimestamp = -1;
    this.#maxTimestamp = -1;
    return batch;
  }

  /** Counts a record in and returns its timestamp less the batch's base. */
  #enter(timestamp: number): number {
    if (this.#count === 0) {
      this.#baseTimestamp = timestamp;
      this.#maxTimestamp = timestamp;
    }
    const delta = timestamp - this.#baseTimestamp;
    assert(
      Number.isSafeInteger(timestamp) && Number.isSafeInteger(delta),
      "the timestamps of a batch must be safe integers, and their differences",
    );
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    this.#count++;
    return delta;
  }

  /** Makes room for `size` more bytes. */
  #reserve(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }

  /** Writes a record up to its key's length, whose room has been reserved. */
  #beginRecord(timestampDelta: number, sizes: RecordSizes): void {
    const { keyLength, valueLength, headersLength } = sizes;
    const offsetDelta = this.#nextDelta++;
    const bodySize = 1 + varlongSize(timestampDelta) + varintSize(offsetDelta) +
      varintSize(keyLength) + (keyLength > 0 ? keyLength : 0) +
      varintSize(valueLength) + (valueLength > 0 ? valueLength : 0) + headersLength;
    const bytes = this.#bytes;
    let at = writeVarint(bytes, this.#at, bodySize);
    bytes[at++] = 0; // Attributes: none are defined.
    at = writeVarlong(bytes, at, timestampDelta);
    at = writeVarint(bytes, at, offsetDelta);
    this.#at = writeVarint(bytes, at, keyLength);
  }

  #put(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #putHeaders(headers: Uint8Array): void {
    // Most records have none, and copying takes longer than the byte is worth.
    if (headers === noHeaders) this.#bytes[this.#at++] = 0;
    else this.#put(headers);
  }

  /**
   * Moves the waiting text into the batch. It is encoded in one call, to behind the place where its
   * records will end, and each text is then moved down to its own place.
   */
  #flush(): void {
    if (this.#pending === 0) return;
    const run = this.#run;
    const framesSize = this.#pending * maxFrameSize + this.#headersSize;
    this.#reserve(framesSize + run.length);
    const from = this.#at + framesSize;
    let { read, written } = encoder.encodeInto(run, this.#bytes.subarray(from));
    if (read < run.length) {
      this.#reserve(framesSize + maxUtf8Size * run.length);
      ({ read, written } = encoder.encodeInto(run, this.#bytes.subarray(from)));
    }
    this.#placeRun(from, written === run.length);
    this.#run = "";
    this.#pending = 0;
    this.#headersSize = 0;
  }

  /** Frames the waiting records, whose bytes lie from `from` on. */
  #placeRun(from: number, isAscii: boolean): void {
    const bytes = this.#bytes;
    const view = viewOf(bytes);
    for (let i = 0; i < this.#pending; i++) {
      const keyUnits = this.#keyLengths[i]!;
      const keyEnd = isAscii ? from + Math.max(keyUnits, 0) : endOfText(view, from, keyUnits);
      const valueUnits = this.#valueLengths[i]!;
      const valueEnd = isAscii
        ? keyEnd + Math.max(valueUnits, 0)
        : endOfText(view, keyEnd, valueUnits);
      const headers = this.#headers[i]!;
      const valueLength = valueUnits < 0 ? -1 : valueEnd - keyEnd;
      this.#beginRecord(this.#timestampDeltas[i]!, {
        keyLength: keyUnits < 0 ? -1 : keyEnd - from,
        valueLength,
        headersLength: headers.length,
      });
      if (keyEnd > from) bytes.copyWithin(this.#at, from, keyEnd);
      this.#at = writeVarint(bytes, this.#at + keyEnd - from, valueLength);
      if (valueEnd > keyEnd) bytes.copyWithin(this.#at, keyEnd, valueEnd);
      this.#at += valueEnd - keyEnd;
      this.#putHeaders(headers);
      from = valueEnd;
    }
  }

  /** Frames a record of bytes. */
  #place(timestampDelta: number, { key, value, headers }: RecordBytes): void {
    const keyLength = key === null ? -1 : key.length;
    const valueLength = value === null ? -1 : value.length;
    this.#reserve(
      maxFrameSize + Math.max(keyLength, 0) + Math.max(valueLength, 0) + headers.length,
    );
    this.#beginRecord(timestampDelta, { keyLength, valueLength, headersLength: headers.length });
    if (key !== null) this.#put(key);
    this.#at = writeVarint(this.#bytes, this.#at, valueLength);
    if (value !== null) this.#put(value);
    this.#putHeaders(headers);
  }
}

interface RecordSizes {
  /** -1 for null. */
  readonly keyLength: number;
  /** -1 for null. */
  readonly valueLength: number;
  readonly headersLength: number;
}

interface RecordBytes {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** With their count. */
  readonly headers: Uint8Array;
}

/** Whether `text` ends in the first half of a surrogate pair. */
function endsHalfway(text: string | null): boolean {
  return text !== null && text.length > 0 &&
    (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800;
}

/** Where the UTF-8 from `at` on has made up `units` UTF-16 units. */
function endOfText(bytes: DataView, at: number, units: number): number {
  while (units > 0) {
    if (units >= 4 && (bytes.getInt32(at) & 0x8080_8080) === 0) {
      at += 4;
      units -= 4;
      continue;
    }
    const first = bytes.getUint8(at);
    at += first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    units -= first < 0xf0 ? 1 : 2;
  }
  return at;
}

/** What ends a transaction. */
export interface ControlMarker {
  readonly type: "commit" | "abort";
  readonly producerId: number;
  readonly producerEpoch: number;
  /** In milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** The epoch of the transaction coordinator; default 0. */
  readonly coordinatorEpoch?: number;
}

/** A control batch: the marker that a log writes where a transaction ends. */
export function encodeControlBatch(marker: ControlMarker): EncodedBatch {
  const { producerId, producerEpoch, timestamp } = marker;
  const key = new Uint8Array(4);
  viewOf(key).setInt16(controlKey.type, controlKey[marker.type]);
  const value = new Uint8Array(6);
  viewOf(value).setInt32(2, marker.coordinatorEpoch ?? 0);
  const builder = new RecordBatchBuilder({ producerId, producerEpoch, transactional: true });
  builder.append(timestamp, key, value);
  const batch = builder.finish();
  const view = viewOf(batch.bytes);
  view.setInt16(field.attributes, view.getInt16(field.attributes) | attribute.control);
  writeChecksum(batch.bytes);
  return batch;
}

/** Moves a batch to `offset`, in place. The checksum does not cover the base offset. */
export function setBaseOffset(batch: Uint8Array, offset: number): void {
  setLong(viewOf(batch), field.baseOffset, offset);
}

/** Writes who produced a batch into it, in place, and its checksum anew. */
export function stampProducer(batch: Uint8Array, producer: Required<Producer>): void {
  const view = viewOf(batch);
  const others = view.getInt16(field.attributes) & ~attribute.transactional;
  view.setInt16(
    field.attributes,
    others | (producer.transactional ? attribute.transactional : 0),
  );
  setLong(view, field.producerId, producer.producerId);
  view.setInt16(field.producerEpoch, producer.producerEpoch);
  view.setInt32(field.baseSequence, producer.baseSequence);
  writeChecksum(batch);
}

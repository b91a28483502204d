/**
 * The header of a record batch, version 2 (KIP-98). All numbers are big-endian.
 *
 * ```text
 *  0  baseOffset            int64
 *  8  batchLength           int32   what follows, in bytes
 * 12  partitionLeaderEpoch  int32
 * 16  magic                 int8    2
 * 17  crc                   uint32  CRC-32C of all that follows
 * 21  attributes            int16   bits 0-2 compression, 3 log append time, 4 transactional, 5 control
 * 23  lastOffsetDelta       int32
 * 27  baseTimestamp         int64
 * 35  maxTimestamp          int64
 * 43  producerId            int64   -1: none
 * 51  producerEpoch         int16
 * 53  baseSequence          int32
 * 57  recordCount           int32
 * 61  records, compressed as a whole
 * ```
 */

import { crc32c } from "./crc32c.ts";

/** Where each field begins. */
export const field = {
  baseOffset: 0,
  batchLength: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const;

/** The bytes that `batchLength` does not count: itself and the base offset. */
export const lengthPrefix = 12;
/** The version of the format. */
export const magic = 2;

/** Bits of the attributes. */
export const attribute = {
  compression: 0x07,
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
} as const;

/** The key of a control record: its version (int16), then its type (int16). */
export const controlKey = { type: 2, abort: 0, commit: 1 } as const;

/** A view for reading and writing the numbers of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Writes the safe integer `value` as int64. */
export function setLong(view: DataView, at: number, value: number): void {
  view.setInt32(at, Math.floor(value / 0x1_0000_0000));
  view.setInt32(at + 4, value | 0);
}

/** The safe integer of the int64 at `at`, or a number that is none. */
export function getLong(view: DataView, at: number): number {
  return view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}

/** What a header says of its records and their writer. */
export interface BatchFields {
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/** Writes the header of `batch`, which holds its records; its base offset is 0. */
export function writeHeader(batch: Uint8Array, fields: BatchFields): void {
  const view = viewOf(batch);
  setLong(view, field.baseOffset, 0);
  view.setInt32(field.batchLength, batch.length - lengthPrefix);
  view.setInt32(field.leaderEpoch, -1);
  view.setInt8(field.magic, magic);
  view.setInt16(field.attributes, fields.attributes);
  view.setInt32(field.lastOffsetDelta, fields.lastOffsetDelta);
  setLong(view, field.baseTimestamp, fields.baseTimestamp);
  setLong(view, field.maxTimestamp, fields.maxTimestamp);
  setLong(view, field.producerId, fields.producerId);
  view.setInt16(field.producerEpoch, fields.producerEpoch);
  view.setInt32(field.baseSequence, fields.baseSequence);
  view.setInt32(field.recordCount, fields.recordCount);
  writeChecksum(batch);
}

/** Writes the checksum of `batch`, which holds all that it covers. */
export function writeChecksum(batch: Uint8Array): void {
  viewOf(batch).setUint32(field.crc, crc32c(batch, field.attributes));
}

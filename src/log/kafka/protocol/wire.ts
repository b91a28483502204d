/**
 * The primitive types of Kafka's protocol. Each request and response has one of two encodings: the
 * old one (fixed lengths, -1 for null) and the flexible one of KIP-482 (lengths as varints of
 * length + 1, 0 for null, and tagged fields behind every structure). A writer and a reader know
 * which one they speak, so a layout is written down once.
 *
 * All numbers are big-endian. Longs are JavaScript numbers, so safe integers only.
 */

import { textOf, utf8 } from "../../../base/bytes.ts";
import { assert, FlightsError } from "../../../base/errors.ts";
import { getLong, setLong, viewOf } from "../../records/header.ts";

/** The id of no topic. */
export const noTopicId = "AAAAAAAAAAAAAAAAAAAAAA";
const uuidSize = 16;

/** Writes one message; the buffer grows as needed. */
export class Writer {
  readonly flexible: boolean;
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  /** @param capacity the bytes it has room for before it must grow; default 512. */
  constructor(flexible: boolean, capacity = 512) {
    this.flexible = flexible;
    this.#bytes = new Uint8Array(capacity);
    this.#view = viewOf(this.#bytes);
  }

  /** How many bytes have been written. */
  get size(): number {
    return this.#at;
  }

  /** What has been written: a view, which further writing may leave behind. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0);
  }

  int8(value: number): void {
    const at = this.#take(1);
    this.#view.setInt8(at, value);
  }

  int16(value: number): void {
    const at = this.#take(2);
    this.#view.setInt16(at, value);
  }

  int32(value: number): void {
    const at = this.#take(4);
    this.#view.setInt32(at, value);
  }

  /** @throws {FlightsError} `internal` when `value` is no safe integer. */
  int64(value: number): void {
    assert(Number.isSafeInteger(value), `an int64 must be a safe integer, it is ${value}`);
    const at = this.#take(8);
    setLong(this.#view, at, value);
  }

  /** Writes `value` over the int32 at `at`, which has been written before. */
  int32At(at: number, value: number): void {
    assert(at + 4 <= this.#at, "only what has been written can be overwritten");
    this.#view.setInt32(at, value);
  }

  /** An int from 0 to 2^32 - 1 in seven bits a byte, the lowest first. */
  uvarint(value: number): void {
    assert(value >>> 0 === value, `a length must be 0 to 2^32 - 1, it is ${value}`);
    let rest = value;
    while (rest >= 0x80) {
      this.int8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.int8(rest);
  }

  string(text: string): void {
    const encoded = utf8(text);
    assert(encoded.length <= 0x7fff, "a string must have at most 32,767 bytes");
    if (this.flexible) this.uvarint(encoded.length + 1);
    else this.int16(encoded.length);
    this.raw(encoded);
  }

  nullableString(text: string | null): void {
    if (text !== null) this.string(text);
    else if (this.flexible) this.uvarint(0);
    else this.int16(-1);
  }

  bytes(bytes: Uint8Array): void {
    this.#length(bytes.length);
    this.raw(bytes);
  }

  /** A topic id as Kafka's tools print it: base64url without padding. */
  uuid(id: string): void {
    const bytes = decodeUuid(id);
    assert(bytes?.length === uuidSize, `a topic id must be 16 bytes in base64url, it is "${id}"`);
    this.raw(bytes);
  }

  /** An array of structures, each with its tagged fields behind it. */
  structs<T>(items: readonly T[], write: (item: T) => void): void {
    this.#length(items.length);
    for (const item of items) {
      write(item);
      this.tags();
    }
  }

  nullableStructs<T>(items: readonly T[] | null, write: (item: T) => void): void {
    if (items === null) this.#length(null);
    else this.structs(items, write);
  }

  int32s(items: readonly number[]): void {
    this.#length(items.length);
    for (const item of items) this.int32(item);
  }

  int64s(items: readonly number[]): void {
    this.#length(items.length);
    for (const item of items) this.int64(item);
  }

  strings(items: readonly string[]): void {
    this.#length(items.length);
    for (const item of items) this.string(item);
  }

  /** The tagged fields of a structure: none. */
  tags(): void {
    if (this.flexible) this.uvarint(0);
  }

  /** The bytes as they are. */
  raw(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #length(length: number | null): void {
    if (this.flexible) this.uvarint(length === null ? 0 : length + 1);
    else this.int32(length ?? -1);
  }

  /** Makes room for `size` more bytes, maybe in a new buffer, and returns where they begin. */
  #take(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#at, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = viewOf(grown);
    }
    return at;
  }
}

/** Reads one message and never past its end. What it hands out are views of the message. */
export class Reader {
  readonly flexible: boolean;
  /** What is being read, for messages. */
  readonly what: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array, { flexible, what }: { flexible: boolean; what: string }) {
    this.flexible = flexible;
    this.what = what;
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }

  /** How many bytes are left. */
  get rest(): number {
    return this.#bytes.length - this.#at;
  }

  bool(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  int64(): number {
    const value = getLong(this.#view, this.#take(8));
    if (!Number.isSafeInteger(value)) throw this.#corrupt("an int64 must be a safe integer", value);
    return value;
  }

  uvarint(): number {
    let value = 0;
    for (let unit = 1; unit <= 2 ** 28; unit *= 0x80) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) {
        if (value < 2 ** 32) return value;
        break;
      }
    }
    throw this.#corrupt("a length must fit 32 bits", "more");
  }

  string(): string {
    return this.nullableString() ?? this.#noNull("a string");
  }

  nullableString(): string | null {
    const length = this.flexible ? this.uvarint() - 1 : this.int16();
    return length < 0 ? null : textOf(this.raw(length));
  }

  bytes(): Uint8Array {
    return this.nullableBytes() ?? this.#noNull("bytes");
  }

  nullableBytes(): Uint8Array | null {
    const length = this.#length();
    return length < 0 ? null : this.raw(length);
  }

  /** A topic id as Kafka's tools print it. */
  uuid(): string {
    return this.raw(uuidSize).toBase64({ alphabet: "base64url", omitPadding: true });
  }

  /** An array of structures, each with its tagged fields behind it. */
  structs<T>(read: () => T): T[] {
    return this.nullableStructs(read) ?? this.#noNull("an array");
  }

  nullableStructs<T>(read: () => T): T[] | null {
    const length = this.#count();
    if (length < 0) return null;
    const items: T[] = [];
    for (let i = 0; i < length; i++) {
      items.push(read());
      this.tags();
    }
    return items;
  }

  int32s(): number[] {
    const length = this.#count();
    if (length < 0) return this.#noNull("an array");
    return Array.from({ length }, () => this.int32());
  }

  strings(): string[] {
    const length = this.#count();
    if (length < 0) return this.#noNull("an array");
    return Array.from({ length }, () => this.string());
  }

  /** Steps over the tagged fields of a structure: newer brokers may send some that are not known. */
  tags(): void {
    if (!this.flexible) return;
    for (let left = this.uvarint(); left > 0; left--) {
      this.uvarint();
      this.raw(this.uvarint());
    }
  }

  /** The next `length` bytes as they are. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** @throws {FlightsError} `log-corrupt` when bytes are left. */
  finish(): void {
    if (this.rest > 0) throw this.#corrupt("all its bytes must be used", `${this.rest} too many`);
  }

  #length(): number {
    return this.flexible ? this.uvarint() - 1 : this.int32();
  }

  /** The number of an array's items, of which each takes at least a byte. */
  #count(): number {
    const count = this.#length();
    if (count > this.rest) throw this.#corrupt(`an array must fit ${this.rest} bytes`, count);
    return count;
  }

  #take(size: number): number {
    if (size > this.rest) throw this.#corrupt(`${size} more bytes must be there`, this.rest);
    const at = this.#at;
    this.#at += size;
    return at;
  }

  #noNull(what: string): never {
    throw this.#corrupt(`${what} must not be null`, "null");
  }

  #corrupt(needed: string, found: number | string): FlightsError {
    return new FlightsError(
      "log-corrupt",
      `Cannot decode ${this.what} at byte ${this.#at}: ${needed}, found ${found}`,
    );
  }
}

function decodeUuid(id: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(id, { alphabet: "base64url" });
  } catch {
    return null;
  }
}

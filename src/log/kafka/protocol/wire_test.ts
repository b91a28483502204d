import assert from "node:assert/strict";
import fc from "fast-check";
import { Reader, Writer } from "./wire.ts";

function written(flexible: boolean, write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer(flexible, 1);
  write(writer);
  return writer.finish();
}

function reading(bytes: readonly number[] | Uint8Array, flexible: boolean): Reader {
  return new Reader(Uint8Array.from(bytes), { flexible, what: "a test" });
}

const corrupt = { code: "log-corrupt" };

Deno.test("Writer and Reader agree on every type in both encodings", () => {
  const text = fc.string({ unit: "binary" });
  const message = fc.record({
    flexible: fc.boolean(),
    bool: fc.boolean(),
    int8: fc.integer({ min: -0x80, max: 0x7f }),
    int16: fc.integer({ min: -0x8000, max: 0x7fff }),
    int32: fc.integer(),
    int64: fc.maxSafeInteger(),
    uvarint: fc.integer({ min: 0, max: 0xffff_ffff }),
    text,
    nullableText: fc.option(text),
    bytes: fc.uint8Array(),
    uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) =>
      bytes.toBase64({ alphabet: "base64url", omitPadding: true })
    ),
    int32s: fc.array(fc.integer()),
    int64s: fc.array(fc.maxSafeInteger()),
    strings: fc.array(text),
    structs: fc.option(fc.array(text)),
  });
  fc.assert(fc.property(message, (sent) => {
    const bytes = written(sent.flexible, (writer) => {
      writer.bool(sent.bool);
      writer.int8(sent.int8);
      writer.int16(sent.int16);
      writer.int32(sent.int32);
      writer.int64(sent.int64);
      writer.uvarint(sent.uvarint);
      writer.string(sent.text);
      writer.nullableString(sent.nullableText);
      writer.bytes(sent.bytes);
      writer.uuid(sent.uuid);
      writer.int32s(sent.int32s);
      writer.int64s(sent.int64s);
      writer.strings(sent.strings);
      writer.nullableStructs(sent.structs, (item) => writer.string(item));
      writer.tags();
    });
    const reader = reading(bytes, sent.flexible);
    const read = {
      flexible: sent.flexible,
      bool: reader.bool(),
      int8: reader.int8(),
      int16: reader.int16(),
      int32: reader.int32(),
      int64: reader.int64(),
      uvarint: reader.uvarint(),
      text: reader.string(),
      nullableText: reader.nullableString(),
      bytes: reader.bytes(),
      uuid: reader.uuid(),
      int32s: reader.int32s(),
      int64s: readInt64s(reader),
      strings: reader.strings(),
      structs: reader.nullableStructs(() => reader.string()),
    };
    reader.tags();
    reader.finish();
    // Lone surrogates have no UTF-8; "binary" makes none.
    assert.deepEqual(read, { ...sent });
  }));
});

function readInt64s(reader: Reader): number[] {
  const length = reader.flexible ? reader.uvarint() - 1 : reader.int32();
  return Array.from({ length }, () => reader.int64());
}

Deno.test("Writer gives both encodings their lengths and nulls", () => {
  const write = (writer: Writer) => {
    writer.string("ab");
    writer.nullableString(null);
    writer.bytes(Uint8Array.of(9));
    writer.structs(["c"], (item) => writer.string(item));
    writer.nullableStructs(null, () => {});
    writer.tags();
  };
  assert.deepEqual(
    [...written(true, write)],
    [3, 97, 98, 0, 2, 9, 2, 2, 99, 0, 0, 0],
  );
  assert.deepEqual(
    [...written(false, write)],
    [0, 2, 97, 98, 255, 255, 0, 0, 0, 1, 9, 0, 0, 0, 1, 0, 1, 99, 255, 255, 255, 255],
  );
});

Deno.test("Writer refuses what its types cannot hold", () => {
  const writer = new Writer(true);
  const internal = { code: "internal" };
  assert.throws(() => writer.int64(2 ** 53), internal);
  assert.throws(() => writer.uvarint(2 ** 32), internal);
  assert.throws(() => writer.uvarint(-1), internal);
  assert.throws(() => writer.uuid("short"), internal);
  assert.throws(() => writer.uuid("not base64url, by far!"), internal);
  assert.throws(() => writer.string("x".repeat(0x8000)), internal);
  writer.string("x".repeat(0x7fff));
  assert.throws(() => new Writer(true).int32At(0, 1), internal);
});

Deno.test("Reader steps over tagged fields it does not know", () => {
  const reader = reading([2, 0, 1, 7, 5, 2, 8, 8, 42], true);
  reader.tags();
  assert.equal(reader.int8(), 42);
  reader.finish();
});

Deno.test("Reader refuses lengths beyond its end before it makes room for them", () => {
  assert.throws(() => reading([0x7f, 0xff, 0xff, 0xff], false).int32s(), corrupt);
  assert.throws(() => reading([0x7f, 0xff, 0xff, 0xff], false).strings(), corrupt);
  assert.throws(() => reading([0x7f, 0xff, 0xff, 0xff], false).bytes(), corrupt);
  assert.throws(() => reading([0xff, 0xff, 0xff, 0xff, 0x0f], true).structs(() => 1), corrupt);
  assert.throws(() => reading([4, 97, 98], true).string(), corrupt);
});

Deno.test("Reader refuses null where it means nothing, and numbers that do not fit", () => {
  assert.throws(() => reading([0], true).string(), corrupt);
  assert.throws(() => reading([0], true).bytes(), corrupt);
  assert.throws(() => reading([0], true).structs(() => 1), corrupt);
  assert.throws(() => reading([255, 255, 255, 255], false).int32s(), corrupt);
  assert.throws(() => reading([255, 255, 255, 255], false).strings(), corrupt);
  assert.throws(() => reading([0x00, 0x20, 0, 0, 0, 0, 0, 0], false).int64(), corrupt);
  assert.throws(() => reading([0xff, 0xff, 0xff, 0xff, 0x10], true).uvarint(), corrupt);
  assert.throws(() => reading([0xff, 0xff, 0xff, 0xff, 0xff], true).uvarint(), corrupt);
  assert.throws(() => reading([1], true).finish(), corrupt);
});

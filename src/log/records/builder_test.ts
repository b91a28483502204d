import { deepEqual, equal, notEqual, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { textOf, utf8 } from "../../base/bytes.ts";
import { hasCode } from "../../base/errors.ts";
import type { Header } from "../../base/record.ts";
import { RecordBatch } from "./batch.ts";
import { encodeControlBatch, RecordBatchBuilder, setBaseOffset, stampProducer } from "./builder.ts";
import { field, viewOf } from "./header.ts";

/** A record to write; of text it goes in by `appendText`. */
interface Entry {
  readonly timestamp: number;
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly headers: readonly Header[];
  /** How many offsets are left out before it. */
  readonly gap: number;
}

const isText = (part: Entry["key"]): part is string | null => !(part instanceof Uint8Array);
const asBytes = (part: Entry["key"]) => typeof part === "string" ? utf8(part) : part;

function write(builder: RecordBatchBuilder, entries: readonly Entry[]): void {
  for (const { timestamp, key, value, headers, gap } of entries) {
    if (gap > 0) builder.skip(gap);
    if (isText(key) && isText(value)) builder.appendText(timestamp, key, value, headers);
    else builder.append(timestamp, asBytes(key), asBytes(value), headers);
  }
}

/** Checks a decoded batch against what was written. */
function check(batch: RecordBatch, entries: readonly Entry[]): void {
  equal(batch.count, entries.length);
  equal(batch.maxTimestamp, Math.max(...entries.map(({ timestamp }) => timestamp)));
  let offset = -1;
  entries.forEach((entry, i) => {
    offset += 1 + entry.gap;
    const value = asBytes(entry.value);
    equal(batch.offset(i), offset);
    equal(batch.timestamp(i), entry.timestamp);
    deepEqual(batch.key(i), asBytes(entry.key));
    deepEqual(batch.value(i), value);
    equal(batch.valueText(i), value && textOf(value));
    deepEqual(batch.headers(i), entry.headers);
  });
  equal(batch.lastOffset, offset);
}

const surrogates = fc.array(fc.constantFrom("\ud83d", "\udeeb", "a"), { maxLength: 4 });
const text = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  surrogates.map((units) => units.join("")),
);
const part = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 70 }) },
);
const entry: fc.Arbitrary<Entry> = fc.record({
  timestamp: fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), fc.nat(100_000)),
  key: part,
  value: part,
  headers: fc.array(
    fc.record({
      name: fc.string({ unit: "grapheme", maxLength: 5 }).map((name) => name.toWellFormed()),
      value: fc.option(fc.uint8Array({ maxLength: 5 })),
    }),
    { maxLength: 2 },
  ),
  gap: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(1000) }),
});
const entries = fc.array(entry, { minLength: 1, maxLength: 30 });
const compression = fc.constantFrom("none", "gzip", "zstd");

Deno.test("RecordBatchBuilder writes what RecordBatch reads, batch after batch", () => {
  fc.assert(
    fc.property(compression, fc.array(entries, { maxLength: 3 }), (compression, batches) => {
      const builder = new RecordBatchBuilder({ compression });
      for (const entries of batches) {
        write(builder, entries);
        equal(builder.count, entries.length);
        const { bytes, count, maxTimestamp } = builder.finish();
        const batch = RecordBatch.decode(bytes);
        equal(batch.compression, compression);
        deepEqual([batch.count, batch.maxTimestamp], [count, maxTimestamp]);
        check(batch, entries);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("appendText writes the same bytes as append of the UTF-8 text", () => {
  const texts = fc.array(fc.tuple(fc.option(text), fc.option(text)), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(fc.property(texts, (records) => {
    const byText = new RecordBatchBuilder();
    const byBytes = new RecordBatchBuilder();
    records.forEach(([key, value], i) => {
      byText.appendText(i, key, value);
      byBytes.append(i, asBytes(key), asBytes(value));
    });
    deepEqual(byText.finish().bytes, byBytes.finish().bytes);
  }));
});

Deno.test("appendText keeps halves of a surrogate pair in different texts apart", () => {
  const builder = new RecordBatchBuilder();
  builder.appendText(1, "a\ud83d", "\udeebb");
  builder.appendText(1, "\udeeb", null);
  const batch = RecordBatch.decode(builder.finish().bytes);
  equal(batch.keyText(0), "a\ufffd");
  equal(batch.valueText(0), "\ufffdb");
  equal(batch.keyText(1), "\ufffd");
});

Deno.test("appendText takes runs of any length, ASCII or not, and many records", () => {
  for (const letter of ["x", "é", "日", "🛫"]) {
    const entries = [0, 1, 8191, 16_383, 16_384, 16_385, 70_000, 300_000, 1].map((size) => ({
      timestamp: size,
      key: null,
      value: letter.repeat(size),
      headers: [],
      gap: 0,
    }));
    const builder = new RecordBatchBuilder();
    write(builder, entries);
    check(RecordBatch.decode(builder.finish().bytes), entries);
  }
  const many = Array.from({ length: 2000 }, (_, i) => ({
    timestamp: -i,
    key: i % 3 === 0 ? null : `${i}`,
    value: i % 5 === 0 ? null : "v",
    headers: i % 7 === 0 ? [{ name: "h", value: null }] : [],
    gap: 0,
  }));
  const builder = new RecordBatchBuilder();
  write(builder, many);
  check(RecordBatch.decode(builder.finish().bytes), many);
});

Deno.test("RecordBatchBuilder.size is that of the batch once ASCII text is framed", () => {
  const builder = new RecordBatchBuilder();
  equal(builder.size, field.records);
  builder.appendText(1, "key", "value");
  equal(builder.size, field.records + 8 + 1);
  builder.append(2, null, new Uint8Array(100));
  const { size } = builder;
  equal(builder.finish().bytes.length, size);
  equal(builder.size, field.records);
  equal(builder.count, 0);
});

Deno.test("RecordBatchBuilder.skip may leave offsets out at the end, and all of them", () => {
  const builder = new RecordBatchBuilder();
  builder.append(5, null, null);
  builder.skip(3);
  let batch = RecordBatch.decode(builder.finish().bytes);
  deepEqual([batch.count, batch.offset(0), batch.lastOffset], [1, 0, 3]);
  builder.skip(2);
  batch = RecordBatch.decode(builder.finish().bytes);
  deepEqual([batch.count, batch.lastOffset, batch.maxTimestamp], [0, 1, -1]);
  equal(batch.firstAt(0), 0);
});

Deno.test("RecordBatchBuilder.skip refuses to go back and past 2^31 offsets", () => {
  const isInternal = (error: unknown) => hasCode(error, "internal");
  throws(() => new RecordBatchBuilder().skip(-1), isInternal);
  throws(() => new RecordBatchBuilder().skip(2 ** 31 + 1), isInternal);
  const builder = new RecordBatchBuilder();
  builder.skip(2 ** 31 - 1);
  builder.append(1, null, null);
  equal(RecordBatch.decode(builder.finish().bytes).offset(0), 2 ** 31 - 1);
});

Deno.test("RecordBatchBuilder refuses an empty batch and timestamps it cannot hold", () => {
  const isInternal = (error: unknown) => hasCode(error, "internal");
  throws(() => new RecordBatchBuilder().finish(), isInternal);
  for (const timestamp of [NaN, 0.5, 2 ** 53, -(2 ** 53), Infinity]) {
    throws(() => new RecordBatchBuilder().append(timestamp, null, null), isInternal);
    throws(() => new RecordBatchBuilder().appendText(timestamp, null, null), isInternal);
  }
  const builder = new RecordBatchBuilder();
  builder.append(Number.MIN_SAFE_INTEGER, null, null);
  throws(() => builder.append(1, null, null), isInternal);
  builder.append(0, null, null);
  const batch = RecordBatch.decode(builder.finish().bytes);
  deepEqual([batch.timestamp(0), batch.timestamp(1)], [Number.MIN_SAFE_INTEGER, 0]);
});

Deno.test("RecordBatchBuilder counts the sequence on over its batches, past 2^31 - 1 from 0", () => {
  const builder = new RecordBatchBuilder({
    producerId: 2 ** 40 + 7,
    producerEpoch: 3,
    baseSequence: 2 ** 31 - 2,
    transactional: true,
  });
  const sequences = [2, 3, 1].map((count) => {
    for (let i = 0; i < count; i++) builder.append(0, null, null);
    const batch = RecordBatch.decode(builder.finish().bytes);
    deepEqual([batch.producerId, batch.producerEpoch], [2 ** 40 + 7, 3]);
    equal(batch.isTransactional, true);
    equal(batch.isControl, false);
    return batch.baseSequence;
  });
  deepEqual(sequences, [2 ** 31 - 2, 0, 3]);
});

Deno.test("setBaseOffset moves a batch and leaves its checksum right", () => {
  const builder = new RecordBatchBuilder();
  builder.appendText(1, "k", "v");
  builder.appendText(1, "k", "v");
  const { bytes } = builder.finish();
  for (const offset of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 2]) {
    setBaseOffset(bytes, offset);
    const batch = RecordBatch.decode(bytes);
    deepEqual([batch.baseOffset, batch.offset(1), batch.lastOffset], [
      offset,
      offset + 1,
      offset + 1,
    ]);
  }
});

Deno.test("stampProducer writes the same bytes as a builder with that producer", () => {
  const producer = { producerId: 77, producerEpoch: 5, baseSequence: 9, transactional: true };
  for (const compression of ["none", "gzip", "zstd"] as const) {
    const stamped = new RecordBatchBuilder({ compression });
    const built = new RecordBatchBuilder({ ...producer, compression });
    stamped.appendText(1, "k", "v");
    built.appendText(1, "k", "v");
    const { bytes } = stamped.finish();
    const expected = built.finish().bytes;
    notEqual(viewOf(bytes).getUint32(field.crc), viewOf(expected).getUint32(field.crc));
    stampProducer(bytes, producer);
    deepEqual(bytes, expected);
    stampProducer(bytes, { ...producer, transactional: false });
    equal(RecordBatch.decode(bytes).isTransactional, false);
  }
});

Deno.test("encodeControlBatch writes a marker that RecordBatch tells", () => {
  for (const type of ["commit", "abort"] as const) {
    const { bytes, count, maxTimestamp } = encodeControlBatch({
      type,
      producerId: 4,
      producerEpoch: 2,
      timestamp: 99,
      coordinatorEpoch: 6,
    });
    deepEqual([count, maxTimestamp], [1, 99]);
    const batch = RecordBatch.decode(bytes);
    ok(batch.isControl && batch.isTransactional);
    equal(batch.controlType, type);
    deepEqual([batch.producerId, batch.producerEpoch, batch.baseSequence], [4, 2, -1]);
    equal(viewOf(batch.value(0)!).getInt32(2), 6);
  }
});

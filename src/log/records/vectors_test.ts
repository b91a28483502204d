/** The codec against batches of real Kafka producers: see testdata/README.md. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { textOf } from "../../base/bytes.ts";
import { decodeBatches, type RecordBatch } from "./batch.ts";
import { encodeControlBatch, RecordBatchBuilder, setBaseOffset, stampProducer } from "./builder.ts";
import { decompress } from "./compression.ts";
import { field, viewOf } from "./header.ts";
import vectors from "./testdata/batches.json" with { type: "json" };

type Name = keyof typeof vectors;

function load(name: Name): RecordBatch[] {
  const bytes = Uint8Array.from(atob(vectors[name]), (char) => char.charCodeAt(0));
  const batches = decodeBatches(bytes);
  equal(batches.reduce((size, batch) => size + batch.size, 0), bytes.length);
  return batches;
}

/** Offset, timestamp, key, value and headers of each record, as plain text. */
function recordsOf(batches: readonly RecordBatch[]): unknown[][] {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.count }, (_, i) => {
      const row: unknown[] = [batch.offset(i), batch.timestamp(i), batch.keyText(i)];
      row.push(batch.valueText(i));
      const headers = batch.headers(i).map(({ name, value }) => [name, value && [...value]]);
      if (headers.length > 0) row.push(headers);
      return row;
    })
  );
}

const newYear = 1767225600000;
const year2100 = 4102444800000;
const odd = [0xc3, 0x9f, 0xf0, 0x9f, 0x9b, 0xac];
const noName = [..."no name"].map((char) => char.charCodeAt(0));

Deno.test("RecordBatch reads null, empty and UTF-8 of the Java client", () => {
  deepEqual(recordsOf(load("java-shapes")), [
    [0, 0, null, null],
    [1, newYear, "", ""],
    [2, year2100, "key", "value"],
    [3, 1, "Zürich", "日本語 🛫"],
    [4, newYear + 1, "headers", "v", [
      ["null", null],
      ["empty", []],
      ["größe", odd],
      ["", noName],
      ["null", [0, 255]],
    ]],
  ]);
});

Deno.test("RecordBatch reads null, empty and UTF-8 of librdkafka", () => {
  deepEqual(recordsOf(load("python-shapes")), [
    [0, 1, null, null],
    [1, newYear, "", ""],
    [2, year2100, "Zürich", "日本語 🛫"],
    [3, newYear + 1, "headers", "v", [
      ["null", null],
      ["empty", []],
      ["größe", odd],
      ["null", [0, 255]],
    ]],
  ]);
});

Deno.test("RecordBatch reads null, empty, UTF-8 and times before 1970 of kafkajs", () => {
  deepEqual(recordsOf(load("kafkajs-shapes")), [
    [0, 0, null, null],
    [1, newYear, "", ""],
    [2, year2100, "Zürich", "日本語 🛫", [["empty", []], ["größe", odd]]],
  ]);
  const [batch] = load("kafkajs-negative");
  equal(batch!.maxTimestamp, 0);
  deepEqual(recordsOf([batch!]), [[0, -86400000, "k", "before 1970"], [1, 0, "k", "epoch"]]);
});

Deno.test("RecordBatch reads what the Java client compressed", () => {
  const expected = Array.from({ length: 200 }, (_, i) => [
    i,
    newYear + 37 * i,
    `traveller${i % 7}@example.com`,
    `{"reference":"R${i}","price":${i * 11}}`,
  ]);
  for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
    const batches = load(`java-${compression}`);
    deepEqual(batches.map((batch) => [batch.count, batch.compression]), [[200, compression]]);
    equal(batches[0]!.maxTimestamp, newYear + 37 * 199);
    deepEqual(recordsOf(batches), expected);
  }
});

Deno.test("RecordBatch reads what librdkafka and kafkajs compressed", () => {
  const python = Array.from({ length: 100 }, (_, i) => [
    i,
    newYear + i,
    `k${i % 5}`,
    `{"n":${i}}`.repeat(3),
  ]);
  for (const compression of ["gzip", "snappy", "lz4", "zstd"] as const) {
    const batches = load(`python-${compression}`);
    deepEqual(batches.map((batch) => [batch.count, batch.compression]), [[100, compression]]);
    deepEqual(recordsOf(batches), python);
  }
  const [kafkajs] = load("kafkajs-gzip");
  equal(kafkajs!.compression, "gzip");
  deepEqual(
    recordsOf([kafkajs!]),
    Array.from({ length: 50 }, (_, i) => [i, newYear + i, `k${i % 5}`, `value ${i}`]),
  );
});

Deno.test("RecordBatch reads what the Java client compressed in several blocks", () => {
  const expected = Array.from(
    { length: 400 },
    (_, i) => [i, newYear + i, null, `value ${i * i % 251}; `.repeat(40)],
  );
  for (const compression of ["snappy", "lz4"] as const) {
    const batches = load(`java-${compression}-blocks`);
    deepEqual(batches.map((batch) => [batch.count, batch.compression]), [[400, compression]]);
    deepEqual(recordsOf(batches), expected);
  }
});

Deno.test("RecordBatch gives the records of a log-append-time topic the batch's time", () => {
  const [batch] = load("java-append-time");
  equal(batch!.timestampType, "append");
  ok(batch!.maxTimestamp > newYear);
  for (let i = 0; i < 3; i++) equal(batch!.timestamp(i), batch!.maxTimestamp);
});

Deno.test("RecordBatch tells transactions and their control batches", () => {
  const kinds = (batches: readonly RecordBatch[]) =>
    batches.map((batch) => {
      ok(batch.isTransactional && batch.producerId >= 0 && batch.producerEpoch >= 0);
      equal(batch.controlType !== null, batch.isControl);
      return batch.controlType ?? batch.count;
    });
  deepEqual(kinds(load("java-transactions")), [2, "commit", 1, "abort", 1, "commit"]);
  deepEqual(kinds(load("python-transactions")), [1, "commit", 1, "abort"]);
});

Deno.test("RecordBatch keeps the offsets of what compaction left", () => {
  const [batch] = load("java-compacted");
  equal(batch!.baseOffset, 0);
  equal(batch!.lastOffset, 6);
  equal(batch!.nextOffset, 7);
  deepEqual(recordsOf([batch!]).map((row) => row[0]), [1, 3, 4]);
  deepEqual([0, 1, 2, 3, 4, 5, 9].map((offset) => batch!.firstAt(offset)), [0, 0, 1, 1, 2, 3, 3]);
});

/** The batch written anew by this codec, base offset and leader epoch taken over. */
function encodeAgain(batch: RecordBatch): Uint8Array {
  const bytes = batch.isControl ? encodeMarkerAgain(batch) : encodeRecordsAgain(batch);
  setBaseOffset(bytes, batch.baseOffset);
  viewOf(bytes).setInt32(field.leaderEpoch, viewOf(batch.bytes).getInt32(field.leaderEpoch));
  return bytes;
}

function encodeMarkerAgain(batch: RecordBatch): Uint8Array {
  const { producerId, producerEpoch, maxTimestamp: timestamp } = batch;
  ok(batch.controlType !== null);
  return encodeControlBatch({ type: batch.controlType, producerId, producerEpoch, timestamp })
    .bytes;
}

function encodeRecordsAgain(batch: RecordBatch): Uint8Array {
  const builder = new RecordBatchBuilder();
  let next = batch.baseOffset;
  for (let i = 0; i < batch.count; i++) {
    builder.skip(batch.offset(i) - next);
    builder.append(batch.timestamp(i), batch.key(i), batch.value(i), batch.headers(i));
    next = batch.offset(i) + 1;
  }
  builder.skip(batch.nextOffset - next);
  const { bytes } = builder.finish();
  const { producerId, producerEpoch, baseSequence, isTransactional: transactional } = batch;
  stampProducer(bytes, { producerId, producerEpoch, baseSequence, transactional });
  return bytes;
}

Deno.test("RecordBatchBuilder writes the same bytes as Kafka's producers", () => {
  let same = 0;
  for (const name of Object.keys(vectors) as Name[]) {
    if (name === "java-append-time") continue;
    for (const batch of load(name)) {
      const again = encodeAgain(batch);
      if (batch.compression === "none") {
        deepEqual(again, batch.bytes, name);
      } else {
        // Compressors differ; what they were given must not.
        const packed = batch.bytes.subarray(field.records);
        const records = decompress(packed, batch.compression, { what: name });
        equal(textOf(again.subarray(field.records)), textOf(records), name);
      }
      same++;
    }
  }
  equal(same, 29);
});

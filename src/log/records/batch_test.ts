import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, utf8 } from "../../base/bytes.ts";
import { hasCode } from "../../base/errors.ts";
import { decodeBatches, RecordBatch, RecordCursor } from "./batch.ts";
import { encodeControlBatch, RecordBatchBuilder, setBaseOffset } from "./builder.ts";
import { compress, type WrittenCompression } from "./compression.ts";
import { attribute, field, lengthPrefix, viewOf, writeChecksum } from "./header.ts";

/** Three records at offsets 40, 41, 42. */
function sample(compression: WrittenCompression = "none"): Uint8Array {
  const builder = new RecordBatchBuilder({ compression });
  builder.appendText(1000, "a", "first");
  builder.appendText(1001, null, null, [{ name: "h", value: utf8("x") }, {
    name: "",
    value: null,
  }]);
  builder.appendText(1002, "", "größer");
  const { bytes } = builder.finish();
  setBaseOffset(bytes, 40);
  return bytes;
}

/** The sample with a change whose checksum is right. */
function changed(change: (view: DataView, bytes: Uint8Array) => void): Uint8Array {
  const bytes = sample();
  change(viewOf(bytes), bytes);
  writeChecksum(bytes);
  return bytes;
}

/** A batch whose records are `records`, byte for byte. */
function withRecords(records: readonly number[], count: number): Uint8Array {
  const bytes = concatBytes([sample().subarray(0, field.records), Uint8Array.from(records)]);
  const view = viewOf(bytes);
  view.setInt32(field.batchLength, bytes.length - lengthPrefix);
  view.setInt32(field.recordCount, count);
  writeChecksum(bytes);
  return bytes;
}

/** That decoding fails with `log-corrupt` and a message that has the place and what is wrong. */
function refuses(bytes: Uint8Array, problem: RegExp): void {
  throws(() => RecordBatch.decode(bytes), (error: unknown) => {
    ok(hasCode(error, "log-corrupt"), String(error));
    ok(problem.test(error.message), error.message);
    ok(/^Cannot decode (a|the) record batch( at offset 40)?: /.test(error.message), error.message);
    return true;
  });
}

Deno.test("RecordBatch.decode refuses a wrong checksum unless told not to look", () => {
  const bytes = sample();
  const flipped = bytes.length - 2;
  bytes[flipped]! ^= 1;
  refuses(bytes, /checksum must be 0x[0-9a-f]{8}, it is 0x[0-9a-f]{8}/);
  equal(RecordBatch.decode(bytes, { verifyChecksum: false }).count, 3);
});

Deno.test("RecordBatch.decode refuses a damaged header", () => {
  refuses(changed((view) => view.setInt8(field.magic, 1)), /magic byte must be 2, it is 1/);
  refuses(new Uint8Array(16), /header is cut off/);
  refuses(sample().subarray(0, -1), /must be all of the \d+ bytes/);
  refuses(concatBytes([sample(), new Uint8Array(1)]), /must be all of the \d+ bytes/);
  for (const length of [-1, -(2 ** 31), 0, field.records - lengthPrefix - 1]) {
    refuses(changed((view) => view.setInt32(field.batchLength, length)), /at least 61 bytes/);
  }
  for (const place of ["maxTimestamp", "producerId", "baseTimestamp"] as const) {
    refuses(changed((view) => view.setBigInt64(field[place], 2n ** 53n)), /safe integers/);
    refuses(changed((view) => view.setBigInt64(field[place], -(2n ** 53n))), /safe integers/);
  }
  refuses(changed((view) => view.setInt32(field.lastOffsetDelta, -1)), /offsets/);
});

Deno.test("RecordBatch.decode refuses base offsets below 0 and above the safe integers", () => {
  for (const offset of [-1n, 2n ** 53n - 2n, 2n ** 53n, 2n ** 63n - 1n]) {
    const bytes = sample();
    viewOf(bytes).setBigInt64(field.baseOffset, offset);
    throws(
      () => RecordBatch.decode(bytes),
      (error: unknown) => hasCode(error, "log-corrupt") && error.message.includes(`${offset}`),
    );
  }
});

Deno.test("RecordBatch.decode refuses a count that is not that of the records", () => {
  for (const count of [-1, 2 ** 31 - 1]) {
    refuses(changed((view) => view.setInt32(field.recordCount, count)), /as many as it counts/);
  }
  refuses(changed((view) => view.setInt32(field.recordCount, 0)), /0 records must fill/);
  refuses(changed((view) => view.setInt32(field.recordCount, 2)), /2 records must fill/);
  refuses(changed((view) => view.setInt32(field.recordCount, 4)), /a varint must end/);
});

Deno.test("RecordBatch.decode refuses offsets that do not ascend within the batch", () => {
  refuses(changed((view) => view.setInt32(field.lastOffsetDelta, 1)), /offsets must ascend to 1/);
  //                length, attributes, timestamp, offset, key, value, headers
  const record = (offset: number) => [12, 0, 0, offset, 1, 1, 0];
  equal(RecordBatch.decode(withRecords([...record(0), ...record(2)], 2)).offset(1), 41);
  refuses(withRecords([...record(2), ...record(2)], 2), /record 1 has 1 after 1/);
  refuses(withRecords([...record(2), ...record(0)], 2), /record 1 has 0 after 1/);
  refuses(withRecords(record(1), 1), /record 0 has -1/);
});

Deno.test("RecordBatch.decode refuses lengths that leave the record or do not fill it", () => {
  const good = [12, 0, 0, 0, 1, 1, 0];
  equal(RecordBatch.decode(withRecords(good, 1)).count, 1);
  refuses(withRecords([14, ...good.slice(1)], 1), /record 0 must fit/);
  refuses(withRecords([10, ...good.slice(1)], 1), /record 0 must fit/);
  refuses(withRecords([1, ...good.slice(1)], 1), /record 0 must fit/);
  refuses(withRecords([14, 0, 0, 0, 1, 1, 0, 0], 1), /record 0 must end at byte 8, it ends at 7/);
  refuses(withRecords([12, 0, 0, 0, 6, 1, 0], 1), /a length must be -1 to 2, .* it is 3/);
  refuses(withRecords([12, 0, 0, 0, 3, 1, 0], 1), /a length must be -1 to 2, .* it is -2/);
  refuses(withRecords([12, 0, 0, 0, 1, 4, 0], 1), /a length must be -1 to 1, .* it is 2/);
  refuses(withRecords([12, 0, 0, 0, 1, 2, 0], 1), /a varint must end/);
  refuses(withRecords([12, 0, 0, 0, 1, 1, 1], 1), /headers must be 0 or more, they are -1/);
  refuses(withRecords([12, 0, 0, 0, 1, 1, 2], 1), /a varint must end/);
  refuses(withRecords([16, 0, 0, 0, 1, 1, 2, 1, 1], 1), /a header must have a name/);
  refuses(withRecords([16, 0, 0, 0, 1, 1, 2, 0, 2], 1), /a length must be -1 to 0, .* it is 1/);
});

Deno.test("RecordBatch.decode refuses a timestamp that is no safe integer", () => {
  const record = [12, 0, 2, 0, 1, 1, 0];
  const bytes = withRecords(record, 1);
  viewOf(bytes).setBigInt64(field.baseTimestamp, 2n ** 53n - 1n);
  writeChecksum(bytes);
  refuses(bytes, /timestamps must be safe integers/);
});

Deno.test("RecordBatch.decode finds zstd data that is cut off by the records it lacks", () => {
  const whole = sample("zstd");
  const bytes = whole.slice(0, -1);
  viewOf(bytes).setInt32(field.batchLength, bytes.length - lengthPrefix);
  writeChecksum(bytes);
  throws(() => RecordBatch.decode(bytes), (error: unknown) => hasCode(error, "log-corrupt"));
});

Deno.test("RecordBatch.controlType is null for a marker that is not known", () => {
  const marker = encodeControlBatch({
    type: "commit",
    producerId: 1,
    producerEpoch: 0,
    timestamp: 0,
  }).bytes;
  const key = RecordBatch.decode(marker).key(0)!;
  key[3] = 2; // A KRaft leader change.
  writeChecksum(marker);
  equal(RecordBatch.decode(marker).controlType, null);
  const keyless = changed((view) => view.setInt16(field.attributes, attribute.control));
  const batch = RecordBatch.decode(keyless);
  deepEqual([batch.isControl, batch.controlType], [true, null]);
});

Deno.test("decodeBatches leaves out a last batch that is cut off, wherever", () => {
  const first = sample();
  const second = sample("gzip");
  const all = concatBytes([first, second]);
  for (let length = 0; length <= all.length; length++) {
    const whole = length < first.length ? 0 : length < all.length ? 1 : 2;
    const batches = decodeBatches(all.subarray(0, length));
    deepEqual(batches.map(({ size }) => size), [first.length, second.length].slice(0, whole));
  }
});

Deno.test("RecordBatch.firstAt finds the first record of that offset or later", () => {
  const batch = RecordBatch.decode(sample());
  const found = [-5, 0, 40, 41, 42, 43, 2 ** 40].map((offset) => batch.firstAt(offset));
  deepEqual(found, [0, 0, 0, 1, 2, 3, 3]);
});

Deno.test("RecordBatch reads only records that it has", () => {
  const batch = RecordBatch.decode(sample());
  for (const i of [-1, 3, 0.5, NaN]) {
    for (const read of ["offset", "timestamp", "key", "value", "valueText", "headers"] as const) {
      throws(() => batch[read](i), (error: unknown) => hasCode(error, "internal"));
    }
  }
});

Deno.test("RecordBatch.valueText is each value's own text whatever the others hold", () => {
  const values = [
    utf8("plain"),
    null,
    new Uint8Array(0),
    Uint8Array.of(0xc3), // Together with the next it would be one character.
    Uint8Array.of(0xa9, 0x41),
    utf8("\ufeffmark"),
    utf8("日本"),
  ];
  // Each count is a batch: first of ASCII only, then with bytes that are not UTF-8, then with some.
  for (let count = 1; count <= values.length; count++) {
    const builder = new RecordBatchBuilder();
    for (const value of values.slice(0, count)) builder.append(2 ** 20, utf8("é"), value);
    const batch = RecordBatch.decode(builder.finish().bytes);
    const expected = ["plain", null, "", "\ufffd", "\ufffdA", "\ufeffmark", "日本"];
    const found = Array.from({ length: count }, (_, i) => batch.valueText(i));
    deepEqual(found, expected.slice(0, count));
  }
});

Deno.test("RecordCursor is the record it has been moved to", () => {
  const cursor = new RecordCursor(RecordBatch.decode(sample()));
  deepEqual([cursor.offset, cursor.timestamp, cursor.valueText()], [40, 1000, "first"]);
  deepEqual([cursor.key(), cursor.value()], [utf8("a"), utf8("first")]);
  cursor.index = 1;
  deepEqual([cursor.offset, cursor.key(), cursor.value(), cursor.valueText()], [
    41,
    null,
    null,
    null,
  ]);
  deepEqual(cursor.headers(), [{ name: "h", value: utf8("x") }, { name: "", value: null }]);
  cursor.batch = RecordBatch.decode(sample("zstd"));
  cursor.index = 2;
  deepEqual([cursor.offset, cursor.valueText(), cursor.headers()], [42, "größer", []]);
});

/** Reads all of a batch: after decoding, nothing of that may fail or leave its bytes. */
function readAll(batch: RecordBatch): void {
  for (let i = 0; i < batch.count; i++) {
    ok(Number.isSafeInteger(batch.offset(i)) && Number.isSafeInteger(batch.timestamp(i)));
    ok(batch.offset(i) >= batch.baseOffset && batch.offset(i) <= batch.lastOffset);
    equal(batch.firstAt(batch.offset(i)), i);
    batch.key(i);
    batch.keyText(i);
    batch.value(i);
    batch.valueText(i);
    batch.headers(i);
  }
}

/** Whether `bytes` decode, and read to the end; any error but a stated refusal fails the test. */
function survives(bytes: Uint8Array, verifyChecksum: boolean): boolean {
  try {
    decodeBatches(bytes, { verifyChecksum }).forEach(readAll);
    return true;
  } catch (error) {
    if (hasCode(error, "log-corrupt")) return false;
    throw error;
  }
}

Deno.test("decodeBatches answers any bytes with batches or a refusal", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, framed) => {
      if (framed && bytes.length >= field.records) {
        const view = viewOf(bytes);
        view.setInt8(field.magic, 2);
        view.setInt32(field.batchLength, bytes.length - lengthPrefix);
        for (
          const place of ["baseOffset", "baseTimestamp", "maxTimestamp", "producerId"] as const
        ) {
          view.setInt32(field[place], 0);
        }
        view.setInt32(field.lastOffsetDelta, 1000);
        view.setInt32(field.recordCount, bytes[0]! % 8);
        view.setInt16(field.attributes, 0);
      }
      survives(bytes, false);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("decodeBatches answers damaged batches with batches or a refusal", () => {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < 20; i++) {
    builder.appendText(i * 100, `k${i}`, "v".repeat(i * 5), [{ name: "h", value: utf8("é") }]);
  }
  const plain = builder.finish().bytes;
  const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(flips, fc.constantFrom("none", "gzip", "zstd"), (flips, compression) => {
      // Damage before compression, so that it is met behind it.
      const damaged = plain.slice();
      for (const [at, bits] of flips) damaged[at % damaged.length]! ^= bits;
      if (compression === "none") {
        survives(damaged, false);
        survives(damaged, true);
      } else {
        const packed = compress(damaged.subarray(field.records), compression);
        const bytes = concatBytes([plain.subarray(0, field.records), packed]);
        const view = viewOf(bytes);
        view.setInt32(field.batchLength, bytes.length - lengthPrefix);
        view.setInt16(field.attributes, compression === "gzip" ? 1 : 4);
        survives(bytes, false);
        bytes[flips[0]![0] % bytes.length]! ^= flips[0]![1];
        survives(bytes, false);
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("RecordBatch.decode finds every single changed byte that the checksum covers", () => {
  const bytes = sample();
  for (let at = field.crc; at < bytes.length; at++) {
    bytes[at]! ^= 0x10;
    ok(!survives(bytes, true));
    bytes[at]! ^= 0x10;
  }
  ok(survives(bytes, true));
});

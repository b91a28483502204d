/**
 * The record codec: nanoseconds a record of about 330 bytes of JSON, beside JSON's own.
 *
 * ```sh
 * deno run bench/codec.ts            # 2,000 records a batch, 9 rounds
 * deno run bench/codec.ts --small    # 1,000 records a batch, 3 rounds
 * ```
 */

import { utf8 } from "../src/base/bytes.ts";
import { murmur2, murmur2OfText } from "../src/base/murmur2.ts";
import { Random } from "../src/base/random.ts";
import { RecordBatch, RecordCursor } from "../src/log/records/batch.ts";
import { RecordBatchBuilder } from "../src/log/records/builder.ts";
import { crc32c } from "../src/log/records/crc32c.ts";
import { isSmall, measure, type Measurement, report, reportHash } from "./measure.ts";

const small = isSmall(Deno.args);
const count = small ? 1_000 : 2_000;
const repeats = small ? 5 : 50;
const firstTimestamp = 1_767_225_600_000;

/** Keys and values as the flights jobs have them; every `accentEvery`th value is not ASCII. */
function makeRecords(accentEvery = Infinity): { key: string; value: string }[] {
  const random = new Random(7);
  return Array.from({ length: count }, (_, i) => {
    const departure = new Date(firstTimestamp + random.below(1e9)).toISOString();
    const arrival = new Date(firstTimestamp + 1e9 + random.below(1e9)).toISOString();
    const key = `${random.letters(9).toLowerCase()}${random.below(1e6)}@example.com`.slice(0, 25);
    const city = i % accentEvery === accentEvery - 1 ? "Zürich" : "Zurich";
    const value = JSON.stringify({
      email_address: key,
      departure_time: departure,
      departure_airport_code: random.letters(3),
      departure_city: city,
      arrival_time: arrival,
      arrival_airport_code: random.letters(3),
      flight_number: `${random.letters(2)}${random.below(10_000)}`,
      confirmation_code: random.letters(6),
      airline: "Sky One",
      cost: random.below(100_000) / 100,
      source: "sky-one-bookings",
    });
    // As from a parsed record: a text of its own, no part of another.
    return { key: JSON.parse(JSON.stringify(key)), value };
  });
}

const records = makeRecords();
const accented = makeRecords(20);
const recordBytes = records.map(({ key, value }) => ({ key: utf8(key), value: utf8(value) }));
const builder = new RecordBatchBuilder();

function encodeText(of: readonly { key: string; value: string }[]): Uint8Array {
  for (let i = 0; i < count; i++) {
    const { key, value } = of[i]!;
    builder.appendText(firstTimestamp + i, key, value);
  }
  return builder.finish().bytes;
}

function encodeBytes(): Uint8Array {
  for (let i = 0; i < count; i++) {
    const { key, value } = recordBytes[i]!;
    builder.append(firstTimestamp + i, key, value);
  }
  return builder.finish().bytes;
}

/** Decodes and adds up what a job reads of each record. */
function decode(batch: Uint8Array, text: boolean, verifyChecksum = true): number {
  const cursor = new RecordCursor(RecordBatch.decode(batch, { verifyChecksum }));
  let sum = 0;
  for (cursor.index = 0; cursor.index < cursor.batch.count; cursor.index++) {
    sum += cursor.timestamp % 1000 + cursor.offset;
    if (text) sum += cursor.valueText()!.length;
  }
  return sum;
}

const plain = encodeText(records);
const mixed = encodeText(accented);
const all: Measurement[] = [];

function bench(name: string, work: () => number, note?: (nanoseconds: number) => string): void {
  const measurement = measure(
    name,
    () => {
      let sum = 0;
      for (let i = 0; i < repeats; i++) sum += work();
      return sum;
    },
    { items: count * repeats, rounds: small ? 3 : 9 },
  );
  all.push(measurement);
  report(measurement, note?.(measurement.median));
}

console.log(`${count} records a batch, ${Math.round(plain.length / count)} bytes a record`);
const rate = (nanoseconds: number) => `${(plain.length / count / nanoseconds).toFixed(2)} GB/s`;
bench("crc32c", () => crc32c(plain), rate);
bench("decode, unchecked", () => decode(plain, false, false));
bench("decode", () => decode(plain, false));
bench("decode + valueText", () => decode(plain, true));
bench("decode + valueText, 5 % accents", () => decode(mixed, true));
bench("encode bytes", () => encodeBytes().length);
bench("encode text", () => encodeText(records).length);
bench("encode text, 5 % accents", () => encodeText(accented).length);
bench("murmur2 of bytes", () => recordBytes.reduce((sum, { key }) => sum + murmur2(key), 0));
bench("murmur2 of text", () => records.reduce((sum, { key }) => sum + murmur2OfText(key), 0));
bench(
  "JSON.parse + JSON.stringify",
  () => records.reduce((sum, { value }) => sum + JSON.stringify(JSON.parse(value)).length, 0),
);
reportHash(all);

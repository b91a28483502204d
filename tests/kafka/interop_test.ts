/**
 * Ours beside clients that know nothing of it: librdkafka (confluent-kafka) and Kafka's own Java
 * client (the console tools). What one writes the others read, to the byte.
 */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { partitionForKey, partitionForText } from "../../src/base/murmur2.ts";
import { judge } from "../crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  recordText,
  watermarkOfMerge,
} from "../crash/oracle.ts";
import { dataFolder, flights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { type Cluster, startCluster } from "./broker.ts";
import { carryOut, recordsOf } from "./confluent.ts";
import { consoleProduce, consoleRecords } from "./console.ts";
import { compressions, ConfluentFeed, consoleFeed } from "./interop_feed.ts";
import {
  base64Of,
  byPlace,
  envelopeOf,
  type PlainRecord,
  recordsOfEnvelopes,
  textOfBase64,
} from "./plain_record.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");

let cluster: Cluster | null = null;

// One broker for all tests.
Deno.test.beforeAll(async () => {
  if (!permissions.ignore) cluster = await startCluster();
});
Deno.test.afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

type LogKind = "kafka" | "embedded";

/** Runs a command on the broker, or on the embedded log of the folder; returns what it printed. */
async function run(
  folder: string,
  args: readonly string[],
  { on = "kafka", stdin = "" }: { on?: LogKind; stdin?: string } = {},
): Promise<string> {
  const env = on === "kafka" ? { BOOTSTRAP_SERVERS: cluster!.bootstrap() } : {};
  const options = { data: folder, stdin, env: { XDG_STATE_HOME: folder, ...env } };
  const { code, stdout, stderr } = await flights(args, options);
  assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** The records of topics as `flights consume` prints them, by their places. */
async function consumed(folder: string, topics: readonly string[], on: LogKind = "kafka") {
  const all = topics.map(async (topic) =>
    recordsOfEnvelopes(await run(folder, ["consume", topic, "--until-end", "--json"], { on }))
  );
  return (await Promise.all(all)).flat();
}

const airlines = ["skyone", "sunset"] as const;

Deno.test({
  ...permissions,
  name: "librdkafka and the Java client read what datagen and produce wrote, record by record",
  fn: async () => {
    using folder = dataFolder();
    const bootstrap = cluster!.bootstrap();
    const datagen = ["datagen", "--create", "--count", "150", "--rate", "max"];
    const same = ["--seed", "7", "--start", "2026-01-31T12:00:00Z"];
    await run(folder.path, [...datagen, ...same]);
    await run(folder.path, [...datagen, ...same], { on: "embedded" });
    const expected = await consumed(folder.path, airlines, "embedded");
    assert.equal(expected.length, 300);

    const byHand = [
      { key: null, value: null, ts: 1, headers: [] },
      { key: "", value: "", ts: 1_769_860_800_000, headers: [["empty", ""]] },
      { key: "Zürich", value: "日本語 🛫", ts: 4_102_444_800_000, headers: [] },
      { key: "k", value: "v", ts: 2, headers: [["null", null], ["two", "a"], ["two", "ß"]] },
    ] as const;
    const lines = byHand.map(({ key, value, ts, headers }) =>
      JSON.stringify({ key, payload: value, ts, headers: headers.flat(), partition: 3 })
    );
    await run(folder.path, ["produce", "flightdata"], { stdin: lines.join("\n") });
    const inBase64 = (text: string | null) => text === null ? null : base64Of(text);
    const written = byHand.map(({ key, value, ts, headers }, offset): PlainRecord => ({
      ...{ topic: "flightdata", partition: 3, offset, ts },
      ...{ key: inBase64(key), value: inBase64(value) },
      headers: headers.map(([name, value]) => [name, inBase64(value)]),
    }));

    const all = [...written, ...expected];
    assert.deepEqual(await recordsOf(bootstrap, "flightdata", ...airlines), all);
    const byJava: PlainRecord[] = [];
    for (const topic of ["flightdata", ...airlines]) {
      const { length } = all.filter((record) => record.topic === topic);
      byJava.push(...await consoleRecords(bootstrap, topic, length));
    }
    assert.deepEqual(byJava, all);
  },
});

/** How the batches of topics are compressed, by the numbers in their attributes. */
async function codecsOnDisk(topics: readonly string[]): Promise<ReadonlySet<number>> {
  const codecs = new Set<number>();
  const data = `${cluster!.folder}/node-1/data`;
  for await (const { name } of Deno.readDir(data)) {
    if (!topics.includes(name.replace(/-\d+$/, ""))) continue;
    const bytes = await Deno.readFile(`${data}/${name}/00000000000000000000.log`);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += 12 + view.getInt32(at + 8)) {
      codecs.add(view.getInt16(at + 21) & 7);
    }
  }
  return codecs;
}

/** Why a record of the feeds is a dead letter (semantics 19); null for a booking. */
function reasonOf({ value }: PlainRecord): string | null {
  if (value === null) return "null-value";
  const bytes = atob(value);
  if (bytes === "not JSON") return "not-json";
  return bytes === "{\xff" ? "not-utf8" : null;
}

const told = ["error-reason", "error-message", "source-topic", "source-partition", "source-offset"];

/** A dead letter without the text of its error-message. */
function letterText({ ts, key, value, headers }: PlainRecord): string {
  const [reason, message, ...place] = headers.slice(-told.length);
  const own = headers.slice(0, -told.length);
  return JSON.stringify([ts, key, value, own, reason, message?.[0], place]);
}

/** The dead letter that a record must become. */
function expectedLetterText(record: PlainRecord): string {
  const { topic, partition, offset, headers } = record;
  const values = [reasonOf(record)!, "", topic, String(partition), String(offset)];
  const added = told.map((name, i) => [name, base64Of(values[i]!)] as const);
  return letterText({ ...record, headers: [...headers, ...added] });
}

/** Checks what merge made of `records`; returns its flights. */
async function checkMerge(records: readonly PlainRecord[]): Promise<readonly PlainRecord[]> {
  const bootstrap = cluster!.bootstrap();
  // The oracle looks at neither keys nor headers, and takes nothing but text.
  const bookings = records.filter((record) => reasonOf(record) === null)
    .map((record) => envelopeOf({ ...record, key: null, headers: [] }));
  const made = await recordsOf(bootstrap, "flightdata");
  const found = made.map((record) => recordText(envelopeOf(record)));
  assert.deepEqual(judge(expectedFlights(bookings), found), { lost: [], doubled: [] });

  const letters = await recordsOf(bootstrap, ...airlines.map((topic) => `${topic}.dead-letter`));
  const expected = records.filter((record) => reasonOf(record) !== null).map(expectedLetterText);
  assert.deepEqual(letters.map(letterText).sort(), expected.sort());
  return made;
}

Deno.test({
  ...permissions,
  name:
    "jobs read what librdkafka and the Java client wrote: each codec, nulls, headers, transactions",
  fn: async () => {
    using folder = dataFolder();
    const bootstrap = cluster!.bootstrap();
    await run(folder.path, ["datagen", "--create", "--count", "0"]);
    const now = systemClock.now();
    const feed = new ConfluentFeed(now - 3_600_000);
    for (const compression of compressions) feed.addCompressed(compression, 60);
    feed.addTransactions();
    const sent = feed.committed(await carryOut(bootstrap, feed.steps));
    assert.ok(
      feed.aborted > 20 && sent.length > 650,
      `${sent.length} sent, ${feed.aborted} in vain`,
    );

    const byJava = [];
    for (const [i, compression] of compressions.entries()) {
      const topic = airlines[i % 2]!;
      const records = consoleFeed(topic, { from: 10_000 + 1000 * i, count: 60, now });
      await consoleProduce(bootstrap, topic, { records, compression });
      byJava.push(...records.map((record) => ({ topic, ...record })));
    }
    assert.deepEqual(await codecsOnDisk(airlines), new Set([0, 1, 2, 3, 4]));

    const all = await recordsOf(bootstrap, ...airlines);
    assert.deepEqual(await consumed(folder.path, airlines), all);
    const isOld = ({ ts }: PlainRecord) => ts < now;
    assert.deepEqual(all.filter(isOld), [...sent].sort(byPlace));
    const contentOf = (
      { topic, key, value, headers }: Omit<PlainRecord, "ts" | "partition" | "offset">,
    ) => JSON.stringify([topic, key, value, headers]);
    const recent = all.filter((record) => !isOld(record));
    assert.deepEqual(recent.map(contentOf).sort(), byJava.map(contentOf).sort());

    await run(folder.path, ["merge", "--until-end"]);
    const made = await checkMerge(all);
    await run(folder.path, ["stats", "--until-end", "--drain"]);
    const statistics = await recordsOf(bootstrap, "userstatistics");
    const found = statistics.map((record) => recordText(envelopeOf(record)));
    const watermark = watermarkOfMerge(all.map(asBooking));
    const expected = expectedStatistics(made.map(envelopeOf), { watermark });
    assert.deepEqual(judge(expected, found), { lost: [], doubled: [] });
    assert.deepEqual(await recordsOf(bootstrap, "flightdata.late"), []);
    assert.deepEqual(
      await consoleRecords(bootstrap, "userstatistics", statistics.length),
      statistics,
    );
  },
});

/** Keys of every length up to 40 letters, long ones, and text of one to four bytes a letter. */
function textKeys(): readonly string[] {
  const letters = [...'aZ09 .@-{}":/~'];
  const others = [..."äßéλЖשष日本語🛫👩‍✈️\u0301"];
  const pick = (from: readonly string[], seed: number, length: number) =>
    Array.from({ length }, (_, i) => from[(seed * 31 + i * i * 7 + i) % from.length]).join("");
  const lengths = Array.from({ length: 41 }, (_, length) => length);
  return [
    ...lengths.map((length) => pick(letters, length, length)),
    ...lengths.map((length) => pick(others, length, length)),
    ...lengths.map((length) => pick([...letters, ...others], length, length)),
    ...Array.from({ length: 100 }, (_, i) => JSON.stringify({ confirmation: `SU${i * 7919}` })),
    ...Array.from({ length: 100 }, (_, i) => `traveller${i}@example.com`),
    ...[1_000, 10_001, 100_003].map((length) => pick([...letters, ...others], 5, length)),
  ];
}

Deno.test({
  ...permissions,
  name: "semantics 22: the Java client and librdkafka's murmur2 choose our partitions",
  fn: async () => {
    const bootstrap = cluster!.bootstrap();
    const partitions = 7;
    const texts = textKeys();
    const keys = texts.map((text) => new TextEncoder().encode(text));
    const bytes = Array.from(
      { length: 100 },
      (_, length) =>
        Uint8Array.from({ length }, (_, i) => (length * 97 + i * i * 31 + i * 13) % 256),
    );
    const all = [...keys, ...bytes];
    const ours = all.map((key) => partitionForKey(key, partitions));
    assert.equal(new Set(ours).size, partitions);
    assert.deepEqual(
      texts.map((text) => partitionForText(text, partitions)),
      ours.slice(0, texts.length),
    );

    const settings = { partitioner: "murmur2_random" };
    const places = await carryOut(bootstrap, [
      { create: "placed", partitions },
      { producer: "murmur2", settings },
      ...all.map((key) => {
        const send = { topic: "placed", ts: 1, key: key.toBase64(), value: null, headers: [] };
        return { send, by: "murmur2" };
      }),
    ]);
    assert.deepEqual(places.map(([partition]) => partition), ours);

    // The Java client's are told from the others by their values, the numbers of their keys.
    const records = keys.map((key, i) => ({
      key: key.toBase64(),
      value: base64Of(String(i)),
      headers: [],
    }));
    await consoleProduce(bootstrap, "placed", { records });
    const byJava = (await recordsOf(bootstrap, "placed")).filter(({ value }) => value !== null);
    assert.equal(byJava.length, keys.length);
    for (const { partition, value } of byJava) {
      const i = Number(textOfBase64(value!));
      assert.equal(partition, ours[i], `the key ${texts[i]!.slice(0, 60)}`);
    }
  },
});

/** What the oracle looks at of a booking; one that is not text is as unreadable as none. */
function asBooking({ topic, partition, offset, ts, value }: PlainRecord): Envelope {
  const payload = value === null ? null : atob(value);
  return { topic, partition, offset, ts, headers: [], key: null, payload };
}

/** What other clients write to the jobs' topics in interop_test.ts, and which of it is committed. */

import type { ConfluentStep, Place } from "./confluent.ts";
import { base64Of, type PlainRecord, type RecordContent, type SentRecord } from "./plain_record.ts";

/** Kafka's codecs, in the order of their numbers. */
export const compressions = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** One of them. */
export type KafkaCodec = (typeof compressions)[number];

const airlines = ["skyone", "sunset"] as const;
const travellers = ["ann", "björn", "chloé", "日本", "eve", "fay 🛫", "gus"];
const minute = 60_000;

/** ISO 8601 as the course's programs write it: milliseconds, no zone. */
function isoText(time: number): string {
  return new Date(time).toISOString().slice(0, -1);
}

/** The value of booking `i`, made at `ts`. One in five has landed by then. */
export function bookingText(topic: string, i: number, ts: number): string {
  const departure = ts + (i % 5 === 0 ? -300 : 45) * minute;
  const times = [isoText(departure), isoText(departure + (60 + i % 90) * minute)] as const;
  const email = `${travellers[i % travellers.length]}@example.com`;
  return JSON.stringify(
    topic === "skyone"
      ? {
        email_address: email,
        flight_departure_time: times[0],
        iata_departure_code: "ZRH",
        flight_arrival_time: times[1],
        iata_arrival_code: "TXL",
        flight_number: `SO${i}`,
        confirmation: `C${i}`,
        ticket_price: i + 0.5,
        aircraft: "Boeing 737",
        booking_agency_email: "agency@example.com",
      }
      : {
        customer_email_address: email,
        departure_time: times[0],
        departure_airport: "GVA",
        arrival_time: times[1],
        arrival_airport: "HAM",
        flight_duration: 60 + i % 90,
        flight_id: `SU${i}`,
        reference_number: `R${i}`,
        total_price: i,
        aircraft_details: "A320",
      },
  );
}

/** A null value, an empty one, the same name twice, bytes that are no text, a name of no letters. */
const oddHeaders: RecordContent["headers"] = [
  ["null", null],
  ["empty", ""],
  ["twice", base64Of("größe")],
  ["twice", Uint8Array.of(0, 0xff, 0xfe).toBase64()],
  ["🛬", base64Of("x")],
];

/** A booking, or one record in a few that is none. */
function recordOf(topic: string, i: number, ts: number): SentRecord {
  const kinds = [
    { value: null },
    { value: null, key: null },
    { value: Uint8Array.of(0x7b, 0xff).toBase64(), headers: oddHeaders },
    { value: base64Of("not JSON"), key: Uint8Array.of(0, 0xff).toBase64() },
  ];
  return {
    topic,
    ts,
    key: i % 3 === 0 ? null : base64Of(JSON.stringify({ confirmation: `C${i}` })),
    value: base64Of(bookingText(topic, i, ts)),
    headers: i % 4 === 0 ? oddHeaders : [],
    ...(i % 10 === 7 ? kinds[Math.floor(i / 10) % kinds.length] : {}),
  };
}

/**
 * Who writes next: a producer, whose transaction begins where none is open and is then committed (c)
 * or aborted (x), or one without a transaction (.).
 */
const interleaved = "0 1 0 . 2 1 0c 2 0 1x . 0 2c 1 0x 2 . 1c 2 1 2x 1c";

/** Steps for confluent-kafka, and what becomes of the records that they send. */
export class ConfluentFeed {
  readonly steps: ConfluentStep[] = [];
  readonly #sent: SentRecord[] = [];
  /** Of the records sent, by their numbers. */
  readonly #aborted = new Set<number>();
  readonly #open = new Map<string, number[]>();
  #ts: number;
  #next = 0;

  /** @param start the first timestamp; the others ascend from it. */
  constructor(start: number) {
    this.#ts = start;
  }

  /** Sends `count` records to each airline, in several batches of `compression`. */
  addCompressed(compression: KafkaCodec, count: number): void {
    const settings = { "compression.type": compression, "batch.num.messages": 20 };
    this.steps.push({ producer: compression, settings });
    for (let i = 0; i < count; i++) {
      for (const topic of airlines) this.#send(compression, topic);
    }
    this.steps.push({ do: "flush", by: compression });
  }

  /** Has three producers write transactions that overlap, on the same partitions. */
  addTransactions(): void {
    for (const name of ["0", "1", "2"]) {
      const settings = { "transactional.id": name, "compression.type": "lz4" };
      this.steps.push({ producer: name, settings });
    }
    for (const [partition, script] of [interleaved, interleaved, interleaved].entries()) {
      for (const [by, end] of script.split(" ")) {
        if (by !== "." && !this.#open.has(by!)) this.#begin(by!);
        for (const topic of airlines) this.#send(by === "." ? "none" : by!, topic, partition);
        this.steps.push({ do: "flush", by: by === "." ? "none" : by! });
        if (end !== undefined) this.#end(by!, end === "x" ? "abort" : "commit");
      }
    }
  }

  /** How many records were sent in vain. */
  get aborted(): number {
    return this.#aborted.size;
  }

  /** The records that are committed, at the places where they were delivered. */
  committed(places: readonly Place[]): readonly PlainRecord[] {
    return this.#sent.flatMap((record, i) => {
      if (this.#aborted.has(i)) return [];
      const [partition, offset] = places[i]!;
      return [{ ...record, partition, offset }];
    });
  }

  #send(by: string, topic: string, partition?: number): void {
    const record = recordOf(topic, this.#next++, this.#ts += 250);
    this.#open.get(by)?.push(this.#sent.length);
    this.#sent.push(record);
    const placed = partition === undefined ? record : { ...record, partition };
    this.steps.push({ send: placed, by });
  }

  #begin(by: string): void {
    this.steps.push({ do: "begin", by });
    this.#open.set(by, []);
  }

  #end(by: string, how: "commit" | "abort"): void {
    this.steps.push({ do: how, by });
    if (how === "abort") { for (const i of this.#open.get(by)!) this.#aborted.add(i); }
    this.#open.delete(by);
  }
}

/** Records for the console producer, which sends text only: `count` of them, numbered from `from`. */
export function consoleFeed(
  topic: string,
  { from, count, now }: { readonly from: number; readonly count: number; readonly now: number },
): readonly Omit<RecordContent, "ts">[] {
  return Array.from({ length: count }, (_, n) => {
    const i = from + n;
    const isNone = n % 10 === 9;
    return {
      key: n % 3 === 0 ? null : base64Of(`key ${i} größe`),
      value: isNone ? null : base64Of(bookingText(topic, i, now)),
      headers: n % 2 === 0 ? [] : [["null", null], ["twice", ""], ["twice", base64Of("ß 🛬")]],
    };
  });
}

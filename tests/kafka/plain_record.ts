/** Records as several clients see them, in one form to compare them in. */

import type { Envelope } from "../crash/oracle.ts";

/** What a record holds. Bytes are in base64. */
export interface RecordContent {
  /** Milliseconds since the Unix epoch. */
  readonly ts: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

/** A record on its topic. */
export interface PlainRecord extends RecordContent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A record to be sent. */
export interface SentRecord extends RecordContent {
  readonly topic: string;
  /** Default: by its key. */
  readonly partition?: number;
}

/** The base64 of a text's UTF-8. */
export function base64Of(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

/** The text of base64. */
export function textOfBase64(base64: string): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
    Uint8Array.fromBase64(base64),
  );
}

/** Sorts by topic, partition and offset. */
export function byPlace(a: PlainRecord, b: PlainRecord): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || a.offset - b.offset;
}

/** The records of what `flights consume --json` printed, by their places. */
export function recordsOfEnvelopes(lines: string): readonly PlainRecord[] {
  return lines.split("\n").filter((line) => line !== "").map(recordOfEnvelope).sort(byPlace);
}

function recordOfEnvelope(line: string): PlainRecord {
  const { topic, partition, offset, ts, tstype, ...fields } = JSON.parse(line);
  if (tstype !== "create") throw new Error(`tstype must be "create", it is ${tstype}`);
  const take = (name: string): string | null => {
    if (`${name}_base64` in fields) return fields[`${name}_base64`];
    return fields[name] === null ? null : base64Of(fields[name]);
  };
  const list: readonly (string | null)[] = fields.headers ?? fields.headers_base64;
  const headers: [string, string | null][] = [];
  for (let i = 0; i < list.length; i += 2) {
    const value = list[i + 1] ?? null;
    const isText = fields.headers !== undefined && value !== null;
    headers.push([list[i]!, isText ? base64Of(value) : value]);
  }
  return { topic, partition, offset, ts, key: take("key"), value: take("payload"), headers };
}

/** The envelope that the oracle looks at; only for records of text. */
export function envelopeOf(record: PlainRecord): Envelope {
  const { topic, partition, offset, ts, key, value, headers } = record;
  return {
    topic,
    partition,
    offset,
    ts,
    key: key === null ? null : textOfBase64(key),
    payload: value === null ? null : textOfBase64(value),
    headers: headers.flatMap(([name, value]) => [name, textOfBase64(value!)]),
  };
}

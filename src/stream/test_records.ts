/** The literals that a {@linkcode TestDriver} takes and gives. */

import { textOf, utf8 } from "../base/bytes.ts";
import type { Header, RawRecord } from "../base/record.ts";
import type { OutputRecord } from "./task_context.ts";

/** A record to be read. */
export interface TestRecord {
  /** Text and bytes stay as they are, null is a null value, anything else becomes JSON. */
  readonly value: unknown;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Default 0. */
  readonly partition?: number;
  /** Default null. */
  readonly key?: string;
}

/** A record that was written. */
export interface TestOutput {
  readonly key: string | null;
  /** What its JSON text holds; the text itself where it is no JSON. */
  readonly value: unknown;
  readonly timestamp: number;
  /** Each header's text by its name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A literal as it would lie on a log. */
export class LiteralRecord implements RawRecord {
  readonly timestamp: number;
  readonly #key: string | undefined;
  readonly #value: Uint8Array | null;

  constructor(record: TestRecord, readonly offset: number) {
    this.timestamp = record.timestamp;
    this.#key = record.key;
    this.#value = bytesOf(record.value);
  }

  key(): Uint8Array | null {
    return this.#key === undefined ? null : utf8(this.#key);
  }

  value(): Uint8Array | null {
    return this.#value;
  }

  valueText(): string | null {
    return this.#value === null ? null : textOf(this.#value);
  }

  headers(): readonly Header[] {
    return [];
  }
}

function bytesOf(value: unknown): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  return utf8(typeof value === "string" ? value : JSON.stringify(value));
}

/** What an output is, to look at. */
export function outputOf(record: OutputRecord): TestOutput {
  const { key, timestamp } = record;
  return { key, timestamp, value: literalOf(record.value), headers: headersOf(record.headers) };
}

/** What a forwarded record is, to look at. */
export function forwardedOf(record: RawRecord, headers: readonly Header[]): TestOutput {
  const key = record.key();
  return {
    key: key === null ? null : textOf(key),
    value: literalOf(record.valueText()),
    timestamp: record.timestamp,
    headers: headersOf([...record.headers(), ...headers]),
  };
}

function literalOf(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function headersOf(headers: readonly Header[]): Readonly<Record<string, string>> {
  const named = headers.map(({ name, value }) =>
    [name, textOf(value ?? new Uint8Array())] as const
  );
  return Object.fromEntries(named);
}

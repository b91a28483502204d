/** The literal records that a {@linkcode TestDriver} takes and gives. */

import { textOf, utf8 } from "../base/bytes.ts";
import type { Header, RawRecord } from "../base/record.ts";
import type { OutputRecord } from "./task_context.ts";

/** A record to be read from a topic. */
export interface TestRecord {
  /** Text and bytes stay as they are, null is a null value, anything else becomes JSON. */
  readonly value: unknown;
  /** Milliseconds since the Unix epoch; -1 is a record without a timestamp (semantics 10). */
  readonly timestamp: number;
  /** The partition of the topic that it lies on; default 0. */
  readonly partition?: number;
  /** The text of its key; default null. */
  readonly key?: string;
}

/** A record that was written to a topic. */
export interface TestOutput {
  /** The text of its key, or null. */
  readonly key: string | null;
  /** What its JSON text holds; the text itself where it is no JSON. */
  readonly value: unknown;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Each header's text by its name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A literal as it would lie on a log. */
export class LiteralRecord implements RawRecord {
  readonly timestamp: number;
  /** The value as it was given. */
  readonly literal: unknown;
  readonly #key: string | undefined;
  #value: Uint8Array | null | undefined;

  constructor(record: TestRecord, readonly offset: number) {
    this.timestamp = record.timestamp;
    this.literal = record.value;
    this.#key = record.key;
  }

  key(): Uint8Array | null {
    return this.#key === undefined ? null : utf8(this.#key);
  }

  value(): Uint8Array | null {
    return this.#value ??= bytesOf(this.literal);
  }

  valueText(): string | null {
    const value = this.value();
    return value === null ? null : textOf(value);
  }

  headers(): readonly Header[] {
    return [];
  }
}

/** What was written to one place, of which a crash takes back what is not committed. */
export class Written<T> {
  readonly #all: T[] = [];
  #committed = 0;
  #taken = 0;

  /** What is there, in order, with what is not committed yet. */
  get all(): readonly T[] {
    return this.#all;
  }

  push(one: T): void {
    this.#all.push(one);
  }

  commit(): void {
    this.#committed = this.#all.length;
  }

  /** Takes back what was written since the last commit. */
  crash(): void {
    this.#all.length = this.#committed;
    this.#taken = Math.min(this.#taken, this.#committed);
  }

  /** What was written since the last call; what was taken back and is written again is told again. */
  take(): readonly T[] {
    const taken = this.#all.slice(this.#taken);
    this.#taken = this.#all.length;
    return taken;
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

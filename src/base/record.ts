/** The one vocabulary of records that the log and the stream language share. */

import { utf8 } from "./bytes.ts";

/** A record header: a name and its bytes (or null, which Kafka allows). */
export interface Header {
  /** Its name; several headers may have the same. */
  readonly name: string;
  /** Its bytes, or null. */
  readonly value: Uint8Array | null;
}

/** A header whose value is text. */
export function textHeader(name: string, value: string | number): Header {
  return { name, value: utf8(String(value)) };
}

/** The timestamp of a record whose writer gave none. */
export const noTimestamp = -1;

/**
 * A record as it lies on a log: not yet understood. Implementations may be cursors that are moved
 * on: what they return holds, the object itself must not be kept.
 */
export interface RawRecord {
  /** Milliseconds since the Unix epoch, or {@linkcode noTimestamp}. */
  readonly timestamp: number;
  /** Its place in its partition. */
  readonly offset: number;
  /** The key's bytes. */
  key(): Uint8Array | null;
  /** The value's bytes. */
  value(): Uint8Array | null;
  /** The value as UTF-8 text; bytes that are not UTF-8 become U+FFFD. */
  valueText(): string | null;
  /** Its headers, in order. */
  headers(): readonly Header[];
}

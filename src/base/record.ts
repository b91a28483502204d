/** The one vocabulary of records that the log and the stream language share. */

/** A record header: a name and its bytes (or null, which Kafka allows). */
export interface Header {
  readonly name: string;
  readonly value: Uint8Array | null;
}

/**
 * A record as it lies on a log: not yet understood. Implementations may be cursors that are moved
 * on: what they return holds, the object itself must not be kept.
 */
export interface RawRecord {
  /** Milliseconds since the Unix epoch; -1 where the writer gave none. */
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

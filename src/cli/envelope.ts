/**
 * The envelope: a record as one line of JSON, as `kcat -J` prints it.
 *
 * ```text
 * {"topic","partition","offset","tstype","ts","headers":["name","value",...],"key","payload"}
 * ```
 *
 * Bytes that are not UTF-8 are in base64, in `key_base64` or `payload_base64` in the place of `key`
 * or `payload`. Where a header's value is not UTF-8, `headers_base64` takes the place of `headers`,
 * with all values in base64.
 */

import { strictTextOf, utf8 } from "../base/bytes.ts";
import type { Header } from "../base/record.ts";

/** A record to be written. What is null is for the writer to choose. */
export interface EnvelopeRecord {
  readonly key: Uint8Array | null;
  /** Null for a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number | null;
  readonly partition: number | null;
}

/** A record that was read. */
export interface ReadRecord extends EnvelopeRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  /** Whether the writer or the log gave the timestamp. */
  readonly timestampType: "create" | "append";
}

/** A line that holds no record; the message says what is needed and what is there. */
export class EnvelopeError extends Error {
  override readonly name = "EnvelopeError";

  /** @param need as in "ts must be a whole number"; @param found as in "it is 1.5". */
  constructor(need: string, found: string) {
    super(`${need}, ${found}`);
  }
}

/** Writes a record as one line, without a line feed. */
export function formatEnvelope(record: ReadRecord): string {
  const { topic, partition, offset, timestamp } = record;
  const tstype = record.timestampType === "create" ? "create" : "logappend";
  return JSON.stringify({
    topic,
    partition,
    offset,
    tstype,
    ts: timestamp,
    ...headersField(record.headers),
    ...bytesField("key", record.key),
    ...bytesField("payload", record.value),
  });
}

function bytesField(name: string, bytes: Uint8Array | null): Record<string, string | null> {
  if (bytes === null) return { [name]: null };
  const text = strictTextOf(bytes);
  return text === null ? { [`${name}_base64`]: bytes.toBase64() } : { [name]: text };
}

function headersField(headers: readonly Header[]): Record<string, readonly (string | null)[]> {
  const texts = headers.map(({ value }) => value === null ? null : strictTextOf(value));
  if (headers.some(({ value }, i) => value !== null && texts[i] === null)) {
    const inBase64 = headers.flatMap(({ name, value }) => [name, value?.toBase64() ?? null]);
    return { headers_base64: inBase64 };
  }
  return { headers: headers.flatMap(({ name }, i) => [name, texts[i] ?? null]) };
}

/** What the fields may be; the others are refused, since a misspelt one would be lost in silence. */
const fieldNames = new Set([
  "partition",
  "ts",
  "headers",
  "headers_base64",
  "key",
  "key_base64",
  "payload",
  "payload_base64",
]);
/** What a reader adds; ignored, so that what was consumed can be produced again. */
const ignoredNames = new Set(["topic", "offset", "tstype", "broker"]);

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a record from one line.
 *
 * @throws {EnvelopeError} when the line holds none.
 */
export function parseEnvelope(line: Uint8Array): EnvelopeRecord {
  const fields = fieldsOf(line);
  for (const name of Object.keys(fields)) {
    if (fieldNames.has(name) || ignoredNames.has(name)) continue;
    throw new EnvelopeError(
      `its fields must be among ${[...fieldNames, ...ignoredNames].join(", ")}`,
      `it has "${name}"`,
    );
  }
  const value = bytesOf(fields, "payload");
  if (value === undefined) {
    throw new EnvelopeError("it must have a payload (null is a tombstone)", "it has none");
  }
  return {
    key: bytesOf(fields, "key") ?? null,
    value,
    headers: headersOf(fields),
    timestamp: integerOf(fields, "ts", Number.MIN_SAFE_INTEGER),
    partition: integerOf(fields, "partition", 0),
  };
}

function fieldsOf(line: Uint8Array): Fields {
  const text = strictTextOf(line);
  if (text === null) throw new EnvelopeError("it must be UTF-8", "it is not");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EnvelopeError("it must be a JSON object", `it is ${shorten(text)}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new EnvelopeError("it must be a JSON object", `it is ${shorten(text)}`);
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}

/** The bytes of a field or of its base64 sister; undefined when neither is there. */
function bytesOf(fields: Fields, name: string): Uint8Array | null | undefined {
  const base64Name = `${name}_base64`;
  const text = fields[name];
  const base64 = fields[base64Name];
  if (text !== undefined && base64 !== undefined) {
    throw new EnvelopeError(`it must have ${name} or ${base64Name}`, "it has both");
  }
  return base64 === undefined
    ? text === undefined ? undefined : bytesOfText(text, name)
    : bytesOfBase64(base64, base64Name);
}

function bytesOfText(value: unknown, name: string): Uint8Array | null {
  if (value === null) return null;
  if (typeof value !== "string") {
    throw new EnvelopeError(
      `${name} must be text or null`,
      `it is ${shorten(JSON.stringify(value))}`,
    );
  }
  if (value.isWellFormed()) return utf8(value);
  throw new EnvelopeError(`${name} must be well-formed Unicode`, "it has half of a surrogate pair");
}

function bytesOfBase64(value: unknown, name: string): Uint8Array | null {
  if (value === null) return null;
  try {
    if (typeof value === "string") return Uint8Array.fromBase64(value);
  } catch {
    // Said below.
  }
  throw new EnvelopeError(
    `${name} must be base64 or null`,
    `it is ${shorten(JSON.stringify(value))}`,
  );
}

function headersOf(fields: Fields): readonly Header[] {
  const { headers, headers_base64: inBase64 } = fields;
  if (headers !== undefined && inBase64 !== undefined) {
    throw new EnvelopeError("it must have headers or headers_base64", "it has both");
  }
  if (inBase64 !== undefined) return pairsOf(inBase64, "headers_base64", bytesOfBase64);
  return headers === undefined || headers === null ? [] : pairsOf(headers, "headers", bytesOfText);
}

function pairsOf(
  list: unknown,
  field: string,
  read: (value: unknown, name: string) => Uint8Array | null,
): readonly Header[] {
  if (!Array.isArray(list) || list.length % 2 !== 0) {
    const need = `${field} must be a list of names and values in turn`;
    throw new EnvelopeError(need, `it is ${shorten(JSON.stringify(list))}`);
  }
  const pairs: Header[] = [];
  for (let i = 0; i < list.length; i += 2) {
    const name: unknown = list[i];
    if (typeof name !== "string" || !name.isWellFormed()) {
      throw new EnvelopeError(
        `a name in ${field} must be text`,
        `it is ${shorten(JSON.stringify(name))}`,
      );
    }
    pairs.push({ name, value: read(list[i + 1], `header ${name}`) });
  }
  return pairs;
}

function integerOf(fields: Fields, name: string, min: number): number | null {
  const value = fields[name];
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return value;
  const bound = min === 0 ? ", 0 or more" : "";
  throw new EnvelopeError(
    `${name} must be a whole number${bound}`,
    `it is ${shorten(JSON.stringify(value))}`,
  );
}

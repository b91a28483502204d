/** Values as JSON text, and what is wrong with a record that cannot be read (semantics 19, 20). */

import { FlightsError, messageOf } from "../base/errors.ts";
import { strictTextOf } from "../base/bytes.ts";
import type { RawRecord } from "../base/record.ts";

/** Why a record was refused; stands in the dead letter's header `error-reason`. */
export type BadRecordReason =
  | "null-value"
  | "null-key"
  | "not-utf8"
  | "not-json"
  | "schema"
  | "no-timestamp"
  | "future-timestamp";

/** A record that does not hold what its reader needs. */
export class BadRecordError extends FlightsError {
  /**
   * Made by a deserializer.
   *
   * @param message what is needed and what is there.
   */
  constructor(
    /** Why the record is refused. */
    readonly reason: BadRecordReason,
    message: string,
  ) {
    super("bad-record", message);
  }
}

/** Understands a record. @throws {BadRecordError} when it cannot. */
export type Deserializer<T> = (record: RawRecord) => T;

/**
 * Reads values that are JSON text.
 *
 * @param parse checks the shape and may throw anything whose message says what is wrong; a zod
 * schema's `parse` will do.
 */
export function json<T>(parse: (value: unknown) => T): Deserializer<T> {
  return (record) => {
    const value = jsonOf(record);
    try {
      return parse(value);
    } catch (error) {
      throw new BadRecordError("schema", messageOf(error));
    }
  };
}

function jsonOf(record: RawRecord): unknown {
  const value = text(record);
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new BadRecordError("not-json", `the value must be JSON text: ${messageOf(error)}`);
  }
}

/** Reads values as text. */
export const text: Deserializer<string> = (record): string => {
  const value = record.valueText();
  if (value === null) throw new BadRecordError("null-value", "the value must be text, it is null");
  if (value.includes("\ufffd") && strictTextOf(record.value()!) === null) {
    throw new BadRecordError("not-utf8", "the value must be UTF-8 text, its bytes are not");
  }
  return value;
};

/** A value that nests deeper is taken to be in a circle. */
const maxDepth = 1_000;

/**
 * A value as JSON text that stands for all of it: read again, it is the same.
 *
 * @throws {FlightsError} `invalid-argument` for what is no JSON value: a date, a map, NaN, a function.
 * A property that is undefined counts as not there.
 */
export function jsonText(value: unknown): string {
  const stranger = strangerIn(value, "", 0);
  if (stranger === null) return JSON.stringify(value);
  throw new FlightsError(
    "invalid-argument",
    `Cannot write an element as JSON: it must be a JSON value, ${stranger}`,
  );
}

/** What in a value is no JSON, and where; null for nothing. */
function strangerIn(value: unknown, path: string, depth: number): string | null {
  if (value === null || typeof value === "string" || typeof value === "boolean") return null;
  const where = path === "" ? "it" : path;
  if (typeof value === "number") return Number.isFinite(value) ? null : `${where} is ${value}`;
  if (typeof value !== "object") return `${where} is of type ${typeof value}`;
  if (depth > maxDepth) return `it is nested over ${maxDepth} deep, or in a circle`;
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) {
      const found = strangerIn(one, `${path}[${i}]`, depth + 1);
      if (found !== null) return found;
    }
    return null;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${where} is a ${prototype.constructor?.name ?? "class"}`;
  }
  for (const [name, one] of Object.entries(value)) {
    const found = one === undefined ? null : strangerIn(one, `${path}.${name}`, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

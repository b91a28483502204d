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

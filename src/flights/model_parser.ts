/** Reading models from JSON: by their schema, and under the names that other programs write. */

import type { z } from "zod";
import { FlightsError } from "../base/errors.ts";

/** How a model is read. */
export interface ModelParserOptions<T> {
  /** Other names of fields, such as the camel case that the Java programs write. */
  readonly aliases: Readonly<Record<string, string>>;
  /** What the schema cannot say: returns what is wrong, or null. */
  readonly check: (value: T) => string | null;
}

/**
 * A function that reads a model. Other names are looked at only when a value does not match as it
 * is, so they cost nothing where they are not used.
 *
 * @returns a function that throws {@linkcode FlightsError} `bad-record` with a line that names the
 * field, what is needed and what is there.
 */
export function modelParser<T>(
  schema: z.ZodType<T>,
  { aliases, check }: ModelParserOptions<T>,
): (json: unknown) => T {
  return (json) => {
    let parsed = schema.safeParse(json);
    if (!parsed.success) {
      const renamed = rename(json, aliases);
      if (renamed !== null) parsed = schema.safeParse(renamed);
    }
    if (!parsed.success) throw bad(describeIssue(parsed.error.issues[0]));
    const wrong = check(parsed.data);
    if (wrong !== null) throw bad(wrong);
    return parsed.data;
  };
}

/** The object under the names of the model, or null when it has no other ones. */
function rename(json: unknown, aliases: Readonly<Record<string, string>>): object | null {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return null;
  const entries = Object.entries(json);
  if (!entries.some(([name]) => Object.hasOwn(aliases, name))) return null;
  return Object.fromEntries(
    entries.map(([name, value]) => [Object.hasOwn(aliases, name) ? aliases[name] : name, value]),
  );
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return "the value does not match";
  const field = issue.path.join(".");
  return field === "" ? issue.message : `${field}: ${issue.message}`;
}

function bad(need: string): FlightsError {
  return new FlightsError("bad-record", `Cannot read the value: ${need}`);
}

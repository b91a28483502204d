/** Reading models from JSON: by their schema, and under the names that other programs write. */

import type { z } from "zod";
import { FlightsError } from "../base/errors.ts";

/** A field's own name, or that and what a number under the other name must be divided by. */
export type Alias = string | { readonly name: string; readonly divideBy: number };

/** What a model holds, as data: for who reads it here, and who has another program read it. */
export interface Model<T> {
  readonly schema: z.ZodType<T> & { readonly shape: Readonly<Record<string, z.ZodType>> };
  /** Other names of fields, such as the camel case that the Java programs write. */
  readonly aliases: Readonly<Record<string, Alias>>;
  /** The fields with the times between which something goes on, the earlier one first. */
  readonly period?: readonly [keyof T & string, keyof T & string];
  /** Numbers that must be zero or more. */
  readonly notNegative?: readonly (keyof T & string)[];
  /** Numbers that must be whole, and zero or more. */
  readonly counts?: readonly (keyof T & string)[];
}

/** How a model is read. */
export interface ModelParserOptions<T> {
  /** {@linkcode Model.aliases}. */
  readonly aliases: Readonly<Record<string, Alias>>;
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
    let read = json;
    let parsed = schema.safeParse(read);
    if (!parsed.success) {
      const renamed = rename(json, aliases);
      if (renamed !== null) {
        read = renamed;
        parsed = schema.safeParse(read);
      }
    }
    if (!parsed.success) throw bad(describeIssue(parsed.error.issues[0]!, read));
    const wrong = check(parsed.data);
    if (wrong !== null) throw bad(wrong);
    return parsed.data;
  };
}

/** The object under the names of the model, or null when it has no other ones. */
function rename(json: unknown, aliases: Readonly<Record<string, Alias>>): object | null {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return null;
  const entries = Object.entries(json);
  if (!entries.some(([name]) => Object.hasOwn(aliases, name))) return null;
  return Object.fromEntries(entries.map(([name, value]) => {
    const alias = Object.hasOwn(aliases, name) ? aliases[name]! : name;
    if (typeof alias === "string") return [alias, value];
    return [alias.name, typeof value === "number" ? value / alias.divideBy : value];
  }));
}

/** Which field, what it must be, what it is. Models are flat: a path is one field, or none. */
function describeIssue(issue: z.core.$ZodIssue, json: unknown): string {
  const [field] = issue.path;
  const there = field === undefined ? json : (json as Record<PropertyKey, unknown>)[field];
  return `${String(field ?? "it")} must be ${describeNeed(issue)}, it is ${describeValue(there)}`;
}

function describeNeed(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `one of ${issue.values.join(", ")}`;
  if (issue.code !== "invalid_type") return `valid (${issue.message})`;
  return `${issue.expected === "object" ? "an" : "a"} ${issue.expected}`;
}

const longestValueShown = 60;

function describeValue(value: unknown): string {
  if (value === undefined) return "missing";
  // JSON has no infinity: a number too large for a double would be shown as null.
  const text = typeof value === "number" ? String(value) : JSON.stringify(value);
  return text.length <= longestValueShown ? text : `${text.slice(0, longestValueShown)}...`;
}

function bad(need: string): FlightsError {
  return new FlightsError("bad-record", `Cannot read the value: ${need}`);
}

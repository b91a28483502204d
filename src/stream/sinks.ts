/** Sinks that are no topics: what they take is tapped from a topic of the job, by `execute`. */

import { FlightsError } from "../base/errors.ts";
import { jsonText } from "./json.ts";
import { type ExternalOptions, fileName } from "./sources.ts";

/** What a file sink does at its first start with a file that holds something already. */
export type ExistingFile = "fail" | "append" | "replace";

/** What a callback is told of an element. */
export interface CallbackContext {
  /** The element's event time, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Its place among the sink's elements, which never changes; may have gaps. */
  readonly offset: number;
}

/** Where the elements of a sink go that is no topic. */
export type Tap =
  | { readonly kind: "stdout" }
  | { readonly kind: "file"; readonly path: string; readonly existing: ExistingFile }
  | {
    readonly kind: "callback";
    readonly take: (value: unknown, context: CallbackContext) => void | Promise<void>;
  };

/** A sink that is no topic; `Sinks` makes it. */
export interface ExternalSink<T> {
  /** Names it within the job, and its topic `APPLICATION-sink-NAME`; null: the next free default. */
  readonly name: string | null;
  /** Where its elements go. */
  readonly tap: Tap;
  /** The text that stands for an element. */
  readonly value: (value: T) => string;
}

/** Settings of a sink that writes lines. */
export interface LineOptions<T> {
  /** An element's line; default: JSON. */
  readonly value?: (value: T) => string;
}

/** Settings of a file sink. */
export interface FileSinkOptions<T> extends LineOptions<T>, ExternalOptions {
  /**
   * What becomes of a file that holds something at the first start: the job stops (`fail`), writes
   * behind it (`append`), or in its place (`replace`). Default `fail`.
   */
  readonly existing?: ExistingFile;
}

/** Sinks that are no topics. */
export class Sinks {
  private constructor() {}

  /**
   * Prints each element on standard output, as {@linkcode DataStream.print} does: text as it is, other
   * values as JSON. At least once: after a crash the last ones are printed again. All that a job
   * writes to standard output comes in the order in which the job gave it out.
   *
   * @param label stands before each: `label> element`.
   */
  static print(label?: string): ExternalSink<unknown> {
    const prefix = label === undefined ? "" : `${label}> `;
    return { name: "stdout", tap: { kind: "stdout" }, value: (one) => prefix + printed(one) };
  }

  /** Writes each element to standard output as a line; at least once, as `print`. */
  static stdout<T>(options: LineOptions<T> = {}): ExternalSink<T> {
    return { name: "stdout", tap: { kind: "stdout" }, value: lineOf(options) };
  }

  /**
   * Writes each element to a file as a line, exactly once: what a crash left behind the last line that
   * is accounted for is cut off at the next start.
   *
   * @param options `name`: default the file's.
   */
  static file<T>(path: string, options: FileSinkOptions<T> = {}): ExternalSink<T> {
    const { name = fileName(path), existing = "fail" } = options;
    return { name, tap: { kind: "file", path, existing }, value: lineOf(options) };
  }

  /**
   * Hands each element, a JSON value, to a function, one after the other; a promise is waited for. At
   * least once: after a crash the last ones come again, with the same offsets.
   *
   * @param options `name`: default `callback`.
   */
  static callback<T>(
    take: (value: T, context: CallbackContext) => void | Promise<void>,
    options: ExternalOptions = {},
  ): ExternalSink<T> {
    return {
      name: options.name ?? null,
      tap: { kind: "callback", take: (value, context) => take(value as T, context) },
      value: jsonText,
    };
  }
}

function printed(value: unknown): string {
  if (typeof value === "string") return value;
  const text: string | undefined = JSON.stringify(value);
  return text ?? String(value);
}

function lineOf<T>({ value = jsonText }: LineOptions<T>): (value: T) => string {
  return (one) => {
    const line = value(one);
    if (!line.includes("\n")) return line;
    throw new FlightsError(
      "invalid-argument",
      `Cannot write ${JSON.stringify(line)} as a line: it must hold no line feed, it does`,
    );
  };
}

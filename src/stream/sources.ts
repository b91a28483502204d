/** Sources that are no topics: what they read is fed into a topic of the job, by `execute`. */

import { type Deserializer, json } from "./json.ts";

/** Where the elements of a source come from that is no topic. */
export type Feed =
  | { readonly kind: "collection"; readonly elements: readonly unknown[] }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stdin" }
  | { readonly kind: "iterable"; readonly open: (fed: number) => AsyncIterable<unknown> };

/** A source that is no topic; `Sources` makes it. */
export interface ExternalSource<T> {
  /** Names it within the job, and its topic `APPLICATION-source-NAME`; null: the next free default. */
  readonly name: string | null;
  /** Where its elements come from. */
  readonly feed: Feed;
  /** Makes an element of each record, or refuses it (semantics 19). */
  readonly deserializer: Deserializer<T>;
}

/** Settings of a source that is no topic. */
export interface ExternalOptions {
  /**
   * Names it within the job, and what is saved of it: letters, digits, `.`, `_`, `-`. Set it where the
   * topology may change and the log is kept.
   */
  readonly name?: string;
}

/**
 * Sources that are no topics. Their records' timestamps are, of a collection and of a file: the
 * element's place, 0, 1, 2, ... milliseconds; else the job's clock when they came in. A timestamp
 * assigner takes event time from the elements instead (semantics 2).
 */
export class Sources {
  private constructor() {}

  /**
   * The elements of a list, which must be JSON values; bounded. They are fed once: a job that goes on
   * takes only those behind the number it has fed.
   *
   * @param options `name`: default `collection`.
   */
  static collection<T>(elements: Iterable<T>, options: ExternalOptions = {}): ExternalSource<T> {
    return {
      name: options.name ?? null,
      feed: { kind: "collection", elements: [...elements] },
      deserializer: json((value) => value as T),
    };
  }

  /**
   * The lines of a file, up to the end that it has when it is read; bounded. Each is fed exactly once;
   * a run that goes on takes the lines that were added meanwhile. A file that is shorter, or not the
   * same any more before that place, stops the job (`state-incompatible`).
   *
   * @param deserializer reads a line: `text`, `json(parse)`.
   * @param options `name`: default the file's.
   */
  static file<T>(
    path: string,
    deserializer: Deserializer<T>,
    options: ExternalOptions = {},
  ): ExternalSource<T> {
    return { name: options.name ?? fileName(path), feed: { kind: "file", path }, deserializer };
  }

  /**
   * The lines of standard input, until it ends. It is the run's own, which closes it. What was read and
   * is not yet in the log is lost with a process that is killed.
   *
   * @param deserializer reads a line: `text`, `json(parse)`.
   */
  static stdin<T>(deserializer: Deserializer<T>): ExternalSource<T> {
    return { name: "stdin", feed: { kind: "stdin" }, deserializer };
  }

  /**
   * What an async iterable gives, until it ends: JSON values.
   *
   * @param open called at each start with how many elements the job has fed before; one that can,
   * begins behind these, and then each is fed exactly once.
   * @param options `name`: default `iterable`.
   */
  static asyncIterable<T>(
    open: (fed: number) => AsyncIterable<T>,
    options: ExternalOptions = {},
  ): ExternalSource<T> {
    return {
      name: options.name ?? null,
      feed: { kind: "iterable", open },
      deserializer: json((value) => value as T),
    };
  }
}

/** Whether it has an end that is there already. */
export function isBounded({ kind }: Feed): boolean {
  return kind === "collection" || kind === "file";
}

/** For people: what is fed. */
export function describeFeed(feed: Feed): string {
  switch (feed.kind) {
    case "collection":
      return `a collection of ${feed.elements.length}`;
    case "file":
      return `the file ${feed.path}`;
    case "stdin":
      return "standard input";
    case "iterable":
      return "an async iterable";
  }
}

/** The last part of a path, as a name may be. */
export function fileName(path: string): string {
  const name = path.split(/[/\\]/).filter((part) => part !== "").at(-1) ?? "file";
  return name.replaceAll(/[^A-Za-z0-9._-]/g, "-");
}

/** What is read of a source that is no topic: chunks, each with the position behind it. */

import type { Clock } from "../base/clock.ts";
import { assert, FlightsError, messageOf } from "../base/errors.ts";
import { linesOf, withoutCarriageReturn } from "../base/lines.ts";
import { jsonText } from "../stream/json.ts";
import type { Feed } from "../stream/sources.ts";
import { readFile } from "./file_feed.ts";

/** How far a feed has come; kept with the committed offset of its group. */
export interface FeedPosition {
  /** How many elements are in the topic. */
  readonly fed: number;
}

/** One element on its way to the topic. */
export interface FedElement {
  readonly value: string | Uint8Array;
  readonly timestamp: number;
}

/** Elements that came together, and the position behind them. */
export interface FeedChunk {
  readonly elements: readonly FedElement[];
  readonly position: FeedPosition;
}

/** A chunk of a list has so many elements, or so many characters, at most. */
const chunkCount = 1_000;
const chunkLength = 256 * 1024;

/**
 * Reads a source from a position on.
 *
 * @param context `name`: the source's, for messages.
 */
export function readFeed(
  feed: Feed,
  from: FeedPosition,
  context: { readonly name: string; readonly clock: Clock },
): AsyncIterable<FeedChunk> {
  switch (feed.kind) {
    case "collection":
      return readCollection(feed.elements, from, context);
    case "stdin":
      return readStdin(from, context);
    case "iterable":
      return readIterable(feed.open, from, context);
    case "file":
      return readFile(feed.path, from);
  }
}

async function* readCollection(
  elements: readonly unknown[],
  { fed }: FeedPosition,
  { name }: { readonly name: string },
): AsyncGenerator<FeedChunk> {
  if (elements.length < fed) {
    throw new FlightsError(
      "state-incompatible",
      `Cannot feed ${name}: the collection must hold the ${fed} elements that were fed already, it ` +
        `has ${elements.length}; take the job back with \`flights reset\``,
    );
  }
  let chunk: FedElement[] = [];
  let length = 0;
  for (let i = fed; i < elements.length; i++) {
    const value = jsonText(elements[i]);
    chunk.push({ value, timestamp: i });
    length += value.length;
    const isFull = chunk.length === chunkCount || length >= chunkLength;
    if (!isFull && i + 1 < elements.length) continue;
    yield { elements: chunk, position: { fed: i + 1 } };
    [chunk, length] = [[], 0];
  }
}

/**
 * Standard input is this run's own: closed when reading ends, for a read that is under way would keep
 * the process alive.
 */
function readStdin(
  from: FeedPosition,
  context: { readonly clock: Clock },
): AsyncIterable<FeedChunk> {
  const chunks = chunksOfStdin(from, context);
  const close = () => {
    Deno.stdin.close();
    return Promise.resolve({ done: true, value: undefined } as const);
  };
  return { [Symbol.asyncIterator]: () => ({ next: () => chunks.next(), return: close }) };
}

async function* chunksOfStdin(
  { fed }: FeedPosition,
  { clock }: { readonly clock: Clock },
): AsyncGenerator<FeedChunk> {
  for await (const lines of linesOf(Deno.stdin.readable)) {
    fed += lines.length;
    const timestamp = clock.now();
    yield {
      elements: lines.map((line) => ({ value: withoutCarriageReturn(line), timestamp })),
      position: { fed },
    };
  }
}

async function* readIterable(
  open: (fed: number) => AsyncIterable<unknown>,
  { fed }: FeedPosition,
  { name, clock }: { readonly name: string; readonly clock: Clock },
): AsyncGenerator<FeedChunk> {
  const elements = read(() => open(fed), name);
  for await (const element of elements) {
    yield {
      elements: [{ value: jsonText(element), timestamp: clock.now() }],
      position: { fed: ++fed },
    };
  }
}

/** What the program's own iterable gives; what it throws is told as such. */
async function* read(
  open: () => AsyncIterable<unknown>,
  name: string,
): AsyncGenerator<unknown> {
  try {
    yield* open();
  } catch (error) {
    throw new FlightsError(
      "operator-failed",
      `Cannot feed ${name}: the job's iterable must not throw, it threw "${messageOf(error)}"`,
      { cause: error },
    );
  }
}

/** The position that a feed has committed. */
export function decodePosition(metadata: string): FeedPosition {
  const position = JSON.parse(metadata) as FeedPosition;
  assert(Number.isSafeInteger(position.fed), `${metadata} is the position of a feed`);
  return position;
}

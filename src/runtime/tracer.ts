/** Traces of what takes time beside the records: commits and restores. Nothing is traced by default. */

import { type ErrorCode, FlightsError } from "../base/errors.ts";

/** What is told of a span; never a key or what a record holds. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** Something that takes its time. */
export interface Span {
  /** Ends it. */
  end(attributes: SpanAttributes): void;
  /** Ends it, with the code of what it failed of: messages may quote what a record holds. */
  fail(code: ErrorCode): void;
}

/** Takes spans down. */
export interface Tracer {
  /** Begins a span, which counts from now. */
  start(name: SpanName, attributes: SpanAttributes): Span;
}

/** What is traced. */
export type SpanName = "flights.commit" | "flights.restore";

/**
 * Does `work` in a span, or without one where nobody traces.
 *
 * @param attributes told when it begins. @param after told when it has ended well.
 * @throws what `work` throws.
 */
export async function inSpan<T>(
  tracer: Tracer | undefined,
  { name, attributes, after, work }: {
    readonly name: SpanName;
    readonly attributes: () => SpanAttributes;
    readonly after: (result: T) => SpanAttributes;
    readonly work: () => Promise<T>;
  },
): Promise<T> {
  if (tracer === undefined) return await work();
  const span = tracer.start(name, attributes());
  try {
    const result = await work();
    span.end(after(result));
    return result;
  } catch (error) {
    span.fail(error instanceof FlightsError ? error.code : "internal");
    throw error;
  }
}

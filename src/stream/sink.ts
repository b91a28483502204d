/** Topics that are written. */

import type { Header } from "../base/record.ts";
import type { OperatorContext } from "./task_context.ts";
import type { Operator } from "./topology.ts";
import type { ClosedBy, Window } from "./window.ts";

/** Where an element goes to a sink from. */
export interface SinkContext {
  /** The element's event time; it becomes the record's timestamp (semantics 2). */
  readonly timestamp: number;
  /** The window it is the result of, or null. */
  readonly window: Window | null;
  /** Why that window gave it out, or null. */
  readonly closedBy: ClosedBy | null;
}

/** A topic that is written. */
export interface TopicSink<T> {
  /** Its name. */
  readonly topic: string;
  /** The record's key text; without it the key is null. */
  readonly key?: (value: T) => string;
  /** The record's value text; default JSON. */
  readonly value?: (value: T) => string;
  /** The text that places a record on its partition; default: its key (semantics 22). */
  readonly partitionBy?: (value: T) => string;
  /** The record's headers; default none. */
  readonly headers?: (value: T, context: SinkContext) => readonly Header[];
}

/** Writes each element to a topic. */
export function topicSink<T>(sink: TopicSink<T>) {
  const { topic, key, partitionBy, headers } = sink;
  const value = sink.value ?? JSON.stringify;
  const none: readonly Header[] = [];
  return (context: OperatorContext): Operator => ({
    process: (element, timestamp) => {
      const one = element as T;
      context.used();
      const keyText = key === undefined ? null : key(one);
      context.outputs.write(topic, {
        timestamp,
        placement: partitionBy === undefined ? keyText : partitionBy(one),
        key: keyText,
        value: value(one),
        headers: headers === undefined
          ? none
          : headers(one, { timestamp, window: context.window, closedBy: context.closedBy }),
      });
    },
  });
}

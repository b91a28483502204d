/** Where a {@linkcode TestDriver}'s elements come from and go to, typed end to end. */

import { FlightsError } from "../base/errors.ts";
import { partitionForText } from "../base/murmur2.ts";
import type { DataStream } from "./data_stream.ts";
import type { Deserializer } from "./json.ts";
import { type Key, placementText } from "./key.ts";
import type { OperatorContext } from "./task_context.ts";
import type { LiteralRecord, TestRecord, Written } from "./test_records.ts";
import type { Operator } from "./topology.ts";
import type { WatermarkStrategy } from "./watermark_strategy.ts";
import type { ClosedBy, Window } from "./window.ts";

/** Settings of a {@linkcode TestSource}. */
export interface TestSourceOptions<T> {
  /** How the source tells event time; default: `WatermarkStrategy.forMonotonousTimestamps()`. */
  readonly watermarks?: WatermarkStrategy<T>;
  /**
   * The field that places each element on its partition, as of a source that declares it (semantics 22):
   * a `keyBy` on it needs no repartition topic.
   */
  readonly partitionedBy?: keyof T & string;
}

/** An element to be sent. */
export interface TestElement<T> {
  /** The element; it reaches the workflow as it is. */
  readonly value: T;
  /** Its event time, in milliseconds since the Unix epoch; default: the time of the driver's clock. */
  readonly timestamp?: number;
  /** Default: where the source's declared field places it, else 0. */
  readonly partition?: number;
}

/** An element that came out. */
export interface TestResult<T> {
  /** The element. */
  readonly value: T;
  /** Its event time, in milliseconds since the Unix epoch (semantics 2). */
  readonly timestamp: number;
  /** The window that it is the result of, or null. */
  readonly window: Window | null;
  /** Why that window gave it out, or null. */
  readonly closedBy: ClosedBy | null;
}

/** What a test source needs of its driver. */
export interface TestSourcePort {
  readonly partitions: number;
  now(): number;
  /** Adds records to a topic and processes all that can be read. */
  send(topic: string, records: readonly TestRecord[]): void;
}

/** A source whose elements a test sends. */
export class TestSource<T> {
  readonly #options: TestSourceOptions<T>;
  readonly #port: TestSourcePort;

  /**
   * Made by {@linkcode TestDriver.source}.
   *
   * @internal
   */
  constructor(
    /** The source's name: the topic that its elements lie on. */
    readonly name: string,
    /** The stream of its elements. */
    readonly stream: DataStream<T>,
    init: { readonly options: TestSourceOptions<T>; readonly port: TestSourcePort },
  ) {
    this.#options = init.options;
    this.#port = init.port;
  }

  /**
   * Sends one element and processes it with all that follows.
   *
   * @param timestamp its event time, in milliseconds since the Unix epoch; default: the time of the
   * driver's clock.
   * @throws {FlightsError} `operator-failed` when a function of the workflow threw.
   */
  send(value: T, timestamp: number = this.#port.now()): void {
    this.sendAll([{ value, timestamp }]);
  }

  /**
   * Sends elements; they are all there before the first is processed. Of several partitions the oldest
   * comes first (semantics 7).
   *
   * @throws {FlightsError} `invalid-argument` for a partition that is not there; `operator-failed` when
   * a function of the workflow threw.
   */
  sendAll(elements: readonly TestElement<T>[]): void {
    const { partitions } = this.#port;
    const records = elements.map(({ value, timestamp, partition }) => ({
      value,
      timestamp: timestamp ?? this.#port.now(),
      partition: partition ?? this.#homeOf(value),
    }));
    const outside = records.find(({ partition }) => !(partition >= 0 && partition < partitions));
    if (outside !== undefined) {
      throw new FlightsError(
        "invalid-argument",
        `Cannot send to "${this.name}": the partition must be one of 0 to ${partitions - 1}, ` +
          `it is ${outside.partition}`,
      );
    }
    this.#port.send(this.name, records);
  }

  #homeOf(value: T): number {
    const { partitionedBy } = this.#options;
    if (partitionedBy === undefined) return 0;
    return partitionForText(placementText(value[partitionedBy] as Key), this.#port.partitions);
  }
}

/** Takes the elements of a {@linkcode TestSource} as they were sent. */
export function literalOf<T>(): Deserializer<T> {
  return (record) => (record as LiteralRecord).literal as T;
}

/** What a stream gave out. */
export class TestSink<T> {
  readonly #written: Written<TestResult<T>>;

  /**
   * Made by {@linkcode TestDriver.collect}.
   *
   * @internal
   */
  constructor(written: Written<TestResult<T>>) {
    this.#written = written;
  }

  /** The elements in the order in which they came, each with its event time and window. */
  records(): readonly TestResult<T>[] {
    return [...this.#written.all];
  }

  /** The values of all elements in the order in which they came. */
  values(): readonly T[] {
    return this.#written.all.map(({ value }) => value);
  }

  /** The values that came since the last call. What a crash took back and comes again is told again. */
  take(): readonly T[] {
    return this.#written.take().map(({ value }) => value);
  }
}

/** Keeps each element that comes. */
export function collectInto<T>(written: Written<TestResult<T>>) {
  return (context: OperatorContext): Operator => ({
    process: (value, timestamp) => {
      context.used();
      const { window, closedBy } = context;
      written.push({ value: value as T, timestamp, window, closedBy });
    },
  });
}

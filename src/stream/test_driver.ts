/**
 * Runs a workflow on literal elements with a clock moved by hand: no log, no broker, no runtime. It takes
 * elements in the order a member would (semantics 7), gives out what the workflow makes of them, and can
 * be stopped, crashed and restarted between any two of them.
 */

import { SimulatedClock } from "../base/clock.ts";
import { type Duration, parseDuration } from "../base/duration.ts";
import { FlightsError } from "../base/errors.ts";
import { type OutcomeCounts, sumOutcomes } from "./counts.ts";
import { type DataStream, graphOf, nodeOf } from "./data_stream.ts";
import { StreamEnvironment } from "./environment.ts";
import type { Key } from "./key.ts";
import type { RuntimeContext } from "./operators/functions.ts";
import { stagesOf } from "./stages.ts";
import type { OnError } from "./task.ts";
import type { TestOutput, TestRecord } from "./test_records.ts";
import { Written } from "./test_records.ts";
import { testRepartitionTopic, TestRun } from "./test_run.ts";
import { lookAtState, lookAtTimers, type TestTimer } from "./test_state.ts";
import {
  collectInto,
  literalOf,
  type TestResult,
  TestSink,
  TestSource,
  type TestSourceOptions,
} from "./test_streams.ts";
import { Topology } from "./topology.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";

export type { TestOutput, TestRecord } from "./test_records.ts";
export type { TestTimer } from "./test_state.ts";
export {
  type TestElement,
  type TestResult,
  TestSink,
  TestSource,
  type TestSourceOptions,
} from "./test_streams.ts";

/** Settings of a {@linkcode TestDriver}. */
export interface TestDriverOptions {
  /** The clock of the job; default: one that stands at 0, the Unix epoch. */
  readonly clock?: SimulatedClock;
  /** How many partitions each input has, and so how many tasks there are; default 1. */
  readonly partitions?: number;
  /** What becomes of records that cannot be read (semantics 19); default `dead-letter`. */
  readonly onError?: OnError;
  /** How far ahead of the clock a record may be (semantics 10); default null: any far. */
  readonly maxFuture?: Duration | null;
  /** Whether it is a run that stops at an end: then no clock decides what is idle (semantics 11). */
  readonly bounded?: boolean;
}

/**
 * Tests a workflow: sends it literal elements, moves its clock by hand, and shows what comes out, what it
 * keeps and what a crash leaves of it.
 *
 * A workflow, a function from streams to a stream, is put between {@linkcode TestDriver.source} and
 * {@linkcode TestDriver.collect}. A whole job is given by its topology; its topics take and give records
 * as they lie on a log ({@linkcode TestDriver.send}, {@linkcode TestDriver.outputs}). All sources and
 * sinks are to be there before the first element.
 *
 * @example A workflow
 * ```ts
 * import assert from "node:assert/strict";
 * import { type DataStream, TestDriver, TumblingEventTimeWindows } from "../mod.ts";
 *
 * interface Sale { readonly shop: string; readonly sum: number }
 * const workflow = (sales: DataStream<Sale>) =>
 *   sales.keyBy("shop")
 *     .window(TumblingEventTimeWindows.of("1m"))
 *     .reduce((a, b) => ({ shop: a.shop, sum: a.sum + b.sum }));
 *
 * const test = new TestDriver();
 * const sales = test.source<Sale>("sales", { partitionedBy: "shop" });
 * const totals = test.collect(workflow(sales.stream));
 * sales.send({ shop: "a", sum: 1 }, 0);
 * sales.send({ shop: "a", sum: 2 }, 59_999);
 * sales.send({ shop: "a", sum: 4 }, 60_000);
 * assert.deepEqual(totals.take(), [{ shop: "a", sum: 3 }]);
 * test.end({ drain: true });
 * assert.deepEqual(totals.take(), [{ shop: "a", sum: 4 }]);
 * ```
 */
export class TestDriver {
  /** The clock of the job; tests move it with {@linkcode TestDriver.advance}. */
  readonly clock: SimulatedClock;
  readonly #env: StreamEnvironment;
  readonly #options: TestDriverOptions;
  readonly #partitions: number;
  readonly #collected: Written<unknown>[] = [];
  #run: TestRun | null = null;

  /** Tests a workflow that is put between sources and sinks of the driver. */
  constructor(options?: TestDriverOptions);
  /**
   * Tests a whole job.
   *
   * @param topology the job; it may grow by sources and sinks of the driver.
   * @throws {FlightsError} `invalid-topology` when it cannot be run.
   */
  constructor(topology: Topology, options?: TestDriverOptions);
  constructor(first: Topology | TestDriverOptions = {}, second: TestDriverOptions = {}) {
    const topology = first instanceof Topology ? first : new Topology();
    const options = first instanceof Topology ? second : first;
    stagesOf(topology, testRepartitionTopic);
    this.#env = new StreamEnvironment(topology);
    this.#options = options;
    this.#partitions = options.partitions ?? 1;
    this.clock = options.clock ?? new SimulatedClock();
  }

  /**
   * Adds a source whose elements the test sends.
   *
   * @param name the topic that its elements lie on: late ones go to `NAME.late`.
   * @throws {FlightsError} `invalid-topology` for a name that is there already, or after the first
   * element.
   */
  source<T>(name: string, options: TestSourceOptions<T> = {}): TestSource<T> {
    this.#checkGrowth(`the source "${name}"`);
    const { partitionedBy, watermarks = WatermarkStrategy.forMonotonousTimestamps<T>() } = options;
    const stream = this.#env.fromSource<T>({
      topic: name,
      deserializer: literalOf<T>(),
      ...(partitionedBy !== undefined && { partitionedBy }),
    }, watermarks);
    const port = {
      partitions: this.#partitions,
      now: () => this.clock.now(),
      send: (topic: string, records: readonly TestRecord[]) => this.send(topic, records),
    };
    return new TestSource(name, stream, { options, port });
  }

  /**
   * Keeps what a stream gives out, a side output's stream as well.
   *
   * @throws {FlightsError} `invalid-topology` after the first element.
   */
  collect<T>(stream: DataStream<T>): TestSink<T> {
    this.#checkGrowth("a sink");
    const written = new Written<TestResult<T>>();
    this.#collected.push(written);
    const graph = graphOf(this.#env.topology);
    graph.operator([nodeOf(stream)], { name: "collect", build: collectInto(written) });
    return new TestSink(written);
  }

  /**
   * Appends records to a topic that is read and processes all that can be read.
   *
   * @throws {FlightsError} `invalid-argument` for a topic that is not read; `bad-record` when a record
   * cannot be read and the job is to fail then; `operator-failed` when a function of the job threw.
   */
  send(topic: string, records: readonly TestRecord[]): void {
    if (!this.#env.topology.sources.some((source) => source.topic === topic)) {
      throw new FlightsError(
        "invalid-argument",
        `Cannot send to "${topic}": the topology must read it, it reads ` +
          (this.#env.topology.sources.map((source) => source.topic).join(", ") || "nothing"),
      );
    }
    const run = this.#started();
    for (const record of records) run.append(topic, record);
    run.run();
  }

  /** What was written to a topic, late and dead letters too, with what is not committed yet. */
  outputs(topic: string): readonly TestOutput[] {
    return this.#started().outputs(topic);
  }

  /**
   * Moves the clock and lets the job look at it: timers of processing time come due, inputs fall idle
   * (semantics 8), silence closes windows (semantics 9).
   *
   * @throws {FlightsError} `invalid-argument` for what is no duration; `operator-failed` when a function
   * of the workflow threw.
   */
  advance(duration: Duration): void {
    const run = this.#started();
    this.clock.advance(parseDuration(duration));
    run.run();
  }

  /**
   * Ends a bounded run and commits (semantics 11). Elements that are sent then begin the next one.
   *
   * @param options `drain`: fires all open windows and event-time timers; default false.
   */
  end(options: { readonly drain?: boolean } = {}): void {
    this.#started().end({ drain: options.drain ?? false });
    this.commit();
  }

  /** Saves outputs, state and progress (semantics 13). */
  commit(): void {
    this.#started().commit();
    for (const written of this.#collected) written.commit();
  }

  /** Stops with a commit and starts again from it. */
  restart(): void {
    this.commit();
    this.crash();
  }

  /** Throws away all since the last commit, outputs too, starts again from there and replays. */
  crash(): void {
    const run = this.#started();
    for (const written of this.#collected) written.crash();
    run.crash();
    run.run();
  }

  /**
   * The state that a keyed operator keeps of a key, in the words of its function. It is a copy: what is
   * changed in it changes nothing.
   *
   * @param id the operator's: as it was given, or the word and a number (`keyedProcess`,
   * `keyedProcess-2`).
   * @throws {FlightsError} `invalid-argument` when no operator of that id keeps state of keys, or, by
   * what is returned, when it keeps none of the descriptor's name and kind.
   */
  state(id: string, key: Key): RuntimeContext {
    return lookAtState(this.#started(), id, { key, clock: this.clock });
  }

  /**
   * The timers that a keyed operator has set: those of event time, then those of processing time, each
   * by time and then key bytes.
   *
   * @throws {FlightsError} `invalid-argument` when no operator of that id keeps state of keys.
   */
  timers(id: string): readonly TestTimer[] {
    return lookAtTimers(this.#started(), id);
  }

  /**
   * How far event time has come in the whole job, in milliseconds since the Unix epoch: the lowest
   * watermark of its tasks; negative infinity before the first.
   */
  get watermark(): number {
    return Math.min(...this.watermarks);
  }

  /** The watermark of each task, stage by stage. */
  get watermarks(): readonly number[] {
    return this.#started().tasks.map((task) => task.watermark);
  }

  /** What became of the records that came in; one that was repartitioned comes in again. */
  get outcomes(): OutcomeCounts {
    return sumOutcomes(this.#started().tasks.map((task) => task.outcomes));
  }

  /** How many records wait in open windows. */
  get held(): number {
    return this.#started().tasks.reduce((sum, task) => sum + task.held, 0);
  }

  /** How many entries the state holds. */
  get stateEntries(): number {
    return this.#started().tasks.reduce((sum, task) => sum + task.stateEntries, 0);
  }

  #started(): TestRun {
    if (this.#run !== null) return this.#run;
    const { maxFuture = null, onError, bounded } = this.#options;
    return this.#run = new TestRun(this.#env.topology, {
      clock: this.clock,
      partitions: this.#partitions,
      maxFuture: maxFuture === null ? null : parseDuration(maxFuture),
      ...(onError !== undefined && { onError }),
      ...(bounded !== undefined && { bounded }),
    });
  }

  #checkGrowth(what: string): void {
    if (this.#run === null) return;
    throw new FlightsError(
      "invalid-topology",
      `Cannot add ${what}: the workflow must be complete before the first element, it has started`,
    );
  }
}

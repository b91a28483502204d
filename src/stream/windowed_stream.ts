/** The words for windows. */

import { type Duration, formatDuration, parseDuration } from "../base/duration.ts";
import { FlightsError } from "../base/errors.ts";
import type { DataStream } from "./data_stream.ts";
import type { Key } from "./key.ts";
import type { AggregateFunction } from "./operators/aggregate_function.ts";
import { runningReduce } from "./operators/running_reduce.ts";
import {
  aggregating,
  reducing,
  windowAggregate,
  type WindowFold,
} from "./operators/window_aggregate.ts";
import {
  foldedContents,
  listedContents,
  type WindowContentsBuilder,
} from "./operators/window_contents.ts";
import {
  callWindowFunction,
  callWithOne,
  giveContents,
  type ProcessWindowFunction,
  type WindowOutputBuilder,
} from "./operators/window_function.ts";
import { windowOperator } from "./operators/window_operator.ts";
import type { OutputTag } from "./output_tag.ts";
import type { StreamGraph } from "./stream_graph.ts";
import type { Node, OperatorNode } from "./topology.ts";
import type { Trigger } from "./trigger.ts";
import { EventTimeTrigger, NeverTrigger, ProcessingTimeTrigger } from "./triggers.ts";
import {
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  type WindowAssigner,
} from "./window.ts";

/** What is said of windows before their function. */
export interface WindowSettings {
  readonly assigner: WindowAssigner<never>;
  /** Null: the one that fires at the windows' ends. */
  readonly trigger: Trigger<never> | null;
  /** Milliseconds that a fired window still takes records. */
  readonly allowedLateness: number;
  readonly lateTag: string | null;
}

/** A keyed stream in windows. */
export class WindowedStream<T, K extends Key> {
  /** Made by {@linkcode KeyedStream.window}. */
  constructor(
    private readonly graph: StreamGraph,
    private readonly node: Node,
    private readonly settings: WindowSettings,
  ) {}

  /**
   * Says when windows give out what they hold; default: at their end, by the watermark for windows of
   * event time, by the clock for those of processing time, never for global ones.
   */
  trigger(trigger: Trigger<T>): WindowedStream<T, K> {
    return this.#with({ trigger });
  }

  /**
   * Keeps a fired window for so long; a record that comes in that time fires it again (semantics 6).
   * Only windows of event time are late at all.
   */
  allowedLateness(lateness: Duration): WindowedStream<T, K> {
    return this.#with({ allowedLateness: parseDuration(lateness) });
  }

  /** Sends late elements to a side output instead of their records to the late topic (semantics 5). */
  sideOutputLateData(tag: OutputTag<T>): WindowedStream<T, K> {
    return this.#with({ lateTag: tag.id });
  }

  /**
   * One value for each window and key, of the type of the elements.
   *
   * @param reduce combines two values; it must not change either.
   */
  reduce(reduce: (a: T, b: T) => T): DataStream<T>;
  /**
   * What a function makes of the one value for each window and key.
   *
   * @param reduce combines two values; it must not change either.
   * @param processWindow turns the value into results: it is called with one element.
   */
  reduce<O>(
    reduce: (a: T, b: T) => T,
    processWindow: ProcessWindowFunction<T, K, O>,
  ): DataStream<O>;
  reduce<O>(
    reduce: (a: T, b: T) => T,
    processWindow?: ProcessWindowFunction<T, K, O>,
  ): DataStream<T> | DataStream<O> {
    return this.#folded(reducing(reduce), processWindow);
  }

  /**
   * One value for each window and key, by way of an accumulator: a JSON value.
   *
   * @param aggregate adds the elements up.
   */
  aggregate<A, R>(aggregate: AggregateFunction<T, A, R>): DataStream<R>;
  /**
   * What a function makes of the one value for each window and key.
   *
   * @param aggregate adds the elements up.
   * @param processWindow turns the value into results: it is called with one element.
   */
  aggregate<A, R, O>(
    aggregate: AggregateFunction<T, A, R>,
    processWindow: ProcessWindowFunction<R, K, O>,
  ): DataStream<O>;
  aggregate<A, R, O>(
    aggregate: AggregateFunction<T, A, R>,
    processWindow?: ProcessWindowFunction<R, K, O>,
  ): DataStream<R> | DataStream<O> {
    return this.#folded(aggregating(aggregate), processWindow);
  }

  /** What a function makes of all elements of a window and key; they are kept as JSON values. */
  process<O>(processWindow: ProcessWindowFunction<T, K, O>): DataStream<O> {
    const id = this.graph.freshId("window");
    const { assigner } = this.settings;
    const output = callWindowFunction({ id, assigner, open: processWindow });
    return this.graph.stream<O>(this.#general({ id, contents: listedContents(), output }));
  }

  /**
   * The running total at each window's end: all windows of the key so far, reduced. A window that is
   * corrected within the allowed lateness puts its own and every later total right (semantics 6).
   *
   * @param reduce combines two values; it must not change either.
   * @throws {FlightsError} `invalid-topology` for windows that merge or overlap or do not fire once, at
   * their end in event time.
   */
  runningReduce(reduce: (a: T, b: T) => T): DataStream<T> {
    const { allowedLateness, assigner, trigger } = this.settings;
    if (trigger !== null || !(assigner instanceof TumblingEventTimeWindows)) {
      const named = trigger === null ? "" : ` with the trigger "${trigger.description}"`;
      throw new FlightsError(
        "invalid-topology",
        "Cannot keep running totals: each element must be in one window that fires at its end in event " +
          `time (TumblingEventTimeWindows, no trigger), the windows are "${assigner.description}"${named}`,
      );
    }
    const windowId = this.graph.freshId("window");
    const node = this.#fold({ id: windowId, fold: reducing(reduce), output: giveContents() });
    const id = this.graph.freshId("runningReduce");
    const build = runningReduce({ id, allowedLateness, reduce });
    const settings = { name: "runningReduce", id, stateful: true, build };
    return this.graph.stream<T>(this.graph.operator([node], settings), node);
  }

  #folded<A, R, O>(
    fold: WindowFold<T, A, R>,
    processWindow: ProcessWindowFunction<R, K, O> | undefined,
  ): DataStream<R> | DataStream<O> {
    const id = this.graph.freshId("window");
    if (processWindow === undefined) {
      return this.graph.stream<R>(this.#fold({ id, fold, output: giveContents() }));
    }
    const { assigner } = this.settings;
    const output = callWithOne({ id, assigner, open: processWindow });
    return this.graph.stream<O>(this.#fold({ id, fold, output }));
  }

  #fold<A, R>(
    init: {
      readonly id: string;
      readonly fold: WindowFold<T, A, R>;
      readonly output: WindowOutputBuilder<R>;
    },
  ): OperatorNode {
    const { id, fold, output } = init;
    const { assigner, trigger } = this.settings;
    // What needs no timers of its own does without them.
    const isPlain = trigger === null && (assigner instanceof TumblingEventTimeWindows ||
      assigner instanceof SlidingEventTimeWindows);
    if (!isPlain) return this.#general({ id, contents: foldedContents(fold), output });
    return this.#operator(id, windowAggregate({ id, fold, output, ...this.settings }));
  }

  #general<A, R>(
    init: {
      readonly id: string;
      readonly contents: WindowContentsBuilder<T, A, R>;
      readonly output: WindowOutputBuilder<R>;
    },
  ): OperatorNode {
    const trigger = this.settings.trigger ?? defaultTriggerOf(this.settings.assigner);
    return this.#operator(init.id, windowOperator({ ...init, ...this.settings, trigger }));
  }

  #operator(id: string, build: OperatorNode["build"]): OperatorNode {
    const { assigner, trigger, allowedLateness, lateTag } = this.settings;
    return this.graph.operator([this.node], {
      name: "window",
      id,
      stateful: true,
      findsLate: assigner.endsBy === "event-time",
      lateTags: [lateTag],
      spanMs: assigner.size + allowedLateness,
      details: {
        windows: assigner.description,
        ...(trigger !== null && { trigger: trigger.description }),
        ...(allowedLateness > 0 && { "allowed lateness": formatDuration(allowedLateness) }),
      },
      build,
    });
  }

  #with(settings: Partial<WindowSettings>): WindowedStream<T, K> {
    return new WindowedStream<T, K>(this.graph, this.node, { ...this.settings, ...settings });
  }
}

function defaultTriggerOf({ endsBy }: WindowAssigner<never>): Trigger {
  if (endsBy === "event-time") return EventTimeTrigger.create();
  return endsBy === "processing-time" ? ProcessingTimeTrigger.create() : NeverTrigger.create();
}

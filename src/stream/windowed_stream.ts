/** The words for windows. */

import { type Duration, formatDuration, parseDuration } from "../base/duration.ts";
import type { DataStream } from "./data_stream.ts";
import type { Key } from "./key.ts";
import { runningReduce } from "./operators/running_reduce.ts";
import {
  processWindow as processWindowOperator,
  type ProcessWindowFunction,
} from "./operators/window_function.ts";
import { windowReduce } from "./operators/window_reduce.ts";
import type { OutputTag } from "./output_tag.ts";
import type { StreamGraph } from "./stream_graph.ts";
import type { Node } from "./topology.ts";
import type { WindowAssigner } from "./window.ts";

/** What is said of windows before their function. */
export interface WindowSettings {
  readonly assigner: WindowAssigner;
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

  /** Keeps a fired window for so long; a record that comes in that time fires it again (semantics 6). */
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
   * @param processWindow turns the value into results, with state that belongs to the key.
   */
  reduce(reduce: (a: T, b: T) => T): DataStream<T>;
  reduce<O>(
    reduce: (a: T, b: T) => T,
    processWindow: ProcessWindowFunction<T, K, O>,
  ): DataStream<O>;
  reduce<O>(
    reduce: (a: T, b: T) => T,
    processWindow?: ProcessWindowFunction<T, K, O>,
  ): DataStream<T> | DataStream<O> {
    const node = this.#reduced(reduce);
    if (processWindow === undefined) return this.graph.stream<T>(node);
    const id = this.graph.freshId("processWindow");
    const build = processWindowOperator(processWindow, id);
    const settings = { name: "processWindow", id, stateful: true, build };
    return this.graph.stream<O>(this.graph.operator([node], settings), node);
  }

  /**
   * The running total at each window's end: all windows of the key so far, reduced. A window that is
   * corrected within the allowed lateness puts its own and every later total right (semantics 6).
   *
   * @param reduce combines two values; it must not change either.
   */
  runningReduce(reduce: (a: T, b: T) => T): DataStream<T> {
    const { allowedLateness } = this.settings;
    const id = this.graph.freshId("runningReduce");
    const build = runningReduce({ id, allowedLateness, reduce });
    const settings = { name: "runningReduce", id, stateful: true, build };
    const node = this.#reduced(reduce);
    return this.graph.stream<T>(this.graph.operator([node], settings), node);
  }

  #reduced(reduce: (a: T, b: T) => T): Node {
    const id = this.graph.freshId("window");
    const build = windowReduce({ id, reduce, ...this.settings });
    const { assigner, allowedLateness, lateTag } = this.settings;
    return this.graph.operator([this.node], {
      name: "window",
      id,
      stateful: true,
      findsLate: true,
      lateTag,
      spanMs: assigner.size + allowedLateness,
      details: {
        windows: assigner.description,
        ...(allowedLateness > 0 && { "allowed lateness": formatDuration(allowedLateness) }),
      },
      build,
    });
  }

  #with(settings: Partial<WindowSettings>): WindowedStream<T, K> {
    return new WindowedStream<T, K>(this.graph, this.node, { ...this.settings, ...settings });
  }
}

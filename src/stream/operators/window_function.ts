/** What becomes of a window's contents when it fires: they are given out, or a function is called. */

import { FlightsError } from "../../base/errors.ts";
import type { OutputTag } from "../output_tag.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream } from "../topology.ts";
import type { ClosedBy, Window, WindowAssigner } from "../window.ts";
import type { Collector, RuntimeContext, ValueState, ValueStateDescriptor } from "./functions.ts";
import { KeyedWork } from "./work.ts";

/** Where a window function is in the stream. */
export interface ProcessWindowContext {
  readonly window: Window;
  /** Why the window gives this out. */
  readonly closedBy: ClosedBy;
  /** The task's watermark, in milliseconds. */
  currentWatermark(): number;
  /** The clock's time, in milliseconds since the Unix epoch. */
  currentProcessingTime(): number;
  /** Hands `value` to a side output. */
  output<S>(tag: OutputTag<S>, value: S): void;
}

/** State of a window function that belongs to a window of a key, and goes with it. */
export interface WindowStateStore {
  /** The state of that name of the window and key in work. */
  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V>;
}

/** What a window function gets when its task starts: its state there is Flink's globalState. */
export interface WindowRuntimeContext extends RuntimeContext {
  /** Flink's windowState. Windows that merge have none: which of them would it belong to? */
  readonly windowState: WindowStateStore;
}

/** The logic of a process window function in one task. */
export interface ProcessWindowLogic<T, K, O> {
  /**
   * Called when a window of a key fires, with its elements in the order in which they came; behind
   * `reduce` and `aggregate` that is one, the result.
   */
  process(
    key: K,
    context: ProcessWindowContext,
    elements: readonly T[],
    out: Collector<O>,
  ): void;
}

/**
 * Called when a task starts, to take hold of its state: what `runtime` gives belongs to the key and
 * outlives the window, what `runtime.windowState` gives goes with the window. A re-fire within the
 * allowed lateness calls the logic again: use `runningReduce` where totals must be corrected.
 */
export type ProcessWindowFunction<T, K, O> = (
  runtime: WindowRuntimeContext,
) => ProcessWindowLogic<T, K, O>;

/** One firing of one window. */
export interface Firing {
  readonly window: Window;
  readonly closedBy: ClosedBy;
  readonly key: string;
  /** The event time of what is given out. */
  readonly timestamp: number;
}

/** Takes what windows hold when they fire. */
export interface WindowOutput<R> {
  give(contents: R, firing: Firing): void;
  /** Called with where the watermark is coming to, before windows fire for it. */
  advance?(watermark: number): void;
  /** Called when a window of a key is let go. */
  letGo?(window: Window, key: string): void;
}

/** Makes the output of one task. */
export type WindowOutputBuilder<R> = (
  context: OperatorContext,
  downstream: Downstream,
) => WindowOutput<R>;

/** Gives out the contents themselves. */
export function giveContents<R>(): WindowOutputBuilder<R> {
  return (context, downstream) => ({
    give: (contents, firing) =>
      within(context, firing, () => downstream.emit(contents, firing.timestamp, firing.key)),
  });
}

/** The settings of an output that calls a function. */
export interface WindowFunctionConfig<T, K, O> {
  /** Names its state. */
  readonly id: string;
  readonly assigner: Pick<WindowAssigner, "isMerging" | "description">;
  readonly open: ProcessWindowFunction<T, K, O>;
}

/** Calls a function with the elements that windows hold. */
export function callWindowFunction<T, K, O>(
  { id, assigner, open }: WindowFunctionConfig<T, K, O>,
): WindowOutputBuilder<readonly T[]> {
  return (context, downstream) => {
    const work = new KeyedWork<K>(context, downstream, id);
    const windowWork = new WindowWork(context, downstream, { id, assigner });
    const logic = open({
      taskPartition: work.taskPartition,
      getState: (descriptor) => work.getState(descriptor),
      windowState: windowWork,
    });
    return {
      give: (elements, firing) =>
        within(context, firing, () => {
          work.begin(firing.timestamp, firing.key);
          windowWork.enter(firing.window, firing.key);
          logic.process(
            work.getCurrentKey(),
            {
              window: firing.window,
              closedBy: firing.closedBy,
              currentWatermark: () => work.currentWatermark(),
              currentProcessingTime: () => context.clock.now(),
              output: (tag, value) => work.output(tag, value),
            },
            elements,
            work,
          );
        }),
      advance: (watermark) => work.watermark = watermark,
      letGo: (window, key) => windowWork.letGo(window, key),
    };
  };
}

/** The same for a function that is called with the one value that a window holds. */
export function callWithOne<T, K, O>(
  config: WindowFunctionConfig<T, K, O>,
): WindowOutputBuilder<T> {
  const build = callWindowFunction(config);
  return (context, downstream) => {
    const output = build(context, downstream);
    return { ...output, give: (value, firing) => output.give([value], firing) };
  };
}

/** State by window and key: keyed state under a key that is both. */
class WindowWork implements WindowStateStore {
  readonly #work: KeyedWork<string>;
  readonly #states: { clear(): void }[] = [];
  readonly #assigner: WindowFunctionConfig<unknown, unknown, unknown>["assigner"];

  constructor(
    context: OperatorContext,
    downstream: Downstream,
    { id, assigner }: Pick<WindowFunctionConfig<unknown, unknown, unknown>, "id" | "assigner">,
  ) {
    this.#work = new KeyedWork(context, downstream, `${id}/window`);
    this.#assigner = assigner;
  }

  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V> {
    if (this.#assigner.isMerging) {
      throw new FlightsError(
        "invalid-topology",
        `Cannot keep the state "${descriptor.name}" by window: the windows must not merge, they are ` +
          `"${this.#assigner.description}"`,
      );
    }
    const state = this.#work.getState(descriptor);
    this.#states.push(state);
    return state;
  }

  enter({ start, end }: Window, key: string): void {
    if (this.#states.length > 0) this.#work.begin(end - 1, JSON.stringify([start, end, key]));
  }

  letGo(window: Window, key: string): void {
    this.enter(window, key);
    for (const state of this.#states) state.clear();
  }
}

/** Gives something out as the result of a window. */
function within(
  context: OperatorContext,
  { window, closedBy }: Firing,
  give: () => void,
): void {
  // What comes in may itself be the result of a window, and others take it after this operator.
  const { window: outerWindow, closedBy: outerClosedBy } = context;
  context.window = window;
  context.closedBy = closedBy;
  give();
  context.window = outerWindow;
  context.closedBy = outerClosedBy;
}

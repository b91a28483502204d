/** What becomes of a window's contents when it fires: they are given out, or a function is called. */

import { keyOf } from "../key.ts";
import type { OutputTag } from "../output_tag.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream } from "../topology.ts";
import type { ClosedBy, Window, WindowAssigner } from "../window.ts";
import type { Collector, RuntimeContext } from "./functions.ts";
import { WindowWork } from "./window_work.ts";

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

/** Gives state by descriptors: Flink's KeyedStateStore. */
export type KeyedStateStore = Omit<RuntimeContext, "taskPartition">;

/** What a window function gets when its task starts: its state there is Flink's globalState. */
export interface WindowRuntimeContext extends RuntimeContext {
  /**
   * Flink's windowState: it belongs to a window of a key, and goes with it. Windows that merge have
   * none, for which of them would it belong to?
   */
  readonly windowState: KeyedStateStore;
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
  /** How far event time has come, on the way to where the watermark is moving. */
  readonly passed: number;
}

/** Takes what windows hold when they fire. */
export interface WindowOutput<R> {
  give(contents: R, firing: Firing): void;
  /** Called with where the watermark is moving to, before windows fire for it. */
  advance?(watermark: number): void;
  /** Called when they have fired. */
  advanced?(watermark: number): void;
  /** Called with the clock's time, after windows have fired for it. */
  ticked?(now: number): void;
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
  config: WindowFunctionConfig<T, K, O>,
): WindowOutputBuilder<readonly T[]> {
  return (context, downstream) => {
    const work = new WindowWork(context, downstream, config);
    const logic = config.open(work);
    work.seal();
    return {
      give: (elements, firing) => {
        work.enter(firing);
        within(context, firing, () => logic.process(keyOf(firing.key) as K, work, elements, work));
      },
      advance: (watermark) => work.watermark = watermark,
      advanced: (watermark) => work.expire("event", watermark),
      ticked: (now) => work.expire("processing", now),
      letGo: (window, key) => work.letGo(window, key),
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

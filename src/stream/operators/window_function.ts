/** What becomes of a window's contents when it fires: they are given out, or a function is called. */

import { FlightsError } from "../../base/errors.ts";
import type { OutputTag } from "../output_tag.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream } from "../topology.ts";
import type { ClosedBy, Window, WindowAssigner } from "../window.ts";
import type {
  AggregatingState,
  AggregatingStateDescriptor,
  Collector,
  ListState,
  ListStateDescriptor,
  MapKey,
  MapState,
  MapStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  RuntimeContext,
  ValueState,
  ValueStateDescriptor,
} from "./functions.ts";
import { StatefulWork } from "./work.ts";

/** Where a window function is in the stream. */
export interface ProcessWindowContext {
  /** The window whose elements these are. */
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
export type WindowStateStore = Omit<RuntimeContext, "taskPartition">;

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
  /** How far event time has come, on the way to where the watermark is moving. */
  readonly passed: number;
}

/** Takes what windows hold when they fire. */
export interface WindowOutput<R> {
  give(contents: R, firing: Firing): void;
  /** Called with where the watermark is coming to, before windows fire for it. */
  approach?(watermark: number): void;
  /** Called with where the watermark has come to, after windows have fired for it. */
  advance?(watermark: number): void;
  /** Called with the clock's time when the task looks at it. */
  tick?(now: number): void;
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
    const work = new WindowFunctionWork<K>(context, downstream, config);
    const logic = work.open(config.open);
    return {
      give: (elements, firing) =>
        within(context, firing, () => {
          work.enter(firing);
          logic.process(
            work.getCurrentKey(),
            {
              window: firing.window,
              closedBy: firing.closedBy,
              currentWatermark: () => work.currentWatermark(),
              currentProcessingTime: () => work.currentProcessingTime(),
              output: (tag, value) => work.output(tag, value),
            },
            elements,
            work,
          );
        }),
      approach: (watermark) => work.approach(watermark),
      advance: (watermark) => {
        work.advance(watermark);
        work.windowState.advance(watermark);
      },
      tick: (now) => {
        work.tick(now);
        work.windowState.tick(now);
      },
      letGo: (window, key) => work.windowState.letGo(window, key),
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

/** What a window function works with: state of the key, and state of the window and key. */
class WindowFunctionWork<K> extends StatefulWork<K> implements WindowRuntimeContext {
  readonly windowState: WindowWork;

  constructor(
    context: OperatorContext,
    downstream: Downstream,
    { id, assigner }: Pick<WindowFunctionConfig<unknown, unknown, unknown>, "id" | "assigner">,
  ) {
    super(context, downstream, id);
    this.windowState = new WindowWork(context, downstream, { id: `${id}/window`, assigner });
  }

  enter({ window, timestamp, key, passed }: Firing): void {
    this.begin(timestamp, key);
    this.asOf = passed;
    this.windowState.enter(window, { key, passed });
  }
}

/** State by window and key: keyed state under a key that is both. */
class WindowWork extends StatefulWork<string> implements WindowStateStore {
  readonly #assigner: Pick<WindowAssigner, "isMerging" | "description">;
  readonly #held: { clear(): void }[] = [];

  constructor(
    context: OperatorContext,
    downstream: Downstream,
    { id, assigner }: Pick<WindowFunctionConfig<unknown, unknown, unknown>, "id" | "assigner">,
  ) {
    super(context, downstream, id);
    this.#assigner = assigner;
  }

  override getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V> {
    return this.#hold(descriptor.name, () => super.getState(descriptor));
  }

  override getListState<V>(descriptor: ListStateDescriptor<V>): ListState<V> {
    return this.#hold(descriptor.name, () => super.getListState(descriptor));
  }

  override getMapState<N extends MapKey, V>(descriptor: MapStateDescriptor<N, V>): MapState<N, V> {
    return this.#hold(descriptor.name, () => super.getMapState(descriptor));
  }

  override getReducingState<V>(descriptor: ReducingStateDescriptor<V>): ReducingState<V> {
    return this.#hold(descriptor.name, () => super.getReducingState(descriptor));
  }

  override getAggregatingState<T, A, R>(
    descriptor: AggregatingStateDescriptor<T, A, R>,
  ): AggregatingState<T, R> {
    return this.#hold(descriptor.name, () => super.getAggregatingState(descriptor));
  }

  #hold<S extends { clear(): void }>(name: string, take: () => S): S {
    if (this.#assigner.isMerging) {
      throw new FlightsError(
        "invalid-topology",
        `Cannot keep the state "${name}" by window: the windows must not merge, they are ` +
          `"${this.#assigner.description}"`,
      );
    }
    const state = take();
    this.#held.push(state);
    return state;
  }

  enter(
    { start, end }: Window,
    { key, passed }: Pick<Firing, "key" | "passed">,
  ): void {
    if (this.#held.length === 0) return;
    this.begin(end - 1, JSON.stringify([start, end, key]));
    this.asOf = passed;
  }

  letGo(window: Window, key: string): void {
    this.enter(window, { key, passed: this.asOf });
    for (const state of this.#held) state.clear();
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

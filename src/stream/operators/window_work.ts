/** What a window function works with: the firing window, state of its key, and state of the window. */

import { FlightsError } from "../../base/errors.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream } from "../topology.ts";
import type { ClosedBy, Window } from "../window.ts";
import type {
  AggregatingState,
  AggregatingStateDescriptor,
  ListState,
  ListStateDescriptor,
  MapKey,
  MapState,
  MapStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  ResolvedTtl,
  ValueState,
  ValueStateDescriptor,
} from "./functions.ts";
import { KeyedStates } from "./keyed_states.ts";
import type { StateScope } from "./state_cells.ts";
import type {
  Firing,
  KeyedStateStore,
  ProcessWindowContext,
  WindowFunctionConfig,
  WindowRuntimeContext,
} from "./window_function.ts";
import { Work } from "./work.ts";

type WorkConfig = Pick<WindowFunctionConfig<never, never, never>, "id" | "assigner">;

/** What a window function sees of its task, and of the window that fires. */
export class WindowWork extends Work
  implements ProcessWindowContext, WindowRuntimeContext, StateScope {
  window: Window = { start: 0, end: 0 };
  closedBy: ClosedBy = "watermark";
  /** Where the watermark is moving to when windows fire: the task's follows behind them. */
  watermark = Number.NEGATIVE_INFINITY;
  #passed = Number.NEGATIVE_INFINITY;
  readonly #states: KeyedStates;
  readonly windowState: WindowStates;

  constructor(context: OperatorContext, downstream: Downstream, config: WorkConfig) {
    super(context, downstream);
    this.#states = new KeyedStates({ id: config.id, tables: context.state, scope: this });
    this.windowState = new WindowStates(this, context, config);
  }

  get taskPartition(): number {
    return this.context.partition;
  }

  get eventTime(): number {
    return Math.max(this.#passed, this.context.watermark);
  }

  get processingTime(): number {
    return this.currentProcessingTime();
  }

  override currentWatermark(): number {
    return Math.max(this.watermark, this.context.watermark);
  }

  /** Turns to a window that fires. */
  enter({ window, closedBy, key, timestamp, passed }: Firing): void {
    this.begin(timestamp, key);
    this.window = window;
    this.closedBy = closedBy;
    this.#passed = passed;
  }

  /** From now on there are no new states. */
  seal(): void {
    this.#states.seal();
    this.windowState.seal();
  }

  /** Removes what is over at `now`, by that time. */
  expire(time: ResolvedTtl["time"], now: number): void {
    this.#states.expire(time, now);
    this.windowState.expire(time, now);
  }

  /** Removes the state of a window. */
  letGo(window: Window, key: string): void {
    this.begin(window.end - 1, key);
    this.window = window;
    this.windowState.clear();
  }

  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V> {
    return this.#states.value(descriptor);
  }

  getListState<V>(descriptor: ListStateDescriptor<V>): ListState<V> {
    return this.#states.list(descriptor);
  }

  getMapState<N extends MapKey, V>(descriptor: MapStateDescriptor<N, V>): MapState<N, V> {
    return this.#states.map(descriptor);
  }

  getReducingState<V>(descriptor: ReducingStateDescriptor<V>): ReducingState<V> {
    return this.#states.reducing(descriptor);
  }

  getAggregatingState<T, A, R>(
    descriptor: AggregatingStateDescriptor<T, A, R>,
  ): AggregatingState<T, R> {
    return this.#states.aggregating(descriptor);
  }
}

/** State by window and key: keyed state under a key that is both. */
class WindowStates implements KeyedStateStore {
  readonly #states: KeyedStates;
  readonly #assigner: WorkConfig["assigner"];
  readonly #taken: { clear(): void }[] = [];

  constructor(work: WindowWork, { state: tables }: OperatorContext, { id, assigner }: WorkConfig) {
    this.#assigner = assigner;
    const scope: StateScope = {
      get key() {
        const { window: { start, end }, key } = work;
        return JSON.stringify([start, end, key]);
      },
      get time() {
        return work.time;
      },
      get eventTime() {
        return work.eventTime;
      },
      get processingTime() {
        return work.processingTime;
      },
    };
    this.#states = new KeyedStates({ id: `${id}/window`, tables, scope });
  }

  seal(): void {
    this.#states.seal();
  }

  expire(time: ResolvedTtl["time"], now: number): void {
    this.#states.expire(time, now);
  }

  clear(): void {
    for (const state of this.#taken) state.clear();
  }

  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V> {
    return this.#take(descriptor.name, this.#states.value(descriptor));
  }

  getListState<V>(descriptor: ListStateDescriptor<V>): ListState<V> {
    return this.#take(descriptor.name, this.#states.list(descriptor));
  }

  getMapState<N extends MapKey, V>(descriptor: MapStateDescriptor<N, V>): MapState<N, V> {
    return this.#take(descriptor.name, this.#states.map(descriptor));
  }

  getReducingState<V>(descriptor: ReducingStateDescriptor<V>): ReducingState<V> {
    return this.#take(descriptor.name, this.#states.reducing(descriptor));
  }

  getAggregatingState<T, A, R>(
    descriptor: AggregatingStateDescriptor<T, A, R>,
  ): AggregatingState<T, R> {
    return this.#take(descriptor.name, this.#states.aggregating(descriptor));
  }

  #take<S extends { clear(): void }>(name: string, state: S): S {
    if (this.#assigner.isMerging) {
      throw new FlightsError(
        "invalid-topology",
        `Cannot keep the state "${name}" by window: the windows must not merge, they are ` +
          `"${this.#assigner.description}"`,
      );
    }
    this.#taken.push(state);
    return state;
  }
}

/** What a trigger works with: the window in work, its state and its timers. */

import type { Pane, PaneTable } from "../state/pane_table.ts";
import type { OperatorContext } from "../task_context.ts";
import type { OnMergeContext, TriggerElementContext, TriggerStateStore } from "../trigger.ts";
import type { Window } from "../window.ts";
import type { ValueState, ValueStateDescriptor } from "./functions.ts";

type States = ReadonlyMap<string, unknown>;

/** What the trigger of a window operator sees. */
export class TriggerWork<A> implements TriggerElementContext, OnMergeContext, TriggerStateStore {
  timestamp = 0;
  /** Where the watermark has come to when timers are called: the task's follows behind them. */
  watermark = Number.NEGATIVE_INFINITY;
  #pane!: Pane<A>;
  #merged: readonly States[] = [];

  constructor(
    private readonly context: OperatorContext,
    private readonly panes: PaneTable<A>,
  ) {}

  /** Turns to a pane, at the event time of an element or timer. */
  begin(pane: Pane<A>, timestamp: number): void {
    this.#pane = pane;
    this.timestamp = timestamp;
  }

  /** Lets `act` take over what merged windows remembered, earliest first. */
  merging(states: readonly States[], act: (work: OnMergeContext) => void): void {
    this.#merged = states;
    act(this);
    this.#merged = [];
  }

  get window(): Window {
    return this.#pane.window;
  }

  currentWatermark(): number {
    return Math.max(this.watermark, this.context.watermark);
  }

  currentProcessingTime(): number {
    return this.context.clock.now();
  }

  registerEventTimeTimer(timestamp: number): void {
    this.panes.register(this.#pane, "event", timestamp);
  }

  deleteEventTimeTimer(timestamp: number): void {
    this.panes.unregister(this.#pane, "event", timestamp);
  }

  registerProcessingTimeTimer(timestamp: number): void {
    this.panes.register(this.#pane, "processing", timestamp);
  }

  deleteProcessingTimeTimer(timestamp: number): void {
    this.panes.unregister(this.#pane, "processing", timestamp);
  }

  getState<V>({ name }: ValueStateDescriptor<V>): ValueState<V> {
    return {
      value: () => this.#pane.states.get(name) as V | undefined,
      update: (value) => {
        this.#pane.states.set(name, value);
        this.panes.touch(this.#pane);
      },
      clear: () => {
        this.#pane.states.delete(name);
        this.panes.touch(this.#pane);
      },
    };
  }

  mergePartitionedState<V>(
    { name }: ValueStateDescriptor<V>,
    combine: (a: V, b: V) => V,
  ): void {
    const values = this.#merged.filter((states) => states.has(name))
      .map((states) => states.get(name) as V);
    if (values.length === 0) return;
    this.#pane.states.set(name, values.reduce((a, b) => combine(a, b)));
  }
}

/** What a trigger works with: the window in work, its state and its timers. */

import { formatDuration } from "../../base/duration.ts";
import { FlightsError } from "../../base/errors.ts";
import type { Pane, PaneTable, PaneTimerDomain } from "../state/pane_table.ts";
import type { OperatorContext } from "../task_context.ts";
import type { OnMergeContext, TriggerElementContext, TriggerStateStore } from "../trigger.ts";
import type { Window } from "../window.ts";
import type {
  ReducingState,
  ReducingStateDescriptor,
  StateDescriptor,
  ValueState,
  ValueStateDescriptor,
} from "./functions.ts";

/** The last millisecond of a window without an end. */
const endOfTime = Number.MAX_SAFE_INTEGER - 1;

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
    // Whatever comes of it, its trigger's state or what it holds may change.
    this.panes.touch(pane);
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
    this.#register("event", timestamp);
  }

  deleteEventTimeTimer(timestamp: number): void {
    this.panes.unregister(this.#pane, "event", timestamp);
  }

  registerProcessingTimeTimer(timestamp: number): void {
    this.#register("processing", timestamp);
  }

  deleteProcessingTimeTimer(timestamp: number): void {
    this.panes.unregister(this.#pane, "processing", timestamp);
  }

  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V> {
    refuseTtl(descriptor);
    return {
      value: () => this.#read<V>(descriptor),
      update: (value) => this.#write(descriptor, value),
      clear: () => this.#clear(descriptor),
    };
  }

  getReducingState<V>(descriptor: ReducingStateDescriptor<V>): ReducingState<V> {
    refuseTtl(descriptor);
    return {
      add: (value) => {
        const before = this.#read<V>(descriptor);
        this.#write(descriptor, before === undefined ? value : descriptor.reduce(before, value));
      },
      get: () => this.#read<V>(descriptor),
      clear: () => this.#clear(descriptor),
    };
  }

  mergePartitionedState<V>(descriptor: ReducingStateDescriptor<V>): void {
    const { name, reduce } = descriptor;
    const values = this.#merged.filter((states) => states.has(name))
      .map((states) => states.get(name) as V);
    if (values.length > 0) this.#write(descriptor, values.reduce((a, b) => reduce(a, b)));
  }

  #register(domain: PaneTimerDomain, timestamp: number): void {
    if (!Number.isSafeInteger(timestamp)) {
      throw new FlightsError(
        "invalid-argument",
        `Cannot register a timer of a trigger: its time must be whole milliseconds, it is ${timestamp}`,
      );
    }
    // The end of a window that has none is a time that never comes.
    if (timestamp < endOfTime) this.panes.register(this.#pane, domain, timestamp);
  }

  #read<V>({ name }: StateDescriptor): V | undefined {
    return this.#pane.states.get(name) as V | undefined;
  }

  #write({ name }: StateDescriptor, value: unknown): void {
    this.#pane.states.set(name, value);
  }

  #clear({ name }: StateDescriptor): void {
    this.#pane.states.delete(name);
  }
}

/** It goes with its window, and that is time enough. */
function refuseTtl({ name, ttl }: StateDescriptor): void {
  if (ttl === null) return;
  throw new FlightsError(
    "invalid-argument",
    `Cannot keep the state "${name}" of a trigger: it must have no time-to-live, it has one of ` +
      formatDuration(ttl.duration),
  );
}

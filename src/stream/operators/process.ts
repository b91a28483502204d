/** Process functions: keyed state, event-time timers and side outputs, in Flink's words. */

import { keyOf } from "../key.ts";
import { TimerTable } from "../state/timer_table.ts";
import { ValueTable } from "../state/value_table.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type { ClosedBy, Window } from "../window.ts";

/** Names a side output and the type of its elements. */
export class OutputTag<T> {
  /** Tells the type apart; never there at run time. */
  declare readonly elementType: T;
  /** @param id unique among the tags of one operator. */
  constructor(readonly id: string) {}
}

/** Takes what a function gives out. */
export interface Collector<T> {
  /** Hands `value` on, with the event time of the element or timer in work. */
  collect(value: T): void;
}

/** One value of the key in work. */
export interface ValueState<V> {
  /** The value, or undefined before the first update and after a clear. */
  value(): V | undefined;
  /** Sets the value: a JSON value, not to be changed in place. */
  update(value: V): void;
  /** Removes the value. */
  clear(): void;
}

/** Names a keyed state and the type of its value. */
export class ValueStateDescriptor<V> {
  /** Tells the type apart; never there at run time. */
  declare readonly valueType: V;
  /** @param name unique within the function. */
  constructor(readonly name: string) {}
}

/** Sets and takes back timers of the key in work. */
export interface TimerService {
  /** The task's watermark, in milliseconds. */
  currentWatermark(): number;
  /** Calls `onTimer` once the watermark has come to `timestamp`; at most once a time and key. */
  registerEventTimeTimer(timestamp: number): void;
  /** Takes a timer back, if it is there. */
  deleteEventTimeTimer(timestamp: number): void;
}

/** Where a process function is in the stream. */
export interface ProcessContext {
  /** The event time of the element or timer in work. */
  timestamp(): number;
  /** Hands `value` to a side output. */
  output<S>(tag: OutputTag<S>, value: S): void;
}

/** Where a keyed process function is in the stream. */
export interface KeyedContext<K> extends ProcessContext {
  /** The key in work. */
  getCurrentKey(): K;
  timerService(): TimerService;
}

/** What a keyed function gets when its task starts. */
export interface RuntimeContext {
  /** The task's partition number. */
  readonly taskPartition: number;
  /** The function's state of that name; all keys share the descriptor, each has its own value. */
  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V>;
}

/** The logic of a process function in one task. */
export interface ProcessLogic<T, O> {
  processElement(value: T, context: ProcessContext, out: Collector<O>): void;
}

/** Called when a task starts; returns the logic that the task calls. */
export type ProcessFunction<T, O> = () => ProcessLogic<T, O>;

/** The logic of a keyed process function in one task. */
export interface KeyedProcessLogic<T, K, O> {
  processElement(value: T, context: KeyedContext<K>, out: Collector<O>): void;
  /** Called when a timer's time has come, with that time; the context tells its key. */
  onTimer?(timestamp: number, context: KeyedContext<K>, out: Collector<O>): void;
}

/** Called when a task starts, to take hold of its state; returns the logic that the task calls. */
export type KeyedProcessFunction<T, K, O> = (runtime: RuntimeContext) => KeyedProcessLogic<T, K, O>;

/** Where a window function is in the stream. */
export interface ProcessWindowContext {
  readonly window: Window;
  readonly closedBy: ClosedBy;
}

/** The logic of a process window function in one task. */
export interface ProcessWindowLogic<T, K, O> {
  /** Called when a window of a key fires, with the window's result. */
  process(key: K, context: ProcessWindowContext, value: T, out: Collector<O>): void;
}

/**
 * Called when a task starts, to take hold of its state (Flink's globalState: it belongs to the key
 * and outlives the window). A re-fire within the allowed lateness calls it again: use `runningReduce`
 * where totals must be corrected.
 */
export type ProcessWindowFunction<T, K, O> = (
  runtime: RuntimeContext,
) => ProcessWindowLogic<T, K, O>;

/** Runs a {@linkcode ProcessFunction}. */
export function process<T, O>(open: ProcessFunction<T, O>) {
  return (_: OperatorContext, downstream: Downstream): Operator => {
    const logic = open();
    const work = new Work(downstream);
    return {
      process: (value, timestamp, key) => {
        work.begin(timestamp, key);
        logic.processElement(value as T, work, work);
      },
    };
  };
}

/** Runs a {@linkcode KeyedProcessFunction} under the given id. */
export function keyedProcess<T, K, O>(open: KeyedProcessFunction<T, K, O>, id: string) {
  return (context: OperatorContext, downstream: Downstream): Operator => {
    const work = new KeyedWork<K>(context, downstream, id);
    const logic = open(work);
    return {
      process: (value, timestamp, key) => {
        context.used();
        work.begin(timestamp, key);
        logic.processElement(value as T, work, work);
      },
      advance: (watermark) => {
        work.watermark = watermark;
        for (;;) {
          const timer = work.timers.takeDue(watermark);
          if (timer === null) return;
          work.begin(timer.timestamp, timer.key);
          logic.onTimer?.(timer.timestamp, work, work);
        }
      },
      waits: () => work.timers.size > 0,
    };
  };
}

/** Runs a {@linkcode ProcessWindowFunction} behind a window operator, under the given id. */
export function processWindow<T, K, O>(open: ProcessWindowFunction<T, K, O>, id: string) {
  return (context: OperatorContext, downstream: Downstream): Operator => {
    const work = new KeyedWork<K>(context, downstream, id);
    const logic = open(work);
    return {
      process: (value, timestamp, key) => {
        const { window, closedBy } = context;
        if (window === null || closedBy === null) return;
        work.begin(timestamp, key);
        logic.process(work.getCurrentKey(), { window, closedBy }, value as T, work);
      },
    };
  };
}

/** What a function sees while it works on one element. */
class Work implements ProcessContext, Collector<unknown> {
  protected time = 0;
  protected key = "";

  constructor(protected readonly downstream: Downstream) {}

  begin(time: number, key: string): void {
    this.time = time;
    this.key = key;
  }

  timestamp(): number {
    return this.time;
  }

  collect(value: unknown): void {
    this.downstream.emit(value, this.time, this.key);
  }

  output<S>(tag: OutputTag<S>, value: S): void {
    this.downstream.emitTo(tag.id, value, this.time, this.key);
  }
}

/** The same for one that has state and timers. */
class KeyedWork<K> extends Work implements KeyedContext<K>, RuntimeContext, TimerService {
  readonly timers: TimerTable;
  /** Where the watermark has come to when timers are called: the task's follows behind them. */
  watermark = Number.NEGATIVE_INFINITY;
  readonly #states = new Map<string, ValueTable<unknown>>();

  constructor(
    private readonly context: OperatorContext,
    downstream: Downstream,
    private readonly id: string,
  ) {
    super(downstream);
    this.timers = context.state.add(new TimerTable(), { name: `${id}/timers`, shape: "timers" });
  }

  getCurrentKey(): K {
    return keyOf(this.key) as K;
  }

  get taskPartition(): number {
    return this.context.partition;
  }

  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V> {
    const table = this.#table(descriptor.name) as ValueTable<V>;
    return {
      value: () => table.get(this.key),
      update: (value) => table.set(this.key, value),
      clear: () => table.set(this.key, undefined),
    };
  }

  #table(state: string): ValueTable<unknown> {
    let table = this.#states.get(state);
    if (table === undefined) {
      const name = `${this.id}/state/${state}`;
      table = this.context.state.add(new ValueTable<unknown>(), { name, shape: "value" });
      this.#states.set(state, table);
    }
    return table;
  }

  timerService(): TimerService {
    return this;
  }

  currentWatermark(): number {
    return Math.max(this.watermark, this.context.watermark);
  }

  registerEventTimeTimer(timestamp: number): void {
    this.timers.register({ timestamp, key: this.key });
  }

  deleteEventTimeTimer(timestamp: number): void {
    this.timers.delete({ timestamp, key: this.key });
  }
}

/** Process functions, their state and timers, in Flink's words. */

import type { OutputTag } from "../output_tag.ts";

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
export interface ProcessLogic<in T, out O> {
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

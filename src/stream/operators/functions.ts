/** Process functions and what they work with, state and timers, in Flink's words. */

import { type Duration, parseDuration } from "../../base/duration.ts";
import { FlightsError } from "../../base/errors.ts";
import type { OutputTag } from "../output_tag.ts";
import type { AggregateFunction } from "./aggregate_function.ts";

/** Takes what a function gives out. */
export interface Collector<in T> {
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

/** A list of the key in work. To add to it costs one element in the changelog, however long it is. */
export interface ListState<V> {
  /** Adds an element at the end: a JSON value, not to be changed in place. */
  add(value: V): void;
  /** Adds elements at the end. */
  addAll(values: Iterable<V>): void;
  /** The elements in the order in which they were added; none is an empty list. */
  get(): readonly V[];
  /** Puts `values` in the place of all elements. */
  update(values: Iterable<V>): void;
  /** Removes all elements. */
  clear(): void;
}

/** What a map state may be keyed by; the number 1 and the text "1" are two keys. */
export type MapKey = string | number;

/** A map of the key in work; each entry is one of the changelog. */
export interface MapState<N extends MapKey, V> {
  /** The value under `name`, or undefined. */
  get(name: N): V | undefined;
  /**
   * Sets the value under `name`: a JSON value, not to be changed in place.
   *
   * @throws {FlightsError} `invalid-argument` for a number that is not finite.
   */
  put(name: N, value: V): void;
  /** Whether there is an entry of `name`. */
  has(name: N): boolean;
  /** Removes the entry of `name`, if it is there. */
  remove(name: N): void;
  /** All entries as they are now: numbers first, in their order, then texts by their bytes. */
  entries(): readonly (readonly [N, V])[];
  /** The names of all entries, in that order. */
  keys(): readonly N[];
  /** The values of all entries, in that order. */
  values(): readonly V[];
  /** Whether there is no entry. */
  isEmpty(): boolean;
  /** Removes all entries. */
  clear(): void;
}

/** One value of the key in work, into which all that is added is reduced. */
export interface ReducingState<V> {
  /** Reduces `value`, a JSON value, into what is there. */
  add(value: V): void;
  /** All that was added, reduced; undefined before the first and after a clear. */
  get(): V | undefined;
  /** Removes the value. */
  clear(): void;
}

/** An accumulator of the key in work, into which elements are added. */
export interface AggregatingState<T, R> {
  /** Adds an element to the accumulator, which must be a JSON value. */
  add(value: T): void;
  /** The result of all that was added; undefined before the first and after a clear. */
  get(): R | undefined;
  /** Removes the accumulator. */
  clear(): void;
}

/** How long what is in a state lives. */
export interface StateTtl {
  /** How long after it was written; more than 0. */
  readonly duration: Duration;
  /**
   * What makes its time count anew: default `write`. With `read-and-write` each read is a change that
   * goes to the changelog.
   */
  readonly updateOn?: "write" | "read-and-write";
  /**
   * Which time is meant. Default `event`: it counts from the event time of the element or timer that
   * wrote, and is over when the watermark has come to its end, so that a replay gives the same.
   * `processing`: both by the job's clock.
   */
  readonly time?: "event" | "processing";
}

/** A {@linkcode StateTtl} with its defaults. */
export interface ResolvedTtl extends Required<StateTtl> {
  /** Milliseconds. */
  readonly duration: number;
}

/** What can be said of a state beside its name. */
export interface StateOptions {
  /**
   * How long what is in it lives; default: until it is removed. The elements of a list and the entries
   * of a map live each for themselves. What is over is not seen any more, and is removed from the
   * changelog.
   */
  readonly ttl?: StateTtl;
}

/** Names a keyed state. */
export abstract class StateDescriptor {
  /** How long what is in it lives; null: until it is removed. */
  readonly ttl: ResolvedTtl | null;

  /**
   * Names a state of a function.
   *
   * @param name unique within the function.
   * @throws {FlightsError} `invalid-argument` for a time-to-live that is no duration, or 0.
   */
  constructor(
    /** Unique within the function. */
    readonly name: string,
    { ttl }: StateOptions = {},
  ) {
    this.ttl = ttl === undefined ? null : resolve(name, ttl);
  }
}

function resolve(state: string, ttl: StateTtl): ResolvedTtl {
  const duration = parseDuration(ttl.duration);
  if (duration > 0) return { updateOn: "write", time: "event", ...ttl, duration };
  throw new FlightsError(
    "invalid-argument",
    `Cannot describe the state "${state}": its time-to-live must be more than 0, it is ${ttl.duration}`,
  );
}

/** Names a state that is one value, and its type. */
export class ValueStateDescriptor<V> extends StateDescriptor {
  /** Tells the type apart; never there at run time. */
  declare readonly valueType: V;
}

/** Names a state that is a list, and the type of its elements. */
export class ListStateDescriptor<V> extends StateDescriptor {
  /** Tells the type apart; never there at run time. */
  declare readonly elementType: V;
}

/** Names a state that is a map, and the types of its names and values. */
export class MapStateDescriptor<N extends MapKey, V> extends StateDescriptor {
  /** Tells the type apart; never there at run time. */
  declare readonly nameType: N;
  /** Tells the type apart; never there at run time. */
  declare readonly valueType: V;
}

/** Names a state into which values are reduced. */
export class ReducingStateDescriptor<V> extends StateDescriptor {
  /**
   * Names a state of a function.
   *
   * @param name unique within the function.
   */
  constructor(
    name: string,
    /** Combines two values; it must not change either. */
    readonly reduce: (a: V, b: V) => V,
    options?: StateOptions,
  ) {
    super(name, options);
  }
}

/** Names a state into which elements are aggregated. */
export class AggregatingStateDescriptor<T, A, R> extends StateDescriptor {
  /**
   * Names a state of a function.
   *
   * @param name unique within the function.
   */
  constructor(
    name: string,
    /** How elements become a result. */
    readonly aggregate: AggregateFunction<T, A, R>,
    options?: StateOptions,
  ) {
    super(name, options);
  }
}

/** Which time a timer goes by: that of the data, or that of the job's clock. */
export type TimeDomain = "event-time" | "processing-time";

/** Tells the time in both domains. */
export interface TimeService {
  /**
   * The task's watermark, in milliseconds; in `onTimer` of event time where it is moving to. Minus
   * infinity before there is one.
   */
  currentWatermark(): number;
  /** The time of the job's clock, in milliseconds; it never goes back (semantics 12). */
  currentProcessingTime(): number;
}

/** Sets and takes back timers of the key in work; each is there once a domain, time and key. */
export interface TimerService extends TimeService {
  /**
   * Calls `onTimer` once the watermark has come to `timestamp`: when it moves next, if it is there
   * already.
   *
   * @throws {FlightsError} `invalid-argument` when it is not whole milliseconds.
   */
  registerEventTimeTimer(timestamp: number): void;
  /** Takes a timer back, if it is there. */
  deleteEventTimeTimer(timestamp: number): void;
  /**
   * Calls `onTimer` when the task looks at its clock and it is `timestamp` or later: also at the first
   * look after a restart, and not in a bounded run (semantics 12).
   *
   * @throws {FlightsError} `invalid-argument` when it is not whole milliseconds.
   */
  registerProcessingTimeTimer(timestamp: number): void;
  /** Takes a timer back, if it is there. */
  deleteProcessingTimeTimer(timestamp: number): void;
}

/** Where a process function is in the stream. */
export interface ProcessContext {
  /**
   * The event time of the element in work; in `onTimer` the timer's time, of either domain, but where
   * the watermark has come past a time of the clock the first that is not late (semantics 2).
   */
  timestamp(): number;
  /** Hands `value` to a side output. */
  output<S>(tag: OutputTag<S>, value: S): void;
  /** Tells the time in both domains. */
  timerService(): TimeService;
}

/** Where a keyed process function is in the stream. */
export interface KeyedContext<K> extends ProcessContext {
  /** The key in work. */
  getCurrentKey(): K;
  /** Tells the time in both domains, and holds the timers of the key in work. */
  timerService(): TimerService;
}

/** The same while a timer is in work. */
export interface OnTimerContext<K> extends KeyedContext<K> {
  /** Which time the timer goes by. */
  timeDomain(): TimeDomain;
}

/**
 * What a keyed function gets when its task starts: it has to take hold of all its state then. All keys
 * share a descriptor, each has a state of its own. The same name asked for twice is the same state.
 *
 * @throws {FlightsError} `invalid-argument` when a name is there already as another kind of state, or
 * when the task has begun.
 */
export interface RuntimeContext {
  /** The task's partition number. */
  readonly taskPartition: number;
  /** A state that is one value. */
  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V>;
  /** A state that is a list. */
  getListState<V>(descriptor: ListStateDescriptor<V>): ListState<V>;
  /** A state that is a map. */
  getMapState<N extends MapKey, V>(descriptor: MapStateDescriptor<N, V>): MapState<N, V>;
  /** A state into which values are reduced. */
  getReducingState<V>(descriptor: ReducingStateDescriptor<V>): ReducingState<V>;
  /** A state into which elements are aggregated. */
  getAggregatingState<T, A, R>(
    descriptor: AggregatingStateDescriptor<T, A, R>,
  ): AggregatingState<T, R>;
}

/** The logic of a process function in one task. */
export interface ProcessLogic<in T, out O> {
  /** Called for each element. */
  processElement(value: T, context: ProcessContext, out: Collector<O>): void;
}

/** Called when a task starts; returns the logic that the task calls. */
export type ProcessFunction<T, O> = () => ProcessLogic<T, O>;

/** What a keyed logic may do when time has come. */
export interface OnTimer<in K, out O> {
  /**
   * Called when a timer's time has come, with that time; the context tells its key and domain. Timers
   * that are due together are called by time and then by the bytes of their key; one that is set
   * meanwhile and is due is called in the same go.
   */
  onTimer?(timestamp: number, context: OnTimerContext<K>, out: Collector<O>): void;
}

/** The logic of a keyed process function in one task. */
export interface KeyedProcessLogic<in T, in K, out O> extends OnTimer<K, O> {
  /** Called for each element, with the state and the timers of its key. */
  processElement(value: T, context: KeyedContext<K>, out: Collector<O>): void;
}

/** Called when a task starts, to take hold of its state; returns the logic that the task calls. */
export type KeyedProcessFunction<T, K, O> = (runtime: RuntimeContext) => KeyedProcessLogic<T, K, O>;

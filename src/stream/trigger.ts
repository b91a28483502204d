/** What decides when a window gives out what it holds. */

import type {
  ReducingState,
  ReducingStateDescriptor,
  ValueState,
  ValueStateDescriptor,
} from "./operators/functions.ts";
import type { Window } from "./window.ts";

/**
 * What becomes of a window: nothing, its contents are given out (and stay), they are thrown away, or
 * both in that order.
 */
export type TriggerResult = "CONTINUE" | "FIRE" | "PURGE" | "FIRE_AND_PURGE";

/** The window in work, time, and timers of that window. */
export interface TriggerContext {
  /** The window in work. */
  readonly window: Window;
  /** The task's watermark, in milliseconds. */
  currentWatermark(): number;
  /** The clock's time, in milliseconds since the Unix epoch. */
  currentProcessingTime(): number;
  /** Calls `onEventTime` for this window once the watermark has come to `timestamp`. */
  registerEventTimeTimer(timestamp: number): void;
  /** Takes a timer of event time back, if it is there. */
  deleteEventTimeTimer(timestamp: number): void;
  /** Calls `onProcessingTime` for this window once the clock has come to `timestamp`. */
  registerProcessingTimeTimer(timestamp: number): void;
  /** Takes a timer of processing time back, if it is there. */
  deleteProcessingTimeTimer(timestamp: number): void;
}

/** The same when an element has come. */
export interface TriggerElementContext extends TriggerContext {
  /** The element's event time. */
  readonly timestamp: number;
}

/** The same when windows have become one: the window in work is what they became. */
export interface OnMergeContext extends TriggerContext {
  /** Gives the window in work what the merged windows had in that state, reduced, earliest first. */
  mergePartitionedState<V>(descriptor: ReducingStateDescriptor<V>): void;
}

/** Where a trigger keeps what it must remember. */
export interface TriggerStateStore {
  /**
   * The state of that name of the window and key in work. It goes with the window, and is gone when
   * windows become one.
   *
   * @throws {FlightsError} `invalid-argument` for a state with a time-to-live.
   */
  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V>;
  /** The same for values that can be reduced, which `mergePartitionedState` takes over. */
  getReducingState<V>(descriptor: ReducingStateDescriptor<V>): ReducingState<V>;
}

/**
 * The logic of a trigger in one task. All it remembers is in state and timers; both belong to a window
 * of a key and go with it, so there is nothing to clear.
 */
export interface TriggerLogic<in T> {
  /** Called for each element, when the window holds it. */
  onElement(element: T, context: TriggerElementContext): TriggerResult;
  /** Called when the watermark has come to a timer, and when the window is about to be let go. */
  onEventTime(timestamp: number, context: TriggerContext): TriggerResult;
  /** Called when the clock has come to a timer. */
  onProcessingTime(timestamp: number, context: TriggerContext): TriggerResult;
  /**
   * Called when windows have become one, before `onElement` for the element that joined them. Timers of
   * the windows that were merged are gone, and state that is not merged here. Without it the trigger cannot be used for
   * windows that merge.
   */
  onMerge?(context: OnMergeContext): void;
}

/** Decides when a window gives out what it holds. */
export interface Trigger<in T = unknown> {
  /** For people, and the mark by which state that was saved under another trigger is recognised. */
  readonly description: string;
  /** Called when a task starts, to take hold of the trigger's state. */
  open(store: TriggerStateStore): TriggerLogic<T>;
}

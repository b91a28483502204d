/** The triggers of Flink's library. */

import { type Duration, formatDuration, parseDuration } from "../base/duration.ts";
import { FlightsError } from "../base/errors.ts";
import { ReducingStateDescriptor } from "./operators/functions.ts";
import type {
  OnMergeContext,
  Trigger,
  TriggerContext,
  TriggerLogic,
  TriggerResult,
  TriggerStateStore,
} from "./trigger.ts";

const goOn = (): TriggerResult => "CONTINUE";

/** Fires when the watermark comes to the window's end; the default of windows of event time. */
export class EventTimeTrigger implements Trigger {
  readonly description: string;

  private constructor(private readonly early: Trigger | null) {
    this.description = "event time" + (early === null ? "" : `, early ${early.description}`);
  }

  /** Fires at the end, and for each element that comes within the allowed lateness. */
  static create(): EventTimeTrigger {
    return new EventTimeTrigger(null);
  }

  /**
   * Fires before the end as well, when `trigger` says so; such results are marked `early`. The end's
   * firing stays, with all that the window then holds.
   */
  withEarlyFirings(trigger: Trigger): EventTimeTrigger {
    return new EventTimeTrigger(trigger);
  }

  open(store: TriggerStateStore): TriggerLogic<unknown> {
    const early = (this.early ?? NeverTrigger.create()).open(store);
    return {
      onElement: (element, context) => {
        const end = lastOf(context);
        if (end <= context.currentWatermark()) return "FIRE";
        context.registerEventTimeTimer(end);
        return early.onElement(element, context);
      },
      onEventTime: (timestamp, context) =>
        timestamp === lastOf(context) ? "FIRE" : early.onEventTime(timestamp, context),
      onProcessingTime: (timestamp, context) =>
        lastOf(context) > context.currentWatermark()
          ? early.onProcessingTime(timestamp, context)
          : "CONTINUE",
      // The end's timer is set with the element that joined the windows.
      ...(early.onMerge !== undefined && {
        onMerge: (context: OnMergeContext) => early.onMerge!(context),
      }),
    };
  }
}

/** Fires when the clock comes to the window's end; the default of windows of processing time. */
export class ProcessingTimeTrigger implements Trigger {
  readonly description = "processing time";

  private constructor() {}

  /** Fires at the end, by the clock. */
  static create(): ProcessingTimeTrigger {
    return new ProcessingTimeTrigger();
  }

  open(): TriggerLogic<unknown> {
    return {
      onElement: (_, context) => {
        context.registerProcessingTimeTimer(lastOf(context));
        return "CONTINUE";
      },
      onEventTime: goOn,
      onProcessingTime: (timestamp, context) => timestamp === lastOf(context) ? "FIRE" : "CONTINUE",
      onMerge: () => {},
    };
  }
}

/** Never fires; the default of global windows. */
export class NeverTrigger implements Trigger {
  readonly description = "never";

  private constructor() {}

  /** Never fires. */
  static create(): NeverTrigger {
    return new NeverTrigger();
  }

  open(): TriggerLogic<unknown> {
    return { onElement: goOn, onEventTime: goOn, onProcessingTime: goOn, onMerge: () => {} };
  }
}

const counted = new ReducingStateDescriptor<number>("count", (a, b) => a + b);

/** Fires at every n-th element of a window. By itself it does not fire at the window's end. */
export class CountTrigger implements Trigger {
  readonly description: string;

  private constructor(private readonly count: number) {
    this.description = `count ${count}`;
  }

  /**
   * Fires when `count` elements have come since it fired last.
   *
   * @throws {FlightsError} `invalid-argument` unless it is a whole number above zero.
   */
  static of(count: number): CountTrigger {
    if (!Number.isSafeInteger(count) || count <= 0) {
      throw new FlightsError(
        "invalid-argument",
        `Cannot count elements: the count must be a whole number above zero, it is ${count}`,
      );
    }
    return new CountTrigger(count);
  }

  open(store: TriggerStateStore): TriggerLogic<unknown> {
    const count = store.getReducingState(counted);
    return {
      onElement: () => {
        count.add(1);
        if (count.get()! < this.count) return "CONTINUE";
        count.clear();
        return "FIRE";
      },
      onEventTime: goOn,
      onProcessingTime: goOn,
      onMerge: (context) => context.mergePartitionedState(counted),
    };
  }
}

const nextFiring = new ReducingStateDescriptor<number>("next firing", (a, b) => Math.min(a, b));

/** The end of the stretch of `interval` that `time` is in; after that it is one interval more each. */
function firstFiring(time: number, interval: number): number {
  return (Math.floor(time / interval) + 1) * interval;
}

/** Whole milliseconds above zero. */
function intervalOf(interval: Duration): number {
  const milliseconds = parseDuration(interval);
  if (milliseconds > 0) return milliseconds;
  throw new FlightsError(
    "invalid-argument",
    "Cannot fire again and again: the interval must be above zero, it is 0ms",
  );
}

/**
 * Fires whenever event time has gone on by an interval, first at a multiple of it since the Unix epoch,
 * and at the window's end.
 */
export class ContinuousEventTimeTrigger implements Trigger {
  readonly description: string;

  private constructor(private readonly interval: number) {
    this.description = `every ${formatDuration(interval)} of event time`;
  }

  /**
   * Fires each time the watermark has come to a multiple of `interval`.
   *
   * @throws {FlightsError} `invalid-argument` for an interval of zero.
   */
  static of(interval: Duration): ContinuousEventTimeTrigger {
    return new ContinuousEventTimeTrigger(intervalOf(interval));
  }

  open(store: TriggerStateStore): TriggerLogic<unknown> {
    const next = store.getReducingState(nextFiring);
    const plan = (time: number, context: TriggerContext) => {
      const at = Math.min(time, lastOf(context));
      next.clear();
      next.add(at);
      context.registerEventTimeTimer(at);
    };
    return {
      onElement: (_, context) => {
        const end = lastOf(context);
        if (end <= context.currentWatermark()) return "FIRE";
        context.registerEventTimeTimer(end);
        if (next.get() === undefined) {
          plan(firstFiring(context.timestamp, this.interval), context);
        }
        return "CONTINUE";
      },
      onEventTime: (timestamp, context) => {
        if (timestamp === lastOf(context)) return "FIRE";
        if (timestamp !== next.get()) return "CONTINUE";
        plan(timestamp + this.interval, context);
        return "FIRE";
      },
      onProcessingTime: goOn,
      onMerge: (context) => {
        context.mergePartitionedState(nextFiring);
        const at = next.get();
        if (at !== undefined) context.registerEventTimeTimer(at);
      },
    };
  }
}

/**
 * Fires whenever the clock has gone on by an interval, first at a multiple of it since the Unix epoch.
 * In a bounded run no clock decides: it does not fire (semantics 11).
 */
export class ContinuousProcessingTimeTrigger implements Trigger {
  readonly description: string;

  private constructor(private readonly interval: number) {
    this.description = `every ${formatDuration(interval)} of processing time`;
  }

  /**
   * Fires each time the clock has come to a multiple of `interval`.
   *
   * @throws {FlightsError} `invalid-argument` for an interval of zero.
   */
  static of(interval: Duration): ContinuousProcessingTimeTrigger {
    return new ContinuousProcessingTimeTrigger(intervalOf(interval));
  }

  open(store: TriggerStateStore): TriggerLogic<unknown> {
    const next = store.getReducingState(nextFiring);
    const plan = (time: number, context: TriggerContext) => {
      const last = lastOf(context);
      // The clock may well be behind the end of a window of event time.
      const at = last > context.currentProcessingTime() ? Math.min(time, last) : time;
      next.clear();
      next.add(at);
      context.registerProcessingTimeTimer(at);
    };
    return {
      onElement: (_, context) => {
        if (next.get() === undefined) {
          plan(firstFiring(context.currentProcessingTime(), this.interval), context);
        }
        return "CONTINUE";
      },
      onEventTime: goOn,
      onProcessingTime: (timestamp, context) => {
        if (timestamp !== next.get()) return "CONTINUE";
        plan(timestamp + this.interval, context);
        return "FIRE";
      },
      onMerge: (context) => {
        context.mergePartitionedState(nextFiring);
        const at = next.get();
        if (at !== undefined) context.registerProcessingTimeTimer(at);
      },
    };
  }
}

const purging: Readonly<Record<TriggerResult, TriggerResult>> = {
  CONTINUE: "CONTINUE",
  FIRE: "FIRE_AND_PURGE",
  PURGE: "PURGE",
  FIRE_AND_PURGE: "FIRE_AND_PURGE",
};

/** Fires when another trigger does, and throws away what was given out. */
export class PurgingTrigger<T> implements Trigger<T> {
  readonly description: string;

  private constructor(private readonly inner: Trigger<T>) {
    this.description = `purging ${inner.description}`;
  }

  /** The same as `trigger`, but each firing empties the window. */
  static of<T>(trigger: Trigger<T>): PurgingTrigger<T> {
    return new PurgingTrigger(trigger);
  }

  open(store: TriggerStateStore): TriggerLogic<T> {
    const inner = this.inner.open(store);
    return {
      onElement: (element, context) => purging[inner.onElement(element, context)],
      onEventTime: (timestamp, context) => purging[inner.onEventTime(timestamp, context)],
      onProcessingTime: (timestamp, context) => purging[inner.onProcessingTime(timestamp, context)],
      ...(inner.onMerge !== undefined && {
        onMerge: (context: OnMergeContext) => inner.onMerge!(context),
      }),
    };
  }
}

/** The last millisecond of the window in work. */
function lastOf({ window }: TriggerContext): number {
  return window.end - 1;
}

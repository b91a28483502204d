/**
 * Windows of any kind under any trigger (semantics 1, 4, 5, 6): the order of steps is that of Flink's
 * WindowOperator, so that triggers written for it do here what they do there.
 */

import { formatDuration } from "../../base/duration.ts";
import { FlightsError } from "../../base/errors.ts";
import { type Pane, PaneTable, type PaneTimer } from "../state/pane_table.ts";
import type { OperatorContext } from "../task/task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import { listOpenWindows, type OpenWindows } from "../windows/open_windows.ts";
import type { Trigger, TriggerLogic, TriggerResult } from "../windows/trigger.ts";
import type { ClosedBy, Window, WindowAssigner } from "../windows/window.ts";
import { LateElements } from "./late_elements.ts";
import { TriggerWork } from "./trigger_work.ts";
import type { WindowContents, WindowContentsBuilder } from "./window_contents.ts";
import type { Firing, WindowOutput, WindowOutputBuilder } from "./window_function.ts";

/** The settings of a window operator. */
export interface WindowOperatorConfig<T, A, R> {
  readonly id: string;
  readonly assigner: WindowAssigner<never>;
  readonly trigger: Trigger<never>;
  /** Milliseconds that a fired window still takes records. */
  readonly allowedLateness: number;
  /** The tag that takes late elements; null: the late topic takes their records. */
  readonly lateTag: string | null;
  readonly contents: WindowContentsBuilder<T, A, R>;
  readonly output: WindowOutputBuilder<R>;
}

/** Builds the operator of a {@linkcode WindowOperatorConfig}. */
export function windowOperator<T, A, R>(config: WindowOperatorConfig<T, A, R>) {
  return (context: OperatorContext, downstream: Downstream): Operator =>
    new WindowOperator(config, context, downstream);
}

/** What made a trigger look at a window. */
interface Cause {
  /** How far time had come before: the watermark, or the clock. */
  readonly before: number;
  /** How far it has come. */
  readonly now: number;
  /** The event time of results of windows without an end. */
  readonly timestamp: number;
  /** How far event time has come, on the way to where the watermark is moving. */
  readonly passed: number;
  /** Why results are given out when `now` is the window's end. */
  readonly closedBy: ClosedBy;
}

class WindowOperator<T, A, R> implements Operator {
  readonly #panes: PaneTable<A>;
  readonly #contents: WindowContents<T, A, R>;
  readonly #work: TriggerWork<A>;
  readonly #trigger: TriggerLogic<never>;
  readonly #late: LateElements;
  readonly #output: WindowOutput<R>;

  constructor(
    readonly config: WindowOperatorConfig<T, A, R>,
    readonly context: OperatorContext,
    downstream: Downstream,
  ) {
    const { id, assigner, trigger, allowedLateness, contents } = config;
    // What was let go under other settings would fire anew with its late records alone.
    const shape = `${assigner.description}, allowed lateness ${formatDuration(allowedLateness)}, ` +
      `trigger ${trigger.description}, ${contents.description}`;
    this.#panes = context.state.add(new PaneTable<A>(), { name: id, shape });
    this.#contents = contents.build(context.state, id);
    this.#work = new TriggerWork(context, this.#panes);
    this.#trigger = trigger.open(this.#work);
    if (assigner.isMerging && this.#trigger.onMerge === undefined) {
      throw new FlightsError(
        "invalid-topology",
        `Cannot use the trigger "${trigger.description}" for windows that merge: it must have ` +
          `onMerge, it has none, and the windows are "${assigner.description}"`,
      );
    }
    this.#late = new LateElements(context, downstream, { tag: config.lateTag });
    this.#output = config.output(context, downstream);
  }

  readonly process = (value: unknown, timestamp: number, key: string): void => {
    const { assigner } = this.config;
    const { context } = this;
    const byClock = assigner.endsBy === "processing-time";
    const time = byClock ? context.clock.now() : timestamp;
    const windows = assigner.assign(time, value as never);
    const last = windows[windows.length - 1];
    if (last === undefined) return;
    const taking = windows.filter((window) => !this.#isLate(window, key));
    const lastTaking = taking[taking.length - 1];
    if (lastTaking === undefined) {
      this.#late.take(last, { value, timestamp, key });
      return;
    }
    // The record waits for the last of its windows.
    const isHeld = context.held();
    const now = byClock ? time : context.watermark;
    for (const window of taking) {
      const pane = this.#paneOf(window, key);
      this.#contents.add(pane, value as T);
      if (isHeld && window === lastTaking) pane.held++;
      this.#work.begin(pane, timestamp);
      const result = this.#trigger.onElement(value as never, this.#work);
      this.#act(pane, result, {
        before: now,
        now,
        timestamp,
        passed: Math.max(context.watermark, timestamp),
        closedBy: "correction",
      });
    }
  };

  /** Whether a window takes no more: it is let go, and there is no other for it to become one with. */
  #isLate(window: Window, key: string): boolean {
    const { assigner } = this.config;
    if (assigner.endsBy !== "event-time") return false;
    if (this.#cleanupTime(window) > this.context.watermark) return false;
    return !assigner.isMerging || this.#touching(window, key).length === 0;
  }

  /** When a window is let go: how late it may be counts in event time only. */
  #cleanupTime(window: Window): number {
    const { assigner, allowedLateness } = this.config;
    return window.end - 1 + (assigner.endsBy === "event-time" ? allowedLateness : 0);
  }

  #paneOf(window: Window, key: string): Pane<A> {
    const { assigner } = this.config;
    const pane = assigner.isMerging
      ? this.#merged(window, key)
      : this.#panes.get(window, key) ?? this.#panes.insert(window, key);
    if (assigner.endsBy !== "never") {
      const domain = assigner.endsBy === "event-time" ? "event" : "processing";
      this.#panes.register(pane, domain, this.#cleanupTime(pane.window));
    }
    return pane;
  }

  /** The panes of `key` that overlap or touch `window`, earliest first. */
  #touching(window: Window, key: string): readonly Pane<A>[] {
    return [...this.#panes.ofKey(key)]
      .filter((pane) => pane.window.start <= window.end && pane.window.end >= window.start)
      .sort((a, b) => a.window.start - b.window.start);
  }

  /** The pane of a window and all that overlap or touch it. */
  #merged(window: Window, key: string): Pane<A> {
    const [first, ...others] = this.#touching(window, key);
    if (first === undefined) return this.#panes.insert(window, key);
    const last = others.at(-1) ?? first;
    const start = Math.min(first.window.start, window.start);
    const end = Math.max(last.window.end, window.end);
    if (start === first.window.start && end === first.window.end) return first;
    const states = [first, ...others].map((pane) => pane.states);
    for (const other of others) {
      this.#contents.merge(first, other);
      first.held += other.held;
      this.#panes.remove(other);
    }
    this.#panes.move(first, { start, end });
    this.#work.begin(first, Number.NaN);
    this.#work.merging(states, (work) => this.#trigger.onMerge!(work));
    return first;
  }

  /** Does what the trigger said. */
  #act(pane: Pane<A>, result: TriggerResult, cause: Cause): void {
    const isFired = result === "FIRE" || result === "FIRE_AND_PURGE";
    if (isFired && this.#contents.has(pane)) {
      this.#release(pane);
      this.#output.give(this.#contents.get(pane), this.#firing(pane, cause));
    }
    if (result === "PURGE" || result === "FIRE_AND_PURGE") {
      this.#release(pane);
      this.#contents.clear(pane);
    }
    // No end will let go a window that has none.
    if (this.config.assigner.endsBy === "never" && this.#isEmpty(pane)) this.#panes.remove(pane);
  }

  #isEmpty(pane: Pane<A>): boolean {
    const { event, processing } = pane.timers;
    return event.size + processing.size + pane.states.size === 0 && !this.#contents.has(pane);
  }

  #firing({ key, window }: Pane<A>, cause: Cause): Firing {
    const { before, now, timestamp, passed } = cause;
    const { endsBy } = this.config.assigner;
    if (endsBy === "never") return { key, window, closedBy: "trigger", timestamp, passed };
    const last = window.end - 1;
    const closedBy = last <= before ? "correction" : last > now ? "early" : cause.closedBy;
    // What the clock gives out must not be late where it goes.
    const earliest = endsBy === "event-time" ? last : this.context.watermark + 1;
    return { key, window, closedBy, timestamp: Math.max(last, earliest), passed };
  }

  /** Its records have been given out, or thrown away as the trigger said. */
  #release(pane: Pane<A>): void {
    if (pane.held === 0) return;
    this.context.released(pane.held);
    pane.held = 0;
  }

  advance(watermark: number, closedBy: ClosedBy): void {
    this.#work.watermark = watermark;
    this.#output.approach?.(watermark);
    for (;;) {
      const timer = this.#panes.takeDue("event", watermark);
      if (timer === null) break;
      const { pane, timestamp } = timer;
      this.#work.begin(pane, timestamp);
      const result = this.#trigger.onEventTime(timestamp, this.#work);
      const before = this.context.watermark;
      const passed = Math.max(before, timestamp);
      this.#act(pane, result, { before, now: timestamp, timestamp, passed, closedBy });
      if (this.config.assigner.endsBy === "event-time") this.#letGoAt(timer);
    }
    this.#output.advance?.(watermark);
  }

  tick(now: number): void {
    for (;;) {
      const timer = this.#panes.takeDue("processing", now);
      if (timer === null) break;
      const { pane, timestamp } = timer;
      this.#work.begin(pane, timestamp);
      const result = this.#trigger.onProcessingTime(timestamp, this.#work);
      const byClock = this.config.assigner.endsBy === "processing-time";
      const { watermark } = this.context;
      this.#act(pane, result, {
        before: byClock ? timestamp - 1 : watermark,
        now: byClock ? timestamp : watermark,
        timestamp: Math.max(timestamp, watermark + 1),
        passed: watermark,
        closedBy: "clock",
      });
      if (byClock) this.#letGoAt(timer);
    }
    this.#output.tick?.(now);
  }

  /** Lets a window go whose time that is. */
  #letGoAt({ pane, timestamp }: PaneTimer<A>): void {
    if (timestamp !== this.#cleanupTime(pane.window)) return;
    this.#release(pane);
    this.#contents.clear(pane);
    this.#panes.remove(pane);
    this.#output.letGo?.(pane.window, pane.key);
  }

  openWindows(limit: number): OpenWindows {
    const { endsBy } = this.config.assigner;
    const { watermark } = this.context;
    const open = new Map<string, { readonly window: Window; keys: number }>();
    for (const { window } of this.#panes.panes()) {
      if (endsBy === "event-time" && window.end - 1 <= watermark) continue;
      const name = `${window.start} ${window.end}`;
      const known = open.get(name);
      if (known === undefined) open.set(name, { window, keys: 1 });
      else known.keys++;
    }
    return listOpenWindows(open.values(), { limit, endsBy });
  }

  lastOpenEnd(): number | null {
    if (this.config.assigner.endsBy !== "event-time") return null;
    const { watermark } = this.context;
    let last: number | null = null;
    for (const { window: { end } } of this.#panes.panes()) {
      if (end - 1 > watermark && (last === null || end > last)) last = end;
    }
    return last;
  }

  lastTimer(): number | null {
    // Windows with an end are closed by that.
    if (this.config.assigner.endsBy === "event-time") return null;
    let last: number | null = null;
    for (const { timers } of this.#panes.panes()) {
      for (const timestamp of timers.event) {
        if (last === null || timestamp > last) last = timestamp;
      }
    }
    return last;
  }

  waits(): boolean {
    return this.lastOpenEnd() !== null || this.lastTimer() !== null;
  }
}

/**
 * What windows of any kind must give out, worked out again from the text of the rules: it goes through
 * time millisecond by millisecond and through all windows each time, with no code of the engine. Only
 * tests use it.
 */

import { Buffer } from "node:buffer";

/** How the windows lie. */
export type NaiveWindows =
  | {
    readonly kind: "sliding";
    readonly size: number;
    readonly slide: number;
    readonly offset: number;
  }
  /** `gap` 0: each element names its own. */
  | { readonly kind: "session"; readonly gap: number }
  | { readonly kind: "global" };

/** When they fire: at their end, at every n-th element, at intervals of event time, or a mix. */
export interface NaiveTrigger {
  readonly end: boolean;
  readonly count: number | null;
  readonly every: number | null;
  readonly purges: boolean;
}

/** A job's windows. */
export interface NaiveSettings {
  readonly windows: NaiveWindows;
  readonly trigger: NaiveTrigger;
  readonly lateness: number;
  readonly outOfOrderness: number;
}

/** An element as it came. */
export interface NaiveElement {
  readonly id: number;
  readonly key: string;
  readonly time: number;
  readonly gap: number;
}

/** A result, and what became of the elements. */
export interface NaiveResult {
  readonly key: string;
  readonly ids: readonly number[];
  readonly start: number;
  readonly end: number;
  readonly closedBy: string;
  readonly timestamp: number;
}

/** All that must come out. */
export interface NaiveOutcome {
  readonly results: readonly NaiveResult[];
  readonly late: readonly { readonly id: number; readonly start: number; readonly end: number }[];
  readonly filtered: number;
  readonly held: number;
  readonly watermark: number;
}

interface NaiveWindow {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** What it holds. */
  elements: readonly NaiveElement[];
  /** The ids of those that wait in it to be given out. */
  waiting: readonly number[];
  /** How many came since it fired by their number. */
  counted: number;
  /** When it fires next by the interval; when it did last, at its end. */
  next: number | null;
  /** Whether that is still to come. */
  isDue: boolean;
}

const forever = { start: Number.MIN_SAFE_INTEGER, end: Number.MAX_SAFE_INTEGER };

/** Works out what comes of `elements` and, with `drains`, of the end. */
export function naiveWindows(
  settings: NaiveSettings,
  elements: readonly NaiveElement[],
  { drains }: { readonly drains: boolean },
): NaiveOutcome {
  const run = new NaiveRun(settings);
  for (const element of elements) {
    run.take(element);
    const largest = Math.max(...elements.slice(0, element.id + 1).map(({ time }) => time));
    run.rise(largest - settings.outOfOrderness - 1, "watermark");
  }
  if (drains) run.drain();
  const { results, late, filtered, watermark } = run;
  const held = run.windows.flatMap(({ waiting }) => waiting).length;
  return { results, late, filtered, held, watermark };
}

class NaiveRun {
  windows: NaiveWindow[] = [];
  readonly results: NaiveResult[] = [];
  readonly late: { id: number; start: number; end: number }[] = [];
  filtered = 0;
  watermark = Number.NEGATIVE_INFINITY;

  constructor(readonly settings: NaiveSettings) {}

  take(element: NaiveElement): void {
    const spans = this.spans(element);
    if (spans.length === 0) this.filtered++;
    if (spans.length === 0) return;
    const homes = spans.filter((span) => {
      const joins = this.settings.windows.kind === "session" && this.near(span, element.key)[0];
      return joins || span.end - 1 + this.settings.lateness > this.watermark;
    });
    if (homes.length === 0) {
      const { start, end } = spans.at(-1)!;
      this.late.push({ id: element.id, start, end });
    }
    homes.forEach((span, i) => {
      const window = this.home(span, element.key);
      window.elements = [...window.elements, element];
      if (i === homes.length - 1) window.waiting = [...window.waiting, element.id];
      this.arrive(window, element.time);
      this.dropEmpty();
    });
  }

  /** The windows that an element asks for, the earliest first. */
  spans({ time, gap }: NaiveElement): readonly { start: number; end: number }[] {
    const { windows } = this.settings;
    if (windows.kind === "global") return [forever];
    if (windows.kind === "session") return [{ start: time, end: time + (windows.gap || gap) }];
    const { size, slide, offset } = windows;
    const starts = Array.from({ length: size }, (_, i) => time - size + 1 + i)
      .filter((start) => (start - offset) % slide === 0);
    return starts.map((start) => ({ start, end: start + size }));
  }

  /** The windows of a key that have a point, or a bound, in common with a span. */
  near(span: { start: number; end: number }, key: string): readonly NaiveWindow[] {
    return this.windows.filter((one) =>
      one.key === key && !(one.end < span.start || span.end < one.start)
    );
  }

  home(span: { start: number; end: number }, key: string): NaiveWindow {
    const isSession = this.settings.windows.kind === "session";
    const parts = isSession
      ? this.near(span, key)
      : this.windows.filter((one) => one.key === key && one.start === span.start);
    const [only] = parts;
    const start = Math.min(span.start, ...parts.map((part) => part.start));
    const end = Math.max(span.end, ...parts.map((part) => part.end));
    if (parts.length === 1 && only!.start === start && only!.end === end) return only!;
    const planned = parts.flatMap(({ next }) => next === null ? [] : [next]);
    const home: NaiveWindow = {
      key,
      start,
      end,
      elements: parts.flatMap((part) => part.elements).sort((a, b) => a.id - b.id),
      waiting: parts.flatMap((part) => part.waiting),
      counted: parts.reduce((sum, part) => sum + part.counted, 0),
      next: planned.length === 0 ? null : Math.min(...planned),
      isDue: planned.length > 0,
    };
    this.windows = [...this.windows.filter((one) => !parts.includes(one)), home];
    return home;
  }

  arrive(window: NaiveWindow, time: number): void {
    const { end, count, every } = this.settings.trigger;
    const isOver = window.end - 1 <= this.watermark;
    if (isOver && (end || every !== null)) {
      this.fire(window, this.settings.windows.kind === "global" ? "trigger" : "correction", time);
      return;
    }
    if (every !== null && window.next === null) this.plan(window, this.firstBehind(time));
    if (count === null) return;
    window.counted++;
    if (window.counted < count) return;
    window.counted = 0;
    const isGlobal = this.settings.windows.kind === "global";
    this.fire(window, isGlobal ? "trigger" : isOver ? "correction" : "early", time);
  }

  /** The next firing is then, or at the window's end. */
  plan(window: NaiveWindow, time: number): void {
    window.next = Math.min(time, window.end - 1);
    window.isDue = true;
  }

  /** The first multiple of the interval behind `time`. */
  firstBehind(time: number): number {
    let next = time + 1;
    while (next % this.settings.trigger.every! !== 0) next++;
    return next;
  }

  fire(window: NaiveWindow, closedBy: string, now: number): void {
    const { key, start, end, elements } = window;
    const { purges } = this.settings.trigger;
    const timestamp = this.settings.windows.kind === "global" ? now : end - 1;
    if (elements.length > 0) {
      const ids = elements.map(({ id }) => id);
      this.results.push({ key, ids, start, end, closedBy, timestamp });
      window.waiting = [];
    }
    if (purges) window.elements = [];
  }

  /** A global window of which nothing is left is as if it had never been. */
  dropEmpty(): void {
    if (this.settings.windows.kind !== "global") return;
    this.windows = this.windows.filter(({ elements, counted, next }) =>
      elements.length > 0 || counted > 0 || next !== null
    );
  }

  /** Moves the watermark and does what is due at each moment on the way (semantics 4). */
  rise(watermark: number, closedBy: string): void {
    if (watermark <= this.watermark) return;
    const moments = this.windows.flatMap(({ end, next, isDue }) => [
      end - 1,
      end - 1 + this.settings.lateness,
      ...isDue ? [next!] : [],
    ]);
    const before = this.watermark;
    for (let now = Math.min(...moments, watermark); now <= watermark; now++) {
      const inOrder = [...this.windows].sort((a, b) =>
        Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || a.end - b.end
      );
      for (const window of inOrder) this.pass(window, { now, before, closedBy });
      this.dropEmpty();
    }
    this.watermark = watermark;
  }

  pass(
    window: NaiveWindow,
    { now, before, closedBy }: { now: number; before: number; closedBy: string },
  ): void {
    const { end, every } = this.settings.trigger;
    const isGlobal = this.settings.windows.kind === "global";
    const isEnd = now === window.end - 1;
    const isDue = window.isDue && window.next === now;
    if (isDue) window.isDue = false;
    if (isDue && !isEnd) this.plan(window, now + every!);
    const fires = isDue || (isEnd && now > before && (end || every !== null));
    if (fires) {
      const reason = window.end - 1 <= before ? "correction" : isEnd ? closedBy : "early";
      this.fire(window, isGlobal ? "trigger" : reason, now);
    }
    if (isGlobal || now <= before || now !== window.end - 1 + this.settings.lateness) return;
    this.windows = this.windows.filter((one) => one !== window);
  }

  drain(): void {
    const isGlobal = this.settings.windows.kind === "global";
    const ends = isGlobal
      ? this.windows.flatMap(({ next }) => next === null ? [] : [next])
      : this.windows.map(({ end }) => end - 1);
    if (ends.length > 0) this.rise(Math.max(...ends), "drain");
  }
}

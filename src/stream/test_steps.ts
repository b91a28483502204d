/**
 * Random runs of a job that are cut anywhere, and what counts of them in the end, for oracles of
 * operators. Only tests use it; it uses no code of the engine but the driver that runs it.
 */

import fc from "fast-check";
import type { TestDriver } from "./test_driver.ts";

/** An element to be sent, with its event time. */
export interface Timed {
  readonly time: number;
}

/** What happens to a job. */
export type Step<E extends Timed> =
  | { readonly kind: "send"; readonly source: number; readonly elements: readonly E[] }
  | { readonly kind: "advance"; readonly milliseconds: number }
  | { readonly kind: "commit" | "restart" | "crash" };

/** One thing that a task sees: an element, and the watermark it leaves, or the clock. */
export type Happening<E extends Timed> =
  | {
    readonly kind: "element";
    readonly source: number;
    readonly element: E;
    readonly clock: number;
    /** The watermark before the element, which is what it is processed under. */
    readonly before: number;
    /** The watermark behind it. */
    readonly watermark: number;
  }
  | { readonly kind: "tick"; readonly clock: number };

/** Random steps of a job with so many sources. */
export function stepsOf<E extends Timed>(
  element: fc.Arbitrary<E>,
  sources = 1,
): fc.Arbitrary<readonly Step<E>[]> {
  const send = fc.record({
    kind: fc.constant("send" as const),
    source: fc.nat(sources - 1),
    elements: fc.array(element, { minLength: 1, maxLength: 5 }),
  });
  const advance = fc.record({
    kind: fc.constant("advance" as const),
    milliseconds: fc.nat({ max: 30 }),
  });
  const cut = fc.record({ kind: fc.constantFrom("commit" as const, "restart", "crash") });
  return fc.array(
    fc.oneof(
      { weight: 5, arbitrary: send },
      { weight: 2, arbitrary: advance },
      { weight: 3, arbitrary: cut },
    ),
    { maxLength: 16, size: "max" },
  );
}

/** Lets a driver go through steps; its sources are the topics `in-0`, `in-1` and so on. */
export function runSteps<E extends Timed>(driver: TestDriver, steps: readonly Step<E>[]): void {
  for (const step of steps) {
    if (step.kind === "advance") driver.advance(step.milliseconds);
    else if (step.kind !== "send") driver[step.kind]();
    else {
      driver.send(
        `in-${step.source}`,
        step.elements.map((value) => ({ value, timestamp: value.time })),
      );
    }
  }
}

interface Sent<E> {
  readonly source: number;
  readonly element: E;
}

/** A look at what can be read: by which clock, and what there is. */
interface Run<E> {
  readonly clock: number;
  readonly sent: readonly Sent<E>[];
}

/** The runs that count in the end: those that a crash threw away are replayed in one. */
function runsOf<E extends Timed>(steps: readonly Step<E>[]): readonly Run<E>[] {
  const committed: Run<E>[] = [];
  let pending: Run<E>[] = [];
  let clock = 0;
  for (const step of steps) {
    if (step.kind === "advance") clock += step.milliseconds;
    if (step.kind === "advance" || step.kind === "send") {
      const { source, elements } = step.kind === "send" ? step : { source: 0, elements: [] };
      pending.push({ clock, sent: elements.map((element) => ({ source, element })) });
      continue;
    }
    if (step.kind !== "crash") committed.push(...pending);
    if (step.kind === "crash") {
      pending = [{ clock, sent: pending.flatMap(({ sent }) => sent) }];
    } else {
      pending = step.kind === "restart" ? [{ clock, sent: [] }] : [];
    }
  }
  return [...committed, ...pending];
}

/** Elements in the order of semantics 7: the one of the source whose next is the oldest. */
function inTurn<E extends Timed>(sent: readonly Sent<E>[]): readonly Sent<E>[] {
  const taken: Sent<E>[] = [];
  let rest = [...sent];
  while (rest.length > 0) {
    const heads = rest.filter((one, i) => rest.findIndex((two) => two.source === one.source) === i);
    heads.sort((a, b) => a.element.time - b.element.time || a.source - b.source);
    taken.push(heads[0]!);
    rest = rest.filter((one) => one !== heads[0]);
  }
  return taken;
}

/**
 * What the one task of a job sees whose sources are in order within `outOfOrderness` and never idle.
 */
export function happeningsOf<E extends Timed>(
  steps: readonly Step<E>[],
  { sources = 1, outOfOrderness = 0 } = {},
): readonly Happening<E>[] {
  const all: Happening<E>[] = [];
  const newest = Array.from({ length: sources }, () => Number.NEGATIVE_INFINITY);
  for (const { clock, sent } of runsOf(steps)) {
    all.push({ kind: "tick", clock });
    for (const { source, element } of inTurn(sent)) {
      const before = Math.min(...newest) - outOfOrderness - 1;
      newest[source] = Math.max(newest[source]!, element.time);
      const watermark = Math.min(...newest) - outOfOrderness - 1;
      all.push({ kind: "element", source, element, clock, before, watermark });
    }
    all.push({ kind: "tick", clock });
  }
  return all;
}

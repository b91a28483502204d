/** Random use of each kind of keyed state, with and without a time-to-live, against an oracle. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { StreamEnvironment } from "../environment.ts";
import { json } from "../json.ts";
import { TestDriver } from "../test_driver.ts";
import { happeningsOf, runSteps, type Step, stepsOf, type Timed } from "../test_steps.ts";
import { WatermarkStrategy } from "../watermark_strategy.ts";
import type { AggregateFunction } from "./aggregate_function.ts";
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  type RuntimeContext,
  type StateTtl,
  ValueStateDescriptor,
} from "./functions.ts";

const kinds = ["value", "list", "map", "reducing", "aggregating"] as const;
type Kind = typeof kinds[number];

/** One use of a state by an element, or by a timer that it sets. */
interface Use extends Timed {
  readonly key: string;
  readonly act: "write" | "read" | "remove" | "clear" | "replace";
  readonly name: string | number;
  readonly value: number;
  /** How long after the element it is to be done by a timer; null: at once. */
  readonly later: number | null;
  readonly id: number;
}

interface Settings {
  readonly kind: Kind;
  readonly ttl: Required<StateTtl> & { readonly duration: number } | null;
  readonly outOfOrderness: number;
}

const settingsOf: fc.Arbitrary<Settings> = fc.record({
  kind: fc.constantFrom(...kinds),
  ttl: fc.option(
    fc.record({
      duration: fc.integer({ min: 1, max: 40 }),
      updateOn: fc.constantFrom("write" as const, "read-and-write"),
      time: fc.constantFrom("event" as const, "event", "processing"),
    }),
    { freq: 5 },
  ),
  outOfOrderness: fc.constantFrom(0, 0, 5),
});

const names = ["b", 2, "a", 10, "1", 1];
const inOrder = [1, 2, 10, "1", "a", "b"];

const use: fc.Arbitrary<Use> = fc.record({
  time: fc.integer({ min: 0, max: 120 }),
  key: fc.constantFrom("x", "y"),
  act: fc.constantFrom(
    ...["write", "write", "write", "read", "remove", "clear", "replace"] as const,
  ),
  name: fc.constantFrom(...names),
  value: fc.nat(9),
  later: fc.option(fc.nat({ max: 30 }), { freq: 3 }),
  id: fc.nat(1_000_000),
});

/** Texts of the values in order, and how many there were. */
const joined: AggregateFunction<number, { text: string; count: number }, string> = {
  createAccumulator: () => ({ text: "", count: 0 }),
  add: (value, { text, count }) => ({ text: `${text}${value}`, count: count + 1 }),
  getResult: ({ text, count }) => `${count}:${text}`,
  merge: (a, b) => ({ text: a.text + b.text, count: a.count + b.count }),
};

/** Does what a use says, and then tells what the state holds. */
type User = (use: Use) => unknown;

function userOf(kind: Kind, runtime: RuntimeContext, ttl: StateTtl | null): User {
  const options = ttl === null ? {} : { ttl };
  if (kind === "value") {
    const state = runtime.getState(new ValueStateDescriptor<number>("s", options));
    return ({ act, value }) => {
      if (act === "write" || act === "replace") state.update(value);
      if (act === "remove" || act === "clear") state.clear();
      return act === "read" ? state.value() ?? null : "done";
    };
  }
  if (kind === "list") {
    const state = runtime.getListState(new ListStateDescriptor<number>("s", options));
    return ({ act, value }) => {
      if (act === "write") state.add(value);
      if (act === "remove") state.addAll([value, value + 1]);
      if (act === "replace") state.update([...state.get(), value]);
      if (act === "clear") state.clear();
      return act === "read" ? state.get() : "done";
    };
  }
  if (kind === "map") {
    const state = runtime.getMapState(
      new MapStateDescriptor<string | number, number>("s", options),
    );
    return ({ act, name, value }) => {
      if (act === "write") state.put(name, value);
      if (act === "remove") state.remove(name);
      if (act === "clear") state.clear();
      if (act === "replace") return [state.has(name), state.get(name) ?? null, state.isEmpty()];
      if (act !== "read") return "done";
      const entries = state.entries();
      assert.deepEqual(state.keys(), entries.map(([name]) => name));
      assert.deepEqual(state.values(), entries.map(([, value]) => value));
      return entries;
    };
  }
  const state = kind === "reducing"
    ? runtime.getReducingState(
      new ReducingStateDescriptor<number>("s", (a, b) => a * 10 + b, options),
    )
    : runtime.getAggregatingState(new AggregatingStateDescriptor("s", joined, options));
  return ({ act, value }) => {
    if (act === "write" || act === "replace") state.add(value);
    if (act === "remove" || act === "clear") state.clear();
    return act === "read" ? state.get() ?? null : "done";
  };
}

function jobOf({ kind, ttl, outOfOrderness }: Settings) {
  const env = new StreamEnvironment();
  const strategy = WatermarkStrategy.forBoundedOutOfOrderness<Use>(outOfOrderness)
    .withIdleness("1d").withoutClosingOnSilence();
  const deserializer = json((value) => value as Use);
  env.fromSource({ topic: "in-0", deserializer, partitionedBy: "key" }, strategy)
    .keyBy("key")
    .process<readonly [id: number, seen: unknown]>((runtime) => {
      const user = userOf(kind, runtime, ttl);
      const uses = runtime.getMapState(new MapStateDescriptor<number, readonly Use[]>("later"));
      return {
        processElement: (use, context, out) => {
          if (use.later === null) return out.collect([use.id, user(use)]);
          const due = use.time + use.later;
          uses.put(due, [...uses.get(due) ?? [], use]);
          context.timerService().registerEventTimeTimer(due);
        },
        onTimer: (time, _, out) => {
          for (const use of uses.get(time) ?? []) out.collect([use.id, user(use)]);
          uses.remove(time);
        },
      };
    })
    .sinkTo({ topic: "out" });
  return env.topology;
}

/** What one entry is worth to the oracle. */
interface Entry {
  readonly name: string | number;
  readonly value: unknown;
  touched: number;
}

/** When a use is done: where it counts from, what it sees as over, and what is gone. */
interface Moment {
  readonly stamp: number;
  readonly now: number;
  readonly gone: number;
}

/** The states of one kind, by the text of the rule: entries with a time, looked over at each use. */
class Oracle {
  readonly #entries = new Map<string, Entry[]>();

  constructor(readonly settings: Settings) {}

  /** How many entries are not over. */
  live(now: number): number {
    return [...this.#entries.values()].flat().filter((entry) => !this.#isOver(entry, now)).length;
  }

  #isOver({ touched }: Entry, now: number): boolean {
    const { ttl } = this.settings;
    return ttl !== null && touched + ttl.duration <= now;
  }

  use({ key, act, name, value }: Use, { stamp, now, gone }: Moment): unknown {
    const { kind, ttl } = this.settings;
    const all = (this.#entries.get(key) ?? []).filter((entry) => !this.#isOver(entry, gone));
    const live = all.filter((entry) => !this.#isOver(entry, now));
    this.#entries.set(key, all);
    const touch = (entries: readonly Entry[]) => {
      if (ttl?.updateOn !== "read-and-write") return;
      for (const entry of entries) entry.touched = Math.max(entry.touched, stamp);
    };
    const put = (one: string | number, what: unknown) => {
      const before = all.find((entry) => entry.name === one);
      const touched = Math.max(stamp, before?.touched ?? stamp);
      const entries = all.filter((entry) => entry !== before);
      this.#entries.set(key, [...entries, { name: one, value: what, touched }]);
    };
    const remove = (entries: readonly Entry[]) =>
      this.#entries.set(key, all.filter((entry) => !entries.includes(entry)));

    if (act === "clear") return remove(all), "done";
    if (kind === "list") {
      const add = (what: readonly unknown[]) =>
        all.push(...what.map((one) => ({ name: "", value: one, touched: stamp })));
      if (act === "write") add([value]);
      if (act === "remove") add([value, value + 1]);
      if (act === "replace") {
        const values = live.map((entry) => entry.value);
        all.length = 0;
        add([...values, value]);
      }
      if (act === "read") touch(live);
      return act === "read" ? live.map((entry) => entry.value) : "done";
    }
    if (kind === "map") {
      const found = live.filter((entry) => entry.name === name);
      if (act === "write") put(name, value);
      if (act === "remove") remove(all.filter((entry) => entry.name === name));
      if (act === "replace") {
        touch(found);
        return [found.length > 0, found[0]?.value ?? null, live.length === 0];
      }
      if (act === "read") touch(live);
      return act === "read"
        ? inOrder.flatMap((one) => live.filter((entry) => entry.name === one))
          .map((entry) => [entry.name, entry.value])
        : "done";
    }
    const [only] = live;
    if (act === "remove") return remove(all), "done";
    if (act === "read") {
      touch(live);
      return only?.value ?? null;
    }
    if (kind === "value" || only === undefined) {
      put("", kind === "aggregating" ? `1:${value}` : value);
      return "done";
    }
    touch(live);
    const text = String(only.value);
    const [count, before] = text.split(":");
    put(
      "",
      kind === "reducing" ? Number(text) * 10 + value : `${Number(count) + 1}:${before}${value}`,
    );
    return "done";
  }
}

/** What must come out, and how many entries the state must hold in the end. */
function expectedOf(settings: Settings, steps: readonly Step<Use>[]) {
  const { ttl, outOfOrderness } = settings;
  const oracle = new Oracle(settings);
  const out: unknown[] = [];
  let waiting: { readonly due: number; readonly use: Use }[] = [];
  let watermark = Number.NEGATIVE_INFINITY;
  let clock = 0;
  const byProcessing = ttl?.time === "processing";
  const momentOf = (time: number, watermark: number): Moment =>
    byProcessing
      ? { stamp: clock, now: clock, gone: clock }
      : { stamp: time, now: Math.max(time, watermark), gone: watermark };
  for (const one of happeningsOf(steps, { outOfOrderness })) {
    clock = one.clock;
    if (one.kind === "tick") continue;
    const { element } = one;
    if (element.later !== null) waiting.push({ due: element.time + element.later, use: element });
    else {out.push([
        element.id,
        oracle.use(element, momentOf(element.time, one.before)),
      ]);}
    if (one.watermark === one.before) continue;
    for (;;) {
      const due = waiting.filter(({ due }) => due <= one.watermark)
        .sort((a, b) =>
          a.due - b.due || (a.use.key < b.use.key ? -1 : 1) * Number(a.use.key !== b.use.key)
        );
      const [first] = due;
      if (first === undefined) break;
      waiting = waiting.filter((two) => two !== first);
      const moment = momentOf(first.due, one.before);
      out.push([first.use.id, oracle.use(first.use, moment)]);
    }
    watermark = one.watermark;
  }
  const waits = new Set(waiting.map(({ due, use }) => `${due} ${use.key}`)).size;
  return { out, live: oracle.live(byProcessing ? clock : watermark), waits };
}

Deno.test("semantics 14: each kind of state, with and without a time-to-live, is that of the oracle", () => {
  fc.assert(
    fc.property(settingsOf, stepsOf(use), (settings, steps) => {
      const driver = new TestDriver(jobOf(settings));
      runSteps(driver, steps);
      const { out, live, waits } = expectedOf(settings, steps);
      assert.deepEqual(driver.outputs("out").map(({ value }) => value), out);
      // Each timer that waits has an entry of its uses too. What is over is really gone.
      assert.equal(driver.stateEntries, live + 2 * waits);
      driver.restart();
      assert.equal(driver.stateEntries, live + 2 * waits);
    }),
    { numRuns: 4_000 },
  );
});

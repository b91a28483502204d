/** Rule 14 for what windows hold: a changelog rebuilds it, compacted or not. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ElementTable } from "./element_table.ts";
import { type Pane, PaneTable } from "./pane_table.ts";
import { type ChangelogEntry, StateTables, type Table } from "./tables.ts";

/** A table under random steps; a look at it must say all that it holds. */
interface Subject<T extends Table, S> {
  readonly make: () => T;
  readonly step: fc.Arbitrary<S>;
  readonly act: (table: T, step: S) => void;
  readonly look: (table: T) => unknown;
}

function stateOf(table: Table): StateTables {
  const state = new StateTables();
  state.add(table, { name: "table", shape: "of a test" });
  return state;
}

/** Does random steps, with commits and restores: of all that was ever told, and of the last of each. */
function check<T extends Table, S>({ make, step, act, look }: Subject<T, S>): void {
  const cut = fc.constantFrom("commit" as const, "restore" as const);
  const steps = fc.array(
    fc.oneof({ weight: 5, arbitrary: step }, { weight: 1, arbitrary: cut }),
    { maxLength: 50, size: "max" },
  );
  fc.assert(
    fc.property(steps, (all) => {
      let table = make();
      let state = stateOf(table);
      const told: ChangelogEntry[] = [];
      const restored = (entries: Iterable<ChangelogEntry>) => {
        const fresh = make();
        const freshState = stateOf(fresh);
        for (const entry of entries) freshState.restore(entry);
        assert.equal(freshState.hasChanges, false);
        return { table: fresh, state: freshState };
      };
      for (const one of [...all, "restore" as const]) {
        if (one !== "commit" && one !== "restore") {
          act(table, one as S);
          continue;
        }
        const changes = state.takeChanges();
        assert.equal(new Set(changes.map(({ key }) => key)).size, changes.length);
        told.push(...changes);
        assert.deepEqual(state.takeChanges(), []);
        if (one === "commit") continue;
        const compacted = new Map(told.map((entry) => [entry.key, entry]));
        const live = [...compacted.values()].filter(({ value }) => value !== null);
        assert.equal(
          live.length - (told.length > 0 ? 1 : 0),
          table.size,
          "the table and its shape",
        );
        assert.deepEqual(look(restored(live).table), look(table));
        const whole = restored(told);
        assert.deepEqual(look(whole.table), look(table));
        ({ table, state } = whole);
      }
    }),
    { numRuns: 500 },
  );
}

Deno.test("semantics 14: ElementTable is what its changelog says, in the order of arrival", () => {
  let arrived = 0;
  check({
    make: () => new ElementTable<number>(),
    step: fc.record({
      what: fc.constantFrom("add", "add", "add", "move", "clear"),
      list: fc.nat(3),
    }),
    act: (table, { what, list }) => {
      if (what === "add") table.add(list, arrived++);
      if (what === "move") table.move(list, list + 1);
      if (what === "clear") table.clear(list);
    },
    look: (table) =>
      [0, 1, 2, 3, 4].map((list) => {
        const elements = table.get(list);
        assert.deepEqual(elements, elements.toSorted((a, b) => a - b));
        assert.equal(table.has(list), elements.length > 0);
        return elements;
      }),
  });
});

type NumberPane = Pane<number>;

function all(table: PaneTable<number>): readonly NumberPane[] {
  return [...table.panes()].sort((a, b) => a.id - b.id);
}

Deno.test("semantics 14: PaneTable is what its changelog says, timers and states with it", () => {
  check({
    make: () => new PaneTable<number>(),
    step: fc.record({
      what: fc.constantFrom(
        "open",
        "add",
        "state",
        "event",
        "processing",
        "back",
        "move",
        "due",
        "go",
      ),
      key: fc.constantFrom("a", "é", ""),
      start: fc.nat(3),
      time: fc.integer({ min: -2, max: 9 }),
    }),
    act: (table, { what, key, start, time }) => {
      const window = { start, end: start + 10 };
      const pane = table.get(window, key);
      if (what === "due") {
        const due = table.takeDue("event", time);
        assert.ok(due === null || due.timestamp <= time);
      } else if (pane === undefined) {
        table.insert(window, key);
      } else if (what === "add") {
        pane.accumulator = (pane.accumulator ?? 0) + 1;
        pane.held++;
        table.touch(pane);
      } else if (what === "state") {
        pane.states.set("name", time);
        table.touch(pane);
      } else if (what === "event" || what === "processing") {
        table.register(pane, what, time);
      } else if (what === "back") table.unregister(pane, "event", time);
      else if (what === "move" && table.get({ start, end: 20 }, key) === undefined) {
        table.move(pane, { start, end: 20 });
        assert.equal(pane.states.size + pane.timers.event.size + pane.timers.processing.size, 0);
      } else if (what === "go") table.remove(pane);
    },
    look: (table) =>
      all(table).map((pane) => {
        const { id, key, window, held, accumulator, states, timers } = pane;
        assert.equal(table.get(window, key), pane);
        assert.ok([...table.ofKey(key)].includes(pane));
        return { id, key, window, held, accumulator, states, timers };
      }),
  });
});

Deno.test("PaneTable gives due timers by time, key bytes and the windows' ends, restored as well", () => {
  const timer = fc.record({
    key: fc.constantFrom("a", "\uffff", "\u{1f600}"),
    end: fc.integer({ min: 10, max: 13 }),
    time: fc.integer({ min: 1, max: 3 }),
    what: fc.constantFrom("set", "set", "set", "back", "move"),
  });
  const order = ["a", "\uffff", "\u{1f600}"];
  fc.assert(
    fc.property(
      fc.array(timer, { maxLength: 30, size: "max" }),
      fc.boolean(),
      (timers, restores) => {
        let table = new PaneTable<number>();
        const state = stateOf(table);
        const expected = new Map<string, { key: string; end: number; time: number }>();
        for (const { key, end, time, what } of timers) {
          const pane = table.get({ start: 0, end }, key) ?? table.insert({ start: 0, end }, key);
          const name = JSON.stringify([key, end, time]);
          if (what === "set") {
            table.register(pane, "event", time);
            expected.set(name, { key, end, time });
          } else if (what === "back") {
            table.unregister(pane, "event", time);
            expected.delete(name);
          } else if (table.get({ start: 0, end: end + 4 }, key) === undefined) {
            // A pane that moves has no timers any more; here it sets one of them anew.
            table.move(pane, { start: 0, end: end + 4 });
            table.register(pane, "event", time);
            for (const [other, one] of expected) {
              if (one.key === key && one.end === end) expected.delete(other);
            }
            expected.set(JSON.stringify([key, end + 4, time]), { key, end: end + 4, time });
          }
        }
        if (restores) {
          const restored = new PaneTable<number>();
          const restoredState = stateOf(restored);
          for (const entry of state.takeChanges().toReversed()) restoredState.restore(entry);
          table = restored;
        }
        const sorted = [...expected.values()].filter(({ time }) => time <= 2).sort((a, b) =>
          a.time - b.time || order.indexOf(a.key) - order.indexOf(b.key) || a.end - b.end
        );
        const due = sorted.map(() => {
          const { timestamp, pane } = table.takeDue("event", 2)!;
          return { key: pane.key, end: pane.window.end, time: timestamp };
        });
        assert.deepEqual(due, sorted);
        assert.equal(table.takeDue("event", 2), null);
        assert.equal(table.takeDue("processing", 2), null);
      },
    ),
    { numRuns: 500 },
  );
});

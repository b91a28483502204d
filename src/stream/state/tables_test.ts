/** Rule 14: whatever is done to a table, what it tells rebuilds it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { hasCode } from "../../base/errors.ts";
import type { Window } from "../window.ts";
import { EntryTable } from "./entry_table.ts";
import { type ChangelogEntry, StateTables, type Table } from "./tables.ts";
import { TimerTable } from "./timer_table.ts";
import { ValueTable } from "./value_table.ts";
import { WindowTable } from "./window_table.ts";

/** A compacted changelog. */
class Changelog {
  readonly entries = new Map<string, ChangelogEntry>();

  take(state: StateTables): void {
    const told = state.takeChanges();
    assert.equal(new Set(told.map(({ key }) => key)).size, told.length, "an entry was told twice");
    for (const entry of told) this.entries.set(entry.key, entry);
    assert.equal(state.hasChanges, false);
    assert.deepEqual(state.takeChanges(), []);
  }

  restored<T extends Table>(table: T): T {
    const state = stateOf(table);
    for (const entry of this.entries.values()) state.restore(entry);
    assert.equal(state.hasChanges, false);
    return table;
  }
}

function stateOf(table: Table): StateTables {
  const state = new StateTables();
  state.add(table, { name: "table", shape: "of a test" });
  return state;
}

/** Does random steps, with commits and restores between, and looks at both tables after each. */
function check<T extends Table, S>(options: {
  readonly make: () => T;
  readonly step: fc.Arbitrary<S>;
  readonly act: (table: T, step: S) => void;
  readonly look: (table: T) => unknown;
  /** A look at the end, which may change the table. */
  readonly end?: (table: T) => unknown;
}): void {
  const { make, step, act, look, end = look } = options;
  const cut = fc.constantFrom("commit" as const, "restore" as const);
  const steps = fc.array(
    fc.oneof({ weight: 6, arbitrary: step }, { weight: 1, arbitrary: cut }),
    { maxLength: 40, size: "max" },
  );
  fc.assert(
    fc.property(steps, (all) => {
      let table = make();
      let state = stateOf(table);
      const changelog = new Changelog();
      for (const one of all) {
        if (one !== "commit" && one !== "restore") {
          act(table, one as S);
          continue;
        }
        changelog.take(state);
        const restored = changelog.restored(make());
        assert.deepEqual(look(restored), look(table));
        assert.equal(restored.size, table.size);
        if (one === "commit") continue;
        table = make();
        state = stateOf(table);
        for (const entry of changelog.entries.values()) state.restore(entry);
      }
      changelog.take(state);
      assert.deepEqual(end(changelog.restored(make())), end(table));
    }),
    { numRuns: 500 },
  );
}

const key = fc.constantFrom("a", "é", "");

Deno.test("semantics 14: ValueTable is what its changelog says", () => {
  check({
    make: () => new ValueTable<number>(),
    step: fc.tuple(key, fc.option(fc.nat(3), { nil: undefined })),
    act: (table, [name, value]) => {
      table.set(name, value);
      assert.equal(table.get(name), value);
    },
    look: (table) => new Map(table.entries()),
  });
});

Deno.test("semantics 14: EntryTable is what its changelog says", () => {
  const names = fc.constantFrom<string | number>("b", "a", "1", 1, 10, 2, -1, 0.5, "\uffff", "😀");
  check({
    make: () => new EntryTable<number>(),
    step: fc.record({
      what: fc.constantFrom("set", "set", "set", "append", "append", "remove", "clear"),
      key,
      name: names,
      value: fc.nat(3),
    }),
    act: (table, { what, key, name, value }) => {
      if (what === "clear") return table.clear(key);
      if (what === "append") {
        const before = table.entries(key);
        const number = table.append(key, value);
        assert.ok(before.every(([other]) => typeof other === "string" || other < number));
        return assert.equal(table.get(key, number), value);
      }
      table.set(key, name, what === "remove" ? undefined : value);
      assert.equal(table.get(key, name), what === "remove" ? undefined : value);
    },
    look: (table) => ["a", "é", ""].map((key) => [table.has(key), table.entries(key)]),
  });
});

Deno.test("EntryTable holds what a map would, in the order of the names", () => {
  const order = [-1, 0.5, 1, 2, 10, "", "1", "a", "b", "\uffff", "😀"];
  const step = fc.tuple(fc.constantFrom(...order), fc.option(fc.nat(3), { nil: undefined }));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const table = new EntryTable<number>();
      const model = new Map<string | number, number>();
      for (const [name, value] of steps) {
        table.set("a", name, value);
        if (value === undefined) model.delete(name);
        else model.set(name, value);
        assert.equal(table.size, model.size);
        assert.equal(table.has("a"), model.size > 0);
        assert.deepEqual(
          table.entries("a"),
          order.filter((one) => model.has(one)).map((one) => [one, model.get(one)]),
        );
      }
    }),
  );
});

/** What the next commit tells of a table. */
function told(table: Table): readonly (readonly [string, unknown])[] {
  const all: (readonly [string, unknown])[] = [];
  table.takeChanges((key, value) => all.push([key.join(" "), value]));
  return all;
}

Deno.test("EntryTable tells one entry for an element that is added to a long list", () => {
  const table = new EntryTable<string>();
  for (let i = 0; i < 100; i++) table.append("a", `${i}`);
  assert.equal(told(table).length, 100);
  table.append("a", "more");
  assert.deepEqual(told(table), [["a 100", "more"]]);
  table.set("a", 7, undefined);
  assert.deepEqual(told(table), [["a 7", undefined]]);
});

Deno.test("EntryTable tells nothing of what came and went between two commits", () => {
  const table = new EntryTable<string>();
  table.append("a", "one");
  table.set("a", "x", "two");
  table.clear("a");
  assert.deepEqual(told(table), []);
  table.set("a", "x", "saved");
  assert.deepEqual(told(table), [["a x", "saved"]]);
  // What the changelog has goes from there, whatever came and went since.
  table.clear("a");
  table.set("a", "x", "again");
  table.clear("a");
  assert.deepEqual(told(table), [["a x", undefined]]);
});

const windows: readonly Window[] = [0, 10].map((start) => ({ start, end: start + 10 }));

Deno.test("semantics 14: WindowTable is what its changelog says", () => {
  check({
    make: () => new WindowTable<number>(),
    step: fc.record({
      what: fc.constantFrom("add", "add", "add", "remove", "hold"),
      window: fc.constantFrom(...windows),
      key,
    }),
    act: (table, { what, window, key }) => {
      if (what === "remove") {
        table.remove(window);
        assert.equal(table.get(window, key), undefined);
        return;
      }
      const slot = table.get(window, key);
      if (slot === undefined) {
        table.insert(window, key, 1);
      } else {
        if (what === "add") slot.accumulator++;
        else slot.held++;
        table.touch(slot);
      }
    },
    look: (table) =>
      table.windows().map((window) => [
        window,
        table.slots(window).map(({ key, accumulator, held }) => [key, accumulator, held]),
      ]),
  });
});

Deno.test("semantics 14: TimerTable is what its changelog says", () => {
  check({
    make: () => new TimerTable(),
    step: fc.record({
      what: fc.constantFrom("register", "register", "delete", "due"),
      timestamp: fc.integer({ min: -2, max: 5 }),
      key,
    }),
    act: (table, { what, ...timer }) => {
      if (what === "due") {
        const due = table.takeDue(timer.timestamp);
        assert.ok(due === null || due.timestamp <= timer.timestamp);
      } else table[what](timer);
    },
    look: (table) => table.size,
    end: (table) => Array.from({ length: table.size + 1 }, () => table.takeDue(Infinity)),
  });
});

Deno.test("TimerTable gives due timers as a sort by time and key would", () => {
  const timer = fc.record(
    { timestamp: fc.integer({ min: -5, max: 5 }), key },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(timer), fc.array(timer), fc.array(timer), (first, taken, again) => {
      const table = new TimerTable();
      const model = new Map<string, { timestamp: number; key: string }>();
      const name = (one: { timestamp: number; key: string }) => `${one.timestamp} ${one.key}`;
      for (const one of first) model.set(name(one), one), table.register(one);
      for (const one of taken) model.delete(name(one)), table.delete(one);
      for (const one of again) model.set(name(one), one), table.register(one);
      const order = ["", "a", "b", "é"];
      const expected = [...model.values()].filter(({ timestamp }) => timestamp <= 2).sort((a, b) =>
        a.timestamp - b.timestamp || order.indexOf(a.key) - order.indexOf(b.key)
      );
      const due = expected.map(() => table.takeDue(2));
      assert.deepEqual(due, expected);
      assert.equal(table.takeDue(2), null);
      assert.equal(table.size, model.size - expected.length);
    }),
  );
});

Deno.test("StateTables refuses saved state of another shape", () => {
  const saved = stateOf(new ValueTable<number>());
  const table = new ValueTable<number>();
  const state = new StateTables();
  state.add(table, { name: "table", shape: "tumbling 1m" });
  table.set("a", 1);
  assert.throws(
    () => state.takeChanges().forEach((entry) => saved.restore(entry)),
    (error) => {
      assert.ok(hasCode(error, "state-incompatible"));
      assert.match(error.message, /saved as tumbling 1m, the topology has of a test/);
      return true;
    },
  );
});

Deno.test("StateTables refuses saved state of a table that is not there, unless it is removed", () => {
  const state = new StateTables();
  state.restore({ key: '["gone","a"]', value: null });
  state.restore({ key: '["shape","gone"]', value: '"any"' });
  assert.throws(
    () => state.restore({ key: '["gone","a"]', value: "1" }),
    (error) => hasCode(error, "state-incompatible"),
  );
});

Deno.test("StateTables writes a table's shape once, with its first entries, over restarts too", () => {
  const table = new ValueTable<number>();
  const state = stateOf(table);
  table.set("a", 1);
  const first = state.takeChanges();
  assert.deepEqual(first, [
    { key: '["table","a"]', value: "1" },
    { key: '["shape","table"]', value: '"of a test"' },
  ]);
  table.set("a", 2);
  assert.deepEqual(state.takeChanges(), [{ key: '["table","a"]', value: "2" }]);
  const restored = new ValueTable<number>();
  const later = stateOf(restored);
  first.forEach((entry) => later.restore(entry));
  restored.set("b", 3);
  assert.deepEqual(later.takeChanges(), [{ key: '["table","b"]', value: "3" }]);
});

Deno.test("StateTables refuses two tables of one name", () => {
  const state = stateOf(new TimerTable());
  const options = { name: "table", shape: "timers" };
  assert.throws(() => state.add(new TimerTable(), options), (error) => hasCode(error, "internal"));
});

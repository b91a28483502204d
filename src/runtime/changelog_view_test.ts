import assert from "node:assert/strict";
import { ChangelogView } from "./changelog_view.ts";

/** Entries as a changelog has them, under their names. */
function viewOf(
  key: string | undefined,
  ...entries: readonly (readonly [readonly unknown[], unknown])[]
) {
  const view = new ChangelogView(key);
  for (const take of [view.take, view.takeElement]) {
    for (const [name, value] of entries) {
      take(JSON.stringify(name), value === null ? null : JSON.stringify(value));
    }
  }
  return view;
}

const pane = (key: string, start: number, end: number, held = 1) =>
  [key, start, end, held, [], [], []] as const;

function windows(view: ChangelogView, watermark: number) {
  return view.openWindows(watermark).map(({ operator, start, end, keys, held, endsBy }) =>
    `${operator} ${start}-${end} ${keys} ${held} ${endsBy}`
  );
}

Deno.test("ChangelogView: a window is open until event time has come to its last millisecond", () => {
  const view = viewOf(undefined, [["w", 0, 10, "a"], ["sum", 3]], [["w", 0, 10, "b"], ["sum", 4]]);
  assert.deepEqual(windows(view, 8), ["w 0-10 2 7 event-time"]);
  assert.deepEqual(windows(view, 9), []);
});

Deno.test("ChangelogView: what was removed is no window, and not the key's", () => {
  const entries = [
    [["w", 7], pane("a", 0, 10)],
    [["w", 8], pane("b", 0, 10)],
    [["w", 9], pane("a", 10, 20)],
    [["w", 9], null],
    [["v", 0, 10, "a"], ["sum", 1]],
    [["v", 0, 10, "a"], null],
  ] as const;
  assert.deepEqual(windows(viewOf(undefined, ...entries), 0), ["w 0-10 2 2 event-time"]);
  assert.deepEqual(windows(viewOf("a", ...entries), 0), ["w 0-10 1 1 event-time"]);
  assert.deepEqual(viewOf("a", ...entries).entries().map(({ name }) => name), [[7]]);
});

Deno.test("ChangelogView: a pane's number can become another key's, and its elements with it", () => {
  const entries = [
    [["w/elements", 7, 1], "of a"],
    [["w", 7], pane("a", 0, 10)],
    [["w", 7], null],
    [["w/elements", 7, 1], null],
    [["w", 7], pane("b", 0, 10)],
    [["w/elements", 7, 2], "of b"],
  ] as const;
  const names = (key: string) =>
    viewOf(key, ...entries).entries().map(({ table, name }) => [table, ...name]);
  assert.deepEqual(names("a"), []);
  assert.deepEqual(names("b"), [["w", 7], ["w/elements", 7, 2]]);
});

Deno.test("ChangelogView: what ends a window stands in the shape of its table", () => {
  const of = (shape: string) =>
    windows(viewOf(undefined, [["shape", "w"], shape], [["w", 1], pane("a", 0, 10)]), 50);
  assert.deepEqual(of("tumbling 1m, allowed lateness 0ms"), []);
  assert.deepEqual(of("processing-time tumbling 1m"), ["w 0-10 1 1 processing-time"]);
  assert.deepEqual(of("global"), ["w null-null 1 1 never"]);
});

Deno.test("ChangelogView keeps no more than it may, and says so", () => {
  const many = Array.from({ length: 10_001 }, (_, i) => [["s", "a", i], i] as const);
  const all = viewOf("a", ...many.slice(1));
  assert.deepEqual([all.entries().length, all.isWhole], [10_000, true]);
  const most = viewOf("a", ...many);
  assert.deepEqual([most.entries().length, most.isWhole], [10_000, false]);
});

Deno.test("ChangelogView puts entries in the order of tables, and numbers before texts", () => {
  const view = viewOf(
    "a",
    [["t", 30, "a"], 1],
    [["s", "a", "x"], 1],
    [["s", "a", 10], 1],
    [["s", "a", 9], 1],
    [["t", 4, "a"], 1],
  );
  const names = view.entries().map(({ table, name }) => [table, ...name].join(" "));
  assert.deepEqual(names, ["s a 9", "s a 10", "s a x", "t 4 a", "t 30 a"]);
});

/** What is left of a changelog's entries when all of them have been taken in, of one key or as windows. */

import { compareUtf8 } from "../base/bytes.ts";
import { type EntryOwner, ownerOf } from "../stream/state/entry_owner.ts";
import type { EntryKey } from "../stream/state/tables.ts";
import type { Window, WindowAssigner } from "../stream/windows/window.ts";
import type { SavedWindow, StateEntry } from "./read_state.ts";

/** Memory stays flat: of more entries or windows than that some are left out. */
const maxEntries = 10_000;
const maxWindows = 200_000;

type EndsBy = WindowAssigner["endsBy"];

interface Opened {
  readonly window: Window;
  readonly held: number;
}

/** One table, as far as it is looked at. */
interface TableView {
  /** The entries of the key, by the text of their name. */
  readonly entries: Map<string, { readonly name: EntryKey; readonly value: unknown }>;
  /** The windows of the key, or of all keys, by the text of their name. */
  readonly windows: Map<string, Opened>;
  /** What its entries mean. */
  shape: string;
}

/** Takes in the entries of a changelog in their order. */
export class ChangelogView {
  readonly #key: string | null;
  readonly #quoted: string;
  readonly #tables = new Map<string, TableView>();
  #isWhole = true;
  #hasElements = false;

  /** @param key whose entries are kept; without one the windows of all keys are. */
  constructor(key?: string) {
    this.#key = key ?? null;
    this.#quoted = JSON.stringify(key ?? "");
  }

  /** Whether nothing had to be left out. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Whether all has to be handed over once more, to {@linkcode ChangelogView.takeElement}. */
  get asksForElements(): boolean {
    return this.#key !== null && this.#hasElements;
  }

  /** Takes in an entry; both are JSON text, `value` null removes. */
  readonly take = (key: string, value: string | null): void => {
    if (!this.#mayConcern(key)) return;
    const [table, ...name] = JSON.parse(key) as [string, ...EntryKey];
    const saved: unknown = value === null ? undefined : JSON.parse(value);
    if (table === "shape") this.#table(String(name[0])).shape = String(saved);
    else this.#apply(this.#table(table), { name, value: saved, owner: ownerOf(name, saved) });
  };

  /** Takes in an entry once more, when it is known which panes are the key's. */
  readonly takeElement = (key: string, value: string | null): void => {
    const [table, ...name] = JSON.parse(key) as [string, ...EntryKey];
    const owner = ownerOf(name, undefined);
    if (owner.kind !== "element") return;
    const panes = this.#table(table.slice(0, table.lastIndexOf("/"))).entries;
    if (!panes.has(JSON.stringify([owner.pane]))) return;
    const saved: unknown = value === null ? undefined : JSON.parse(value);
    this.#put(this.#table(table), name, saved);
  };

  /** Without this most of a long changelog would be parsed for nothing. */
  #mayConcern(key: string): boolean {
    return this.#key === null || key.includes(this.#quoted) || !key.endsWith('"]') ||
      key.startsWith('["shape",');
  }

  #apply(
    table: TableView,
    { name, value, owner }: {
      readonly name: EntryKey;
      readonly value: unknown;
      readonly owner: EntryOwner;
    },
  ): void {
    const { kind } = owner;
    if (kind === "element") {
      this.#hasElements = true;
      return;
    }
    if (kind === "pane") return this.#applyPane(table, { name, value, owner });
    if (this.#key !== null && owner.key !== this.#key) return;
    if (this.#key !== null) this.#put(table, name, value);
    if (kind === "window") {
      const held = Number((value as readonly unknown[] | undefined)?.[1]);
      this.#open(table, name, value === undefined ? null : { window: owner.window, held });
    }
  }

  #applyPane(
    table: TableView,
    { name, value, owner }: {
      readonly name: EntryKey;
      readonly value: unknown;
      readonly owner: EntryOwner & { readonly kind: "pane" };
    },
  ): void {
    const { key, window } = owner;
    // A number that was free again may be another key's by now.
    const isOwn = key !== null && (this.#key === null || key === this.#key);
    if (this.#key !== null) this.#put(table, name, isOwn ? value : undefined);
    const held = Number((value as readonly unknown[] | undefined)?.[3]);
    this.#open(table, name, isOwn ? { window: window!, held } : null);
  }

  #put({ entries }: TableView, name: EntryKey, value: unknown): void {
    const text = JSON.stringify(name);
    if (value === undefined) entries.delete(text);
    else if (entries.size < maxEntries || entries.has(text)) entries.set(text, { name, value });
    else this.#isWhole = false;
  }

  #open({ windows }: TableView, name: EntryKey, opened: Opened | null): void {
    const text = JSON.stringify(name);
    if (opened === null) windows.delete(text);
    else if (windows.size < maxWindows || windows.has(text)) windows.set(text, opened);
    else this.#isWhole = false;
  }

  #table(name: string): TableView {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = { entries: new Map(), windows: new Map(), shape: "" };
      this.#tables.set(name, table);
    }
    return table;
  }

  /** The entries of the key, by table and name. */
  entries(): readonly Pick<StateEntry, "table" | "name" | "value">[] {
    return this.#sorted().flatMap(([table, { entries }]) =>
      [...entries].sort(([, a], [, b]) => compareNames(a.name, b.name))
        .map(([, { name, value }]) => ({ table, name, value }))
    );
  }

  /** The windows that are open where event time has come to `watermark`, by operator and end. */
  openWindows(watermark: number): readonly Omit<SavedWindow, "stage" | "partition">[] {
    return this.#sorted().flatMap(([operator, { windows, shape }]) => {
      const endsBy = endsByOf(shape);
      const same = Map.groupBy(windows.values(), ({ window: { start, end } }) => `${start} ${end}`);
      return [...same.values()]
        .map((all) => ({
          window: all[0]!.window,
          keys: all.length,
          held: all.reduce((sum, { held }) => sum + held, 0),
        }))
        .filter(({ window: { end } }) => endsBy !== "event-time" || end - 1 > watermark)
        .sort((a, b) => a.window.end - b.window.end || a.window.start - b.window.start)
        .map(({ window: { start, end }, keys, held }) => ({
          operator,
          start: endsBy === "never" ? null : start,
          end: endsBy === "never" ? null : end,
          keys,
          endsBy,
          silenceAt: null,
          held,
        }));
    });
  }

  #sorted() {
    return [...this.#tables].sort(([a], [b]) => compareUtf8(a, b));
  }
}

/** What comes to the end of windows whose table has this shape: it begins with their description. */
function endsByOf(shape: string): EndsBy {
  if (shape.startsWith("global")) return "never";
  return shape.startsWith("processing-time") ? "processing-time" : "event-time";
}

function compareNames(a: EntryKey, b: EntryKey): number {
  for (const [i, one] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    const order = typeof one === "number" && typeof other === "number"
      ? one - other
      : compareUtf8(String(one), String(other));
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

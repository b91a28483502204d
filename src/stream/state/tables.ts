/**
 * State is tables (semantics 14). A table is rebuilt from its changelog entries and knows which of
 * them changed since the last commit, so no operator can exist without its recovery.
 */

import { assert, FlightsError } from "../../base/errors.ts";

/** One entry of a changelog: `value` null removes it. Both are JSON text. */
export interface ChangelogEntry {
  readonly key: string;
  readonly value: string | null;
}

/** The part of an entry's key that is the table's own, behind its name. */
export type EntryKey = readonly (string | number)[];

/** What the registry asks of a table. */
export interface Table {
  /** How many entries it holds. */
  readonly size: number;
  /** Whether there is anything to tell by `takeChanges`. */
  readonly hasChanges: boolean;
  /** Takes in a saved entry; `value` undefined removes it. */
  restore(key: EntryKey, value: unknown): void;
  /** Tells each entry that changed since the last call; `value` undefined means removed. */
  takeChanges(tell: (key: EntryKey, value: unknown) => void): void;
}

/** What is said of a table. */
export interface TableSettings {
  /** What its entries mean: saved entries of another shape are refused. */
  readonly shape: string;
  /** How long they live, for people; the next run may say something else. */
  readonly lifetime?: string;
}

interface RegisteredTable {
  readonly table: Table;
  readonly shape: string;
  readonly lifetime: string | null;
  saved: boolean;
  /** How many entries were saved or restored, and how many bytes of changelog these were. */
  readonly seen: { entries: number; bytes: number };
}

/** The name under which the shapes of the tables are kept. */
const shapes = "shape";

/** The tables of one task. */
export class StateTables {
  readonly #tables = new Map<string, RegisteredTable>();

  /**
   * Adds a table.
   *
   * @param options `name`: unique in the task.
   */
  add<T extends Table>(table: T, options: TableSettings & { readonly name: string }): T {
    const { name, shape, lifetime = null } = options;
    assert(name !== shapes && !this.#tables.has(name), `the table ${name} is there already`);
    const seen = { entries: 0, bytes: 0 };
    this.#tables.set(name, { table, shape, lifetime, saved: false, seen });
    return table;
  }

  /** How many entries all tables hold. */
  get size(): number {
    let size = 0;
    for (const { table } of this.#tables.values()) size += table.size;
    return size;
  }

  /**
   * How many bytes of changelog the entries come to: of each table its entries times the mean length of
   * those that were saved or restored. To know it to the byte each entry's length would have to be kept.
   */
  get bytes(): number {
    let bytes = 0;
    for (const { table, seen } of this.#tables.values()) {
      if (seen.entries > 0) bytes += table.size * seen.bytes / seen.entries;
    }
    return Math.round(bytes);
  }

  /** What the entries of each table mean. */
  get shapes(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#tables].map(([name, { shape }]) => [name, shape]));
  }

  /** How long the entries of each table live, of those that do not stay until they are removed. */
  get lifetimes(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#tables].flatMap(([name, { lifetime }]) =>
        lifetime === null ? [] : [[name, lifetime]]
      ),
    );
  }

  /** Whether any entry changed since {@linkcode StateTables.takeChanges} was called last. */
  get hasChanges(): boolean {
    for (const { table } of this.#tables.values()) if (table.hasChanges) return true;
    return false;
  }

  /**
   * Takes in an entry of the changelog.
   *
   * @throws {FlightsError} `state-incompatible` when the topology has no such table.
   */
  restore(entry: ChangelogEntry): void {
    const [name, ...key] = JSON.parse(entry.key) as [string, ...EntryKey];
    const value = entry.value === null ? undefined : JSON.parse(entry.value);
    if (name === shapes) return this.#restoreShape(String(key[0]), String(value));
    const known = this.#tables.get(name);
    if (known === undefined) {
      if (value === undefined) return;
      throw incompatible(name, "the topology must have that table, it has", [
        ...this.#tables.keys(),
      ]);
    }
    if (entry.value !== null) note(known.seen, entry.key, entry.value);
    known.table.restore(key, value);
  }

  #restoreShape(name: string, saved: string): void {
    const known = this.#tables.get(name);
    if (known === undefined) return;
    if (known.shape !== saved) {
      throw incompatible(name, `it was saved as ${saved}, the topology has`, [known.shape]);
    }
    known.saved = true;
  }

  /** The entries that changed since the last call. */
  takeChanges(): readonly ChangelogEntry[] {
    const changes: ChangelogEntry[] = [];
    for (const [name, known] of this.#tables) {
      const before = changes.length;
      known.table.takeChanges((key, value) => {
        const change = {
          key: JSON.stringify([name, ...key]),
          value: value === undefined ? null : JSON.stringify(value),
        };
        changes.push(change);
        if (change.value !== null) note(known.seen, change.key, change.value);
      });
      if (changes.length > before && !known.saved) {
        known.saved = true;
        changes.push({ key: JSON.stringify([shapes, name]), value: JSON.stringify(known.shape) });
      }
    }
    return changes;
  }
}

/** Lengths count in characters of JSON text, which are mostly bytes: to encode them would cost more. */
function note(seen: RegisteredTable["seen"], key: string, value: string): void {
  seen.entries++;
  seen.bytes += key.length + value.length;
}

function incompatible(name: string, need: string, there: readonly string[]): FlightsError {
  return new FlightsError(
    "state-incompatible",
    `Cannot restore the state table "${name}": ${need} ${there.join(", ") || "none"}; ` +
      "run with the options it was saved with, or take the job back with `flights reset`",
  );
}

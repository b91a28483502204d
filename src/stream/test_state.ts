/** A look at keyed state: what a commit at this moment would save, in the words of its function. */

import { compareUtf8 } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import { type Key, keyOf, keyText } from "./key.ts";
import type { RuntimeContext, TimeDomain } from "./operators/functions.ts";
import { StatefulWork } from "./operators/work.ts";
import { StateTables, type Table } from "./state/tables.ts";
import type { OperatorContext } from "./task_context.ts";
import type { Task } from "./task.ts";
import type { TestRun } from "./test_run.ts";
import type { Downstream } from "./topology.ts";

/** A timer that is set. */
export interface TestTimer {
  /** Which time it goes by. */
  readonly domain: TimeDomain;
  /** The key that will be called. */
  readonly key: Key;
  /** When, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
}

/** An entry of a task's state. */
interface StateEntry {
  readonly table: string;
  readonly key: readonly (string | number)[];
  readonly value: unknown;
}

/** By the table's name behind the operator's id, the time that its timers go by. */
const domains: ReadonlyMap<string, TimeDomain> = new Map([
  ["timers", "event-time"],
  ["processing-time timers", "processing-time"],
]);

/** A table that holds state or timers of a function: the operator's id, and what the table is for. */
const functionTable = /^(.+)\/(?:state\/.+|timers)$/;

/**
 * The state that an operator keeps of a key. It is a copy: changes of it change nothing.
 *
 * @throws {FlightsError} `invalid-argument` when no operator of that id keeps state of keys.
 */
export function lookAtState(run: TestRun, id: string, { key, clock }: {
  readonly key: Key;
  readonly clock: Clock;
}): RuntimeContext {
  const tasks = tasksOf(run, id);
  const text = keyText(key);
  const task =
    tasks.find((one) => entriesOf(run, one).some((entry) => keyIn(entry, id) === text)) ??
      tasks[0]!;
  const state = new LookedAtTables(task.stateShapes, entriesOf(run, task));
  const work = new StatefulWork<Key>(contextOf(task, clock, state), nowhere, id);
  work.begin(task.watermark, text);
  return work;
}

/**
 * The timers of an operator: those of event time, then those of processing time, each by time and then
 * key bytes.
 *
 * @throws {FlightsError} `invalid-argument` when no operator of that id has timers.
 */
export function lookAtTimers(run: TestRun, id: string): readonly TestTimer[] {
  const found = tasksOf(run, id)
    .flatMap((task) => entriesOf(run, task))
    .flatMap(({ table, key: [timestamp, key] }) => {
      const domain = table.startsWith(`${id}/`) && domains.get(table.slice(id.length + 1));
      return domain ? [{ domain, timestamp: Number(timestamp), text: String(key) }] : [];
    });
  found.sort((a, b) =>
    compareUtf8(a.domain, b.domain) || a.timestamp - b.timestamp || compareUtf8(a.text, b.text)
  );
  return found.map(({ domain, timestamp, text }) => ({ domain, timestamp, key: keyOf(text) }));
}

/** The tasks that run an operator with keyed state. */
function tasksOf(run: TestRun, id: string): readonly Task[] {
  const idsOf = ({ stateShapes }: Task) =>
    Object.keys(stateShapes).flatMap((table) => functionTable.exec(table)?.[1] ?? []);
  const tasks = run.tasks.filter((task) => idsOf(task).includes(id));
  if (tasks.length > 0) return tasks;
  const there = run.tasks.flatMap(idsOf).map((one) => `"${one}"`);
  throw new FlightsError(
    "invalid-argument",
    `Cannot look at "${id}": it must be the id of an operator with keyed state, the topology has ` +
      ([...new Set(there)].join(", ") || "none"),
  );
}

function entriesOf(run: TestRun, task: Task): readonly StateEntry[] {
  return [...run.stateOf(task).values()].map((entry) => {
    const [table, ...key] = JSON.parse(entry.key) as [string, ...(string | number)[]];
    return { table, key, value: JSON.parse(entry.value!) };
  });
}

/** The text of the key that an entry of an operator belongs to; undefined where it is another's. */
function keyIn({ table, key }: StateEntry, id: string): string | undefined {
  if (!table.startsWith(`${id}/`)) return undefined;
  return String(table.startsWith(`${id}/state/`) ? key[0] : key[1]);
}

/** Tables that are filled when they are asked for. */
class LookedAtTables extends StateTables {
  constructor(
    /** Of the tables that are there. */
    readonly thereShapes: Readonly<Record<string, string>>,
    readonly entries: readonly StateEntry[],
  ) {
    super();
  }

  override add<T extends Table>(
    table: T,
    options: { readonly name: string; readonly shape: string },
  ): T {
    const { name, shape } = options;
    const there = this.thereShapes[name];
    if (there !== shape) throw notKept(name, { shape, there, all: Object.keys(this.thereShapes) });
    for (const entry of this.entries) {
      if (entry.table === name) table.restore(entry.key, entry.value);
    }
    return super.add(table, options);
  }
}

/** The error that tells what an operator keeps instead. */
function notKept(table: string, { shape, there, all }: {
  readonly shape: string;
  readonly there: string | undefined;
  readonly all: readonly string[];
}): FlightsError {
  const [id, state] = table.split("/state/");
  const names = all.filter((name) => name.startsWith(`${id}/state/`))
    .map((name) => `"${name.slice(`${id}/state/`.length)}"`);
  return new FlightsError(
    "invalid-argument",
    there === undefined
      ? `Cannot look at the state "${state}" of "${id}": the operator must keep it, it keeps ` +
        (names.join(", ") || "none")
      : `Cannot look at the state "${state}" of "${id}": it must be asked for as what it is kept, ` +
        `it is kept as ${there} and asked for as ${shape}`,
  );
}

const nowhere: Downstream = { emit: () => {}, emitTo: () => {}, takes: () => false };

function contextOf(task: Task, clock: Clock, state: StateTables): OperatorContext {
  return {
    partition: task.partition,
    partitions: 1,
    clock,
    outputs: { write: () => {}, forward: () => {} },
    state,
    watermark: task.watermark,
    window: null,
    closedBy: null,
    used: () => {},
    held: () => false,
    released: () => {},
    late: () => {},
    describeRecord: () => "a look at state",
  };
}

/**
 * Our engine beside a real Flink: the same jobs on the same inputs give the same results, in the same
 * step. Within a step Flink gives out what fires by time, and in no stated order where times are the
 * same; so the results of a step are compared key by key, each key's in order, and beside that the
 * times of all its results in order.
 */

import assert from "node:assert/strict";
import { needs } from "../permissions.ts";
import { type Difference, differences } from "./differences.ts";
import { pairPrograms } from "./pair_programs.ts";
import { processPrograms } from "./process_programs.ts";
import {
  type Program,
  readReference,
  type Reference,
  type Row,
  run,
  scenarioNames,
} from "./reference.ts";
import { triggerPrograms } from "./trigger_programs.ts";
import { windowPrograms } from "./window_programs.ts";

const programs: Readonly<Record<string, Program>> = {
  ...windowPrograms,
  ...triggerPrograms,
  ...processPrograms,
  ...pairPrograms,
};

/** The place of a row: what comes out of one output in one step. */
function placeOf({ output, step }: Row): string {
  return `${output} ${String(step).padStart(3, "0")}`;
}

/** The results of each place and key, in their order. */
function byKey(rows: readonly Row[]): readonly string[] {
  const order = (row: Row) => `${placeOf(row)} ${row.key}`;
  return rows.toSorted((a, b) => order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0)
    .map((row) => {
      const window = row.start === null ? "" : ` [${row.start}, ${row.end})`;
      return `${order(row)}: ${row.text} @${row.time}${window}`;
    });
}

/** The times of each place, in their order; `inAnyOrder`: sorted. */
function times(
  rows: readonly Row[],
  { inAnyOrder }: { readonly inAnyOrder: boolean },
): Readonly<Record<string, readonly (number | null)[]>> {
  const places = [...Map.groupBy(rows, placeOf)].toSorted(([a], [b]) => a < b ? -1 : 1);
  const timesOf = (own: readonly Row[]) => own.map(({ time }) => time);
  return Object.fromEntries(
    places.map(([place, own]) => [
      place,
      inAnyOrder ? timesOf(own).toSorted((a, b) => a! - b!) : timesOf(own),
    ]),
  );
}

/** The outputs of which Flink tells the windows. */
function windowedOutputs({ cases }: Reference): ReadonlySet<string> {
  const rows = cases.flatMap((one) => one.rows);
  return new Set(rows.filter(({ start }) => start !== null).map(({ output }) => output));
}

function compare(name: string): void {
  const reference = readReference(name);
  const { delay, cases } = reference;
  const windowed = windowedOutputs(reference);
  const {
    adapt = (rows) => rows,
    leavesOut = () => false,
    timesInAnyOrder: inAnyOrder = false,
  }: Partial<Difference> = differences[name] ?? {};
  const compared = cases.filter(({ elements }) => !leavesOut(elements));
  assert.ok(compared.length >= 7, "most inputs are compared");
  for (const one of compared) {
    const end = one.elements.length;
    const ours = run(programs[name]!, { delay, ...one })
      .map((row) => windowed.has(row.output) ? row : { ...row, start: null, end: null });
    const ends = ours.filter(({ step }) => step === end).map(({ time }) => time!);
    const where = { end, drainedTo: Math.max(...ends) };
    const [actual, expected] = [adapt(ours, where), adapt(one.rows, where)];
    assert.deepEqual(byKey(actual), byKey(expected), one.name);
    assert.deepEqual(times(actual, { inAnyOrder }), times(expected, { inAnyOrder }), one.name);
  }
}

for (const name of Object.keys(programs).toSorted()) {
  Deno.test({ ...needs("read"), name: `as Flink does: ${name}`, fn: () => compare(name) });
}

Deno.test({
  ...needs("read"),
  name: "what differs from Flink by design is of scenarios that there are",
  fn: () => {
    const names = scenarioNames();
    assert.deepEqual(Object.keys(differences).filter((name) => !names.includes(name)), []);
    assert.deepEqual(Object.keys(programs).toSorted(), names);
  },
});

/**
 * The table: what is aimed at, what was reached, and what the best of the others reached on such a
 * machine. Theirs were measured once, in a run of their own: docs/performance.md says how.
 */

import { describeSpread, quantile, spreadOf } from "../measure.ts";
import {
  type CatchUps,
  cpuPerMillion,
  cpuPerMillionWithoutStart,
  ratesWithoutStart,
  ratesWithStart,
} from "./catch_up.ts";
import type { Floor } from "./floors.ts";
import type { Latency, SteadyCost } from "./live.ts";
import type { Profile } from "./profile.ts";

/** A row of the table. */
export interface Row {
  readonly name: string;
  readonly reached: string;
  /** Empty where nothing is aimed at. */
  readonly aim?: string;
  /** The best of the others; empty where nobody was measured. */
  readonly others?: string;
}

/** A row before it is measured. */
export type RowName = Omit<Row, "reached">;

/** Prints a row. */
export function printRow({ name, reached, aim = "", others = "" }: Row): void {
  const notes = [aim && `aim ${aim}`, others].filter((text) => text !== "").join("; ");
  console.log(`${name.padEnd(47)} ${reached}${notes === "" ? "" : `  [${notes}]`}`);
}

/** "310,000 (290,000 to 320,000)", to the thousand. */
function perSecond(rates: readonly number[]): string {
  const digits = Math.max(...rates) < 10_000 ? 1 : 1_000;
  return describeSpread(rates.map((rate) => Math.round(rate / digits) * digits), 0);
}

/** What else is said of a row. */
type Notes = Pick<Row, "aim" | "others">;

/** What is said beside the rows of a job. */
export interface CatchUpNotes {
  readonly rate?: Notes;
  readonly cpu?: Notes;
  readonly memory?: Notes;
}

/** Prints what runs over a backlog took. */
export function printCatchUps(
  name: string,
  all: CatchUps,
  { floor, notes = {} }: { readonly floor: Floor; readonly notes?: CatchUpNotes },
): void {
  const cpu = cpuPerMillion(all);
  const json = spreadOf(floor.cpuPerMillion).median;
  printRow({
    name: `${name}, records/s`,
    reached: perSecond(ratesWithoutStart(all)),
    ...notes.rate,
  });
  printRow({ name: "  with its start", reached: perSecond(ratesWithStart(all)) });
  printRow({ name: "  CPU s per million", reached: describeSpread(cpu, 2), ...notes.cpu });
  const steady = cpuPerMillionWithoutStart(all);
  printRow({ name: "  without its start", reached: describeSpread(steady, 2) });
  printRow({ name: "  x JSON floor", reached: describeSpread(cpu.map((one) => one / json), 2) });
  const peaks = all.runs.map(({ peakMiB }) => peakMiB);
  printRow({ name: "  peak MiB", reached: describeSpread(peaks, 0), ...notes.memory });
}

/** Prints how much else there is to do on the machine: above the number of its cores, little holds. */
export function printLoad(when: string): void {
  const [load] = Deno.loadavg();
  const cores = navigator.hardwareConcurrency;
  console.log(`${when}: ${load!.toFixed(1)} processes wanted to run on ${cores} cores`);
}

/** Prints how soon a first result was there, and what a start with nothing to do takes. */
export function printStart({ runs }: CatchUps, notes: Notes): void {
  const first = runs.map(({ firstResultSeconds }) => firstResultSeconds);
  printRow({ name: "  start to first result, s", reached: describeSpread(first, 2), ...notes });
  const wall = runs.map(({ startUp }) => startUp.wallSeconds);
  const cpu = runs.map(({ startUp }) => startUp.cpuSeconds);
  printRow({
    name: "  a run with nothing to do, s",
    reached: `${describeSpread(wall, 2)}, ${describeSpread(cpu, 2)} CPU s`,
  });
}

/** Prints the floors. */
export function printFloors(floors: readonly Floor[]): void {
  for (const { name, rates, cpuPerMillion: cpu, bytesARecord } of floors) {
    const megabytes = rates.map((rate) => rate * bytesARecord / 1e6);
    printRow({
      name: `floor: ${name}, records/s`,
      reached: `${perSecond(rates)}, ${describeSpread(megabytes, 0)} MB/s, ` +
        `${describeSpread(cpu, 2)} CPU s per million`,
    });
  }
}

/** Prints the median and the worst of restarts. */
export function printRestarts(row: RowName, seconds: readonly number[]): void {
  const sorted = [...seconds].sort((a, b) => a - b);
  printRow({
    ...row,
    reached: `${quantile(sorted, 0.5).toFixed(2)}, worst ${quantile(sorted, 1).toFixed(2)} ` +
      `of ${sorted.length}`,
  });
}

/** Prints a latency. */
export function printLatency(row: RowName, { p50, p99, max, rate }: Latency): void {
  printRow({
    ...row,
    reached: `p50 ${p50.toFixed(0)}, p99 ${p99.toFixed(0)}, most ${max.toFixed(0)} at ` +
      `${Math.round(rate).toLocaleString("en")} records/s`,
  });
}

/** Prints what a steady feed takes. */
export function printSteady({ cpuPerMillion, rate, peakMiB }: SteadyCost): void {
  printRow({
    name: "merge, live, CPU s per million",
    reached: `${cpuPerMillion.toFixed(1)} at ${Math.round(rate).toLocaleString("en")} records/s, ` +
      `${peakMiB.toFixed(0)} MiB`,
  });
}

/** So many functions of a profile are told. */
const top = 25;

/** Prints the functions of a profile that took most. */
export function printProfile(job: string, profile: Profile): void {
  const { busyMilliseconds, idleMilliseconds, functions } = profile;
  const seconds = (milliseconds: number) => (milliseconds / 1e3).toFixed(1);
  console.log(
    `where the time of ${job} goes, ${seconds(busyMilliseconds)} s on its main thread, which ` +
      `waited for ${seconds(idleMilliseconds)} s:`,
  );
  for (const { name, milliseconds, share } of functions.slice(0, top)) {
    console.log(
      `${(100 * share).toFixed(1).padStart(6)} %${milliseconds.toFixed(0).padStart(7)} ms  ${name}`,
    );
  }
}

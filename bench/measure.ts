/**
 * What every benchmark shares: rounds of the same work, their median and spread, and a hash of the
 * result, so that a faster but wrong program is noticed.
 */

import process from "node:process";

/** How a measurement is taken. */
export interface MeasureOptions {
  /** How many things one round works on: records, bytes. */
  readonly items: number;
  /** Rounds that count; default 9. */
  readonly rounds?: number;
  /** Rounds before, for the compiler; default 3. */
  readonly warmUp?: number;
}

/** What was measured, in nanoseconds an item. */
export interface Measurement {
  readonly name: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** What the last round returned. */
  readonly result: number;
}

/** Runs `work` in rounds; it returns a number that depends on all it did. */
export function measure(
  name: string,
  work: () => number,
  { items, rounds = 9, warmUp = 3 }: MeasureOptions,
): Measurement {
  const times: number[] = [];
  let result = 0;
  for (let round = -warmUp; round < rounds; round++) {
    const start = performance.now();
    result = work();
    if (round >= 0) times.push((performance.now() - start) * 1e6 / items);
  }
  times.sort((a, b) => a - b);
  return {
    name,
    median: times[times.length >>> 1]!,
    min: times[0]!,
    max: times.at(-1)!,
    result,
  };
}

/** One line a measurement: median, spread and a note of the caller's, such as bytes a second. */
export function report(measurement: Measurement, note = ""): void {
  const { name, median, min, max } = measurement;
  const number = (value: number) => value.toFixed(value < 10 ? 2 : 0).padStart(8);
  console.log(
    `${name.padEnd(32)}${number(median)} ns (${number(min).trim()} to ${number(max).trim()})` +
      (note === "" ? "" : `  ${note}`),
  );
}

/** Prints one hash over all results: the same for the same work on every machine. */
export function reportHash(measurements: readonly Measurement[]): void {
  let hash = 0x811c9dc5;
  for (const { name, result } of measurements) {
    for (const char of `${name}=${result};`) {
      hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
    }
  }
  console.log(`result ${(hash >>> 0).toString(16).padStart(8, "0")}`);
}

/** The median of some values, and between what they lie. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The value that a share of `sorted` does not exceed: 0.5 for the median, 1 for the largest. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

/** The spread of some values; not a number where there are none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), min: quantile(sorted, 0), max: quantile(sorted, 1) };
}

/** "1.97 (1.67 to 2.27)": the median, and between what the values lie where there are several. */
export function describeSpread(values: readonly number[], digits: number): string {
  const { median, min, max } = spreadOf(values);
  const number = (value: number) =>
    value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return values.length === 1
    ? number(median)
    : `${number(median)} (${number(min)} to ${number(max)})`;
}

/** The processor time that this process has taken so far, all its threads. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Whether the program was asked for its small size: seconds at most, as the gate runs it. */
export function isSmall(args: readonly string[]): boolean {
  return args.includes("--small");
}

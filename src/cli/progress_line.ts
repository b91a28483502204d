/** One line on the terminal that tells how far a job is; elsewhere nothing is shown. */

import process from "node:process";
import { describeDuration } from "../base/duration.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import { sumOutcomes, totalOf } from "../stream/task/counts.ts";
import { writeError } from "./text_output.ts";

/** The time between two pictures, in milliseconds. */
const interval = 250;

/** A line at the foot of the terminal that is drawn over and over. */
export class TerminalLine {
  readonly #enabled = process.stderr.isTTY === true;
  #shownAt = Number.NEGATIVE_INFINITY;
  #visible = false;

  /** Shows a text at the time `now`, unless the last picture is too fresh. */
  show(now: number, text: () => string): void {
    if (!this.#enabled || now - this.#shownAt < interval) return;
    this.#shownAt = now;
    const columns = process.stderr.columns ?? 80;
    writeError(`\r\x1b[2K${text().slice(0, columns - 1)}`);
    this.#visible = true;
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#visible) writeError("\r\x1b[2K");
    this.#visible = false;
  }
}

/** Shows how many records a job has taken, how fast, and in a bounded run how long it will take. */
export class ProgressLine {
  readonly #name: string;
  readonly #bounded: boolean;
  readonly #line = new TerminalLine();
  #first: { readonly at: number; readonly records: number } | null = null;

  constructor(name: string, bounded: boolean) {
    this.#name = name;
    this.#bounded = bounded;
  }

  /** Shows a status, unless the last picture is too fresh. */
  show(status: JobStatus): void {
    const inputs = status.tasks.flatMap((task) => task.inputs);
    // Before the first fetch nobody knows how much there is to do.
    if (inputs.some(({ endOffset }) => endOffset === null)) return;
    if (inputs.length > 0) this.#line.show(status.at, () => this.#text(status));
  }

  #text(status: JobStatus): string {
    // What was repartitioned comes in again.
    const first = status.tasks.filter(({ stage }) => stage === status.tasks[0]!.stage);
    const records = totalOf(sumOutcomes(first.map((task) => task.outcomes)));
    this.#first ??= { at: status.at, records };
    const seconds = (status.at - this.#first.at) / 1_000;
    const rate = seconds > 0 ? (records - this.#first.records) / seconds : 0;
    const lag = status.tasks.flatMap((task) => task.inputs)
      .reduce(
        (sum, { endOffset, position }) => sum + Math.max(0, (endOffset ?? position) - position),
        0,
      );
    const left = this.#bounded && rate > 0 && lag > 0
      ? `, ${describeDuration(Math.ceil(lag / rate) * 1_000)} left`
      : "";
    return `${this.#name}: ${records.toLocaleString("en")} records, ` +
      `${Math.round(rate).toLocaleString("en")}/s, ${lag.toLocaleString("en")} to go${left}`;
  }

  /** Takes the line away. */
  clear(): void {
    this.#line.clear();
  }
}

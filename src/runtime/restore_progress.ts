/** How far a member is that rebuilds state: what is left, and how long that will take. */

import type { Clock } from "../base/clock.ts";
import type { RestoreStatus } from "./job_status.ts";

/** Adds up what the tasks of one assignment have read of their changelogs, in offsets. */
export class RestoreProgress {
  readonly #clock: Clock;
  readonly #beganAt: number;
  readonly #tasks: number;
  #begun = 0;
  #planned = 0;
  #read = 0;

  /** @param tasks how many will be rebuilt, one after the other. @param clock paces. */
  constructor(tasks: number, clock: Clock) {
    this.#tasks = tasks;
    this.#clock = clock;
    this.#beganAt = clock.now();
  }

  /** Begins the next task, which has so many offsets to read. */
  begin(offsets: number): void {
    this.#begun++;
    this.#planned += offsets;
  }

  /** Notes that so many more have been read. */
  note(offsets: number): void {
    this.#read += offsets;
  }

  /** What there is to tell; tasks that have not begun are taken to be as long as those that have. */
  get status(): RestoreStatus {
    const total = this.#begun === 0
      ? 0
      : Math.round(this.#planned * Math.max(this.#tasks, this.#begun) / this.#begun);
    const elapsed = this.#clock.now() - this.#beganAt;
    const left = Math.max(0, total - this.#read);
    const leftMs = this.#read === 0 ? null : Math.round(elapsed * left / this.#read);
    return { done: this.#read, total, leftMs };
  }
}

/** What happened to the members of a run, one after the other. */

import type { FenceStatus } from "./job_status.ts";

/** Outlives the members that a run joins as. */
export class RunHistory {
  #rebalances = 0;
  #fences = 0;
  #lastFence: FenceStatus | null = null;

  /** How often tasks were handed out anew. */
  get rebalances(): number {
    return this.#rebalances;
  }

  /** How often a member was void and another one joined. */
  get fences(): number {
    return this.#fences;
  }

  /** The last time that was so. */
  get lastFence(): FenceStatus | null {
    return this.#lastFence;
  }

  /** Notes that tasks were handed out. */
  noteRebalance(): void {
    this.#rebalances++;
  }

  /** Notes that a member was void, and why. */
  noteFence(at: number, reason: string): void {
    this.#fences++;
    this.#lastFence = { at, reason };
  }
}

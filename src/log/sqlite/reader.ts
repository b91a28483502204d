/** Fetching: one state of the file for all positions, and waiting for a first record. */

import { systemClock } from "../../base/clock.ts";
import type { FetchedPartition, FetchOptions, Position } from "../log.ts";
import type { ChangeSignal } from "./change_signal.ts";
import type { Database } from "./database.ts";
import { readPartition } from "./partitions.ts";

/** How a look at the file is taken. */
export interface ReadOptions extends Pick<FetchOptions, "maxPartitionBytes"> {
  /** Runs in the transaction of the look, before it: a member makes sure it still is one. */
  readonly check?: () => void;
}

/** Reads batches. */
export class Reader {
  readonly #db: Database;
  readonly #changes: ChangeSignal;

  constructor(db: Database, changes: ChangeSignal) {
    this.#db = db;
    this.#changes = changes;
  }

  /** Fetches as {@linkcode Log.fetch} does. */
  async fetch(
    positions: readonly Position[],
    options: FetchOptions = {},
  ): Promise<readonly FetchedPartition[]> {
    const { maxWaitMs = 0, signal } = options;
    const deadline = systemClock.now() + maxWaitMs;
    for (;;) {
      const mark = this.#changes.mark;
      const fetched = await this.read(positions, options);
      const left = deadline - systemClock.now();
      if (hasMoved(positions, fetched) || left <= 0) return fetched;
      if (signal?.aborted) return fetched;
      await this.#changes.wait(mark, left, signal);
      if (this.#changes.isClosed || this.#changes.mark === mark) return fetched;
    }
  }

  /** Reads what there is, without a wait. */
  read(
    positions: readonly Position[],
    { maxPartitionBytes, check }: ReadOptions = {},
  ): Promise<readonly FetchedPartition[]> {
    return this.#db.read("read", () => {
      check?.();
      return positions.map((position) => readPartition(this.#db, position, maxPartitionBytes));
    });
  }
}

/** Whether a fetch found anything; a compacted gap at the end counts, as it is to be passed. */
export function hasMoved(
  positions: readonly Position[],
  fetched: readonly FetchedPartition[],
): boolean {
  return fetched.some(({ nextOffset }, i) => nextOffset > positions[i]!.offset);
}

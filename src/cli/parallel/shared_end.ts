/**
 * When members that end together are at their end (semantics 11): each partition must have come to
 * its stop. Which member took it there does not matter, since all have the same stops.
 */

import type { CommittedOffset } from "../../log/log.ts";
import type { Stops } from "../../runtime/job_options.ts";
import type { JobStatus } from "../../runtime/job_status.ts";

/** What is known of the way to the end. */
export class SharedEnd {
  readonly #stops: Stops;
  readonly #members: number;
  readonly #statuses = new Map<number, JobStatus>();
  /** The partitions that have not been seen at their stops. */
  readonly #left: Set<number>;

  /** @param members how many members are to come. */
  constructor(stops: Stops, members: number) {
    this.#stops = stops;
    this.#members = members;
    const counts = [...stops.values()].map(({ length }) => length);
    this.#left = new Set(Array(Math.max(0, ...counts)).keys());
  }

  /** Takes in what a member tells. What one says it has ended stays ended, whoever holds it next. */
  takeStatus(member: number, status: JobStatus): void {
    this.#statuses.set(member, status);
    if (status.state !== "at-end") return;
    for (const { partition } of status.tasks) this.#left.delete(partition);
  }

  /** Takes in how far the group has come, by members of other processes too. */
  takeOffsets(offsets: readonly CommittedOffset[]): void {
    for (const partition of this.elsewhere) {
      const isAtStop = [...this.#stops].every(([topic, stops]) => {
        const own = offsets.find((one) => one.topic === topic && one.partition === partition);
        return (own?.offset ?? 0) >= stops[partition]!;
      });
      if (isAtStop) this.#left.delete(partition);
    }
  }

  /** Whether all partitions are at their stops. */
  get isReached(): boolean {
    return this.#left.size === 0;
  }

  /**
   * The partitions before their stops that no member here holds or may be about to take: members of
   * other processes have them, if anybody.
   */
  get elsewhere(): readonly number[] {
    const statuses = [...this.#statuses.values()];
    const unsettled = statuses.some(({ state }) => state === "waiting" || state === "restoring");
    if (unsettled || statuses.length < this.#members) return [];
    const held = new Set(statuses.flatMap(({ tasks }) => tasks.map(({ partition }) => partition)));
    return [...this.#left].filter((partition) => !held.has(partition));
  }
}

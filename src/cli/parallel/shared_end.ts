/**
 * When members that end together are at their end (semantics 11): each partition must have come to
 * its stop. Which member took it there does not matter, since all have the same stops.
 */

import type { CommittedOffset, GroupMember } from "../../log/log.ts";
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

  /**
   * Takes in how far members of other processes have come.
   *
   * @param members those of other processes alone: what one of this process holds is not at its end
   * before it says so, since open windows may still be to fire.
   */
  takeOthers(members: readonly GroupMember[], offsets: readonly CommittedOffset[]): void {
    if (this.#statuses.size < this.#members || this.isWorking) return;
    for (const partition of this.#left) {
      const isTheirs = members.some(({ partitions }) => partitions.includes(partition));
      const isAtStop = [...this.#stops].every(([topic, stops]) => {
        const own = offsets.find((one) => one.topic === topic && one.partition === partition);
        return (own?.offset ?? 0) >= stops[partition]!;
      });
      if (isTheirs && isAtStop) this.#left.delete(partition);
    }
  }

  /** Whether all partitions are at their stops. */
  get isReached(): boolean {
    return this.#left.size === 0;
  }

  /** The partitions that have not been seen at their stops. */
  get left(): readonly number[] {
    return [...this.#left];
  }

  /** Whether a member here holds a partition before its stop, or is about to hold something. */
  get isWorking(): boolean {
    return [...this.#statuses.values()].some(({ state, tasks }) =>
      state === "restoring" || tasks.some(({ partition }) => this.#left.has(partition))
    );
  }
}

/**
 * Who gets which partitions of a group: partition i of every input goes to the same member, all
 * members get as many as the others or one more, and nobody loses a partition that need not move.
 */

/** A member that wants partitions. */
export interface Candidate {
  /** Unique in the group, and stable over restarts where the member has an instance id. */
  readonly id: string;
  /** The partitions it held in the generation before. */
  readonly held: readonly number[];
}

/**
 * Assigns partitions 0 to `partitions - 1`; the same candidates in any order get the same. More
 * members than partitions leave some without: they stand by.
 */
export function assignPartitions(
  candidates: readonly Candidate[],
  partitions: number,
): ReadonlyMap<string, readonly number[]> {
  const members = [...candidates].sort((a, b) =>
    b.held.length - a.held.length || compare(a.id, b.id)
  );
  const share = Math.floor(partitions / members.length);
  const withOneMore = partitions % members.length;
  const assigned = new Map<string, number[]>();
  const taken = new Set<number>();
  members.forEach(({ id, held }, i) => {
    const quota = share + (i < withOneMore ? 1 : 0);
    const kept = [...new Set(held)].sort((a, b) => a - b)
      .filter((partition) => partition >= 0 && partition < partitions && !taken.has(partition))
      .slice(0, quota);
    for (const partition of kept) taken.add(partition);
    assigned.set(id, kept);
  });
  const free = Array.from({ length: partitions }, (_, partition) => partition)
    .filter((partition) => !taken.has(partition));
  members.forEach(({ id }, i) => {
    const own = assigned.get(id)!;
    const quota = share + (i < withOneMore ? 1 : 0);
    own.push(...free.splice(0, quota - own.length));
    own.sort((a, b) => a - b);
  });
  return assigned;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

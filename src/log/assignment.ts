/**
 * Who gets which partitions of a group: partition i of every input goes to the same member, all
 * members get as many as the others or one more, and nobody loses a partition that need not move.
 * Members of one version share them; those of other versions wait until the last of these is gone.
 */

/** A member that wants partitions. */
export interface Candidate {
  /** Unique in the group, and stable over restarts where the member has an instance id. */
  readonly id: string;
  /** The partitions it held in the generation before. */
  readonly held: readonly number[];
}

/** A member that wants partitions, and computes something that other members may not. */
export interface VersionedCandidate extends Candidate {
  /** What it computes: members of different versions never share a group. */
  readonly version: string;
  /** For people. */
  readonly description: string;
}

/** What a member gets. */
export interface Share {
  readonly partitions: readonly number[];
  /** For one that gets no partitions: who has them, for people. */
  readonly waitingFor: string | null;
}

/**
 * Shares partitions 0 to `partitions - 1` among the members of one version: the one whose members
 * held the most; where that is a tie, or nobody held any, the one with the smallest member id. The
 * same candidates in any order get the same.
 */
export function sharePartitions(
  candidates: readonly VersionedCandidate[],
  partitions: number,
): ReadonlyMap<string, Share> {
  const version = incumbentVersion(candidates, partitions);
  const sharing = candidates.filter((candidate) => candidate.version === version);
  const assigned = assignPartitions(sharing, partitions);
  const holder = [...sharing].sort(byId).find(({ id }) => assigned.get(id)!.length > 0);
  const describe = (candidate: VersionedCandidate) => {
    if (holder === undefined) return null;
    const { description } = holder;
    return candidate.version === version ? description : `${description}, of another version,`;
  };
  return new Map(candidates.map((candidate) => {
    const own = assigned.get(candidate.id) ?? [];
    return [
      candidate.id,
      { partitions: own, waitingFor: own.length > 0 ? null : describe(candidate) },
    ];
  }));
}

/** The version whose members share; null without candidates. */
function incumbentVersion(
  candidates: readonly VersionedCandidate[],
  partitions: number,
): string | null {
  const held = new Map<string, number>();
  for (const { version, held: own } of [...candidates].sort(byId)) {
    const existing = [...new Set(own)].filter((one) => one >= 0 && one < partitions);
    held.set(version, (held.get(version) ?? 0) + existing.length);
  }
  // Versions stand in the order of their smallest member ids, and the first of the largest wins.
  let incumbent: string | null = null;
  for (const [version, count] of held) {
    if (incumbent === null || count > held.get(incumbent)!) incumbent = version;
  }
  return incumbent;
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

function byId(a: Candidate, b: Candidate): number {
  return compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

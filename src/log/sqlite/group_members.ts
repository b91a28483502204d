/**
 * The members of groups, and which partitions each holds. When a member that holds some goes, or one
 * comes that is to be given some, they are shared out anew, as in Kafka's eager protocol:
 * 1. the group begins to rebalance;
 * 2. who holds partitions learns of it in its next poll, commits what it has, and gives them up in
 *    the poll after that; until then they are its own, but its lease is renewed no more;
 * 3. when nobody holds any, whoever looks next shares them out in a new generation;
 * 4. each finds its own in its next poll.
 *
 * A member is replaced when it leaves, when its process ends, or when its lease has run out; its row
 * is gone from then on, never to come back, and whatever it tries is refused.
 */

import { FlightsError } from "../../base/errors.ts";
import { type Share, sharePartitions } from "../assignment.ts";
import type { Database, Row } from "./database.ts";
import type { LivenessFiles } from "./liveness.ts";
import { partitionCount, topicMissing } from "./topics.ts";

/** Who a member is. */
export interface MemberIdentity {
  readonly id: string;
  readonly group: string;
  /** For people. */
  readonly description: string;
  /** The co-partitioned inputs. */
  readonly topics: readonly string[];
  /** What it computes: only members of one version share a group. */
  readonly version: string;
}

/** The time, and until when a member that shows itself alive now is taken for that. */
export interface Lease {
  readonly now: number;
  readonly until: number;
}

/** A member as its row tells. */
export interface MemberRow {
  readonly id: string;
  readonly description: string;
  readonly topics: readonly string[];
  readonly version: string;
  /** What it was given last; null before its first poll: it is not to be given any yet. */
  readonly held: readonly number[] | null;
  /** The generation in which it holds that; null when it has given it up, or stands by. */
  readonly generation: number | null;
  readonly waitingFor: string | null;
  readonly leaseUntil: number;
}

/** A group as one of its members sees it. */
export interface GroupView {
  /** The newest generation. */
  readonly generation: number;
  readonly isRebalancing: boolean;
  readonly own: MemberRow;
  readonly peers: readonly MemberRow[];
}

/** The rows of members. All functions are to be called in a transaction. */
export class GroupMembers {
  readonly #db: Database;
  readonly #files: LivenessFiles | null;

  /** @param files null where the log is in memory: then only leases tell who lives. */
  constructor(db: Database, files: LivenessFiles | null) {
    this.#db = db;
    this.#files = files;
  }

  /**
   * Adds a member, which takes no part before its first poll.
   *
   * @throws {FlightsError} `topic-missing`; `partitions-changed` when its topics differ.
   */
  add(member: MemberIdentity, lease: Lease): void {
    const { id, group, description, topics, version } = member;
    this.#countPartitions(group, topics);
    this.#db.run("INSERT INTO groups (name) VALUES (?) ON CONFLICT DO NOTHING", group);
    this.removeDead(group, lease.now);
    this.#db.run(
      `INSERT INTO members (id, group_name, description, topics, version, lease_until)
       VALUES (?, ?, ?, ?, ?, ?)`,
      id,
      group,
      description,
      JSON.stringify(topics),
      version,
      lease.until,
    );
  }

  /** Removes a member that leaves or is dead; what it held is free. */
  remove(id: string): void {
    const row = this.#db.get("DELETE FROM members WHERE id = ? RETURNING *", id);
    if (row !== undefined && row.generation !== null) this.#rebalance(String(row.group_name));
  }

  /** Removes the members whose time has run out, and those whose process has ended. */
  removeDead(group: string, now: number): void {
    for (const member of this.all(group)) {
      if (this.isAlive(member, now)) continue;
      this.remove(member.id);
      this.#files?.release(member.id);
    }
  }

  /** All rows of a group, by id. */
  all(group: string): readonly MemberRow[] {
    return this.#db.all("SELECT * FROM members WHERE group_name = ? ORDER BY id", group)
      .map(memberOf);
  }

  /** Whether a member's lease has not run out, and its process has not ended. */
  isAlive(member: MemberRow, now: number): boolean {
    return hasLease(member, now) && !this.hasEnded(member);
  }

  /** Whether a member's process is known to have ended. */
  hasEnded(member: MemberRow): boolean {
    return this.#files?.isDead(member.id) ?? false;
  }

  /** A member's group as it is. @throws {FlightsError} `fenced` when the member was replaced. */
  view({ id, group }: MemberIdentity): GroupView {
    const rows = this.all(group);
    const own = rows.find((row) => row.id === id);
    if (own === undefined) throw replaced(group);
    const { generation, is_rebalancing } = this.#db.get(
      "SELECT generation, is_rebalancing FROM groups WHERE name = ?",
      group,
    )!;
    return {
      generation: Number(generation),
      isRebalancing: is_rebalancing === 1,
      own,
      peers: rows.filter((row) => row !== own),
    };
  }

  /**
   * Makes sure that a member still holds what it was given in a generation.
   *
   * @throws {FlightsError} `fenced`.
   */
  checkHolds({ id, group }: MemberIdentity, generation: number): void {
    const row = this.#db.get("SELECT generation FROM members WHERE id = ?", id);
    if (row === undefined) throw replaced(group);
    if (row.generation === generation) return;
    throw fenced(group, "its partitions were given up or shared out anew");
  }

  /**
   * Puts off the end of a member's lease, unless it is to give up partitions: it must do so before
   * its lease ends, or others could wait for it for ever.
   */
  renew(id: string, { until }: Lease): void {
    this.#db.run(
      `UPDATE members SET lease_until = ? WHERE id = ? AND (generation IS NULL OR
         NOT (SELECT is_rebalancing FROM groups WHERE name = members.group_name))`,
      until,
      id,
    );
  }

  /** Gives up what a member holds. */
  giveUp({ id }: MemberIdentity): void {
    this.#db.run("UPDATE members SET generation = NULL WHERE id = ?", id);
  }

  /**
   * Does what a live member's look at its group asks for: shows that it lives, removes the dead, lets
   * it take part, and shares the partitions out when nobody holds any.
   *
   * @throws {FlightsError} `fenced`; as {@linkcode GroupMembers.add} does.
   */
  takeStock(member: MemberIdentity, lease: Lease): GroupView {
    this.renew(member.id, lease);
    this.removeDead(member.group, lease.now);
    if (this.view(member).own.held === null) this.#enter(member);
    const { isRebalancing, own, peers } = this.view(member);
    if (isRebalancing && ![own, ...peers].some(holds)) this.#shareOut(member.group);
    return this.view(member);
  }

  /** Lets a member take part; one that would be given nothing disturbs nobody. */
  #enter({ id, group, topics }: MemberIdentity): void {
    this.#countPartitions(group, topics);
    this.#db.run("UPDATE members SET held = '[]' WHERE id = ?", id);
    const { partitions, waitingFor } = this.#shares(group).get(id)!;
    this.#db.run("UPDATE members SET waiting_for = ? WHERE id = ?", waitingFor, id);
    if (partitions.length > 0) this.#rebalance(group);
  }

  #rebalance(group: string): void {
    this.#db.run(
      `UPDATE groups SET generation = generation + 1, is_rebalancing = 1
       WHERE name = ? AND NOT is_rebalancing`,
      group,
    );
  }

  #shareOut(group: string): void {
    const shares = this.#shares(group);
    const { generation } = this.#db.get(
      `UPDATE groups SET generation = generation + 1, is_rebalancing = 0
       WHERE name = ? RETURNING generation`,
      group,
    )!;
    for (const [id, { partitions, waitingFor }] of shares) {
      this.#db.run(
        "UPDATE members SET held = ?, generation = ?, waiting_for = ? WHERE id = ?",
        JSON.stringify(partitions),
        partitions.length > 0 ? generation! : null,
        waitingFor,
        id,
      );
    }
  }

  /** What each member is to have. */
  #shares(group: string): ReadonlyMap<string, Share> {
    const candidates = this.all(group).flatMap((row) =>
      row.held === null ? [] : [{ ...row, held: row.held }]
    );
    // Only members of one version have been given any; theirs are the topics to be shared.
    const first = candidates.find(({ held }) => held.length > 0) ?? candidates[0]!;
    return sharePartitions(candidates, this.#countPartitions(group, first.topics));
  }

  #countPartitions(group: string, topics: readonly string[]): number {
    const counts = topics.map((topic) => {
      const count = partitionCount(this.#db, topic);
      if (count === 0) throw topicMissing(`join ${group} for`, topic);
      return count;
    });
    const [first = 0] = counts;
    if (counts.some((count) => count !== first)) {
      const found = topics.map((topic, i) => `${topic} has ${counts[i]}`).join(", ");
      throw new FlightsError(
        "partitions-changed",
        `Cannot join ${group}: its topics must have the same number of partitions, ${found}`,
      );
    }
    return first;
  }
}

/** Whether a member holds partitions. */
export function holds({ generation }: MemberRow): boolean {
  return generation !== null;
}

/** Whether a member's lease has not run out. */
export function hasLease({ leaseUntil }: MemberRow, now: number): boolean {
  return leaseUntil > now;
}

/** The error of a member that may not go on with what it had. */
export function fenced(group: string, found: string): FlightsError {
  return new FlightsError(
    "fenced",
    `Cannot go on as a member of ${group}: it must hold its partitions, ${found}`,
  );
}

function replaced(group: string): FlightsError {
  return fenced(group, "it was taken for dead and replaced");
}

function memberOf(row: Row): MemberRow {
  return {
    id: String(row.id),
    description: String(row.description),
    topics: JSON.parse(String(row.topics)),
    version: String(row.version),
    held: row.held === null ? null : JSON.parse(String(row.held)),
    generation: row.generation as number | null,
    waitingFor: row.waiting_for as string | null,
    leaseUntil: Number(row.lease_until),
  };
}

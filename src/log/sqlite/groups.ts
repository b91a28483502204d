/**
 * Groups: one member holds all partitions under a lease and a generation, the others stand by. A
 * member is replaced when it leaves, when its process ends, or when its lease has run out; its
 * row is gone from then on, never to come back, and whatever it tries is refused.
 */

import { FlightsError } from "../../base/errors.ts";
import type { CommittedOffset, GroupDescription } from "../log.ts";
import { checkMetadata } from "../offset_metadata.ts";
import type { Database, Row } from "./database.ts";
import type { LivenessFiles } from "./liveness.ts";
import { findPartition, partitionCount, partitionMissing, topicMissing } from "./topics.ts";

/** Who a member is. */
export interface MemberIdentity {
  readonly id: string;
  readonly group: string;
  /** For people. */
  readonly description: string;
  /** The co-partitioned inputs. */
  readonly topics: readonly string[];
}

/** The time, and until when a member that shows itself alive now is taken for that. */
export interface Lease {
  readonly now: number;
  readonly until: number;
}

/** Where a member stands. */
export interface Standing {
  /** The generation in which it holds the group, or null while it stands by. */
  readonly generation: number | null;
  /** The description of the live member that holds the group, when it is another one. */
  readonly heldBy: string | null;
}

/** The rows of groups. All functions are to be called in a transaction. */
export class Groups {
  readonly #db: Database;
  readonly #files: LivenessFiles | null;

  /** @param files null where the log is in memory: then only leases tell who lives. */
  constructor(db: Database, files: LivenessFiles | null) {
    this.#db = db;
    this.#files = files;
  }

  /** Adds a member that stands by. Throws as {@linkcode Groups.countPartitions} does. */
  add(member: MemberIdentity, lease: Lease): void {
    const { id, group, description, topics } = member;
    this.countPartitions(member);
    this.#ensure(group);
    this.#removeDead(group, lease.now);
    this.#db.run(
      `INSERT INTO members (id, group_name, description, topics, lease_until)
       VALUES (?, ?, ?, ?, ?)`,
      id,
      group,
      description,
      JSON.stringify(topics),
      lease.until,
    );
  }

  /**
   * How many partitions each of a member's topics has.
   *
   * @throws {FlightsError} `topic-missing`; `partitions-changed` when they differ.
   */
  countPartitions({ group, topics }: MemberIdentity): number {
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

  #ensure(group: string): void {
    this.#db.run("INSERT INTO groups (name) VALUES (?) ON CONFLICT DO NOTHING", group);
  }

  /** Removes a member that leaves. */
  remove(member: string): void {
    this.#db.run("DELETE FROM members WHERE id = ?", member);
  }

  /** Where a member stands. @throws {FlightsError} `fenced` when it has been replaced. */
  standing({ id, group }: MemberIdentity, now: number): Standing {
    const own = this.#db.get("SELECT generation FROM members WHERE id = ?", id);
    if (own === undefined) throw fenced(group, "it was taken for dead and replaced");
    if (own.generation !== null) return { generation: Number(own.generation), heldBy: null };
    const holder = this.#holder(group);
    const held = holder !== undefined && this.#isAlive(holder, now);
    return { generation: null, heldBy: held ? String(holder.description) : null };
  }

  /** Makes sure that a member holds the group. @throws {FlightsError} `fenced`. */
  checkHolds(member: MemberIdentity, now: number): void {
    if (this.standing(member, now).generation === null) throw fenced(member.group, "it stands by");
  }

  /**
   * Shows that a member lives, and lets it hold the group if nobody else alive does.
   *
   * @throws {FlightsError} `fenced`; as {@linkcode Groups.countPartitions} does.
   */
  takeOver(member: MemberIdentity, lease: Lease): Standing {
    const { id, group } = member;
    const standing = this.standing(member, lease.now);
    this.renew(id, lease);
    if (standing.generation !== null || standing.heldBy !== null) return standing;
    this.countPartitions(member);
    this.#removeDead(group, lease.now);
    const { generation } = this.#db.get(
      "UPDATE groups SET generation = generation + 1 WHERE name = ? RETURNING generation",
      group,
    )!;
    this.#db.run("UPDATE members SET generation = ? WHERE id = ?", generation!, id);
    return { generation: Number(generation), heldBy: null };
  }

  /** Puts off the end of a member's lease. */
  renew(member: string, lease: Lease): void {
    this.#db.run("UPDATE members SET lease_until = ? WHERE id = ?", lease.until, member);
  }

  #holder(group: string): Row | undefined {
    return this.#db.get(
      "SELECT * FROM members WHERE group_name = ? AND generation IS NOT NULL",
      group,
    );
  }

  #members(group: string): readonly Row[] {
    return this.#db.all("SELECT * FROM members WHERE group_name = ? ORDER BY id", group);
  }

  #isAlive(member: Row, now: number): boolean {
    return Number(member.lease_until) > now && this.#files?.isDead(String(member.id)) !== true;
  }

  #removeDead(group: string, now: number): void {
    for (const member of this.#members(group)) {
      if (this.#isAlive(member, now)) continue;
      this.remove(String(member.id));
      this.#files?.release(String(member.id));
    }
  }

  /** The ids of all groups that have a live member or committed offsets. */
  list(now: number): readonly string[] {
    return this.#db.all("SELECT name FROM groups ORDER BY name")
      .map((row) => String(row.name))
      .filter((group) =>
        this.offsets(group).length > 0 ||
        this.#members(group).some((member) => this.#isAlive(member, now))
      );
  }

  /** The live members and the offsets of a group. */
  describe(group: string, now: number): GroupDescription {
    const live = this.#members(group).filter((member) => this.#isAlive(member, now));
    const members = live.map((member) => {
      const [topic = ""] = JSON.parse(String(member.topics)) as string[];
      const count = member.generation === null ? 0 : partitionCount(this.#db, topic);
      return {
        id: String(member.id),
        description: String(member.description),
        partitions: Array.from({ length: count }, (_, partition) => partition),
      };
    });
    return { members, offsets: this.offsets(group) };
  }

  /** The committed offsets of a group. */
  offsets(group: string): readonly CommittedOffset[] {
    const rows = this.#db.all(
      `SELECT t.name, o.partition, o.next_offset, o.metadata
       FROM offsets o JOIN topics t ON t.id = o.topic
       WHERE o.group_name = ? ORDER BY t.name, o.partition`,
      group,
    );
    return rows.map((row) => ({
      topic: String(row.name),
      partition: Number(row.partition),
      offset: Number(row.next_offset),
      metadata: String(row.metadata),
    }));
  }

  /**
   * Sets offsets of a group; others stay.
   *
   * @throws {FlightsError} `topic-missing`; `invalid-argument` for metadata that is too long.
   */
  commit(group: string, offsets: readonly CommittedOffset[]): void {
    for (const committed of offsets) {
      const { partition, offset, metadata } = committed;
      const found = findPartition(this.#db, committed);
      if (found === null) {
        throw partitionMissing(this.#db, committed, { doing: "commit an offset of" });
      }
      checkMetadata(committed);
      this.#db.run(
        `INSERT INTO offsets (group_name, topic, partition, next_offset, metadata)
         VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
         SET next_offset = excluded.next_offset, metadata = excluded.metadata`,
        group,
        found.topicRow,
        partition,
        offset,
        metadata,
      );
    }
  }

  /** Replaces all offsets of a group. @throws {FlightsError} `members-alive`. */
  reset(group: string, offsets: readonly CommittedOffset[], now: number): void {
    const alive = this.#members(group).find((member) => this.#isAlive(member, now));
    if (alive !== undefined) {
      throw new FlightsError(
        "members-alive",
        `Cannot reset group ${group}: no member of it may be alive, ${alive.description} is`,
      );
    }
    this.#ensure(group);
    // Whoever wakes up later must not go on from where it was.
    this.#removeDead(group, now);
    this.#db.run("DELETE FROM offsets WHERE group_name = ?", group);
    this.commit(group, offsets);
  }
}

function fenced(group: string, found: string): FlightsError {
  return new FlightsError(
    "fenced",
    `Cannot go on as a member of ${group}: it must hold the group, ${found}`,
  );
}

/**
 * Groups: one member holds all partitions under a lease and a generation, the others stand by. A
 * member is replaced when it leaves, when its process ends, or when its lease has run out; its
 * generation is old from then on, and whatever it tries is refused.
 */

import { FlightsError } from "../../base/errors.ts";
import type { CommittedOffset, GroupDescription } from "../log.ts";
import type { Database, Row } from "./database.ts";
import type { LivenessFiles } from "./liveness.ts";
import { findPartition, topicMissing } from "./topics.ts";

/** What a look at the group tells a member. */
export interface Standing {
  /** The generation in which it holds the group, or null while it stands by. */
  readonly generation: number | null;
  /** The description of the member that holds the group, when it is another one. */
  readonly heldBy: string | null;
}

/** A group's rows. All functions are to be called in a transaction. */
export class Groups {
  readonly #db: Database;
  readonly #files: LivenessFiles | null;

  /** @param files null where the log is in memory: then only the lease tells who lives. */
  constructor(db: Database, files: LivenessFiles | null) {
    this.#db = db;
    this.#files = files;
  }

  /** Adds a member that stands by. */
  add(
    group: string,
    member: {
      readonly id: string;
      readonly description: string;
      readonly topics: readonly string[];
    },
    leaseUntil: number,
  ): void {
    this.#ensure(group);
    this.#db.run(
      "INSERT INTO members (id, group_name, description, topics, generation, lease_until) VALUES (?, ?, ?, ?, NULL, ?)",
      member.id,
      group,
      member.description,
      JSON.stringify(member.topics),
      leaseUntil,
    );
  }

  #ensure(group: string): void {
    this.#db.run(
      "INSERT INTO groups (name, generation) VALUES (?, 0) ON CONFLICT DO NOTHING",
      group,
    );
  }

  /** Removes a member that leaves. */
  remove(member: string): void {
    this.#db.run("DELETE FROM members WHERE id = ?", member);
  }

  /** Where a member stands. @throws {FlightsError} `fenced` when it has been replaced. */
  standing(group: string, member: string, now: number): Standing {
    const own = this.#db.get("SELECT generation FROM members WHERE id = ?", member);
    if (own === undefined) throw fenced(group, "it was taken for dead");
    const current = Number(
      this.#db.get("SELECT generation FROM groups WHERE name = ?", group)!.generation,
    );
    if (own.generation !== null && own.generation !== current) {
      throw fenced(group, `it holds generation ${own.generation}, the group is at ${current}`);
    }
    if (own.generation !== null) return { generation: current, heldBy: null };
    const holder = this.#liveMembers(group, now).find((row) => row.generation === current);
    return { generation: null, heldBy: holder === undefined ? null : String(holder.description) };
  }

  /** Lets a member that stands by hold the group, if nobody alive does. */
  takeOver(
    group: string,
    member: string,
    { now, leaseUntil }: { now: number; leaseUntil: number },
  ): Standing {
    const standing = this.standing(group, member, now);
    if (standing.generation !== null || standing.heldBy !== null) return standing;
    this.#removeDead(group, now);
    this.#db.run("UPDATE groups SET generation = generation + 1 WHERE name = ?", group);
    this.#db.run(
      `UPDATE members SET lease_until = ?, generation = (SELECT generation FROM groups WHERE name = ?)
       WHERE id = ?`,
      leaseUntil,
      group,
      member,
    );
    return this.standing(group, member, now);
  }

  /** Puts off the end of a member's lease. */
  renew(member: string, leaseUntil: number): void {
    this.#db.run("UPDATE members SET lease_until = ? WHERE id = ?", leaseUntil, member);
  }

  /** Members whose process lives and whose lease has not run out. */
  #liveMembers(group: string, now: number): readonly Row[] {
    const rows = this.#db.all("SELECT * FROM members WHERE group_name = ? ORDER BY id", group);
    return rows.filter((row) =>
      Number(row.lease_until) > now && this.#files?.isDead(String(row.id)) !== true
    );
  }

  #removeDead(group: string, now: number): void {
    const live = new Set(this.#liveMembers(group, now).map((row) => row.id));
    for (const { id } of this.#db.all("SELECT id FROM members WHERE group_name = ?", group)) {
      if (!live.has(id!)) this.remove(String(id));
    }
  }

  /** All groups that were ever used. */
  list(): readonly string[] {
    return this.#db.all("SELECT name FROM groups ORDER BY name").map((row) => String(row.name));
  }

  /** The live members and the offsets of a group. */
  describe(group: string, now: number): GroupDescription {
    const current = this.#db.get("SELECT generation FROM groups WHERE name = ?", group)?.generation;
    const members = this.#liveMembers(group, now).map((row) => ({
      id: String(row.id),
      description: String(row.description),
      partitions: row.generation === current
        ? this.#partitions(JSON.parse(String(row.topics)))
        : [],
    }));
    return { members, offsets: this.offsets(group) };
  }

  /** The partition numbers of co-partitioned topics. */
  #partitions(topics: readonly string[]): readonly number[] {
    const count = Number(
      this.#db.get(
        "SELECT COUNT(*) AS count FROM partitions p JOIN topics t ON t.id = p.topic WHERE t.name = ?",
        topics[0] ?? "",
      )!.count,
    );
    return Array.from({ length: count }, (_, number) => number);
  }

  /** The committed offsets of a group. */
  offsets(group: string): readonly CommittedOffset[] {
    const rows = this.#db.all(
      `SELECT t.name, o.partition, o.next_offset, o.metadata FROM offsets o JOIN topics t ON t.id = o.topic
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

  /** Sets offsets of a group; others stay. */
  commit(group: string, offsets: readonly CommittedOffset[]): void {
    this.#ensure(group);
    for (const { topic, partition, offset, metadata } of offsets) {
      const found = findPartition(this.#db, topic, partition);
      if (found === null) {
        throw topicMissing(`commit an offset of partition ${partition} of`, topic);
      }
      this.#db.run(
        `INSERT INTO offsets (group_name, topic, partition, next_offset, metadata) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, metadata = excluded.metadata`,
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
    const [alive] = this.#liveMembers(group, now);
    if (alive !== undefined) {
      throw new FlightsError(
        "members-alive",
        `Cannot reset group ${group}: no member of it may be alive, ${alive.description} is`,
      );
    }
    // Whoever wakes up later must not go on from where it was.
    this.#db.run("DELETE FROM groups WHERE name = ?", group);
    if (offsets.length > 0) this.commit(group, offsets);
  }
}

/** The error of a member that has been replaced. */
export function fenced(group: string, found: string): FlightsError {
  return new FlightsError(
    "fenced",
    `Cannot go on as a member of ${group}: it must hold the group's generation, ${found}`,
  );
}

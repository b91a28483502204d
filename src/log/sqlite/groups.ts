/** Groups: their committed offsets, and what is told of them. */

import { FlightsError } from "../../base/errors.ts";
import type { CommittedOffset, GroupDescription } from "../log.ts";
import { checkMetadata } from "../offset_metadata.ts";
import type { AnnouncedProcesses } from "./announced_processes.ts";
import type { Database } from "./database.ts";
import { type GroupMembers, holds } from "./group_members.ts";
import { findPartition, partitionMissing } from "./topics.ts";

/** The rows of groups. All functions are to be called in a transaction. */
export class Groups {
  readonly #db: Database;
  readonly #members: GroupMembers;
  readonly #processes: AnnouncedProcesses;

  constructor(db: Database, members: GroupMembers, processes: AnnouncedProcesses) {
    this.#db = db;
    this.#members = members;
    this.#processes = processes;
  }

  /** The ids of all groups that have a live member, an announced process or committed offsets. */
  list(now: number): readonly string[] {
    const used = this.#db.all("SELECT name FROM groups")
      .map((row) => String(row.name))
      .filter((group) =>
        this.offsets(group).length > 0 ||
        this.#members.all(group).some((member) => this.#members.isAlive(member, now))
      );
    return [...new Set([...used, ...this.#processes.groups()])].sort();
  }

  /** The live members and the offsets of a group. */
  describe(group: string, now: number): GroupDescription {
    const live = this.#members.all(group).filter((member) => this.#members.isAlive(member, now));
    const members = live.map((member) => ({
      id: member.id,
      description: member.description,
      partitions: holds(member) ? member.held! : [],
    }));
    return { members, offsets: this.offsets(group), processes: this.#processes.living(group) };
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
    const alive = this.#members.all(group).find((member) => this.#members.isAlive(member, now));
    if (alive !== undefined) {
      throw new FlightsError(
        "members-alive",
        `Cannot reset group ${group}: no member of it may be alive, ${alive.description} is`,
      );
    }
    this.#db.run("INSERT INTO groups (name) VALUES (?) ON CONFLICT DO NOTHING", group);
    // Whoever wakes up later must not go on from where it was.
    this.#members.removeDead(group, now);
    this.#db.run("DELETE FROM offsets WHERE group_name = ?", group);
    this.commit(group, offsets);
  }
}

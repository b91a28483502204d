/** Topics and partitions as rows. */

import { FlightsError } from "../../base/errors.ts";
import type { CleanupPolicy, TopicDescription, TopicSpec } from "../log.ts";
import type { Database, Row } from "./database.ts";

/** A partition as it is now. */
export interface PartitionRow {
  readonly id: number;
  readonly topicRow: number;
  readonly topicId: string;
  readonly startOffset: number;
  readonly endOffset: number;
}

/** Creates topics; to be called in a write transaction. */
export function createTopics(db: Database, topics: readonly TopicSpec[]): void {
  for (const topic of topics) {
    checkSpec(topic);
    if (db.get("SELECT 1 FROM topics WHERE name = ?", topic.name) !== undefined) {
      throw new FlightsError(
        "topic-exists",
        `Cannot create topic ${topic.name}: no topic may have that name, the log has one`,
      );
    }
    db.run(
      "INSERT INTO topics (name, uuid, cleanup, retention_ms, retention_bytes) VALUES (?, ?, ?, ?, ?)",
      topic.name,
      crypto.randomUUID(),
      topic.cleanup ?? "delete",
      topic.retentionMs ?? null,
      topic.retentionBytes ?? null,
    );
    const id = db.lastId;
    for (let number = 0; number < topic.partitions; number++) {
      db.run("INSERT INTO partitions (topic, number) VALUES (?, ?)", id, number);
    }
  }
}

function checkSpec({ name, partitions }: TopicSpec): void {
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === "." || name === "..") {
    throw new FlightsError(
      "invalid-argument",
      `Cannot create topic "${name}": a name is 1 to 249 of a-z, A-Z, 0-9, dot, underscore and hyphen, ` +
        "and not . or ..",
    );
  }
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new FlightsError(
      "invalid-argument",
      `Cannot create topic ${name}: it must have 1 partition or more, ${partitions} were asked for`,
    );
  }
}

/** Deletes topics and all that belongs to them; to be called in a write transaction. */
export function deleteTopics(db: Database, names: readonly string[]): void {
  for (const name of names) {
    if (db.run("DELETE FROM topics WHERE name = ?", name) === 0) throw topicMissing("delete", name);
  }
}

/** The error of a topic that is not there. */
export function topicMissing(doing: string, name: string): FlightsError {
  return new FlightsError(
    "topic-missing",
    `Cannot ${doing} topic ${name}: it must exist, the log has no topic of that name`,
  );
}

/** The named topics that exist, or all, by name. */
export function describeTopics(
  db: Database,
  names: readonly string[] | undefined,
): readonly TopicDescription[] {
  const partitionsOf = (topic: Row) =>
    db.all(
      "SELECT start_offset, end_offset FROM partitions WHERE topic = ? ORDER BY number",
      topic.id!,
    )
      .map((row) => ({ startOffset: Number(row.start_offset), endOffset: Number(row.end_offset) }));
  const rows = db.all("SELECT * FROM topics ORDER BY name");
  const wanted = names === undefined ? null : new Set(names);
  return rows.filter((row) => wanted === null || wanted.has(String(row.name))).map((row) => ({
    name: String(row.name),
    id: String(row.uuid),
    cleanup: String(row.cleanup) as CleanupPolicy,
    retentionMs: numberOrNull(row.retention_ms),
    retentionBytes: numberOrNull(row.retention_bytes),
    partitions: partitionsOf(row),
  }));
}

function numberOrNull(value: Row[string] | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

/** A partition, or null when the topic or the partition is not there. */
export function findPartition(db: Database, topic: string, partition: number): PartitionRow | null {
  const row = db.get(
    `SELECT p.id, p.start_offset, p.end_offset, t.id AS topic, t.uuid FROM partitions p
     JOIN topics t ON t.id = p.topic WHERE t.name = ? AND p.number = ?`,
    topic,
    partition,
  );
  return row === undefined ? null : {
    id: Number(row.id),
    topicRow: Number(row.topic),
    topicId: String(row.uuid),
    startOffset: Number(row.start_offset),
    endOffset: Number(row.end_offset),
  };
}

/** Topics and partitions as rows. All functions are to be called in a transaction. */

import { FlightsError } from "../../base/errors.ts";
import type {
  CleanupPolicy,
  PartitionDescription,
  TopicDescription,
  TopicPartition,
  TopicSpec,
} from "../log.ts";
import type { Database, Row } from "./database.ts";
import { newId } from "./ids.ts";

/** A partition as it is now. */
export interface PartitionRow {
  readonly id: number;
  readonly topicRow: number;
  readonly topicId: string;
  readonly startOffset: number;
  readonly endOffset: number;
}

/** A partition as messages name it. */
export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`;
}

/** Creates topics. @throws {FlightsError} `topic-exists`, `invalid-argument`. */
export function createTopics(db: Database, topics: readonly TopicSpec[]): void {
  for (const topic of topics) {
    checkSpec(topic);
    if (db.get("SELECT 1 FROM topics WHERE name = ?", topic.name) !== undefined) {
      throw new FlightsError(
        "topic-exists",
        `Cannot create topic ${topic.name}: no topic may have that name, the log has one`,
      );
    }
    const id = db.insert(
      `INSERT INTO topics (name, uuid, cleanup, retention_ms, retention_bytes)
       VALUES (?, ?, ?, ?, ?)`,
      topic.name,
      newId(),
      topic.cleanup ?? "delete",
      topic.retentionMs ?? null,
      topic.retentionBytes ?? null,
    );
    for (let number = 0; number < topic.partitions; number++) {
      db.run("INSERT INTO partitions (topic, number) VALUES (?, ?)", id, number);
    }
  }
}

/** The rules for names are Kafka's, so that a job runs on either log. */
function checkSpec({ name, partitions, cleanup, retentionMs, retentionBytes }: TopicSpec): void {
  const invalid = (need: string) =>
    new FlightsError("invalid-argument", `Cannot create topic "${name}": ${need}`);
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === "." || name === "..") {
    throw invalid(
      "its name must be 1 to 249 of a-z, A-Z, 0-9, dot, underscore and hyphen, and not . or ..",
    );
  }
  if (!Number.isSafeInteger(partitions) || partitions < 1) {
    throw invalid(`it must have 1 partition or more, ${partitions} were asked for`);
  }
  for (const [what, limit] of Object.entries({ retentionMs, retentionBytes })) {
    if (limit === undefined) continue;
    if (cleanup === "compact") {
      throw invalid(`a compacted topic keeps the newest record of each key, it has a ${what}`);
    }
    if (!Number.isSafeInteger(limit) || limit < 0) {
      throw invalid(`its ${what} must be a whole number, zero or more, it is ${limit}`);
    }
  }
}

/** Deletes topics and all that belongs to them. @throws {FlightsError} `topic-missing`. */
export function deleteTopics(db: Database, names: readonly string[]): void {
  for (const name of names) {
    if (db.run("DELETE FROM topics WHERE name = ?", name) === 0) throw topicMissing("delete", name);
  }
}

/** Deletes those of the topics that are there. */
export function forgetTopics(db: Database, names: readonly string[]): void {
  for (const name of names) db.run("DELETE FROM topics WHERE name = ?", name);
}

/** The error of a topic that is not there. */
export function topicMissing(doing: string, name: string): FlightsError {
  return new FlightsError(
    "topic-missing",
    `Cannot ${doing} topic ${name}: it must exist, the log has no topic of that name`,
  );
}

/** The error of a partition that is not there. */
export function partitionMissing(
  db: Database,
  where: TopicPartition,
  { doing }: { readonly doing: string },
): FlightsError {
  const count = partitionCount(db, where.topic);
  if (count === 0) return topicMissing(`${doing} partition ${where.partition} of`, where.topic);
  return new FlightsError(
    "topic-missing",
    `Cannot ${doing} ${nameOf(where)}: the partition must exist, the topic has ${count}, from 0 on`,
  );
}

/** How many partitions a topic has; 0 when it is not there. */
export function partitionCount(db: Database, topic: string): number {
  return Number(
    db.get(
      `SELECT COUNT(*) AS count FROM partitions p JOIN topics t ON t.id = p.topic
       WHERE t.name = ?`,
      topic,
    )!.count,
  );
}

/** The named topics that exist, or all, by name. */
export function describeTopics(
  db: Database,
  names: readonly string[] | undefined,
): readonly TopicDescription[] {
  const rows = db.all(
    `SELECT t.name, t.uuid, t.cleanup, t.retention_ms, t.retention_bytes,
            p.start_offset, p.end_offset
     FROM topics t JOIN partitions p ON p.topic = t.id
     WHERE ?1 IS NULL OR t.name IN (SELECT value FROM json_each(?1))
     ORDER BY t.name, p.number`,
    names === undefined ? null : JSON.stringify(names),
  );
  return [...Map.groupBy(rows, (row) => String(row.name))].map(([name, ofTopic]) => {
    const topic = ofTopic[0]!;
    return {
      name,
      id: String(topic.uuid),
      cleanup: String(topic.cleanup) as CleanupPolicy,
      retentionMs: topic.retention_ms as number | null,
      retentionBytes: topic.retention_bytes as number | null,
      partitions: ofTopic.map(endsOf),
    };
  });
}

function endsOf(row: Row): PartitionDescription {
  return { startOffset: Number(row.start_offset), endOffset: Number(row.end_offset) };
}

/** A partition, or null when the topic or the partition is not there. */
export function findPartition(
  db: Database,
  { topic, partition }: TopicPartition,
): PartitionRow | null {
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
    ...endsOf(row),
  };
}

/** The tables of the embedded log, as ordered migrations: each is run once, none is ever changed. */

/** Marks a file as one of this project's: "flit". */
export const applicationId = 0x666c_6974;

/** Migration i, a list of statements, brings a file from version i to version i + 1. */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE topics (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      uuid TEXT NOT NULL,
      cleanup TEXT NOT NULL CHECK (cleanup IN ('delete', 'compact')),
      retention_ms INTEGER,
      retention_bytes INTEGER
    ) STRICT`,

    // Ids are never used again: a compaction under way must not take a new partition for its own.
    `CREATE TABLE partitions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      topic INTEGER NOT NULL REFERENCES topics ON DELETE CASCADE,
      number INTEGER NOT NULL,
      start_offset INTEGER NOT NULL DEFAULT 0,
      end_offset INTEGER NOT NULL DEFAULT 0,
      bytes INTEGER NOT NULL DEFAULT 0,
      -- Below clean_offset, where clean_bytes lie, each key is there once.
      clean_offset INTEGER NOT NULL DEFAULT 0,
      clean_bytes INTEGER NOT NULL DEFAULT 0,
      -- Compaction had come to tombstone_offset at tombstone_time.
      tombstone_offset INTEGER NOT NULL DEFAULT 0,
      tombstone_time INTEGER NOT NULL DEFAULT 0,
      UNIQUE (topic, number)
    ) STRICT`,

    // The bytes are a whole RecordBatch v2 with its offsets in it.
    `CREATE TABLE batches (
      id INTEGER PRIMARY KEY,
      partition INTEGER NOT NULL REFERENCES partitions ON DELETE CASCADE,
      base_offset INTEGER NOT NULL,
      last_offset INTEGER NOT NULL,
      max_timestamp INTEGER NOT NULL,
      size INTEGER NOT NULL,
      bytes BLOB NOT NULL
    ) STRICT`,
    // Holds all but the bytes, so that looking for an offset or a time touches no batch.
    `CREATE INDEX batches_by_offset
      ON batches (partition, base_offset, last_offset, max_timestamp, size)`,

    `CREATE TABLE groups (
      name TEXT PRIMARY KEY,
      -- Grows with each take-over.
      generation INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID`,

    `CREATE TABLE members (
      id TEXT PRIMARY KEY,
      group_name TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
      description TEXT NOT NULL,
      topics TEXT NOT NULL,
      -- The generation in which it holds the group; null while it stands by.
      generation INTEGER,
      lease_until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX members_of_group ON members (group_name)`,
    `CREATE UNIQUE INDEX holder_of_group ON members (group_name) WHERE generation IS NOT NULL`,

    `CREATE TABLE offsets (
      group_name TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
      topic INTEGER NOT NULL REFERENCES topics ON DELETE CASCADE,
      partition INTEGER NOT NULL,
      next_offset INTEGER NOT NULL,
      metadata TEXT NOT NULL,
      PRIMARY KEY (group_name, topic, partition)
    ) STRICT, WITHOUT ROWID`,
    `CREATE INDEX offsets_of_topic ON offsets (topic)`,
  ],

  // Members come and go: those of before are to join again.
  [
    "DROP TABLE members",
    `CREATE TABLE members (
      id TEXT PRIMARY KEY,
      group_name TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
      description TEXT NOT NULL,
      topics TEXT NOT NULL,
      version TEXT NOT NULL,
      -- The partition numbers it was given last; null before its first poll.
      held TEXT,
      -- The generation in which it holds them; null when it has given them up, or stands by.
      generation INTEGER,
      -- For one that was given none: who has them.
      waiting_for TEXT,
      lease_until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    "CREATE INDEX members_of_group ON members (group_name)",
    // 1 from when a generation begins until nobody holds partitions of the one before.
    "ALTER TABLE groups ADD COLUMN is_rebalancing INTEGER NOT NULL DEFAULT 0",
  ],

  // A process may wait for topics, and be no member yet: it is of a group that need not be there.
  [
    `CREATE TABLE processes (
      id TEXT PRIMARY KEY,
      group_name TEXT NOT NULL,
      description TEXT NOT NULL,
      address TEXT NOT NULL
    ) STRICT, WITHOUT ROWID`,
    "CREATE INDEX processes_of_group ON processes (group_name)",
  ],
];

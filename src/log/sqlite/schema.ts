/** The tables of the embedded log, as migrations in order: each is run once, none is ever changed. */

/** Marks a file as one of this project's: "flit". */
export const applicationId = 0x666c_6974;

/** Migration i brings a file from version i to version i + 1. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE topics (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    uuid TEXT NOT NULL,
    cleanup TEXT NOT NULL CHECK (cleanup IN ('delete', 'compact')),
    retention_ms INTEGER,
    retention_bytes INTEGER
  ) STRICT;

  CREATE TABLE partitions (
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL REFERENCES topics ON DELETE CASCADE,
    number INTEGER NOT NULL,
    start_offset INTEGER NOT NULL DEFAULT 0,
    end_offset INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    -- Compaction: the bytes it left, and how far it came.
    clean_bytes INTEGER NOT NULL DEFAULT 0,
    clean_offset INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, number)
  ) STRICT;

  -- One row a batch. The bytes are a whole RecordBatch v2 with its offsets in it.
  CREATE TABLE batches (
    id INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL REFERENCES partitions ON DELETE CASCADE,
    base_offset INTEGER NOT NULL,
    last_offset INTEGER NOT NULL,
    max_timestamp INTEGER NOT NULL,
    size INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (partition, base_offset)
  ) STRICT;

  CREATE TABLE groups (
    name TEXT PRIMARY KEY,
    -- Grows with each take-over; a member of an older one is fenced.
    generation INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE members (
    id TEXT PRIMARY KEY,
    group_name TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
    description TEXT NOT NULL,
    topics TEXT NOT NULL,
    -- The generation in which it holds the group; null while it stands by.
    generation INTEGER,
    lease_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX members_of_group ON members (group_name);

  CREATE TABLE offsets (
    group_name TEXT NOT NULL REFERENCES groups ON DELETE CASCADE,
    topic INTEGER NOT NULL REFERENCES topics ON DELETE CASCADE,
    partition INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    PRIMARY KEY (group_name, topic, partition)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX offsets_of_topic ON offsets (topic);
  `,
];

/**
 * What the engine asks of a log, and nothing else: topics, a member of a group, a plain reader and
 * a plain appender. Exactly-once is not a mode on top of it; it is what {@linkcode
 * Transaction.commit} means. The embedded log and Kafka pass the same conformance suite
 * (`conformance.ts`).
 *
 * Offsets count records of a partition from 0. Reading is always read_committed: what an unfinished
 * or aborted transaction wrote is never seen, and what lies behind an unfinished one in the same
 * partition may be held back until that ends. All times are milliseconds since the Unix epoch.
 */

import type { EncodedBatch } from "./records/builder.ts";
import type { RecordBatch } from "./records/batch.ts";

/** One partition of a topic. */
export interface TopicPartition {
  /** The topic. */
  readonly topic: string;
  /** The partition's number, from 0. */
  readonly partition: number;
}

/** What a topic's old records become: deleted by age or size, or kept as the newest of each key. */
export type CleanupPolicy = "delete" | "compact";

/** A topic to be created. */
export interface TopicSpec {
  /** By Kafka's rule: 1 to 249 of a-z, A-Z, 0-9, dot, underscore and hyphen. */
  readonly name: string;
  /** At least 1. */
  readonly partitions: number;
  /** Default `delete`. */
  readonly cleanup?: CleanupPolicy;
  /** Records older than this may go, by their batch's largest timestamp; default: never. */
  readonly retentionMs?: number;
  /** A partition's oldest batches go while it holds more bytes than this; default: never. */
  readonly retentionBytes?: number;
}

/** A topic as it is now. */
export interface TopicDescription {
  /** Its name. */
  readonly name: string;
  /** Its identity: a topic that is deleted and created anew has another one (semantics 17). */
  readonly id: string;
  /** What its old records become. */
  readonly cleanup: CleanupPolicy;
  /** Records older than this may go, in milliseconds; null: never. */
  readonly retentionMs: number | null;
  /** A partition's oldest batches go while it holds more bytes than this; null: never. */
  readonly retentionBytes: number | null;
  /** One entry a partition, at its number's index. */
  readonly partitions: readonly PartitionDescription[];
  /**
   * What only the topics of a cluster have; left out by other logs. `hidden`: this user may not look at
   * the topic's settings, so that cleanup and retention here are what is most usual.
   */
  readonly settings?: TopicSettings | "hidden";
}

/** How a cluster keeps a topic. */
export interface TopicSettings {
  /** What a record's timestamp is: its writer's, or the time of its append. */
  readonly timestampType: "create" | "append";
  /** A record that is further ahead of the broker's clock is refused, in milliseconds; null: none. */
  readonly maxAheadMs: number | null;
  /** How many copies there are of each partition; of the one with the fewest. */
  readonly replicas: number;
  /** How many of them must have a record before it counts as written. */
  readonly minInSyncReplicas: number;
  /** How many brokers could hold a copy. */
  readonly brokers: number;
}

/** The ends of a partition. */
export interface PartitionDescription {
  /** The first offset the log still holds. */
  readonly startOffset: number;
  /** The offset that the next record gets (Kafka's high watermark). */
  readonly endOffset: number;
}

/** A place to read from. */
export interface Position extends TopicPartition {
  /** The first offset to read. */
  readonly offset: number;
  /** The topic the offset belongs to; when the log has another one, reading fails. */
  readonly topicId?: string;
}

/** How a fetch waits and how much it takes. */
export interface FetchOptions {
  /** Waits this long for a first record when there is none at any position; default 0. */
  readonly maxWaitMs?: number;
  /** A partition's share of the answer; the first batch comes whole all the same. Default 1 MiB. */
  readonly maxPartitionBytes?: number;
  /** Ends the wait early. */
  readonly signal?: AbortSignal;
}

/** What a fetch found at one position. */
export interface FetchedPartition extends TopicPartition {
  /** The topic's identity. */
  readonly topicId: string;
  /**
   * Whole batches of committed records, in offset order. The first may begin before the position
   * that was asked for: see {@linkcode RecordBatch.firstAt}.
   */
  readonly batches: readonly RecordBatch[];
  /** Where to go on; past the last record of `batches`, control batches and compacted gaps. */
  readonly nextOffset: number;
  /** The high watermark at the time of the fetch; all has been read when `nextOffset` is there. */
  readonly endOffset: number;
}

/** Encoded records for one partition. */
export interface OutputBatch extends TopicPartition {
  /** The records, encoded. */
  readonly batch: EncodedBatch;
}

/** How far a group has come in one partition. */
export interface CommittedOffset extends TopicPartition {
  /** The next offset to read. */
  readonly offset: number;
  /** What belongs to the partition at that offset, at most 4,096 bytes of text (semantics 13). */
  readonly metadata: string;
}

/** The members and offsets of a group. */
export interface GroupDescription {
  /** Those that live. */
  readonly members: readonly GroupMember[];
  /** One a partition that it has committed in. */
  readonly offsets: readonly CommittedOffset[];
  /**
   * The processes that tell where they answer questions about it, each address once, in their order. On
   * Kafka its members tell of them, and of nothing for a moment while it is shared out anew.
   */
  readonly processes: readonly AnnouncedProcess[];
}

/** A process that works for a group, or waits to, and answers questions. */
export interface AnnouncedProcess {
  /** For people: host, process, role. */
  readonly description: string;
  /** Where it answers, as the beginning of a URL: `http://127.0.0.1:9464`. */
  readonly address: string;
}

/** An announcement, until it is taken back; it goes with its process, too. */
export interface Announcement {
  /** Takes it back. Does nothing the second time. */
  close(): Promise<void>;
}

/** A transaction that has begun to write to a partition and has not ended: readers wait at it. */
export interface OpenTransaction extends TopicPartition {
  /** The first offset that it wrote there; what lies behind is not read before it ends. */
  readonly startOffset: number;
  /** Marks its batches; null where the log does not tell. */
  readonly producerId: number | null;
  /** Who writes it; null where the log does not tell. */
  readonly transactionalId: string | null;
  /** When it began; null where the log does not tell. */
  readonly startedAt: number | null;
}

/** A live member of a group. */
export interface GroupMember {
  /** Unique among the group's members. */
  readonly id: string;
  /** For people: host, process, role. */
  readonly description: string;
  /** The partition numbers it holds; none while it stands by. */
  readonly partitions: readonly number[];
}

/** Who joins a group, and for what. */
export interface JoinOptions {
  /** For people: what this member is. */
  readonly description: string;
  /** The co-partitioned inputs; partition i of each goes to the same member. */
  readonly topics: readonly string[];
  /**
   * What the member computes. Members of different versions never share a group: those of the version
   * that holds partitions keep them, the others stand by until the last of these is gone.
   */
  readonly version: string;
}

/** The partition numbers a member holds. */
export interface Assignment {
  /** Grows with every change; 0 before the first. */
  readonly generation: number;
  /** Their numbers, the same of each input; none while it stands by. */
  readonly partitions: readonly number[];
  /** While it stands by: the member that holds what this one could take. */
  readonly waitingFor: string | null;
}

/** Tells the offset behind the last record that a transaction appended to a partition. */
export type EndOf = (partition: TopicPartition) => number;

/** A transaction under way: all of it becomes visible at once, or none of it ever. */
export interface Transaction {
  /**
   * Adds records behind what this transaction has added to their partitions before. A log may write
   * them at once, where no reader sees them before the commit.
   *
   * @returns when the log has them, or holds them until the commit. @throws as `commit` does.
   */
  append(outputs: readonly OutputBatch[]): Promise<void>;
  /** Whether as much is held in memory as should be: it is to be committed now. */
  readonly isFull: boolean;
  /**
   * Makes the records and the offsets durable in one step (semantics 13), under the fence of the
   * member's generation. The transaction is over afterwards, whatever the outcome.
   *
   * @param offsets called once the log has placed the records, with a function that tells the
   * offset behind the last one that this transaction appended to a partition.
   * @param reports called before that: records which tell where the others are.
   * @throws {FlightsError} `fenced` when the member has been replaced: nothing was written. Any
   * other error leaves the outcome unknown: the member must be closed and a new one joined
   * (semantics 16).
   */
  commit(
    offsets: (endOf: EndOf) => readonly CommittedOffset[],
    reports?: (endOf: EndOf) => readonly OutputBatch[],
  ): Promise<void>;
}

/** One member of a consumer group. */
export interface Member {
  /** Unique among the group's members. */
  readonly id: string;
  /** Marks the batches of its transactions as no other writer's of the log are marked. */
  readonly producerId: number;
  /** What it holds now; changes only within {@linkcode poll}. */
  readonly assignment: Assignment;
  /**
   * Whether the group is to be shared out anew: what is under way can still be committed, and should
   * be at once; the next poll takes part, and may take partitions away. Changes only within
   * {@linkcode poll}.
   */
  readonly isRebalancing: boolean;
  /**
   * Keeps the membership alive, takes up a changed assignment, and fetches. Called with no
   * positions it waits for an assignment. A changed assignment ends the wait and gives no records.
   * Positions of which there is no news yet may be left out of the answer.
   *
   * @throws {FlightsError} `fenced` when the member has been replaced; `topic-changed`,
   * `topic-missing`, `offset-out-of-range` for a position that is not there (any longer).
   */
  poll(
    positions: readonly Position[],
    options?: FetchOptions,
  ): Promise<readonly FetchedPartition[]>;
  /** The group's committed offsets in the partitions held. */
  committed(): Promise<readonly CommittedOffset[]>;
  /** Begins a transaction; one at a time: the one before must be over. */
  begin(): Transaction;
  /**
   * Leaves the group: what it held is free at once, and a transaction under way is given up. Does
   * nothing the second time.
   */
  close(): Promise<void>;
}

/** Where records are kept. */
export interface Log {
  /** For people: which log this is and where. */
  readonly description: string;

  /**
   * Creates topics, all of them or none.
   *
   * @param options `anew`: in place of those of the same names, which are deleted as
   * {@linkcode deleteTopics} does it, with no time for anybody to create them in between.
   * @throws {FlightsError} `topic-exists`, `invalid-argument` for a bad name.
   */
  createTopics(topics: readonly TopicSpec[], options?: { readonly anew?: boolean }): Promise<void>;
  /** Deletes topics with their records, and the offsets that groups committed in them. */
  deleteTopics(names: readonly string[]): Promise<void>;
  /** The named topics that exist, or all of them, by name. */
  describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]>;
  /** For each partition the first offset whose record is of `time` or later, or the end offset. */
  offsetsForTime(topic: string, time: number): Promise<readonly number[]>;

  /** Reads without a group. Fails as {@linkcode Member.poll} does. */
  fetch(
    positions: readonly Position[],
    options?: FetchOptions,
  ): Promise<readonly FetchedPartition[]>;
  /**
   * Appends without a group and returns the first offset of each batch. Durable when it resolves.
   *
   * @throws {FlightsError} `topic-missing` when a topic or partition does not exist.
   */
  append(outputs: readonly OutputBatch[]): Promise<readonly number[]>;

  /** The ids of all groups that have a live member, an announced process or committed offsets, in order. */
  listGroups(): Promise<readonly string[]>;
  /** A group; with neither members nor offsets when nobody ever used it. */
  describeGroup(group: string): Promise<GroupDescription>;
  /**
   * Tells where this process answers questions about a group's job: {@linkcode describeGroup} lists it
   * from then on, on Kafka once a member has joined by this log, and as long as that is in the group.
   * It is no member: a group can be reset under it.
   */
  announce(group: string, process: AnnouncedProcess): Promise<Announcement>;
  /** The transactions that hold back readers of these topics now, by topic and partition. */
  openTransactions(topics: readonly string[]): Promise<readonly OpenTransaction[]>;
  /** Replaces all of a group's offsets. @throws {FlightsError} `members-alive`. */
  resetGroup(group: string, offsets: readonly CommittedOffset[]): Promise<void>;
  /** Joins a group. @throws {FlightsError} `topic-missing`, `partitions-changed`. */
  join(group: string, options: JoinOptions): Promise<Member>;

  /** Closes the log and all its members. */
  close(): Promise<void>;
}

/**
 * The embedded log: topics, groups and commits in one SQLite file, which many processes may use at
 * once. A commit is a SQL transaction in write-ahead mode, synced to disk.
 */

import { type Clock, systemClock } from "../../base/clock.ts";
import { FlightsError, messageOf } from "../../base/errors.ts";
import type {
  CommittedOffset,
  FetchedPartition,
  FetchOptions,
  GroupDescription,
  JoinOptions,
  Log,
  Member,
  OutputBatch,
  Position,
  TopicDescription,
  TopicSpec,
} from "../log.ts";
import { Database } from "./database.ts";
import { Groups } from "./groups.ts";
import { LivenessFiles } from "./liveness.ts";
import { Maintenance } from "./maintenance.ts";
import { type FaultPoint, type MemberContext, SqliteMember } from "./member.ts";
import { appendBatch, offsetForTime, readPartition } from "./partitions.ts";
import { createTopics, deleteTopics, describeTopics, topicMissing } from "./topics.ts";
import { ChangeSignal } from "./waiting.ts";

/** Settings of an embedded log. */
export interface SqliteLogOptions {
  /** The folder of the file, created when it is not there; `:memory:` keeps nothing. */
  readonly directory: string;
  /** Judges leases and the age of records; default: the machine's. */
  readonly clock?: Clock;
  /** Milliseconds without a sign of life after which a member can be replaced; default 10,000. */
  readonly sessionTimeout?: number;
  /** For crash tests. */
  readonly faultPoint?: FaultPoint;
}

/**
 * Opens the embedded log.
 *
 * @throws {FlightsError} `log-unreachable`, `log-forbidden`, `log-full`, `log-corrupt`,
 * `log-version`.
 */
export async function openSqliteLog(options: SqliteLogOptions): Promise<Log> {
  const { directory } = options;
  const inMemory = directory === ":memory:";
  if (!inMemory) makeDirectory(directory);
  const db = await Promise.resolve(new Database(inMemory ? directory : `${directory}/flights.db`));
  const files = inMemory ? null : new LivenessFiles(`${directory}/members`);
  return new SqliteLog(db, files, options);
}

function makeDirectory(directory: string): void {
  try {
    Deno.mkdirSync(directory, { recursive: true });
  } catch (error) {
    const forbidden = error instanceof Deno.errors.PermissionDenied;
    throw new FlightsError(
      forbidden ? "log-forbidden" : "log-unreachable",
      `Cannot open the log in ${directory}: it must be a folder that can be made, ${
        messageOf(error)
      }`,
      { cause: error },
    );
  }
}

class SqliteLog implements Log {
  readonly description: string;
  readonly #db: Database;
  readonly #files: LivenessFiles | null;
  readonly #clock: Clock;
  readonly #sessionTimeout: number;
  readonly #groups: Groups;
  readonly #changes: ChangeSignal;
  readonly #maintenance: Maintenance;
  readonly #members = new Map<SqliteMember, Deno.FsFile | null>();
  readonly #faultPoint: FaultPoint;
  #closed = false;

  constructor(db: Database, files: LivenessFiles | null, options: SqliteLogOptions) {
    this.description = `the embedded log ${options.directory}`;
    this.#db = db;
    this.#files = files;
    this.#clock = options.clock ?? systemClock;
    this.#sessionTimeout = options.sessionTimeout ?? 10_000;
    this.#faultPoint = options.faultPoint ?? (() => {});
    this.#groups = new Groups(db, files);
    this.#changes = new ChangeSignal(db);
    this.#maintenance = new Maintenance(db);
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    await this.#db.write("create topics on", () => createTopics(this.#db, topics));
    this.#changes.changed();
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await this.#db.write("delete topics from", () => deleteTopics(this.#db, names));
    this.#changes.changed();
  }

  describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    return this.#db.read("describe topics of", () => describeTopics(this.#db, names));
  }

  async offsetsForTime(topic: string, time: number): Promise<readonly number[]> {
    const [described] = await this.describeTopics([topic]);
    if (described === undefined) throw topicMissing("look for a time in", topic);
    return this.#db.read(
      "look for a time in",
      () =>
        described.partitions.map((_, partition) =>
          offsetForTime(this.#db, { topic, partition }, time)
        ),
    );
  }

  async fetch(
    positions: readonly Position[],
    options: FetchOptions = {},
  ): Promise<readonly FetchedPartition[]> {
    const { maxWaitMs = 0, maxPartitionBytes, signal } = options;
    const deadline = systemClock.now() + maxWaitMs;
    for (;;) {
      const mark = this.#changes.mark;
      const fetched = await this.#db.read(
        "read",
        () => positions.map((position) => readPartition(this.#db, position, maxPartitionBytes)),
      );
      const left = deadline - systemClock.now();
      const found = fetched.some((one) => one.batches.length > 0);
      if (found || left <= 0 || signal?.aborted || this.#closed) return fetched;
      await this.#changes.wait(mark, left, signal);
    }
  }

  async append(outputs: readonly OutputBatch[]): Promise<readonly number[]> {
    const offsets = await this.#db.write(
      "append to",
      () => outputs.map((output) => appendBatch(this.#db, output)),
    );
    await this.#written(outputs);
    return offsets;
  }

  async #written(outputs: readonly OutputBatch[]): Promise<void> {
    this.#changes.changed();
    await this.#maintenance.after(outputs, this.#clock.now());
  }

  listGroups(): Promise<readonly string[]> {
    return this.#db.read("list groups of", () => this.#groups.list());
  }

  describeGroup(group: string): Promise<GroupDescription> {
    return this.#db.read(
      "describe a group of",
      () => this.#groups.describe(group, this.#clock.now()),
    );
  }

  async resetGroup(group: string, offsets: readonly CommittedOffset[]): Promise<void> {
    await this.#db.write(
      "reset a group on",
      () => this.#groups.reset(group, offsets, this.#clock.now()),
    );
    this.#changes.changed();
  }

  async join(group: string, options: JoinOptions): Promise<Member> {
    const topics = await this.describeTopics(options.topics);
    const counts = options.topics.map((name) => {
      const topic = topics.find((one) => one.name === name);
      if (topic === undefined) throw topicMissing(`join ${group} for`, name);
      return topic.partitions.length;
    });
    if (new Set(counts).size !== 1) {
      throw new FlightsError(
        "partitions-changed",
        `Cannot join ${group}: its topics must have the same number of partitions, ` +
          `${options.topics.join(", ")} have ${counts.join(", ")}`,
      );
    }
    const id = crypto.randomUUID();
    const file = this.#files?.hold(id) ?? null;
    const { description } = options;
    const leaseUntil = this.#clock.now() + this.#sessionTimeout;
    await this.#db.write(
      "join a group on",
      () => this.#groups.add(group, { id, description, topics: options.topics }, leaseUntil),
    );
    const identity = { id, group, topics: options.topics, partitions: counts[0]! };
    const member = new SqliteMember(identity, this.#memberContext());
    this.#members.set(member, file);
    return member;
  }

  #memberContext(): MemberContext {
    return {
      db: this.#db,
      groups: this.#groups,
      changes: this.#changes,
      clock: this.#clock,
      sessionTimeout: this.#sessionTimeout,
      faultPoint: this.#faultPoint,
      fetch: (positions, options) => this.fetch(positions, options),
      written: (outputs) => this.#written(outputs),
      leave: (member) => this.#leave(member),
    };
  }

  async #leave(member: SqliteMember): Promise<void> {
    const file = this.#members.get(member);
    this.#members.delete(member);
    try {
      await this.#db.write("leave a group on", () => this.#groups.remove(member.id));
    } finally {
      if (file) this.#files?.release(member.id, file);
    }
    this.#changes.changed();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const member of [...this.#members.keys()]) await member.close();
    this.#changes.close();
    this.#db.close();
  }
}

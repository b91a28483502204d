/**
 * The embedded log: topics, groups and commits in one SQLite file, which many processes may use at
 * once. A commit is a SQL transaction in write-ahead mode, synced to disk.
 */

import { type Clock, systemClock } from "../../base/clock.ts";
import { type ErrorCode, FlightsError, messageOf } from "../../base/errors.ts";
import type {
  AnnouncedProcess,
  Announcement,
  CommittedOffset,
  FetchedPartition,
  FetchOptions,
  GroupDescription,
  JoinOptions,
  Log,
  Member,
  OpenTransaction,
  OutputBatch,
  Position,
  TopicDescription,
  TopicSpec,
} from "../log.ts";
import { AnnouncedProcesses } from "./announced_processes.ts";
import { ChangeSignal } from "./change_signal.ts";
import { Database } from "./database.ts";
import type { FaultPoint } from "./fault_point.ts";
import { GroupMembers } from "./group_members.ts";
import { Groups } from "./groups.ts";
import { newId } from "./ids.ts";
import { LivenessFiles } from "./liveness.ts";
import { Maintenance } from "./maintenance.ts";
import { type MemberContext, SqliteMember } from "./member.ts";
import { appendBatch, offsetForTime } from "./partitions.ts";
import { Reader } from "./reader.ts";
import {
  createTopics,
  deleteTopics,
  describeTopics,
  forgetTopics,
  partitionCount,
  topicMissing,
} from "./topics.ts";

/** Settings of an embedded log. */
export interface SqliteLogOptions {
  /** The folder of its files, created when it is not there; `:memory:` keeps nothing. */
  readonly directory: string;
  /**
   * For who looks only: nothing is made, changed or tidied up, and no writer waits. A folder without a log
   * is refused (`topic-missing`), and so is one of an older program (`log-version`). Default false.
   */
  readonly readOnly?: boolean;
  /** Judges leases and the age of records, not waits; default: the machine's. */
  readonly clock?: Clock;
  /** Milliseconds without a sign of life after which a member can be replaced; default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** Milliseconds to wait for a file that others keep locked; default 10,000. */
  readonly lockTimeoutMs?: number;
  /**
   * For crash tests: is called at each step of a commit. Default: nothing.
   *
   * @internal
   */
  readonly faultPoint?: FaultPoint;
}

/**
 * Opens the embedded log.
 *
 * @throws {FlightsError} `log-unreachable`, `log-forbidden`, `log-full`, `log-corrupt`,
 * `log-version`; `invalid-argument` when the directory can be none.
 */
export async function openSqliteLog(options: SqliteLogOptions): Promise<Log> {
  const { directory } = options;
  const inMemory = directory === ":memory:";
  const path = inMemory ? directory : `${directory}/flights.db`;
  if (options.readOnly) checkExists(path, directory);
  else if (!inMemory) makeDirectory(directory);
  const db = await Database.open(path, options);
  return new SqliteLog(db, inMemory ? null : new LivenessFiles(`${directory}/members`), options);
}

/** @throws {FlightsError} `topic-missing`: who only looks makes no log, and needs one. */
function checkExists(path: string, directory: string): void {
  try {
    Deno.statSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return;
    throw new FlightsError(
      "topic-missing",
      `Cannot look at the log in ${directory}: a job or a command must have made one there, there is none`,
      { cause: error },
    );
  }
}

function makeDirectory(directory: string): void {
  try {
    Deno.mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new FlightsError(
      codeOfFolderError(error),
      `Cannot open the log in ${directory}: it must be a folder or be made one, ${
        messageOf(error)
      }`,
      { cause: error },
    );
  }
}

function codeOfFolderError(error: unknown): ErrorCode {
  switch (error instanceof Error && "code" in error ? error.code : null) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return "log-forbidden";
    case "ENOSPC":
    case "EDQUOT":
      return "log-full";
    default:
      return "invalid-argument";
  }
}

class SqliteLog implements Log {
  readonly description: string;
  readonly #db: Database;
  readonly #files: LivenessFiles | null;
  readonly #clock: Clock;
  readonly #groups: Groups;
  readonly #groupMembers: GroupMembers;
  readonly #changes: ChangeSignal;
  readonly #reader: Reader;
  readonly #maintenance: Maintenance;
  readonly #memberContext: MemberContext;
  readonly #processes: AnnouncedProcesses;
  readonly #members = new Set<SqliteMember>();
  /** The ids of what this log object has announced. */
  readonly #announced = new Set<string>();
  #isClosed = false;

  constructor(db: Database, files: LivenessFiles | null, options: SqliteLogOptions) {
    const { directory, clock = systemClock, sessionTimeoutMs = 10_000, faultPoint } = options;
    this.description = `the embedded log ${directory}`;
    this.#db = db;
    this.#files = files;
    this.#clock = clock;
    this.#groupMembers = new GroupMembers(db, files);
    this.#processes = new AnnouncedProcesses(db, files);
    this.#groups = new Groups(db, this.#groupMembers, this.#processes);
    this.#changes = new ChangeSignal(db);
    this.#reader = new Reader(db, this.#changes);
    this.#maintenance = new Maintenance(db, this.#changes, { clock });
    this.#memberContext = {
      db,
      groups: this.#groups,
      members: this.#groupMembers,
      reader: this.#reader,
      changes: this.#changes,
      clock,
      sessionTimeoutMs,
      faultPoint: faultPoint ?? (() => {}),
      written: (outputs) => this.#written(outputs),
      leave: (member) => this.#leave(member),
    };
  }

  createTopics(
    topics: readonly TopicSpec[],
    { anew = false }: { readonly anew?: boolean } = {},
  ): Promise<void> {
    return this.#change("create topics on", () => {
      if (anew) forgetTopics(this.#db, topics.map(({ name }) => name));
      createTopics(this.#db, topics);
    });
  }

  deleteTopics(names: readonly string[]): Promise<void> {
    return this.#change("delete topics from", () => deleteTopics(this.#db, names));
  }

  /** Runs a write transaction that others may wait for. */
  async #change<T>(doing: string, body: () => T): Promise<T> {
    const result = await this.#db.write(doing, body);
    this.#changes.changed();
    return result;
  }

  describeTopics(names?: readonly string[]): Promise<readonly TopicDescription[]> {
    return this.#db.read("describe topics of", () => describeTopics(this.#db, names));
  }

  offsetsForTime(topic: string, time: number): Promise<readonly number[]> {
    return this.#db.read("look for a time in", () => {
      const partitions = partitionCount(this.#db, topic);
      if (partitions === 0) throw topicMissing("look for a time in", topic);
      return Array.from(
        { length: partitions },
        (_, partition) => offsetForTime(this.#db, { topic, partition }, time),
      );
    });
  }

  fetch(
    positions: readonly Position[],
    options: FetchOptions = {},
  ): Promise<readonly FetchedPartition[]> {
    return this.#reader.fetch(positions, options);
  }

  async append(outputs: readonly OutputBatch[]): Promise<readonly number[]> {
    const offsets = await this.#db.write(
      "append to",
      () => outputs.map((output) => appendBatch(this.#db, output).baseOffset),
    );
    this.#written(outputs);
    return offsets;
  }

  #written(outputs: readonly OutputBatch[]): void {
    this.#changes.changed();
    this.#maintenance.after(outputs);
  }

  listGroups(): Promise<readonly string[]> {
    return this.#db.read("list groups of", () => this.#groups.list(this.#clock.now()));
  }

  describeGroup(group: string): Promise<GroupDescription> {
    return this.#db.read(
      "describe a group of",
      () => this.#groups.describe(group, this.#clock.now()),
    );
  }

  async announce(group: string, process: AnnouncedProcess): Promise<Announcement> {
    const id = newId();
    this.#files?.hold(id);
    try {
      await this.#change("announce a process on", () => this.#processes.add(id, group, process));
    } catch (error) {
      this.#files?.release(id);
      throw error;
    }
    this.#announced.add(id);
    return { close: () => this.#takeBack(id) };
  }

  async #takeBack(id: string): Promise<void> {
    if (!this.#announced.delete(id)) return;
    try {
      await this.#change("take back an announcement on", () => this.#processes.remove(id));
    } finally {
      this.#files?.release(id);
    }
  }

  /** None: a transaction is written in one step here, and nobody sees it before. */
  openTransactions(_topics: readonly string[]): Promise<readonly OpenTransaction[]> {
    return Promise.resolve([]);
  }

  resetGroup(group: string, offsets: readonly CommittedOffset[]): Promise<void> {
    return this.#change(
      "reset a group on",
      () => this.#groups.reset(group, offsets, this.#clock.now()),
    );
  }

  async join(group: string, options: JoinOptions): Promise<Member> {
    const identity = { ...options, id: newId(), group };
    const now = this.#clock.now();
    const lease = { now, until: now + this.#memberContext.sessionTimeoutMs };
    // The mark comes first: who reads of the member must not find it dead.
    this.#files?.hold(identity.id);
    try {
      await this.#db.write("join a group on", () => this.#groupMembers.add(identity, lease));
    } catch (error) {
      this.#files?.release(identity.id);
      throw error;
    }
    const member = new SqliteMember(identity, this.#memberContext);
    this.#members.add(member);
    return member;
  }

  async #leave(member: SqliteMember): Promise<void> {
    this.#members.delete(member);
    try {
      await this.#change("leave a group on", () => this.#groupMembers.remove(member.id));
    } finally {
      this.#files?.release(member.id);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#changes.close();
    try {
      await Promise.all([...this.#members].map((member) => member.close()));
      for (const id of this.#announced) await this.#takeBack(id);
      await this.#maintenance.settled();
    } finally {
      this.#db.close();
    }
  }
}

/** The SQLite file: opening it, its transactions, and what its errors mean. */

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { systemClock } from "../../base/clock.ts";
import { describeDuration } from "../../base/duration.ts";
import { type ErrorCode, FlightsError, messageOf } from "../../base/errors.ts";
import { applicationId, migrations } from "./schema.ts";

/** A row, by column names. */
export type Row = Record<string, number | string | Uint8Array | null>;

/** How long a call waits for other processes' transactions before it gives up, in milliseconds. */
const lockTimeout = 10_000;
/** How long one try may block the event loop, in milliseconds. */
const tryTimeout = 20;
/** Pages of 16 KiB hold batches with few links between pages. */
const pageSize = 16 * 1024;
/** The write-ahead log is folded into the file when it has grown to about this size. */
const checkpointBytes = 16 * 1024 * 1024;

/**
 * What SQLite's errors mean. Deno's binding tells no result code, so the fixed texts of
 * `sqlite3_errstr` stand in for it; this is the one place that looks at them.
 */
const meanings: readonly { text: string; code: ErrorCode; need: string }[] = [
  {
    text: "database is locked",
    code: "log-unreachable",
    need: "no other process may hold it locked",
  },
  { text: "database or disk is full", code: "log-full", need: "there must be room" },
  {
    text: "attempt to write a readonly database",
    code: "log-forbidden",
    need: "it must be writable",
  },
  { text: "access permission denied", code: "log-forbidden", need: "it must be ours to use" },
  {
    text: "unable to open database file",
    code: "log-forbidden",
    need: "it must be ours to read and write",
  },
  { text: "database disk image is malformed", code: "log-corrupt", need: "it must be whole" },
  { text: "file is not a database", code: "log-corrupt", need: "it must be a SQLite file" },
  { text: "disk I/O error", code: "log-full", need: "the disk must take and give its bytes" },
];

/** An open file. Calls block, except for waiting for other processes. */
export class Database {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens a file, which is created when it is not there, and brings its schema up to date.
   *
   * @throws {FlightsError} `log-unreachable`, `log-forbidden`, `log-full`, `log-corrupt`,
   * `log-version`.
   */
  constructor(path: string) {
    this.path = path;
    this.#db = this.#guard("open", () => new DatabaseSync(path, { timeout: lockTimeout }));
    try {
      this.#guard("open", () => {
        this.#db.exec(
          `PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
           PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = ${checkpointBytes / pageSize};
           PRAGMA journal_size_limit = ${4 * checkpointBytes}; PRAGMA cache_size = -4096;`,
        );
        this.#migrate();
        this.#db.exec(`PRAGMA busy_timeout = ${tryTimeout}`);
      });
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  #migrate(): void {
    const version = Number(this.get("PRAGMA user_version")?.user_version ?? 0);
    const owner = Number(this.get("PRAGMA application_id")?.application_id ?? 0);
    if (owner !== 0 && owner !== applicationId) {
      throw new FlightsError(
        "log-corrupt",
        `Cannot open the log ${this.path}: it must be a file of this program, its application id is ${owner}`,
      );
    }
    if (version > migrations.length) {
      throw new FlightsError(
        "log-version",
        `Cannot open the log ${this.path}: its schema must be of version ${migrations.length} or older, ` +
          `it is of version ${version}; use the newer flights that wrote it`,
      );
    }
    if (version === migrations.length) return;
    this.#db.exec("BEGIN IMMEDIATE");
    // Another process may have done it while this one waited.
    const now = Number(this.get("PRAGMA user_version")?.user_version ?? 0);
    for (const migration of migrations.slice(now)) this.#db.exec(migration);
    this.#db.exec(
      `PRAGMA user_version = ${migrations.length}; PRAGMA application_id = ${applicationId}; COMMIT`,
    );
  }

  /** The first row of a query. */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  /** All rows of a query. */
  all(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /** Runs a statement and returns how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  /** The id of the row that was inserted last. */
  get lastId(): number {
    return Number(this.get("SELECT last_insert_rowid() AS id")!.id);
  }

  /** Changes when another connection has committed. */
  get dataVersion(): number {
    return Number(this.get("PRAGMA data_version")!.data_version);
  }

  /** Runs `body` on one state of the file. @param doing what for, for messages. */
  read<T>(doing: string, body: () => T): Promise<T> {
    return this.#transaction("BEGIN", doing, body);
  }

  /** Runs `body`; all it writes becomes durable, or nothing when it throws. */
  write<T>(doing: string, body: () => T): Promise<T> {
    return this.#transaction("BEGIN IMMEDIATE", doing, body);
  }

  async #transaction<T>(begin: string, doing: string, body: () => T): Promise<T> {
    const deadline = systemClock.now() + lockTimeout;
    for (let pause = 1;; pause = Math.min(pause * 2, 50)) {
      try {
        return this.#guard(doing, () => this.#attempt(begin, body));
      } catch (error) {
        const locked = error instanceof FlightsError && error.code === "log-unreachable";
        if (!locked || systemClock.now() >= deadline) throw error;
      }
      await systemClock.sleep(pause);
    }
  }

  #attempt<T>(begin: string, body: () => T): T {
    this.#db.exec(begin);
    try {
      const result = body();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Says what an error of SQLite means. */
  #guard<T>(doing: string, body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof FlightsError) throw error;
      const text = messageOf(error);
      const meaning = meanings.find((one) => text.includes(one.text));
      if (meaning === undefined) throw error;
      const waited = meaning.code === "log-unreachable"
        ? ` for over ${describeDuration(lockTimeout)}`
        : "";
      throw new FlightsError(
        meaning.code,
        `Cannot ${doing} the log ${this.path}: ${meaning.need}, SQLite says "${text}"${waited}`,
        { cause: error },
      );
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** Closes the file. */
  close(): void {
    this.#statements.clear();
    this.#db.close();
  }
}

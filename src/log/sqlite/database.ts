/** The SQLite file: opening it, and its transactions. */

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { systemClock } from "../../base/clock.ts";
import { describeDuration } from "../../base/duration.ts";
import { assert, FlightsError } from "../../base/errors.ts";
import { describeLockHolder } from "./lock_holder.ts";
import { explain, isLocked } from "./result_codes.ts";
import { applicationId, migrations } from "./schema.ts";

/** A row, by column names. */
export type Row = Record<string, number | string | Uint8Array | null>;

/** How a database is opened. */
export interface DatabaseOptions {
  /** Milliseconds to wait for other processes' transactions; default 10,000. */
  readonly lockTimeoutMs?: number;
  /** Opens a file that is there, and changes nothing in it; default false. */
  readonly readOnly?: boolean;
}

/** How long one try may block the event loop, in milliseconds. */
const tryTimeout = 5;
/** The longest pause between two tries, in milliseconds. */
const longestPause = 20;
/**
 * Large batches go to disk twice as fast as with the default of 4 KiB, and small commits no slower
 * (bench/sqlite_log.ts); larger pages gain little and cost each small commit more bytes.
 */
const pageSize = 16 * 1024;
const cacheKiB = 4 * 1024;
/** The write-ahead log is folded into the file when it has grown to about this size. */
const checkpointBytes = 16 * 1024 * 1024;

/**
 * What runs at the start of each transaction. Where another connection stands in the way, these
 * statements fail and may be tried again; the rest of the transaction is never in its way.
 */
const begin = {
  // BEGIN alone reads nothing: the snapshot is taken by the first SELECT.
  read: ["BEGIN", "SELECT 1 FROM topics LIMIT 1"],
  write: ["BEGIN IMMEDIATE"],
} as const;

/** An open file. Calls block; only waiting for other processes does not. */
export class Database {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #lockTimeout: number;
  readonly #statements = new Map<string, StatementSync>();
  #dataVersion = 0;

  /**
   * Opens a file, which is created when it is not there, and brings its schema up to date; to read
   * only, it must have been.
   *
   * @throws {FlightsError} `log-unreachable`, `log-forbidden`, `log-full`, `log-corrupt`,
   * `log-version`.
   */
  static async open(path: string, options: DatabaseOptions = {}): Promise<Database> {
    const database = new Database(path, options);
    try {
      await database.#patiently("open", () => database.#configure(options));
      await database.#patiently("open", () => database.#migrate(options));
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  }

  private constructor(path: string, { lockTimeoutMs = 10_000, readOnly = false }: DatabaseOptions) {
    this.path = path;
    this.#lockTimeout = lockTimeoutMs;
    try {
      this.#db = new DatabaseSync(path, { timeout: tryTimeout, readOnly });
    } catch (error) {
      throw new FlightsError(
        "log-forbidden",
        `Cannot open the log ${path}: this process must be allowed to read ${
          readOnly ? "" : "and write "
        }it, SQLite cannot open it`,
        { cause: error },
      );
    }
  }

  /** Every statement is prepared: errors of the binding's `exec` carry no result code. */
  #configure({ readOnly = false }: DatabaseOptions): void {
    const ofWriters = [
      `page_size = ${pageSize}`,
      "journal_mode = WAL",
      "synchronous = FULL",
      "foreign_keys = ON",
      `wal_autocheckpoint = ${checkpointBytes / pageSize}`,
      `journal_size_limit = ${2 * checkpointBytes}`,
    ];
    for (const pragma of [`cache_size = -${cacheKiB}`, ...readOnly ? [] : ofWriters]) {
      this.#db.prepare(`PRAGMA ${pragma}`).get();
    }
  }

  #migrate({ readOnly = false }: DatabaseOptions): void {
    const found = this.#checkVersion();
    if (found === migrations.length) return;
    if (readOnly) {
      throw new FlightsError(
        "log-version",
        `Cannot look at the log ${this.path}: its schema must be of version ${migrations.length}, ` +
          `it is of version ${found}; a job of this program brings it up to date`,
      );
    }
    this.#inTransaction(begin.write, () => {
      // Another process may have done it while this one waited.
      const version = this.#checkVersion();
      for (const statement of migrations.slice(version).flat()) this.#db.prepare(statement).run();
      this.#db.prepare(`PRAGMA application_id = ${applicationId}`).run();
      this.#db.prepare(`PRAGMA user_version = ${migrations.length}`).run();
    });
  }

  /** The file's schema version, which this program must know. */
  #checkVersion(): number {
    const version = Number(this.get("PRAGMA user_version")!.user_version);
    const owner = Number(this.get("PRAGMA application_id")!.application_id);
    const isEmpty = this.get("SELECT 1 FROM sqlite_schema LIMIT 1") === undefined;
    if (owner !== applicationId && !(owner === 0 && version === 0 && isEmpty)) {
      throw new FlightsError(
        "log-corrupt",
        `Cannot open the log ${this.path}: it must be a file of this program ` +
          `(application id ${applicationId}), it is another's (${owner})`,
      );
    }
    if (version > migrations.length) {
      throw new FlightsError(
        "log-version",
        `Cannot open the log ${this.path}: its schema must be of version ${migrations.length} or ` +
          `older, it is of version ${version}; use the newer program that wrote it`,
      );
    }
    return version;
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

  /** Runs an INSERT and returns the id of its row. */
  insert(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).lastInsertRowid);
  }

  /** Changes when another connection has committed; as it was while the file is locked. */
  get dataVersion(): number {
    try {
      this.#dataVersion = Number(this.get("PRAGMA data_version")!.data_version);
    } catch (error) {
      if (!isLocked(error)) throw explain(error, `look at the log ${this.path}`);
    }
    return this.#dataVersion;
  }

  /**
   * Runs `body` on one state of the file.
   *
   * @param doing what for, in messages: "Cannot <doing> the log".
   */
  read<T>(doing: string, body: () => T): Promise<T> {
    return this.#patiently(doing, () => this.#inTransaction(begin.read, body));
  }

  /** Runs `body` once; all it writes becomes durable, or nothing when it throws. */
  write<T>(doing: string, body: () => T): Promise<T> {
    return this.#patiently(doing, () => this.#inTransaction(begin.write, body));
  }

  /** Tries again, without blocking, while another connection stands in the way. */
  async #patiently<T>(doing: string, attempt: () => T): Promise<T> {
    const deadline = systemClock.now() + this.#lockTimeout;
    const what = `${doing} the log ${this.path}`;
    assert(this.#db.isOpen, `to ${what} it must be open, it was closed`);
    for (let pause = 1;; pause = Math.min(pause * 2, longestPause)) {
      try {
        return attempt();
      } catch (error) {
        if (!isLocked(error)) throw explain(error, what);
        if (systemClock.now() >= deadline) {
          const holder = describeLockHolder(this.path) ?? "another process";
          const waited = describeDuration(this.#lockTimeout);
          throw explain(error, what, `, ${holder} has held it for ${waited}`);
        }
      }
      await systemClock.sleep(pause);
      assert(this.#db.isOpen, `to ${what} it must be open, it was closed`);
    }
  }

  #inTransaction<T>(begin: readonly string[], body: () => T): T {
    try {
      for (const statement of begin) this.get(statement);
      const result = body();
      this.get("COMMIT");
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors, a full disk among them.
      if (this.#db.isTransaction) this.get("ROLLBACK");
      throw error;
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

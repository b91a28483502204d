/** What SQLite's result codes mean for a user of the log (https://sqlite.org/rescode.html). */

import { type ErrorCode, FlightsError, messageOf } from "../../base/errors.ts";

/** What a result code means. */
interface Meaning {
  readonly code: ErrorCode;
  /** What is needed, as messages say it. */
  readonly need: string;
}

const locked: Meaning = {
  code: "log-unreachable",
  need: "no other process may keep it locked",
};
const full: Meaning = { code: "log-full", need: "its disk must take what is written" };
const forbidden: Meaning = {
  code: "log-forbidden",
  need: "this process must be allowed to read and write it",
};
const corrupt: Meaning = { code: "log-corrupt", need: "it must be a whole SQLite file" };
const unreachable: Meaning = { code: "log-unreachable", need: "its disk must answer" };
const moved: Meaning = { code: "log-unreachable", need: "it must stay in its place" };

/** By extended result code where one differs from its primary code (the low byte). */
const meanings: ReadonlyMap<number, Meaning> = new Map([
  [3, forbidden], // PERM
  [5, locked], // BUSY
  [6, locked], // LOCKED
  [8, forbidden], // READONLY
  [8 | 4 << 8, moved], // READONLY_DBMOVED
  [10, unreachable], // IOERR
  [10 | 2 << 8, corrupt], // IOERR_SHORT_READ
  [10 | 3 << 8, full], // IOERR_WRITE
  [10 | 4 << 8, full], // IOERR_FSYNC
  [10 | 6 << 8, full], // IOERR_TRUNCATE
  [10 | 19 << 8, full], // IOERR_SHMSIZE
  [10 | 32 << 8, corrupt], // IOERR_DATA
  [10 | 33 << 8, corrupt], // IOERR_CORRUPTFS
  [11, corrupt], // CORRUPT
  [13, full], // FULL
  [14, forbidden], // CANTOPEN
  [23, forbidden], // AUTH
  [26, corrupt], // NOTADB
]);

/** The extended result code of an error of SQLite, or null for any other error. */
function resultCodeOf(error: unknown): number | null {
  const code = error instanceof Error && "errcode" in error ? error.errcode : null;
  return typeof code === "number" ? code : null;
}

/** Whether SQLite found the file locked by another connection. */
export function isLocked(error: unknown): boolean {
  const primary = (resultCodeOf(error) ?? 0) & 0xff;
  return meanings.get(primary) === locked;
}

/**
 * The error of this project for whatever was thrown while working on a file.
 *
 * @param what what was being done to which log, as in "commit to the log a/flights.db".
 * @param found more about what is there now.
 */
export function explain(error: unknown, what: string, found = ""): FlightsError {
  if (error instanceof FlightsError) return error;
  const code = resultCodeOf(error);
  const meaning = code === null ? undefined : meanings.get(code) ?? meanings.get(code & 0xff);
  const said = `SQLite says "${messageOf(error)}"${code === null ? "" : ` (${code})`}${found}`;
  if (meaning === undefined) {
    return new FlightsError("internal", `Cannot ${what}: SQLite must do as asked, ${said}`, {
      cause: error,
    });
  }
  return new FlightsError(meaning.code, `Cannot ${what}: ${meaning.need}, ${said}`, {
    cause: error,
  });
}

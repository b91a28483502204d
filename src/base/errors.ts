/**
 * The one error of this project. Callers branch on its fields, never on its text. Messages have a
 * grammar: what was being done, what is needed, what is there now ("Cannot parse duration \"5x\":
 * the unit must be one of ms, s, m, h, d").
 */

/** Whose an error is: the user's to decide, the surroundings', or a defect of this program. */
export type ErrorDomain = "user" | "external" | "internal";

/** The closed set of error codes. */
export type ErrorCode =
  /** An option, argument or setting does not hold what it must. */
  | "invalid-argument"
  /** A job's topology cannot be run as it is written. */
  | "invalid-topology"
  /** A record does not hold what its schema asks for (semantics 19, 20). */
  | "bad-record"
  /** A topic is set to take no records of such an event time. */
  | "timestamp-refused"
  /** The program's own function threw on a record. */
  | "operator-failed"
  /** A topic that is needed does not exist. */
  | "topic-missing"
  /** A topic that was to be created exists. */
  | "topic-exists"
  /** A topic was deleted, or deleted and created anew, under its reader (semantics 17). */
  | "topic-changed"
  /** A job's topics have other partition counts than it needs (semantics 17). */
  | "partitions-changed"
  /** A job that writes an input has another number of tasks than before (semantics 24). */
  | "upstream-changed"
  /** A job does not report watermarks of a topic (semantics 24). */
  | "not-registered"
  /** A position is outside of what the log holds (semantics 17). */
  | "offset-out-of-range"
  /** A record's key is on another partition than its placement says (semantics 23). */
  | "misplaced-key"
  /** A live member stands in the way. */
  | "members-alive"
  /** Saved state is not this topology's. */
  | "state-incompatible"
  /** The log cannot be reached, or did not answer in time. */
  | "log-unreachable"
  /** The log refuses who we are, or what we may do. */
  | "log-forbidden"
  /** The log has no room left. */
  | "log-full"
  /** The log's bytes are not what was written. */
  | "log-corrupt"
  /** The log was written by a newer version of this program. */
  | "log-version"
  /** A cluster that runs jobs cannot be reached, or did not answer in time. */
  | "cluster-unreachable"
  /** A cluster refuses who we are, or what we may do. */
  | "cluster-forbidden"
  /** A cluster lacks what a job needs of it: a connector, free slots, a setting. */
  | "cluster-unfit"
  /** A cluster knows no such job. */
  | "job-missing"
  /** A job on a cluster is being started again: it takes no orders meanwhile. */
  | "job-restarting"
  /** A cluster could not run a job or a statement. */
  | "job-failed"
  /** Whether a job was submitted is not known: the answer was lost. */
  | "outcome-unknown"
  /** Standard output, or a file, does not take what is written. */
  | "output-failed"
  /** This member was replaced: what it tried to commit is not part of the log (semantics 13, 16). */
  | "fenced"
  /** Another live process holds this member's instance id. */
  | "instance-taken"
  /** A check found that two things differ that must not. */
  | "check-mismatch"
  /** A defect of this program. */
  | "internal";

/** What each code means for a caller: whose it is, and whether the same call may succeed later. */
const facts: Readonly<Record<ErrorCode, { domain: ErrorDomain; retryable: boolean }>> = {
  "invalid-argument": { domain: "user", retryable: false },
  "invalid-topology": { domain: "user", retryable: false },
  "bad-record": { domain: "user", retryable: false },
  "timestamp-refused": { domain: "user", retryable: false },
  "operator-failed": { domain: "user", retryable: false },
  "topic-missing": { domain: "user", retryable: true },
  "topic-exists": { domain: "user", retryable: false },
  "topic-changed": { domain: "user", retryable: false },
  "partitions-changed": { domain: "user", retryable: false },
  "upstream-changed": { domain: "user", retryable: false },
  "not-registered": { domain: "user", retryable: false },
  "offset-out-of-range": { domain: "user", retryable: false },
  "misplaced-key": { domain: "user", retryable: false },
  "members-alive": { domain: "user", retryable: true },
  "state-incompatible": { domain: "user", retryable: false },
  "log-unreachable": { domain: "external", retryable: true },
  "log-forbidden": { domain: "external", retryable: false },
  "log-full": { domain: "external", retryable: true },
  "log-corrupt": { domain: "external", retryable: false },
  "log-version": { domain: "user", retryable: false },
  "cluster-unreachable": { domain: "external", retryable: true },
  "cluster-forbidden": { domain: "external", retryable: false },
  "cluster-unfit": { domain: "user", retryable: false },
  "job-missing": { domain: "user", retryable: false },
  "job-restarting": { domain: "external", retryable: true },
  "job-failed": { domain: "external", retryable: false },
  "outcome-unknown": { domain: "external", retryable: false },
  "output-failed": { domain: "external", retryable: true },
  "fenced": { domain: "external", retryable: true },
  "instance-taken": { domain: "user", retryable: false },
  "check-mismatch": { domain: "internal", retryable: false },
  "internal": { domain: "internal", retryable: false },
};

/** All error codes. */
export const errorCodes = Object.keys(facts) as readonly ErrorCode[];

/** An error with a code to branch on and a message for people. */
export class FlightsError extends Error {
  /** Always `FlightsError`. */
  override readonly name = "FlightsError";
  /** What went wrong, from a closed set. */
  readonly code: ErrorCode;

  /**
   * Made where the error is found.
   *
   * @param message "Cannot <what was being done>: <what is needed>, <what is there now>".
   * @param options `cause`: the error underneath.
   */
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** Whose error it is. */
  get domain(): ErrorDomain {
    return facts[this.code].domain;
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return facts[this.code].retryable;
  }
}

/** Whether `error` is a {@linkcode FlightsError} with one of `codes`. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is FlightsError {
  return error instanceof FlightsError && codes.includes(error.code);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * States what must hold; kept on in production.
 *
 * @throws {FlightsError} `internal` when it does not.
 */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new FlightsError("internal", `Cannot go on: ${what}`);
}

/** The exit codes of every command. */

import { type ErrorCode, FlightsError } from "../base/errors.ts";

/** What a process's exit code says. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  needsDecision: 3,
  logUnreachable: 4,
  forbidden: 5,
  mismatch: 6,
  instanceTaken: 7,
  interrupted: 130,
  terminated: 143,
} as const;

const byErrorCode: Readonly<Record<ErrorCode, number>> = {
  "invalid-argument": exitCode.usage,
  "invalid-topology": exitCode.needsDecision,
  "bad-record": exitCode.failed,
  "timestamp-refused": exitCode.needsDecision,
  "operator-failed": exitCode.failed,
  "topic-missing": exitCode.needsDecision,
  "topic-exists": exitCode.needsDecision,
  "topic-changed": exitCode.needsDecision,
  "partitions-changed": exitCode.needsDecision,
  "upstream-changed": exitCode.needsDecision,
  "not-registered": exitCode.needsDecision,
  "offset-out-of-range": exitCode.needsDecision,
  "misplaced-key": exitCode.needsDecision,
  "members-alive": exitCode.needsDecision,
  "state-incompatible": exitCode.needsDecision,
  "log-unreachable": exitCode.logUnreachable,
  "log-forbidden": exitCode.forbidden,
  "log-full": exitCode.failed,
  "log-corrupt": exitCode.failed,
  "log-version": exitCode.needsDecision,
  "cluster-unreachable": exitCode.logUnreachable,
  "cluster-forbidden": exitCode.forbidden,
  "cluster-unfit": exitCode.needsDecision,
  "job-missing": exitCode.needsDecision,
  "job-restarting": exitCode.failed,
  "job-failed": exitCode.failed,
  "outcome-unknown": exitCode.needsDecision,
  "output-failed": exitCode.failed,
  "fenced": exitCode.failed,
  "instance-taken": exitCode.instanceTaken,
  "check-mismatch": exitCode.mismatch,
  "internal": exitCode.failed,
};

/** The exit code of a command that ended with `error`. */
export function exitCodeOf(error: unknown): number {
  return error instanceof FlightsError ? byErrorCode[error.code] : exitCode.failed;
}

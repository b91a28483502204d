/** Whether a process lives, and whether its jobs are ready: for who starts and stops processes. */

import { describeDuration } from "../base/duration.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import type { Cause, Finding } from "./why/finding.ts";

/** A loop that runs tells a status each second; after so long without one it hangs, in milliseconds. */
const hangsAfter = 30_000;

/** Whether the process is of use as it is; if not, a new one would be better. */
export interface Liveness {
  readonly live: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
}

/**
 * Whether the loops of all jobs turn. Who waits for a topic or a broker lives: to start it anew helps
 * nothing.
 */
export function liveness(statuses: readonly JobStatus[], now: number): Liveness {
  const reasons = statuses.flatMap((status) => {
    // Members beside it tell that a job goes on when one of them does not any more.
    const loops = status.members.length === 0 ? [status] : status.members;
    return loops
      .filter(({ state, at }) =>
        state !== "waiting" && state !== "stopped" && now - at > hangsAfter
      )
      .map(({ member, at }) =>
        `the loop of ${member === null ? "" : `member ${member} of `}${status.applicationId} has ` +
        `not turned for ${describeDuration(now - at)}`
      );
  });
  return { live: reasons.length === 0, reasons };
}

/** What keeps a job from being ready: of what only waits for records, nothing does. */
const unready: readonly Cause[] = [
  "offset-lost",
  "topic-recreated",
  "topic-missing",
  "no-member",
  "not-answering",
  "waiting",
  "rejoining",
  "restoring",
  "partitions-unheld",
  "transaction-open",
  "stalled",
];

/** A finding, or what is known without one. */
export interface UnreadyReason {
  readonly cause: Cause | "starting" | "log-unreachable";
  /** A sentence for people. */
  readonly text: string;
}

/** Whether jobs do their work. */
export interface Readiness {
  readonly ready: boolean;
  /** What keeps them from it. */
  readonly reasons: readonly UnreadyReason[];
  /** What else is to be said of why there is no output. */
  readonly findings: readonly Finding[];
}

/**
 * Whether jobs have their tasks, have rebuilt their state, and come on. A member that stands by is
 * ready: it is there to take over.
 *
 * @param findings all that `why` says of them.
 */
export function readiness(findings: readonly Finding[]): Readiness {
  const reasons = findings.filter(({ cause }) => unready.includes(cause));
  const others = findings.filter((one) => !reasons.includes(one));
  return { ready: reasons.length === 0, reasons, findings: others };
}

/** The same where nothing could be found out. */
export function notReady(reason: UnreadyReason): Readiness {
  return { ready: false, reasons: [reason], findings: [] };
}

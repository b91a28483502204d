/**
 * Submits a job by its statements, and stays until it runs. The INSERT is never sent twice: where its
 * answer is lost, the job is looked for by its name, which no other living job has.
 */

import { FlightsError, hasCode } from "../base/errors.ts";
import type { GatewaySession } from "./gateway.ts";
import { jobDetails } from "./job_details.ts";
import type { JobSql } from "./job_options.ts";
import { cancelJob, type ClusterJob, isOver, jobPage, listJobs } from "./jobs.ts";
import { errorOfTrace } from "./root_cause.ts";
import { setStatement } from "./sql_text.ts";

/** How a job is submitted. */
export interface SubmitOptions {
  /** The job's name. */
  readonly applicationId: string;
  /** The job manager's address. */
  readonly web: string;
  /** A savepoint's or checkpoint's path as the cluster sees it; null: from the start. */
  readonly fromSavepoint: string | null;
  /** How long the job may take until it runs, in milliseconds. */
  readonly wait: number;
  /** Told what is going on. */
  readonly tell: (message: string) => void;
}

/** A job that was submitted. */
export interface SubmittedJob {
  readonly id: string;
  /** RUNNING or FINISHED. */
  readonly status: string;
  /** Whether its parts were seen to run; false: only the gateway was reached, which does not know. */
  readonly isSeen: boolean;
}

const statementTimeout = 120_000;
const recoveryPath = "execution.state-recovery.path";
const lookInterval = 500;
/** Without a look at its parts a job counts as running after so many looks in a row. */
const enoughLooks = 6;
const troubled = ["FAILED", "CANCELED", "FAILING", "RESTARTING"];
const causeShownWithin = 15_000;

/**
 * Submits a job and waits until it runs.
 *
 * @throws {FlightsError} `members-alive` when a job of that name lives; by the root cause when it does not
 * come to run, after it was cancelled; `outcome-unknown` when nobody can tell.
 */
export async function submitJob(
  session: GatewaySession,
  sql: JobSql,
  options: SubmitOptions,
): Promise<SubmittedJob> {
  const { applicationId, fromSavepoint } = options;
  const doing = `submit ${applicationId}`;
  const twin = (await livingJobs(session)).find(({ name }) => name === applicationId);
  if (twin !== undefined) {
    throw new FlightsError(
      "members-alive",
      `Cannot ${doing}: no job of that name may live, since both would write under the same ` +
        `transactional ids; ${twin.id} is ${twin.status}`,
    );
  }
  const statement = { doing, timeout: statementTimeout };
  const settings = [
    ...sql.settings,
    ...(fromSavepoint === null ? [] : [[recoveryPath, fromSavepoint] as const]),
  ];
  for (const text of [...settings.map(setStatement), ...sql.tables]) {
    await session.execute(text, statement);
  }
  const id = await startJob(session, sql.insert, options);
  // It sticks to the session: the next job would begin at this one's state.
  await session.execute(`RESET '${recoveryPath}'`, statement);
  return await untilRunning(session, id, options);
}

async function livingJobs(session: GatewaySession): Promise<readonly ClusterJob[]> {
  return (await listJobs(session)).filter((job) => !isOver(job));
}

async function startJob(
  session: GatewaySession,
  insert: string,
  { applicationId, wait, tell }: SubmitOptions,
): Promise<string> {
  const doing = `submit ${applicationId}`;
  try {
    const { jobId } = await session.execute(insert, {
      ...{ doing, isRepeatable: false, timeout: statementTimeout },
    });
    if (jobId !== null) return jobId;
    throw new FlightsError("job-failed", `Cannot ${doing}: there must be a job, Flink names none`);
  } catch (error) {
    if (!hasCode(error, "outcome-unknown")) throw error;
    tell(`the answer was lost: looking for a job ${applicationId}`);
    const giveUp = session.clock.now() + wait;
    while (session.clock.now() < giveUp) {
      const found = (await livingJobs(session)).find(({ name }) => name === applicationId);
      if (found !== undefined) return found.id;
      await session.clock.sleep(lookInterval, session.signal);
      session.signal.throwIfAborted();
    }
    throw error;
  }
}

/** Looks at the job until it runs; one that does not is cancelled, so that nothing half begun stays. */
async function untilRunning(
  session: GatewaySession,
  id: string,
  options: SubmitOptions,
): Promise<SubmittedJob> {
  const { applicationId, web, wait } = options;
  const { clock, signal } = session;
  const giveUp = clock.now() + wait;
  let looks = 0;
  let causeBy = Number.POSITIVE_INFINITY;
  let waitsForSlots = false;
  for (;;) {
    const job = (await listJobs(session)).find((one) => one.id === id);
    const details = await jobDetails(web, id, { clock, signal });
    const status = job?.status ?? "unknown to the cluster";
    if (status === "FINISHED") return { id, status, isSeen: true };
    if (details?.trace != null) {
      return await giveUpOn(session, id, errorOfTrace(`run ${applicationId}`, details.trace));
    }
    if (troubled.includes(status)) {
      // The job manager shows a failure some seconds after it, from a copy that it makes anew.
      causeBy = Math.min(causeBy, clock.now() + causeShownWithin);
      if (details === null || clock.now() >= causeBy) {
        return await giveUpOn(session, id, failedUnseen(applicationId, status, jobPage(web, id)));
      }
    }
    looks = status === "RUNNING" ? looks + 1 : 0;
    // A topic that is missing shows only after its tasks have begun: the first checkpoint needs all.
    if (details?.isWholeRunning && details.checkpoints.completed > 0) {
      return { id, status, isSeen: true };
    }
    if (details === null && looks >= enoughLooks) return { id, status, isSeen: false };
    waitsForSlots = details?.isWaitingForSlots ?? waitsForSlots;
    if (clock.now() > giveUp) break;
    await clock.sleep(lookInterval, signal);
    signal.throwIfAborted();
  }
  return await giveUpOn(session, id, notRunning(options, { id, waitsForSlots }));
}

function notRunning(
  { applicationId, web, wait }: SubmitOptions,
  { id, waitsForSlots }: { readonly id: string; readonly waitsForSlots: boolean },
): FlightsError {
  const needs = waitsForSlots
    ? "the cluster must have free slots for it (taskmanager.numberOfTaskSlots, --parallelism), it " +
      "has too few"
    : `it must run within ${wait / 1_000} s (--wait), it did not; it is at ${jobPage(web, id)}`;
  return new FlightsError(
    waitsForSlots ? "cluster-unfit" : "job-failed",
    `Cannot run ${applicationId}: ${needs}`,
  );
}

function failedUnseen(applicationId: string, status: string, page: string): FlightsError {
  return new FlightsError(
    "job-failed",
    `Cannot run ${applicationId}: it must come to run, it is ${status}; ${page} should tell why, ` +
      "if that can be reached (--web URL)",
  );
}

async function giveUpOn(session: GatewaySession, id: string, error: FlightsError): Promise<never> {
  try {
    const living = await livingJobs(session);
    if (living.some((job) => job.id === id)) await cancelJob(session, id);
  } catch (failed) {
    // Why it does not run is of more use than why it cannot be cancelled.
    if (!(failed instanceof FlightsError)) throw failed;
  }
  throw error;
}

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
  const doing = `run ${applicationId}`;
  let looks = 0;
  let isWaitingForSlots = false;
  for (;;) {
    const job = (await listJobs(session)).find((one) => one.id === id);
    const details = await jobDetails(web, id, { clock, signal });
    if (details?.trace != null) {
      return await giveUpOn(session, job, errorOfTrace(doing, details.trace));
    }
    const status = job?.status ?? "unknown to the cluster";
    if (status === "FINISHED") return { id, status, isSeen: true };
    if (["FAILED", "CANCELED", "FAILING", "RESTARTING"].includes(status)) {
      return await giveUpOn(session, job, failedUnseen(doing, status, jobPage(web, id)));
    }
    looks = status === "RUNNING" ? looks + 1 : 0;
    const { isWholeRunning = false, checkpoints } = details ?? {};
    // A topic that is missing shows only after its tasks have begun: the first checkpoint needs all.
    if (isWholeRunning && checkpoints!.completed > 0) return { id, status, isSeen: true };
    if (details === null && looks >= enoughLooks) return { id, status, isSeen: false };
    isWaitingForSlots = details?.isWaitingForSlots ?? false;
    if (clock.now() > giveUp) break;
    await clock.sleep(lookInterval, signal);
    signal.throwIfAborted();
  }
  const needs = isWaitingForSlots
    ? "the cluster must have free slots for it (taskmanager.numberOfTaskSlots, --parallelism), it has too few"
    : `it must run within ${wait / 1_000} s (--wait), it did not; it is at ${jobPage(web, id)}`;
  const job = (await livingJobs(session)).find((one) => one.id === id);
  const code = isWaitingForSlots ? "cluster-unfit" : "job-failed";
  return await giveUpOn(session, job, new FlightsError(code, `Cannot ${doing}: ${needs}`));
}

function failedUnseen(doing: string, status: string, page: string): FlightsError {
  return new FlightsError(
    "job-failed",
    `Cannot ${doing}: it must come to run, it is ${status}; why is at ${page}, which cannot be ` +
      "reached from here (--web URL)",
  );
}

async function giveUpOn(
  session: GatewaySession,
  job: ClusterJob | undefined,
  error: FlightsError,
): Promise<never> {
  if (job !== undefined && !isOver(job)) {
    await cancelJob(session, job.id).catch((failed) => {
      if (!(failed instanceof FlightsError)) throw failed;
    });
  }
  throw error;
}

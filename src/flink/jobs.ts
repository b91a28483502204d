/** The jobs of a cluster, as its SQL Gateway tells of them and ends them. */

import { FlightsError, hasCode } from "../base/errors.ts";
import type { GatewaySession } from "./gateway.ts";
import { literal, setStatement } from "./sql_text.ts";

/** A job of a cluster. */
export interface ClusterJob {
  readonly id: string;
  readonly name: string;
  /** In Flink's words: RUNNING, FINISHED, ... */
  readonly status: string;
  /** ISO 8601. */
  readonly startTime: string;
}

const over = ["FINISHED", "FAILED", "CANCELED"];

/** How long the cluster may take to answer what needs no job. */
const answersWithin = 60_000;
/** A savepoint is written meanwhile. */
const stopsWithin = 600_000;

/** Whether a job is at an end. */
export function isOver({ status }: Pick<ClusterJob, "status">): boolean {
  return over.includes(status);
}

/** All jobs that the cluster remembers, the newest first. */
export async function listJobs(session: GatewaySession): Promise<readonly ClusterJob[]> {
  const doing = "list the jobs";
  const { rows } = await session.execute("SHOW JOBS", { doing, timeout: answersWithin });
  return rows.map((row) => ({
    id: String(row["job id"]),
    name: String(row["job name"]),
    status: String(row["status"]),
    startTime: String(row["start time"]),
  })).sort((a, b) => a.startTime < b.startTime ? 1 : -1);
}

/**
 * One job, by its id, or by its name: the one that lives, else the newest.
 *
 * @throws {FlightsError} `job-missing`.
 */
export async function findJob(session: GatewaySession, wanted: string): Promise<ClusterJob> {
  const jobs = await listJobs(session);
  const named = jobs.filter(({ name }) => name === wanted);
  const living = named.filter((job) => !isOver(job));
  const found = jobs.find(({ id }) => id === wanted) ??
    (living.length > 1 ? undefined : living[0] ?? named[0]);
  if (found !== undefined) return found;
  const there = living.length > 1
    ? `${living.length} of that name live: name one by its id`
    : "it knows none of that id or name";
  throw new FlightsError(
    "job-missing",
    `Cannot find job ${wanted}: the cluster must know it, ${there}`,
  );
}

/** Ends a job at once; what it holds is lost, what it has not committed is never seen. */
export async function cancelJob(session: GatewaySession, id: string): Promise<void> {
  await session.execute(`STOP JOB ${literal(id)}`, {
    ...{ doing: `cancel job ${id}`, isRepeatable: false, timeout: answersWithin },
  });
}

/** Where a job's savepoint goes, and how long to wait for a job that is being started again. */
export interface StopOptions {
  /** As the cluster sees it; null: where the cluster is set to. */
  readonly directory: string | null;
  /** Milliseconds. */
  readonly wait: number;
}

/** Between orders to stop. */
const orderInterval = 1_000;

/** Ends a job with a savepoint, and returns its path. */
export async function stopJob(
  session: GatewaySession,
  id: string,
  { directory, wait }: StopOptions,
): Promise<string> {
  const doing = `stop job ${id} with a savepoint`;
  if (directory !== null) {
    const setting = setStatement(["execution.checkpointing.savepoint-dir", directory]);
    await session.execute(setting, { doing, timeout: answersWithin });
  }
  const order = { doing, isRepeatable: false, timeout: stopsWithin };
  for (const giveUp = session.clock.now() + wait;;) {
    try {
      const { rows } = await session.execute(`STOP JOB ${literal(id)} WITH SAVEPOINT`, order);
      return String(Object.values(rows[0] ?? {})[0] ?? "");
    } catch (error) {
      // The cluster has refused, so nothing has begun, and the order may be given again.
      if (!hasCode(error, "job-restarting") || session.clock.now() > giveUp) throw error;
    }
    await session.clock.sleep(orderInterval, session.signal);
    session.signal.throwIfAborted();
  }
}

/** The address of the cluster's web page and REST interface, as the gateway knows it. */
export async function webAddress(session: GatewaySession): Promise<string> {
  const { rows } = await session.execute("SET", {
    ...{ doing: "read the gateway's settings", timeout: answersWithin },
  });
  const settings = new Map(rows.map((row) => [String(row["key"]), String(row["value"])]));
  const host = settings.get("rest.address") ?? settings.get("jobmanager.rpc.address") ??
    "localhost";
  const scheme = settings.get("security.ssl.rest.enabled") === "true" ? "https" : "http";
  return `${scheme}://${host}:${settings.get("rest.port") ?? "8081"}`;
}

/** The page of a job. */
export function jobPage(web: string, id: string): string {
  return `${web}/#/job/running/${id}/overview`;
}

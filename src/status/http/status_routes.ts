/** What every process answers that runs jobs, or looks at them. */

import type { Clock } from "../../base/clock.ts";
import { FlightsError, messageOf } from "../../base/errors.ts";
import { parseTime } from "../../base/time.ts";
import type { Log } from "../../log/log.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import { liveness, readiness } from "../health.ts";
import { metricsText } from "../metrics.ts";
import { observe } from "../observe.ts";
import type { LogOverview } from "../overview.ts";
import { readStates } from "../read_states.ts";
import { why } from "../why/why.ts";
import { json, type Routes } from "./server.ts";

/** What is looked at. */
export interface StatusContext {
  readonly log: Log;
  /** The jobs that run in this process, as they are now; null for one that only looks on. */
  readonly own: (() => readonly JobStatus[]) | null;
  /** The machine's, or the one that the jobs go by. */
  readonly clock: Clock;
}

/** A log that does not answer for so long is out of reach for who asks, in milliseconds. */
const patience = 4_000;

/**
 * `/status`: the jobs of this process. `/overview`: all of the log's. `/why`: what `flights why` says.
 * `/live` and `/ready`: 200, or 503 with the reasons, of the jobs of this process; of one that only
 * looks on, of all. `/metrics`: for Prometheus.
 *
 * @param look at the log and its jobs; default: no other process is asked for those that run here.
 */
export function statusRoutes(
  { log, own, clock }: StatusContext,
  look = (): Promise<LogOverview> => observe(log, { now: clock.now(), own: own?.() ?? [] }),
): Routes {
  const ownNow = () => own?.() ?? [];
  return {
    "/status": () => json({ version: 1, jobs: ownNow() }),
    "/overview": async () => json(await look()),
    "/why": async (_, { searchParams }) => {
      const [job, key, window] = ["job", "key", "window"].map((name) => searchParams.get(name));
      const about = { ...(job != null && { job }), ...(key != null && { key }) };
      const time = window == null ? {} : { window: timeOf(window) };
      const overview = await look();
      const saved = await readStates(log, overview, about);
      return json({ version: 1, findings: why(overview, { ...about, ...time, saved }) });
    },
    "/live": () => {
      const live = liveness(ownNow(), clock.now());
      return json(live, { status: live.live ? 200 : 503 });
    },
    "/ready": async () => {
      const overview = await inTime(look()).catch((error) => unreachable(messageOf(error)));
      if ("error" in overview) {
        return json({ ready: false, reasons: [overview], findings: [] }, { status: 503 });
      }
      const jobs = own?.().map(({ applicationId }) => applicationId);
      const findings = why(overview).filter(({ job }) => jobs === undefined || jobs.includes(job));
      const ready = readiness(findings);
      return json(ready, { status: ready.ready ? 200 : 503 });
    },
    "/metrics": async () => {
      const statuses = own?.() ?? (await look()).jobs.map(({ status }) => status);
      const { text, contentType } = await metricsText(statuses);
      return new Response(text, { headers: { "content-type": contentType } });
    },
  };
}

function unreachable(error: string) {
  return { cause: "log-unreachable", text: `the log does not answer: ${error}`, error };
}

/** @throws {FlightsError} `invalid-argument`. */
function timeOf(text: string): number {
  try {
    return parseTime(text);
  } catch (error) {
    throw new FlightsError("invalid-argument", messageOf(error));
  }
}

async function inTime<T>(looking: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`for ${patience} ms`)), patience);
  try {
    return await Promise.race([looking, promise]);
  } finally {
    clearTimeout(timer);
  }
}

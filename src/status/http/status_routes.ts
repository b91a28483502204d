/** What every process answers that runs jobs, or looks at them. */

import { type Clock, systemClock } from "../../base/clock.ts";
import { FlightsError, messageOf } from "../../base/errors.ts";
import { parseTime } from "../../base/time.ts";
import type { Log } from "../../log/log.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import { liveness, notReady, type Readiness, readiness } from "../health.ts";
import type { LogOverview } from "../overview.ts";
import { readStates } from "../read_states.ts";
import { why } from "../why/why.ts";
import { json, type Routes } from "./server.ts";

/** What is looked at. */
export interface StatusContext {
  /** The log that its jobs run on. */
  readonly log: Log;
  /** The jobs that run in this process, as they are now; null for one that only looks on. */
  readonly own: (() => readonly JobStatus[]) | null;
  /** The one that the jobs go by; default the machine's. */
  readonly clock?: Clock;
}

/** A log that does not answer for so long is out of reach for who asks, in milliseconds. */
const patience = 4_000;

/**
 * `/status`: the jobs of this process. `/overview`: all of the log's. `/why`: what `flights why` says.
 * `/live` and `/ready`: 200, or 503 with the reasons, of the jobs of this process; of one that only
 * looks on, of all. `/metrics`: for Prometheus.
 *
 * @param look at the log and its jobs, as they are now.
 */
export function statusRoutes(
  { log, own, clock = systemClock }: StatusContext,
  look: () => Promise<LogOverview>,
): Routes {
  const ownNow = () => own?.() ?? [];
  const readyNow = async (): Promise<Readiness> => {
    let overview: LogOverview;
    try {
      overview = await inTime(look());
    } catch (error) {
      const text = `the log does not answer: ${messageOf(error)}`;
      return notReady({ cause: "log-unreachable", text });
    }
    const jobs = own?.().map(({ applicationId }) => applicationId);
    if (jobs?.length === 0) {
      return notReady({ cause: "starting", text: "the job has not begun yet" });
    }
    return readiness(why(overview).filter(({ job }) => jobs === undefined || jobs.includes(job)));
  };
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
      const ready = await readyNow();
      return json(ready, { status: ready.ready ? 200 : 503 });
    },
    "/metrics": async () => {
      // Who runs jobs tells of them without the log, too.
      const overview = await inTime(look()).catch((error) => {
        if (own === null) throw error;
        return null;
      });
      const statuses = own?.() ?? overview!.jobs.map(({ status }) => status);
      const findings = overview === null ? null : why(overview);
      // The library takes longer to load than all else here: only who is scraped needs it.
      const { metricsText } = await import("../metrics.ts");
      const { text, contentType } = await metricsText(statuses, { now: clock.now(), findings });
      return new Response(text, { headers: { "content-type": contentType } });
    },
  };
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

/** What every process answers that runs jobs, or looks at them. */

import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../log/log.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import { observe } from "../observe.ts";
import { json, type Routes } from "./server.ts";

/** What is looked at. */
export interface StatusContext {
  readonly log: Log;
  /** The jobs that run in this process, as they are now; none for one that only looks on. */
  readonly own: () => readonly JobStatus[];
  /** The machine's, or the one that the jobs go by. */
  readonly clock: Clock;
}

/** `/status`: the jobs of this process. `/overview`: all of the log's. */
export function statusRoutes({ log, own, clock }: StatusContext): Routes {
  return {
    "/status": () => json({ version: 1, jobs: own() }),
    "/overview": async () => json(await observe(log, { now: clock.now(), own: own() })),
  };
}

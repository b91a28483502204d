/**
 * What only the job manager's own REST interface tells of a job: why it fails, its checkpoints, free
 * slots. It may be out of reach where the gateway is not; then nothing is known.
 */

import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import { type Fetch, JsonServer } from "./http.ts";

/** What is known of a job. */
export interface JobDetails {
  /** Whether all its parts run, or are done. */
  readonly isWholeRunning: boolean;
  /** Whether parts of it wait for slots. */
  readonly isWaitingForSlots: boolean;
  readonly freeSlots: number;
  /** The trace of what last failed in it; null: nothing has. */
  readonly trace: string | null;
  readonly checkpoints: {
    readonly completed: number;
    readonly failed: number;
    /** Of the newest one; null: there is none. */
    readonly latest: {
      readonly path: string;
      /** Milliseconds since the Unix epoch. */
      readonly time: number;
      readonly milliseconds: number;
    } | null;
  };
}

const jobSchema = z.object({
  state: z.string(),
  // How many of its tasks are in which state: the state of the whole is that of its best.
  vertices: z.array(z.object({ tasks: z.record(z.string(), z.number()) })),
});
const overviewSchema = z.object({ "slots-available": z.number() });
const exceptionsSchema = z.object({
  exceptionHistory: z.object({
    entries: z.array(z.object({ stacktrace: z.string(), timestamp: z.number() })),
  }),
});
const checkpointsSchema = z.object({
  counts: z.object({ completed: z.number(), failed: z.number() }),
  latest: z.object({
    completed: z.object({
      external_path: z.string(),
      trigger_timestamp: z.number(),
      end_to_end_duration: z.number(),
    }).nullish(),
  }).nullish(),
});

/** How the job manager is asked. */
export interface DetailsOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly fetch?: Fetch;
}

/** Asks the job manager at `web`; null when it cannot be reached, or has no such job. */
export async function jobDetails(
  web: string,
  id: string,
  options: DetailsOptions,
): Promise<JobDetails | null> {
  const server = new JsonServer({
    ...{ url: web, name: "the job manager", patience: 0, timeout: 5_000 },
    ...options,
  });
  const get = async <T>(path: string, schema: z.ZodType<T>): Promise<T | null> => {
    const { json } = await server.request({
      ...{ method: "GET", path, isRepeatable: true, doing: "read a job's details" },
    });
    return schema.safeParse(json).data ?? null;
  };
  try {
    const job = await get(`/jobs/${id}`, jobSchema);
    const overview = await get("/overview", overviewSchema);
    const exceptions = await get(`/jobs/${id}/exceptions?maxExceptions=1`, exceptionsSchema);
    const checkpoints = await get(`/jobs/${id}/checkpoints`, checkpointsSchema);
    if (job === null || overview === null || exceptions === null) return null;
    const states = job.vertices.flatMap(({ tasks }) =>
      Object.entries(tasks).filter(([, count]) => count > 0).map(([state]) => state)
    );
    const latest = checkpoints?.latest?.completed ?? null;
    return {
      isWholeRunning: states.every((state) => ["RUNNING", "FINISHED"].includes(state)),
      isWaitingForSlots: states.some((state) => ["CREATED", "SCHEDULED"].includes(state)),
      freeSlots: overview["slots-available"],
      trace: exceptions.exceptionHistory.entries[0]?.stacktrace ?? null,
      checkpoints: {
        completed: checkpoints?.counts.completed ?? 0,
        failed: checkpoints?.counts.failed ?? 0,
        latest: latest && {
          path: latest.external_path,
          time: latest.trigger_timestamp,
          milliseconds: latest.end_to_end_duration,
        },
      },
    };
  } catch (error) {
    if (error instanceof FlightsError) return null;
    throw error;
  }
}

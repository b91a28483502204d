/** What the jobs of a log have saved, as far as `why` has use for it. */

import { FlightsError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { readState, type StateReading } from "../runtime/read_state.ts";
import type { LogOverview } from "./overview.ts";

/** Whose state is read, and what of it. */
export interface ReadStatesOptions {
  /** Of one job; default of all. */
  readonly job?: string;
  /** What is saved of this key; default which windows are open, of the jobs that no process tells of. */
  readonly key?: string;
  /** Told of a state that cannot be read; it is left out. */
  readonly failed?: (error: FlightsError) => void;
  /** Ends the reading early. */
  readonly signal?: AbortSignal;
}

/** Reads what jobs have saved. */
export async function readStates(
  log: Log,
  { jobs }: LogOverview,
  { job, key, failed, signal }: ReadStatesOptions = {},
): Promise<readonly StateReading[]> {
  const options = { ...(signal && { signal }), ...(key !== undefined && { key }) };
  const readings: StateReading[] = [];
  for (const { status: { applicationId }, toldBy } of jobs) {
    if (job !== undefined && applicationId !== job) continue;
    if (key === undefined && toldBy === "process") continue;
    try {
      readings.push(await readState(log, applicationId, options));
    } catch (error) {
      if (!(error instanceof FlightsError)) throw error;
      failed?.(error);
    }
  }
  return readings;
}

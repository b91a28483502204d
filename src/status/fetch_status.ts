/** Asks a process for the status of its jobs. */

import type { JobStatus } from "../runtime/job_status.ts";

/** How long a process may take to answer, in milliseconds. */
const patience = 2_000;

/**
 * The statuses of the jobs of the process at `address`, as its `/status` tells them.
 *
 * @throws when it does not answer in time, or with something else.
 */
export async function fetchStatus(
  address: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly JobStatus[]> {
  const inTime = AbortSignal.timeout(patience);
  const response = await fetch(new URL("/status", address), {
    signal: signal === undefined ? inTime : AbortSignal.any([signal, inTime]),
  });
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  const { jobs } = await response.json();
  return jobs;
}

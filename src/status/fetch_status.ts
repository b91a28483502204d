/** Asks a process for the status of its jobs. */

import type { JobStatus } from "../runtime/job_status.ts";
import { readStatusAnswer } from "./job_status_schema.ts";

/** How long a process may take to answer, in milliseconds. */
const patience = 1_000;

/**
 * The statuses of the jobs of the process at `address`, as its `/status` tells them.
 *
 * @throws when it does not answer in time, or with something else, or in another version.
 */
export async function fetchStatus(
  address: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly JobStatus[]> {
  const inTime = AbortSignal.timeout(patience);
  // Whoever told the address is not to send this process elsewhere.
  const response = await fetch(new URL("/status", address), {
    redirect: "error",
    signal: signal === undefined ? inTime : AbortSignal.any([signal, inTime]),
  });
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  const text = await response.text();
  return readStatusAnswer(parsed(text), address);
}

/** What is no JSON is no status either: that is said by who reads it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** One member of a job in a worker thread of its own: the worker's side. */

import { parentPort, workerData } from "node:worker_threads";
import { runJob } from "../../runtime/job.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import { runOptions } from "../job_flags.ts";
import { jobOf } from "../jobs.ts";
import { openLog } from "../open_log.ts";
import { tracing } from "../tracing.ts";
import { nameOf } from "./member_name.ts";
import { type MemberMessage, type MemberStart, messageOfError, observerTo } from "./messages.ts";

/** Runs the member that this worker was started for; its last message says how it ended. */
export async function runMember(): Promise<void> {
  const stop = new AbortController();
  parentPort!.on("message", () => stop.abort());
  const post = (message: MemberMessage) => parentPort!.postMessage(message);
  try {
    post({ kind: "ended", status: await run(workerData as MemberStart, { post, stop }) });
  } catch (error) {
    post({ kind: "failed", error: messageOfError(error) });
  }
}

async function run(
  { member, request, everywhere, stops, address }: MemberStart,
  { post, stop }: {
    readonly post: (message: MemberMessage) => void;
    readonly stop: AbortController;
  },
): Promise<JobStatus> {
  const { options } = request;
  const log = await openLog(everywhere);
  try {
    return await runJob(log, jobOf(request), {
      ...await tracing(),
      ...runOptions(options, { stops, address }),
      description: nameOf(options.applicationId, member),
      signal: stop.signal,
      observer: observerTo(post),
    });
  } finally {
    await log.close();
  }
}

/** One member of a job in a worker thread of its own: the main thread's side. */

import { Worker } from "node:worker_threads";
import { FlightsError, messageOf } from "../../base/errors.ts";
import type { JobObserver } from "../../runtime/job_options.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import {
  errorOfMessage,
  type MemberMessage,
  type MemberStart,
  observe,
  stopMessage,
} from "./messages.ts";

/** A member that runs. */
export interface MemberWorker {
  /** Asks it to commit and leave. */
  stop(): void;
  /** Its last status, once its thread is gone. Rejects with what it failed of, or died of. */
  readonly ended: Promise<JobStatus>;
}

/** How a worker is started. */
export interface MemberWorkerOptions {
  readonly observer: JobObserver;
  /**
   * The module that the worker runs. Default: the program itself, whatever form it has (source,
   * bundle or compiled); main.ts tells by its thread what it is to do.
   */
  readonly module?: string;
}

/** Starts a member. */
export function startMember(
  start: MemberStart,
  { observer, module = Deno.mainModule }: MemberWorkerOptions,
): MemberWorker {
  const worker = new Worker(new URL(module), { workerData: start });
  return { stop: () => worker.postMessage(stopMessage), ended: endOf(worker, start, observer) };
}

async function endOf(
  worker: Worker,
  { member }: MemberStart,
  observer: JobObserver,
): Promise<JobStatus> {
  const { promise, resolve, reject } = Promise.withResolvers<JobStatus>();
  worker.on("message", (message: MemberMessage) => {
    if (message.kind === "observed") observe(observer, message);
    else if (message.kind === "ended") resolve(message.status);
    else reject(errorOfMessage(message.error));
  });
  // Each is the first word of a worker that has not had its last, or comes too late to count.
  worker.on("error", (error) => reject(died(member, messageOf(error))));
  worker.on("messageerror", (error) => reject(died(member, messageOf(error))));
  worker.on("exit", (code) => reject(died(member, `it exited with code ${code}`)));
  try {
    return await promise;
  } finally {
    await worker.terminate();
  }
}

function died(member: number, found: string): FlightsError {
  return new FlightsError(
    "internal",
    `Cannot go on with member ${member}: its worker must say how it ends, it died: ${found}`,
  );
}

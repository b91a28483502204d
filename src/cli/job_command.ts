/** How merge and stats run: one member in this thread, or several in workers, and what is told. */

import process from "node:process";
import { runJob } from "../runtime/job.ts";
import { answering } from "./answering.ts";
import { runCommand } from "./command.ts";
import { runOptions } from "./job_flags.ts";
import { jobOf, type JobRequest } from "./jobs.ts";
import { JobTeller } from "./job_teller.ts";
import { runMembers } from "./parallel/members.ts";
import { tracing } from "./tracing.ts";

/** Runs a job as its options say and returns the exit code. */
export function runJobCommand(request: JobRequest): Promise<number> {
  const { options } = request;
  return runCommand(options, async ({ log, tell, everywhere, signal }) => {
    const job = jobOf(request);
    const { applicationId } = job;
    tell.info(`${applicationId} starts on ${log.description}`, { job: applicationId });
    const teller = new JobTeller(tell, options);
    const isEmbedded = everywhere.bootstrapServer === undefined;
    const answers = { log, tell, isEmbedded, http: options.http, own: () => teller.statuses };
    try {
      const status = await answering(
        answers,
        async (address) =>
          options.parallelism > 1
            ? await runMembers(log, request, {
              everywhere,
              address,
              signal,
              observerOf: (member) => teller.observer(member),
              warn: (message) => teller.warn(message),
            })
            : await runJob(log, job, {
              ...await tracing(),
              ...runOptions(options, { address }),
              description: `${applicationId} (process ${process.pid})`,
              signal,
              observer: teller.observer(),
            }),
      );
      teller.end(status);
    } finally {
      teller.close();
    }
  });
}

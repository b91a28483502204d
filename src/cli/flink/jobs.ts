/** `flights flink list|status|stop|cancel`: the jobs of a cluster. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { systemClock } from "../../base/clock.ts";
import { describeDuration } from "../../base/duration.ts";
import { jobDetails } from "../../flink/job_details.ts";
import {
  cancelJob,
  type ClusterJob,
  findJob,
  jobPage,
  listJobs,
  stopJob,
  webAddress,
} from "../../flink/jobs.ts";
import { errorOfTrace, rootCauseOf } from "../../flink/root_cause.ts";
import { DataOutput } from "../data_output.ts";
import { type EverywhereOptions, withEverywhere } from "../everywhere.ts";
import { writeError } from "../text_output.ts";
import { textTable } from "../text_table.ts";
import { withExamples } from "../usage.ts";
import { filled } from "../values.ts";
import { type GatewayOptions, runFlinkCommand, withGateway, withSession } from "./run.ts";

const waits = {
  waits: "how long the gateway may be away",
  wait: [10_000, "10s"],
} as const;

const stopWaits = {
  waits: "how long to wait for a job that is being started again",
  wait: [60_000, "1m"],
} as const;

async function printLine(line: string): Promise<void> {
  const output = new DataOutput();
  output.add(`${line}\n`);
  await output.flush();
}

/** Builds `list`. */
export function listCommand() {
  const command = new Command("list")
    .summary("shows the jobs of the cluster")
    .description(
      "shows the jobs of the cluster, the newest first: a table on a terminal, else JSON lines",
    )
    .option("--json", "one JSON object a line on a terminal too");
  withExamples(command, [["flights flink list", "all jobs that the cluster remembers"]]);
  return withGateway(withEverywhere(command), waits).action(async (options) => {
    process.exitCode = await runFlinkCommand(options, async ({ signal }) => {
      const jobs = await withSession(options, signal, listJobs);
      if (options.json !== true && process.stdout.isTTY === true) {
        writeError(tableOf(jobs));
        return;
      }
      for (const job of jobs) await printLine(JSON.stringify(job));
    });
  });
}

function tableOf(jobs: readonly ClusterJob[]): string {
  const rows = jobs.map(({ id, name, status, startTime }) => [id, name, status, startTime]);
  return textTable(["job", "name", "status", "since"], rows);
}

/** Builds `status`. */
export function statusCommand() {
  const command = new Command("status")
    .summary("shows one job: its state, its checkpoints, why it failed")
    .description(
      "shows one job as a JSON object: its state, its last checkpoint, the root cause of its last " +
        "failure. Exit code 1 when it has failed",
    )
    .argument("<job>", "its id, or its name", filled);
  withExamples(command, [["flights flink status flink-stats", "how the job is"]]);
  return withGateway(withEverywhere(command), waits).action(async (wanted, options) => {
    process.exitCode = await runFlinkCommand(
      options,
      ({ signal }) => showStatus(wanted, options, signal),
    );
  });
}

async function showStatus(
  wanted: string,
  options: EverywhereOptions & GatewayOptions,
  signal: AbortSignal,
): Promise<void> {
  const { job, details, page } = await withSession(options, signal, async (session) => {
    const job = await findJob(session, wanted);
    const web = options.web ?? await webAddress(session);
    const details = await jobDetails(web, job.id, { clock: systemClock, signal });
    return { job, details, page: jobPage(web, job.id) };
  });
  const cause = details?.trace == null ? null : rootCauseOf(details.trace);
  await printLine(JSON.stringify({
    ...job,
    page,
    checkpoints: details?.checkpoints ?? null,
    lastFailure: cause && `${cause.type}: ${cause.message}`,
  }));
  if (job.status === "FAILED") {
    throw errorOfTrace(`run ${job.name}`, details?.trace ?? `Error: why is at ${page}`);
  }
}

/** Builds `stop`. */
export function stopCommand() {
  const command = new Command("stop")
    .summary("ends a job with a savepoint; prints its path")
    .description(
      "ends a job with a savepoint, from which it can go on (submit --from-savepoint); prints its path",
    )
    .argument("<job>", "its id, or its name", filled)
    .addOption(
      new Option("--savepoint <dir>", "where, as the cluster sees it (default: as it is set there)")
        .argParser(filled),
    );
  withExamples(command, [
    ["flights flink stop flink-stats --savepoint file:///checkpoints", "prints the path"],
  ]);
  return withGateway(withEverywhere(command), stopWaits).action(async (wanted, options) => {
    process.exitCode = await runFlinkCommand(options, async ({ tell, signal }) => {
      const started = systemClock.now();
      await withSession(options, signal, async (session) => {
        const { id, name } = await findJob(session, wanted);
        const { savepoint: directory = null, wait } = options;
        const path = await stopJob(session, id, { directory, wait });
        await printLine(path);
        const took = describeDuration(systemClock.now() - started);
        tell.info(`stopped ${name} within ${took}; go on by --from-savepoint ${path}`, { job: id });
      });
    });
  });
}

/** Builds `cancel`. */
export function cancelCommand() {
  const command = new Command("cancel")
    .description("ends a job at once, without a savepoint: it cannot go on")
    .argument("<job>", "its id, or its name", filled);
  withExamples(command, [["flights flink cancel flink-stats", "what it has committed stays"]]);
  return withGateway(withEverywhere(command), waits).action(async (wanted, options) => {
    process.exitCode = await runFlinkCommand(options, async ({ tell, signal }) => {
      await withSession(options, signal, async (session) => {
        const { id, name } = await findJob(session, wanted);
        await cancelJob(session, id);
        tell.info(`cancelled ${name}`, { job: id });
      });
    });
  });
}

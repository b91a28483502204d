/** `flights flink submit`: a job to a cluster. */

import { Command, Option } from "@commander-js/extra-typings";
import process from "node:process";
import { systemClock } from "../../base/clock.ts";
import { FlightsError, hasCode } from "../../base/errors.ts";
import { topics } from "../../flights/topics.ts";
import { differencesOf } from "../../flink/differences.ts";
import type { FlinkJob } from "../../flink/job_options.ts";
import { jobSql } from "../../flink/job_sql.ts";
import { jobPage, webAddress } from "../../flink/jobs.ts";
import { submitJob } from "../../flink/submit.ts";
import { DataOutput } from "../data_output.ts";
import type { EverywhereOptions } from "../everywhere.ts";
import { openLog } from "../open_log.ts";
import { withExamples } from "../usage.ts";
import { filled } from "../values.ts";
import { kafkaOfCluster } from "./client_settings.ts";
import { flinkJobOf, type FlinkJobRequest, withMergeOptions, withStatsOptions } from "./flags.ts";
import { type GatewayOptions, runFlinkCommand, withGateway, withSession } from "./run.ts";

/** The options of submit besides the job's. */
type SubmitCommandOptions = GatewayOptions & { readonly fromSavepoint?: string };

/** Builds the command. */
export function submitCommand() {
  const command = new Command("submit").description(
    "runs a job on a Flink cluster; prints its id",
  );
  withExamples(command, [
    ["flights flink submit merge --bootstrap-server kafka:9092", "on the cluster of compose.yaml"],
  ]);
  const merge = new Command("merge").description("runs merge on a Flink cluster; prints its id");
  withExamples(merge, [
    ["flights flink submit merge --bootstrap-server kafka:9092", "on the cluster of compose.yaml"],
    ["flights flink submit merge --gateway http://flink:8083 ...", "on another one"],
  ]);
  command.addCommand(
    withSubmitOptions(withMergeOptions(merge)).action(async (options) => {
      process.exitCode = await submit({ name: "merge", options }, options);
    }),
  );
  const stats = new Command("stats").description("runs stats on a Flink cluster; prints its id");
  withExamples(stats, [
    ["flights flink submit stats --bootstrap-server kafka:9092", "on the cluster of compose.yaml"],
    ["flights flink submit stats --from-savepoint PATH ...", "go on where a job was stopped"],
  ]);
  command.addCommand(
    withSubmitOptions(withStatsOptions(stats)).action(async (options) => {
      process.exitCode = await submit({ name: "stats", options }, options);
    }),
  );
  return command;
}

function withSubmitOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
): Command<A, O & SubmitCommandOptions> {
  command.addOption(
    new Option("--from-savepoint <path>", "where it goes on, as the cluster sees the path")
      .argParser(filled),
  );
  return withGateway(command, {
    waits: "how long the job may take until it runs",
    wait: [60_000, "1m"],
  }) as unknown as Command<A, O & SubmitCommandOptions>;
}

/** The topics that the job reads and writes. */
function topicsOf(job: FlinkJob): readonly string[] {
  const inputs = job.name === "merge" ? [topics.skyone, topics.sunset] : [job.options.inputTopic];
  return [...inputs, job.options.outputTopic];
}

/** Kafka is asked for its topics no longer than this: the cluster may reach it when we do not. */
const kafkaAnswersWithin = 3_000;

/**
 * Looks whether topics exist, where Kafka can be reached from here too: the cluster would say it
 * without naming them, and of the output only after a minute of trying.
 */
async function checkTopics(names: readonly string[], everywhere: EverywhereOptions): Promise<void> {
  const log = await openLog(everywhere);
  try {
    const answer = await Promise.race([
      log.describeTopics(),
      systemClock.sleep(kafkaAnswersWithin).then(() => null),
    ]);
    const there = new Set(answer?.map(({ name }) => name) ?? names);
    const missing = names.filter((name) => !there.has(name));
    if (missing.length === 0) return;
    throw new FlightsError(
      "topic-missing",
      `Cannot submit a job on ${names.join(", ")}: its topics must exist, there is no ` +
        missing.join(", "),
    );
  } catch (error) {
    if (!hasCode(error, "log-unreachable", "log-forbidden")) throw error;
  } finally {
    await log.close();
  }
}

function submit(request: FlinkJobRequest, options: SubmitCommandOptions): Promise<number> {
  const { applicationId } = request.options;
  return runFlinkCommand(request.options, async ({ everywhere, tell, signal }) => {
    const job = flinkJobOf(request, await kafkaOfCluster(everywhere, "revealed"));
    await checkTopics(topicsOf(job), everywhere);
    for (const difference of differencesOf(job)) tell.info(`differs: ${difference}`);
    await withSession(options, signal, async (session) => {
      const web = options.web ?? await webAddress(session);
      tell.info(`submitting ${applicationId} to ${options.gateway}`);
      const { id, status, isSeen } = await submitJob(session, jobSql(job), {
        ...{ applicationId, web, wait: options.wait },
        fromSavepoint: options.fromSavepoint ?? null,
        tell: (message) => tell.warning(message),
      });
      const output = new DataOutput();
      output.add(`${id}\n`);
      await output.flush();
      const unseen = isSeen
        ? ""
        : ", as far as the gateway shows: the job manager is out of reach (--web URL)";
      tell.info(`${applicationId} is ${status}${unseen}: ${jobPage(web, id)}`, { job: id, status });
    });
  });
}

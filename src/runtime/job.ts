/** Runs a job on a log: waits for what it needs, joins, runs its loop, joins again when replaced. */

import { createHash } from "node:crypto";
import { systemClock } from "../base/clock.ts";
import { FlightsError, hasCode } from "../base/errors.ts";
import type { Log, TopicDescription } from "../log/log.ts";
import { Task } from "../stream/task/task.ts";
import type { Job, JobOptions, Stops } from "./job_options.ts";
import type { JobStatus } from "./job_status.ts";
import { MemberLoop, type MemberLoopOptions } from "./member_loop.ts";
import { RunHistory } from "./run_history.ts";
import { emptyStatus } from "./member_status.ts";
import { Outbox } from "./outbox.ts";
import { topicWarnings } from "./topic_warnings.ts";
import { type JobStage, jobStages, repartitionTopics, stageInputs } from "./stages.ts";
import { StageStops } from "./stage_stops.ts";
import { waitFor } from "./wait_for.ts";
import { WaitTeller } from "./wait_teller.ts";
import { ensureTopics, ownTopics, topicsMissing, whyNoApplicationId } from "./topics.ts";

/** How long to wait before a log that could not be reached is tried again, in milliseconds. */
const retryInterval = 1_000;

type Settings = MemberLoopOptions["settings"];

/**
 * Runs `job` until its signal or, in a bounded run, its end, and returns its last status.
 *
 * @throws {FlightsError} with the code of what stopped it; what was committed stays.
 */
export async function runJob(log: Log, job: Job, options: JobOptions = {}): Promise<JobStatus> {
  checkOverTopics(job);
  const unfit = whyNoApplicationId(job.applicationId);
  if (unfit !== null) {
    throw new FlightsError(
      "invalid-argument",
      `Cannot run a job by the application id "${job.applicationId}": ${unfit}`,
    );
  }
  const { address, description = job.applicationId } = options;
  const announced = address === undefined
    ? null
    : await log.announce(job.applicationId, { description, address });
  try {
    return await runAnnounced(log, job, settingsOf(options));
  } finally {
    await announced?.close();
  }
}

async function runAnnounced(log: Log, job: Job, settings: Settings): Promise<JobStatus> {
  const { clock, pace } = settings;
  const startedAt = clock.now();
  const history = new RunHistory();
  const between = (waitingFor: string | null) =>
    emptyStatus(job, { settings, startedAt, history, waitingFor });
  const teller = new WaitTeller(pace, (reason) => settings.observer?.status?.(between(reason)));
  teller.tell("the log has not answered yet");
  const names = foreignTopics(job);
  const topics = await teller.during(waitForTopics(log, job, { names, settings, teller }));
  if (topics === null) return between(null);
  let prepared: MemberLoopOptions | null = null;
  let lostAt: number | null = null;
  for (;;) {
    const committed = { any: false };
    try {
      prepared ??= await teller.during(
        prepare(log, job, { settings, topics, startedAt, history, teller }),
        "the log has not made the job's own topics yet",
      );
      if (prepared === null) return between(null);
      return await runMember(log, job, { options: noting(prepared, committed), teller });
    } catch (error) {
      if (lostAt === null || committed.any) lostAt = pace.now();
      if (!isWorthAnotherTry(error, { ...settings, lostForMs: pace.now() - lostAt })) throw error;
      history.noteFence(clock.now(), error.message);
      settings.observer?.replaced?.(error.message);
      teller.tell(error.message);
      if (error.code !== "fenced") await pace.sleep(retryInterval, settings.signal);
      if (settings.signal?.aborted) return between(null);
    }
  }
}

/**
 * Where a bounded run stops that starts now, for members that end together ({@linkcode
 * UntilEnd.stops}); null when it was stopped while it waited for topics.
 *
 * @throws {FlightsError} as {@linkcode runJob} does while it waits.
 */
export async function findStops(log: Log, job: Job, options: JobOptions): Promise<Stops | null> {
  const settings = settingsOf(options);
  const { clock, pace, observer } = settings;
  const [startedAt, history] = [clock.now(), new RunHistory()];
  const teller = new WaitTeller(
    pace,
    (waitingFor) =>
      observer?.status?.(emptyStatus(job, { settings, startedAt, history, waitingFor })),
  );
  teller.tell("the log has not answered yet");
  const names = foreignTopics(job);
  const topics = await teller.during(waitForTopics(log, job, { names, settings, teller }));
  return topics === null
    ? null
    : stopsOf(topics.filter(({ name }) => inputTopics(job).includes(name)));
}

/** @throws {FlightsError} `invalid-topology` for sources and sinks that are no topics. */
function checkOverTopics({ applicationId, topology: { feeds, taps } }: Job): void {
  const names = [...feeds.map(({ topic }) => topic), ...taps.map(({ name }) => name)];
  if (names.length === 0) return;
  throw new FlightsError(
    "invalid-topology",
    `Cannot run ${applicationId} by itself: its sources and sinks must be topics, ${
      names.join(", ")
    } is none; run it with execute()`,
  );
}

/** The stops of all stages of a bounded run, by those of its inputs. */
export function stopsOfStages(
  log: Log,
  job: Job,
  { stops, drain }: { readonly stops: Stops; readonly drain: boolean },
): StageStops {
  return new StageStops({ log, job, stages: jobStages(job), stops, drain });
}

function settingsOf(options: JobOptions): Settings {
  const { clock = systemClock, pace = systemClock } = options;
  return { ...options, clock, pace };
}

/**
 * Whether joining again is the answer: after a fence always (semantics 16), when the log is out of
 * reach as long as it may be waited for.
 *
 * @param lostForMs since when nothing could be committed any more.
 */
function isWorthAnotherTry(
  error: unknown,
  { untilEnd, lostForMs }: Settings & { readonly lostForMs: number },
): error is FlightsError {
  if (hasCode(error, "fenced")) return true;
  return hasCode(error, "log-unreachable") && (untilEnd === undefined || lostForMs < untilEnd.wait);
}

/** The same options, but that it is noted when something is committed. */
function noting(options: MemberLoopOptions, committed: { any: boolean }): MemberLoopOptions {
  const { observer } = options.settings;
  const status = (told: JobStatus) => {
    committed.any ||= told.commits.count > 0;
    observer?.status?.(told);
  };
  return { ...options, settings: { ...options.settings, observer: { ...observer, status } } };
}

async function runMember(
  log: Log,
  job: Job,
  { options, teller }: { readonly options: MemberLoopOptions; readonly teller: WaitTeller },
): Promise<JobStatus> {
  const joining = log.join(job.applicationId, {
    description: options.settings.description ?? job.applicationId,
    topics: stageInputs(options.start.stages),
    version: versionOf(job, options),
  });
  const member = await teller.during(joining, "the group has not let it in yet");
  let status: JobStatus;
  try {
    status = await new MemberLoop(member, options).run();
  } catch (error) {
    // What ended the run is told, whatever comes of leaving.
    await member.close().catch(() => {});
    throw error;
  }
  await member.close();
  return status;
}

/**
 * Tells jobs apart that must not share a group: by structure, settings, and what their state means and
 * how long it lives. What their functions do it cannot tell.
 */
function versionOf(
  { topology }: Job,
  { start, settings: { clock }, partitionsOf }: MemberLoopOptions,
) {
  const outputs = new Outbox(partitionsOf).portOf(0);
  const states = start.stages.map((stage) => {
    const task = new Task(stage.topology, { partition: 0, partitions: 1, clock, outputs });
    return JSON.stringify([task.stateShapes, task.stateLifetimes]);
  });
  const text = topology.describe() + states.join();
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

function inputTopics(job: Job): readonly string[] {
  return job.topology.sources.map(({ topic }) => topic);
}

/** The topics that must be there before a job can run. */
function foreignTopics(job: Job): readonly string[] {
  return [...new Set([...inputTopics(job), ...job.topology.sinkTopics])];
}

/** Waits until all of these topics are there; null when it was stopped. */
function waitForTopics(
  log: Log,
  job: Job,
  { names, settings: { pace, signal, untilEnd, observer }, teller }: {
    readonly names: readonly string[];
    readonly settings: Settings;
    readonly teller: WaitTeller;
  },
): Promise<readonly TopicDescription[] | null> {
  const settings = {
    wait: untilEnd?.wait ?? null,
    clock: pace,
    signal,
    waiting: (reason: string) => {
      observer?.waiting?.(reason);
      teller.tell(reason);
    },
  };
  return waitFor(settings, async (isLast) => {
    const topics = await log.describeTopics(names);
    const missing = names.filter((name) => !topics.some((topic) => topic.name === name));
    if (missing.length === 0) return topics;
    if (isLast) throw topicsMissing(job.applicationId, missing);
    return `the log has no topic ${missing.join(", ")} yet`;
  });
}

/**
 * Creates what the job needs beside its inputs and outputs, and fixes where a bounded run stops; null
 * when it was stopped.
 */
async function prepare(
  log: Log,
  job: Job,
  { settings, topics, startedAt, history, teller }: {
    readonly settings: Settings;
    readonly topics: readonly TopicDescription[];
    readonly startedAt: number;
    readonly history: RunHistory;
    readonly teller: WaitTeller;
  },
): Promise<MemberLoopOptions | null> {
  const { applicationId, topology } = job;
  const stages = jobStages(job);
  const inputs = inputTopics(job).map((name) => topics.find((topic) => topic.name === name)!);
  const partitions = commonPartitions(applicationId, inputs);
  const sinks = topology.sinkTopics.map((name) => topics.find((topic) => topic.name === name)!);
  const own = ownTopics(applicationId, stages, { partitions, sinks });
  await ensureTopics(log, own);
  // What another member has created at this moment may take a moment to be known everywhere.
  const names = [...new Set([...topology.sinkTopics, ...own.map(({ name }) => name)])];
  const written = await waitForTopics(log, job, { names, settings, teller });
  if (written === null) return null;
  checkRepartitions(job, stages, { written, partitions });
  const maxFutureMs = settings.maxFuture;
  for (const warning of topicWarnings(job, { inputs, outputs: written, maxFutureMs })) {
    settings.observer?.warned?.(warning);
  }
  return {
    start: {
      log,
      job,
      stages,
      from: settings.from ?? "earliest",
      onDataLoss: settings.onDataLoss ?? "fail",
      followsReports: settings.watermarks !== "record",
      stops: settings.untilEnd === undefined ? null : settings.untilEnd.stops ?? stopsOf(inputs),
    },
    settings,
    partitionsOf: new Map(written.map(({ name, partitions }) => [name, partitions.length])),
    startedAt,
    history,
  };
}

function stopsOf(inputs: readonly TopicDescription[]): Stops {
  return new Map(
    inputs.map((topic) => [topic.name, topic.partitions.map(({ endOffset }) => endOffset)]),
  );
}

/** The partition count of all inputs, which must be the same: their partitions i make task i. */
function commonPartitions(applicationId: string, inputs: readonly TopicDescription[]): number {
  const counts = inputs.map((topic) => topic.partitions.length);
  const [first] = counts;
  if (first !== undefined && counts.every((count) => count === first)) return first;
  const found = inputs.map(({ name, partitions }) => `${name} ${partitions.length}`).join(", ");
  throw new FlightsError(
    "partitions-changed",
    `Cannot run ${applicationId}: its inputs must have the same number of partitions, they have ${found}`,
  );
}

/** What the job made for itself at another number of partitions is of no use any more. */
function checkRepartitions(
  { applicationId }: Job,
  stages: readonly JobStage[],
  { written, partitions }: {
    readonly written: readonly TopicDescription[];
    readonly partitions: number;
  },
): void {
  const topics = repartitionTopics(stages);
  const other = written.find((topic) =>
    topics.includes(topic.name) && topic.partitions.length !== partitions
  );
  if (other === undefined) return;
  throw new FlightsError(
    "partitions-changed",
    `Cannot run ${applicationId}: ${other.name} must have ${partitions} partitions as its inputs have, ` +
      `it has ${other.partitions.length}; take the job back with \`flights reset ${applicationId}\``,
  );
}

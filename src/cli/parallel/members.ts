/** Several members of a job in one process, each in a worker thread: `--parallelism N`. */

import { systemClock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../log/log.ts";
import { findStops, runJob, stopsOfStages } from "../../runtime/job.ts";
import type { Job, JobObserver } from "../../runtime/job_options.ts";
import type { JobStatus, TaskStatus } from "../../runtime/job_status.ts";
import { emptyStatus } from "../../runtime/member_status.ts";
import { RunHistory } from "../../runtime/run_history.ts";
import { WaitTeller } from "../../runtime/wait_teller.ts";
import { OthersWait, type StageStops } from "../../runtime/stage_stops.ts";
import type { EverywhereOptions } from "../everywhere.ts";
import { runOptions } from "../job_flags.ts";
import { jobOf, type JobRequest } from "../jobs.ts";
import { combineStatuses } from "../../status/combine_statuses.ts";
import { nameOf } from "./member_name.ts";
import { type MemberWorker, startMember } from "./member_worker.ts";
import { SharedEnd } from "./shared_end.ts";

/** How often to look for what members of other processes have done, in milliseconds. */
const lookInterval = 250;

/** What a run of several members needs. */
export interface MembersOptions {
  /** Names the log that each of them opens for itself. */
  readonly everywhere: EverywhereOptions;
  /** Where this process answers questions; null for nowhere. */
  readonly address: string | null;
  /** Stops all of them, each after a last commit. */
  readonly signal: AbortSignal;
  /** Who is told what a member does, by its number from 1; by 0, what all of them do together. */
  readonly observerOf: (member: number) => JobObserver;
  /** Is told of failures that came behind the one that is thrown. */
  readonly warn: (message: string) => void;
}

/**
 * Runs as many members as the options ask for until the signal or, in a bounded run, until all
 * partitions are at the stops that were fixed for all of them; returns their status together.
 *
 * @throws {FlightsError} what the first of them failed of; the others have left after a commit.
 */
export async function runMembers(
  log: Log,
  request: JobRequest,
  { everywhere, address, signal, observerOf, warn }: MembersOptions,
): Promise<JobStatus> {
  const { options } = request;
  const job = jobOf(request);
  const together = observerOf(0);
  const stops = options.untilEnd
    ? await findStops(log, job, { ...runOptions(options), signal, observer: together })
    : null;
  if (signal.aborted) return await runJob(log, job, { signal });
  const stageStops = stops && stopsOfStages(log, job, { stops, drain: options.drain === true });
  const end = stageStops && new SharedEnd(stageStops.stops, options.parallelism);
  const members = new Members();
  const firstWord = Promise.withResolvers<void>();
  void startTeller(job, { observer: together, build: runOptions(options).build }).during(
    firstWord.promise,
  );
  const stop = () => members.stop();
  signal.addEventListener("abort", stop);
  for (let member = 1; member <= options.parallelism; member++) {
    const observer = observerOf(member);
    const status = (status: JobStatus) => {
      firstWord.resolve();
      members.takeStatus(member, status);
      observer.status?.(status);
      together.status?.(members.status);
      end?.takeStatus(member, status);
      if (end?.isReached) members.stop();
    };
    members.add(
      startMember({ member, request, everywhere, stops, address }, {
        observer: { ...observer, status },
      }),
    );
  }
  try {
    const work = end === null || stageStops === null
      ? []
      : [awaitEnd(request, { end, stops: stageStops, members })];
    return await members.end({ work, warn });
  } finally {
    firstWord.resolve();
    signal.removeEventListener("abort", stop);
  }
}

/** Tells at once, and then every second, that there is no word of any member yet. */
function startTeller(
  job: Job,
  { observer, build }: { readonly observer: JobObserver; readonly build: string | undefined },
): WaitTeller {
  const [startedAt, history] = [systemClock.now(), new RunHistory()];
  const settings = { clock: systemClock, ...(build !== undefined && { build }) };
  const teller = new WaitTeller(
    systemClock,
    (waitingFor) =>
      observer.status?.(emptyStatus(job, { settings, startedAt, history, waitingFor })),
  );
  teller.tell("its members start");
  return teller;
}

/**
 * Looks, until all partitions are at their stops, for what members of other processes do with those
 * that they hold; of the others the members of this process tell by themselves.
 *
 * @throws {FlightsError} `members-alive` when others hold back the end and have come no further for
 * too long, while the members here have nothing left to do.
 */
async function awaitEnd(
  { options: { applicationId, wait, parallelism } }: JobRequest,
  { end, stops, members }: {
    readonly end: SharedEnd;
    readonly stops: StageStops;
    readonly members: Members;
  },
): Promise<void> {
  // A group that is being shared out anew may not tell its members' names, nor members their ids yet.
  const names = new Set(
    Array.from({ length: parallelism }, (_, i) => nameOf(applicationId, i + 1)),
  );
  let others = new OthersWait();
  while (!members.stopping.aborted) {
    await systemClock.sleep(lookInterval, members.stopping);
    if (end.isWorking) {
      others = new OthersWait();
      continue;
    }
    const { group } = await stops.fix();
    const theirs = group.members.filter(({ id, description }) =>
      !members.ids.has(id) && !names.has(description)
    );
    if (stops.isFixed()) end.takeOthers(theirs, group.offsets);
    if (end.isReached) return members.stop();
    const { offsets } = group;
    const now = systemClock.now();
    others.check(applicationId, { members: theirs, offsets, left: end.left, now, wait });
  }
}

/** The members of this process: all of them go on, or all of them stop. */
class Members {
  readonly #workers: MemberWorker[] = [];
  readonly #statuses = new Map<number, JobStatus>();
  readonly #ids = new Set<string>();
  /** Tasks that came to their end here, by stage and partition, whoever holds them now. */
  readonly #ended = new Map<string, TaskStatus>();
  readonly #failures: unknown[] = [];
  readonly #stopping = new AbortController();

  /** Aborted when the members have been asked to stop. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** What the members are, or were, in their group. */
  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  /** All statuses as one. There must be one at least. */
  get status(): JobStatus {
    return combineStatuses([...this.#statuses.values()], [...this.#ended.values()]);
  }

  add(worker: MemberWorker): void {
    this.#workers.push(worker);
  }

  /** Who is stopped amid a rebalance holds nothing any more: what it did before counts all the same. */
  takeStatus(member: number, status: JobStatus): void {
    if (status.member !== null) this.#ids.add(status.member);
    if (status.state === "at-end") {
      for (const task of status.tasks) this.#ended.set(`${task.stage} ${task.partition}`, task);
    }
    const isEmptied = this.stopping.aborted && status.tasks.length === 0;
    if (!isEmptied || !this.#statuses.has(member)) this.#statuses.set(member, status);
  }

  /** Asks all to commit and leave. */
  stop(): void {
    if (this.stopping.aborted) return;
    this.#stopping.abort();
    for (const worker of this.#workers) worker.stop();
  }

  /**
   * Waits until all have ended; when one fails, or other `work` on which all depend, all stop.
   *
   * @throws what failed first.
   */
  async end(
    { work, warn }: {
      readonly work: readonly Promise<void>[];
      readonly warn: MembersOptions["warn"];
    },
  ): Promise<JobStatus> {
    const ends = this.#workers.map(async ({ ended }, index) =>
      this.takeStatus(index + 1, await ended)
    );
    await Promise.all([...ends, ...work].map((one) => this.#guard(one)));
    const [first, ...others] = this.#failures;
    if (first === undefined) return this.status;
    const messages = new Set(others.map(messageOf));
    messages.delete(messageOf(first));
    for (const message of messages) warn(message);
    throw first;
  }

  async #guard(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#failures.push(error);
      this.stop();
    }
  }
}

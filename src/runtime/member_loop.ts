/**
 * The one loop: fetch, take the oldest record, process, commit every interval. All outputs of a
 * member go through its outbox, and one place commits.
 */

import type { Clock } from "../base/clock.ts";
import { describeDuration } from "../base/duration.ts";
import { FlightsError } from "../base/errors.ts";
import type { CommittedOffset, Member } from "../log/log.ts";
import { MemberInputs } from "./member_inputs.ts";
import { Reporter } from "./reporter.ts";
import { lookUpWriters } from "./writer_lookup.ts";
import type { JobOptions } from "./job_options.ts";
import type { JobState, JobStatus } from "./job_status.ts";
import { Committer } from "./committer.ts";
import { StageEnds } from "./stage_ends.ts";
import { openStart, type StartContext, type StartSettings } from "./start_context.ts";
import { isAsCommitted, type StartedTask, startTask } from "./task_start.ts";
import { memberStatus, type StatusParts } from "./member_status.ts";
import { RestoreProgress } from "./restore_progress.ts";
import type { RunHistory } from "./run_history.ts";
import { taskStatus } from "./task_status.ts";
import { inSpan } from "./tracer.ts";
import { tellInterval } from "./wait_teller.ts";

/** What a fetch takes of each partition: a batch or two, so that memory stays flat. */
const maxPartitionBytes = 256 * 1024;
/** The longest wait for records: the clock is looked at that often (semantics 8, 9). */
const maxWaitMs = 100;
/** How often the loop lets what arrives, signals and timers through while it has work. */
const breathInterval = 4;

/** What a loop works with; the same for all members of a job. */
export interface MemberLoopOptions {
  readonly start: StartSettings;
  readonly settings: JobOptions & { readonly clock: Clock; readonly pace: Clock };
  /** Partition counts of all topics that are written. */
  readonly partitionsOf: ReadonlyMap<string, number>;
  readonly startedAt: number;
  /** What happened to the members before this one. */
  readonly history: RunHistory;
}

/** Runs the tasks of one member until it is stopped, replaced, or at its end. */
export class MemberLoop {
  readonly #member: Member;
  readonly #options: MemberLoopOptions;
  readonly #joinedAt: number;
  #committer: Committer;
  #generation = 0;
  #tasks: readonly StartedTask[] = [];
  readonly #inputs: MemberInputs;
  readonly #reporter: Reporter;
  /** Where the stages of a bounded run end; null for one without end. */
  readonly #ends: StageEnds | null;
  #waitingFor: string | null = null;
  #lastBreathAt = 0;
  #state: JobState = "running";
  #toldAt = Number.NEGATIVE_INFINITY;
  #restore: RestoreProgress | null = null;

  constructor(member: Member, options: MemberLoopOptions) {
    this.#member = member;
    this.#options = options;
    this.#committer = this.#newCommitter();
    const { clock, pace, reportInterval: interval = 1_000 } = options.settings;
    this.#inputs = new MemberInputs(pace);
    this.#reporter = new Reporter({ member, clock, pace, interval });
    this.#ends = this.#newEnds();
    this.#joinedAt = pace.now();
  }

  #newEnds(): StageEnds | null {
    const { start, settings: { untilEnd, pace, observer } } = this.#options;
    const { stops } = start;
    if (untilEnd === undefined || stops === null) return null;
    const { id: memberId } = this.#member;
    return new StageEnds({ start: { ...start, stops }, untilEnd, memberId, pace, observer });
  }

  #newCommitter(): Committer {
    const { partitionsOf, start, settings } = this.#options;
    const { clock, pace, tracer, commitInterval: interval = 100 } = settings;
    const { applicationId: job } = start.job;
    const member = this.#member;
    return new Committer({ member, partitionsOf, interval, clock, pace, tracer, job });
  }

  /**
   * Runs until the signal or, in a bounded run, the end; ends with a last commit.
   *
   * @throws {FlightsError} `fenced` when the member was replaced: what was not committed is void.
   */
  async run(): Promise<JobStatus> {
    const { signal, untilEnd } = this.#options.settings;
    while (!signal?.aborted) {
      // What may be taken away is committed before.
      if (this.#member.isRebalancing) await this.#commitAll();
      await this.#fetch();
      if (this.#member.isRebalancing) continue;
      if (this.#member.assignment.generation !== this.#generation) {
        await this.#takeUp();
        continue;
      }
      this.#tellIfDue();
      if (this.#tasks.length === 0) {
        this.#standBy();
        continue;
      }
      await this.#lookUpWriters();
      for (const { task } of this.#tasks) task.tick();
      this.#inputs.processSlice();
      await this.#committer.relieve();
      if (this.#committer.isDue) await this.#commitOrSkip();
      if (untilEnd !== undefined && await this.#endRun()) {
        if (untilEnd.stops === undefined) break;
        await this.#commitAll();
        await this.#stay();
        continue;
      }
      await this.#breathe();
    }
    await this.#commitAll();
    return this.#tell("stopped");
  }

  /**
   * At its end a member that ends together with others stays one: were it to leave, the others would
   * be given its tasks. What it is given meanwhile it takes to its stops as well.
   */
  async #stay(): Promise<void> {
    const { signal } = this.#options.settings;
    this.#tell("at-end");
    while (!signal?.aborted && this.#member.assignment.generation === this.#generation) {
      await this.#member.poll([], { maxWaitMs, ...(signal && { signal }) });
      this.#tellIfDue();
    }
  }

  /** Fetches where nothing is buffered; waits only when nothing can be processed. */
  async #fetch(): Promise<void> {
    const { signal } = this.#options.settings;
    const wanted = this.#inputs.wanted;
    const isBusy = this.#tasks.length > 0 && wanted.length === 0 && !this.#inputs.isHeldUp;
    if (isBusy && !this.#member.isRebalancing) return;
    const maxWaitMs = this.#inputs.canProcess ? 0 : this.#waitMs();
    const ends = [signal, maxWaitMs > 0 ? this.#committer.ended : null].filter((one) => !!one);
    const fetched = await this.#member.poll(wanted, {
      maxWaitMs,
      maxPartitionBytes,
      ...(ends.length > 0 && { signal: ends.length > 1 ? AbortSignal.any(ends) : ends[0]! }),
    });
    this.#inputs.feed(fetched);
  }

  /** Finds out who writes, where that is not known and has come to matter (semantics 24). */
  async #lookUpWriters(): Promise<void> {
    const { asking } = this.#inputs;
    if (asking.length === 0) return;
    for (const { start, lanes } of this.#tasks) {
      const own = lanes.filter((lane) => asking.includes(lane));
      if (own.length > 0) await lookUpWriters(start, own);
    }
  }

  /** How long a fetch may wait: until a commit is due and can begin, or the clock is to be looked at. */
  #waitMs(): number {
    if (this.#committer.ended !== null || !this.#hasWork) return maxWaitMs;
    const left = this.#committer.nextAt - this.#options.settings.pace.now();
    return Math.max(0, Math.min(maxWaitMs, left));
  }

  /**
   * Takes up a new assignment. Tasks that stay go on as they are, if the group still has what they
   * committed last; the others' outputs are void.
   */
  async #takeUp(): Promise<void> {
    const { generation, partitions } = this.#member.assignment;
    const { observer } = this.#options.settings;
    this.#generation = generation;
    this.#options.history.noteRebalance();
    this.#waitingFor = null;
    const before = this.#takeDown();
    if (partitions.length === 0) return;
    // In this order: no topic is then found shorter than what was committed says.
    const committed = await this.#member.committed();
    const isKept = (partition: number) =>
      before.filter(({ task }) => task.partition === partition)
        .every((started) => isAsCommitted(started, committed));
    const kept = before.filter(({ task: { partition } }) =>
      partitions.includes(partition) && isKept(partition)
    );
    this.#hold(kept);
    const missing = partitions.filter((one) => !kept.some(({ task }) => task.partition === one));
    if (missing.length > 0) {
      const { start: { stages }, settings: { pace } } = this.#options;
      const stateful = stages.filter(({ topology }) => topology.isStateful).length;
      this.#restore = new RestoreProgress(missing.length * stateful, pace);
      this.#tell("restoring");
    }
    const tasks = await this.#restoreTasks(missing, committed);
    if (tasks === null) return;
    this.#hold([...kept, ...tasks].sort((a, b) => a.task.partition - b.task.partition));
    if (missing.length > 0) observer?.resumed?.(tasks.flatMap(({ resumed }) => resumed));
    this.#tell("running");
    // A task registers with its readers before it writes a record for them (semantics 24).
    if (this.#reporter.due(tasks).length > 0) await this.#commitAll();
  }

  /** Lets go of all tasks, and of what they have put out since their last commit. */
  #takeDown(): readonly StartedTask[] {
    const before = this.#tasks;
    this.#hold([]);
    if (!this.#committer.hasWork(before)) return before;
    if (this.#committer.hasSent) throw takenAway(this.#options.start.job.applicationId);
    this.#committer = this.#newCommitter();
    return [];
  }

  #hold(tasks: readonly StartedTask[]): void {
    this.#tasks = tasks;
    this.#inputs.hold(tasks.flatMap(({ lanes }) => lanes));
  }

  /** The same as {@linkcode MemberLoop.#startTasks}, traced. */
  #restoreTasks(
    partitions: readonly number[],
    committed: readonly CommittedOffset[],
  ): Promise<readonly StartedTask[] | null> {
    const { start: { job }, settings } = this.#options;
    return inSpan(partitions.length > 0 ? settings.tracer : undefined, {
      name: "flights.restore",
      attributes: () => ({
        "flights.job": job.applicationId,
        "flights.partitions": partitions.length,
      }),
      after: (tasks) => ({
        "flights.records": this.#restore!.status.done,
        "flights.outcome": tasks === null ? "given up" : "restored",
      }),
      work: () => this.#startTasks(partitions, committed),
    });
  }

  /** The tasks of these partitions, or null when they are not wanted any more before they are ready. */
  async #startTasks(
    partitions: readonly number[],
    committed: readonly CommittedOffset[],
  ): Promise<readonly StartedTask[] | null> {
    const { clock, onError, maxFuture, untilEnd, signal } = this.#options.settings;
    const restore = this.#restore!;
    const isWanted = async () => {
      await this.#breathe();
      this.#tellIfDue();
      await this.#member.poll([]);
      const { isRebalancing, assignment } = this.#member;
      return !signal?.aborted && !isRebalancing && assignment.generation === this.#generation;
    };
    const stops = this.#ends?.stops ?? null;
    const starts: StartContext[] = [];
    for (const stage of this.#options.start.stages) {
      starts.push(await openStart({ ...this.#options.start, stops }, { stage, isWanted, restore }));
    }
    const tasks: StartedTask[] = [];
    for (const partition of partitions) {
      for (const start of starts) {
        tasks.push(
          await startTask(start, committed, {
            partition,
            clock,
            port: this.#committer.outbox.portOf(partition),
            ...(onError !== undefined && { onError }),
            maxFuture: maxFuture === undefined ? 86_400_000 : maxFuture,
            bounded: untilEnd !== undefined,
          }),
        );
        if (!(await isWanted())) return null;
      }
    }
    return tasks;
  }

  /** Says once for whom it waits; a bounded run by itself does not wait for ever. */
  #standBy(): void {
    const { assignment } = this.#member;
    const { observer, pace, untilEnd } = this.#options.settings;
    const { applicationId } = this.#options.start.job;
    const reason = `${assignment.waitingFor ?? "another member"} holds the partitions`;
    if (reason !== this.#waitingFor) {
      this.#waitingFor = reason;
      observer?.waiting?.(`${reason} of ${applicationId}`);
      this.#tell("standing-by");
    }
    if (untilEnd === undefined || untilEnd.stops !== undefined) return;
    if (pace.now() - this.#joinedAt >= untilEnd.wait) {
      throw new FlightsError(
        "members-alive",
        `Cannot run ${applicationId} until the end: no other member may hold its partitions, ${reason} ` +
          `for over ${describeDuration(untilEnd.wait)}`,
      );
    }
  }

  /** Brings a bounded run on towards its end, stage by stage; whether all that is held is there. */
  async #endRun(): Promise<boolean> {
    const ends = this.#ends!;
    while (ends.endStage(this.#tasks)) await this.#commitAll();
    if (!(await ends.isAtEnd(this.#tasks))) return false;
    ends.endRun(this.#tasks);
    return true;
  }

  async #commitOrSkip(): Promise<void> {
    if (this.#hasWork) await this.#commit();
    else this.#committer.skip();
  }

  get #hasWork(): boolean {
    const reporting = this.#reporter.due(this.#tasks);
    return reporting.length > 0 || this.#committer.hasWork(this.#tasks);
  }

  /** Commits all there is, progress over empty offsets and by the flow of time too. */
  async #commitAll(): Promise<void> {
    await this.#committer.settle();
    const hasProgressed = this.#tasks.some(({ task }) => task.hasProgressed);
    const reporting = this.#reporter.due(this.#tasks, { isLast: true });
    if (hasProgressed || reporting.length > 0 || this.#hasWork) {
      await this.#commit({ isLast: true });
    }
    await this.#committer.settle();
  }

  async #commit({ isLast = false } = {}): Promise<void> {
    const [reporter, tasks] = [this.#reporter, this.#tasks];
    await this.#committer.settle();
    // When it has become durable, more will have been processed.
    const status = this.#status({ isFresh: false });
    const committed = () => void this.#tell("running", status);
    await this.#committer.commit({ tasks, reporter, isLast, committed });
  }

  /** Lets signals, timers and other members of the process have a turn. */
  async #breathe(): Promise<void> {
    const { pace } = this.#options.settings;
    const now = pace.now();
    if (now - this.#lastBreathAt < breathInterval) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#lastBreathAt = now;
  }

  #tell(state: JobState, seen = this.#status()): JobStatus {
    const { history, settings: { observer, pace } } = this.#options;
    this.#state = state;
    this.#toldAt = pace.now();
    const status = memberStatus(this.#options.start.job, {
      ...seen,
      state,
      commits: this.#committer.status,
    }, {
      history,
      restore: this.#restore?.status ?? null,
    });
    observer?.status?.(status);
    return status;
  }

  /** Tells what has not changed as well, so that who looks sees that the loop turns. */
  #tellIfDue(): void {
    if (this.#options.settings.pace.now() - this.#toldAt < tellInterval) return;
    this.#tell(this.#state, this.#status({ isFresh: false }));
  }

  #status({ isFresh = true } = {}): Omit<StatusParts, "state" | "commits"> {
    const { clock, pace } = this.#options.settings;
    const [now, pacedAt] = [clock.now(), pace.now()];
    return {
      build: this.#options.settings.build ?? null,
      member: this.#member.id,
      waitingFor: this.#waitingFor,
      at: now,
      startedAt: this.#options.startedAt,
      tasks: this.#tasks.map((started) => taskStatus(started, { now, pacedAt, isFresh })),
      outputs: Object.fromEntries(this.#committer.outbox.recordsByTopic),
    };
  }
}

function takenAway(applicationId: string): FlightsError {
  return new FlightsError(
    "fenced",
    `Cannot go on as a member of ${applicationId}: partitions must not be taken away while they are ` +
      "written to, they were",
  );
}

/**
 * The one loop: fetch, take the oldest record, process, commit every interval. All outputs of a
 * member go through its outbox, and one place commits.
 */

import type { Clock } from "../base/clock.ts";
import { describeDuration } from "../base/duration.ts";
import { assert, FlightsError } from "../base/errors.ts";
import type { CommittedOffset, Member } from "../log/log.ts";
import { noWatermark } from "../stream/progress.ts";
import { oldestFirst } from "../stream/order.ts";
import type { InputLane } from "./input_lane.ts";
import type { JobOptions } from "./job_options.ts";
import type { CommitStatus, JobState, JobStatus, TaskStatus } from "./job_status.ts";
import { Outbox } from "./outbox.ts";
import { encodeMetadata } from "./saved_progress.ts";
import {
  openStart,
  type StartContext,
  type StartedTask,
  type StartSettings,
  startTask,
} from "./task_start.ts";

/** A commit is made early when this many bytes of outputs wait for it: memory stays flat. */
const maxUncommittedBytes = 2 * 1024 * 1024;
/** What a fetch takes of each partition: a batch or two, for the same reason. */
const maxPartitionBytes = 256 * 1024;
/** Records processed between two looks at the clock. */
const sliceRecords = 512;
/** The longest wait for records: the clock is looked at that often (semantics 8, 9). */
const maxWaitMs = 100;
/** How often the loop lets signals and timers through while it has work, in milliseconds. */
const breathInterval = 20;

/** What a loop works with; the same for all members of a job. */
export interface MemberLoopOptions {
  readonly start: StartSettings;
  readonly settings: JobOptions & { readonly clock: Clock; readonly pace: Clock };
  /** Partition counts of all topics that are written. */
  readonly partitionsOf: ReadonlyMap<string, number>;
  readonly startedAt: number;
}

/** Runs the tasks of one member until it is stopped, replaced, or at its end. */
export class MemberLoop {
  readonly #member: Member;
  readonly #options: MemberLoopOptions;
  #outbox: Outbox;
  #start: StartContext | null = null;
  readonly #commitInterval: number;
  #generation = 0;
  #tasks: readonly StartedTask[] = [];
  #lanes: readonly InputLane[] = [];
  /** The lanes that the newest fetch looked at. */
  #fetchedLanes: readonly InputLane[] = [];
  #state: JobState = "standing-by";
  #waitingFor: string | null = null;
  #nextCommitAt = 0;
  #lastBreathAt = 0;
  readonly #joinedAt: number;
  #commits: CommitStatus = { count: 0, lastAt: null, lastDurationMs: null };

  constructor(member: Member, options: MemberLoopOptions) {
    this.#member = member;
    this.#options = options;
    this.#outbox = new Outbox(options.partitionsOf);
    this.#joinedAt = options.settings.pace.now();
    this.#commitInterval = options.settings.commitInterval ?? 100;
  }

  /**
   * Runs until the signal or, in a bounded run, the end; ends with a last commit.
   *
   * @throws {FlightsError} `fenced` when the member was replaced: what was not committed is void.
   */
  async run(): Promise<JobStatus> {
    const { signal, untilEnd } = this.#options.settings;
    while (!signal?.aborted) {
      await this.#fetch();
      if (this.#member.assignment.generation !== this.#generation) {
        await this.#takeUp();
        continue;
      }
      if (this.#tasks.length === 0) {
        this.#standBy();
        continue;
      }
      for (const { task } of this.#tasks) task.tick();
      this.#processSlice();
      if (this.#isCommitDue()) await this.#commit();
      if (untilEnd !== undefined && this.#isAtEnd()) {
        this.#end(untilEnd.drain);
        if (untilEnd.stops === undefined) break;
        await this.#commitRest();
        await this.#stay();
        continue;
      }
      await this.#breathe();
    }
    await this.#commitRest();
    return this.#tell("stopped");
  }

  /** Commits what there is, and how far the inputs were read. */
  async #commitRest(): Promise<void> {
    const progressed = this.#tasks.some(({ task }) => task.hasProgressed);
    if (this.#hasChanges() || progressed) await this.#commit();
  }

  /**
   * At its end a member that ends together with others stays one: were it to leave, the others would
   * have to take up their tasks anew. What it is given meanwhile it takes to its stops as well.
   */
  async #stay(): Promise<void> {
    const { signal } = this.#options.settings;
    this.#tell("at-end");
    while (!signal?.aborted && this.#member.assignment.generation === this.#generation) {
      await this.#member.poll([], { maxWaitMs, ...(signal && { signal }) });
    }
  }

  /** Fetches for the lanes that have nothing buffered; waits only when nothing can be processed. */
  async #fetch(): Promise<void> {
    const { signal } = this.#options.settings;
    const lanes = this.#lanes;
    const hungry = lanes.filter((lane) => lane.isEmpty && !lane.isAtStop);
    if (lanes.length > 0 && hungry.length === 0) return;
    const idle = this.#isStarved || lanes.every((lane) => lane.isEmpty);
    const fetched = await this.#member.poll(
      hungry.map((lane) => lane.fetchPosition),
      { maxWaitMs: idle ? this.#waitMs() : 0, maxPartitionBytes, ...(signal && { signal }) },
    );
    this.#fetchedLanes = hungry;
    for (const partition of fetched) {
      hungry.find((lane) =>
        lane.source.topic === partition.topic && lane.task.partition === partition.partition
      )?.feed(partition);
    }
  }

  /** How long a fetch may wait: until a commit is due, or the clock is to be looked at. */
  #waitMs(): number {
    if (!this.#hasChanges()) return maxWaitMs;
    return Math.max(0, Math.min(maxWaitMs, this.#nextCommitAt - this.#options.settings.pace.now()));
  }

  /** Starts the tasks of a new assignment; those of the old one and their outputs are void. */
  async #takeUp(): Promise<void> {
    const { assignment } = this.#member;
    const { observer } = this.#options.settings;
    this.#generation = assignment.generation;
    this.#outbox = new Outbox(this.#options.partitionsOf);
    this.#tasks = [];
    this.#lanes = [];
    this.#waitingFor = null;
    if (assignment.partitions.length === 0) return;
    this.#tell("restoring");
    const tasks = await this.#startTasks(assignment.partitions);
    if (tasks === null) return;
    this.#tasks = tasks;
    this.#lanes = tasks.flatMap(({ lanes }) => lanes);
    this.#nextCommitAt = this.#options.settings.pace.now() + this.#commitInterval;
    observer?.resumed?.(tasks.flatMap(({ resumed }) => resumed));
    this.#tell("running");
  }

  /** The tasks of these partitions, or null when they are not wanted any more before they are ready. */
  async #startTasks(partitions: readonly number[]): Promise<readonly StartedTask[] | null> {
    const { clock, onError, maxFuture, untilEnd, signal } = this.#options.settings;
    const isWanted = async () => {
      await this.#breathe();
      await this.#member.poll([]);
      return !signal?.aborted && this.#member.assignment.generation === this.#generation;
    };
    // In this order: no topic is then found shorter than what was committed says.
    const committed = await this.#member.committed();
    const start = await openStart(this.#options.start, isWanted);
    const tasks: StartedTask[] = [];
    for (const partition of partitions) {
      tasks.push(
        await startTask(start, committed, {
          partition,
          clock,
          outputs: this.#outbox.portOf(partition),
          ...(onError !== undefined && { onError }),
          maxFuture: maxFuture === undefined ? 86_400_000 : maxFuture,
          bounded: untilEnd !== undefined,
        }),
      );
      if (!(await isWanted())) return null;
    }
    this.#start = start;
    return tasks;
  }

  /** Says once for whom it waits; a bounded run by itself does not wait for ever. */
  #standBy(): void {
    const { assignment } = this.#member;
    const { observer, pace, untilEnd } = this.#options.settings;
    const { applicationId } = this.#options.start.job;
    const reason = `${assignment.waitingFor ?? "another member"} holds all partitions`;
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

  /**
   * Processes records oldest first (semantics 7) until a lane runs empty, which may have more on the
   * log, or a slice is done.
   */
  #processSlice(): void {
    if (this.#isStarved) return;
    const queue = oldestFirst<InputLane>();
    for (const lane of this.#lanes) if (!lane.isEmpty) queue.push(lane);
    for (let records = 0; records < sliceRecords; records++) {
      const lane = queue.peek();
      if (lane === undefined) return;
      lane.processNext();
      if (!lane.isEmpty) queue.settle();
      else if (this.#isKnownEmpty(lane)) queue.pop();
      else return;
    }
  }

  /** Whether an empty lane had no more to read when any of what is buffered was fetched. */
  #isKnownEmpty(lane: InputLane): boolean {
    return lane.isAtStop || (lane.isCaughtUp && this.#fetchedLanes.includes(lane));
  }

  /** Whether a lane has more to read but nothing buffered: it is waited for (semantics 7). */
  get #isStarved(): boolean {
    return this.#lanes.some((lane) => lane.isEmpty && !lane.isCaughtUp);
  }

  #hasChanges(): boolean {
    return this.#outbox.count > 0 ||
      this.#tasks.some(({ task, isNew }) => isNew || task.hasChanged);
  }

  #isCommitDue(): boolean {
    if (this.#outbox.bytes >= maxUncommittedBytes) return true;
    const now = this.#options.settings.pace.now();
    if (now < this.#nextCommitAt) return false;
    if (this.#hasChanges()) return true;
    this.#nextCommitAt = now + this.#commitInterval;
    return false;
  }

  #isAtEnd(): boolean {
    return this.#tasks.length > 0 && this.#lanes.every((lane) => lane.isAtStop);
  }

  #end(drain: boolean): void {
    const { observer } = this.#options.settings;
    for (const { task } of this.#tasks) {
      task.endInputs();
      const before = task.watermark;
      if (drain && task.drain() > before) observer?.drained?.(task.partition, task.watermark);
    }
  }

  /**
   * The one place that commits (semantics 13):
   * 1. state changes of each changed task join the outputs;
   * 2. all of it goes into one transaction;
   * 3. the log places it, tells where each changelog ends, and takes the offsets with what belongs
   *    to each partition;
   * 4. the transaction becomes durable, or the member is void.
   */
  async #commit(): Promise<void> {
    const { clock, pace } = this.#options.settings;
    const start = this.#start;
    assert(start !== null, "only a member with tasks commits");
    const began = pace.now();
    const changed = this.#tasks.filter(({ task, isNew }) =>
      isNew || task.hasChanged || task.hasProgressed
    );
    const changelog = start.changelog?.name ?? null;
    const grown = new Set<StartedTask>();
    for (const started of changed) {
      const changes = started.task.takeChanges();
      if (changelog === null || changes.length === 0) continue;
      this.#outbox.addChanges(changelog, started.task.partition, changes, clock.now());
      grown.add(started);
    }
    const transaction = this.#member.begin();
    await this.#outbox.moveTo(transaction);
    await transaction.commit((endOf) =>
      changed.flatMap((started) => {
        const { partition } = started.task;
        if (changelog !== null && started.changelog !== null && grown.has(started)) {
          started.changelog = {
            from: started.changelog.from,
            to: endOf({ topic: changelog, partition }),
          };
        }
        return offsetsOf(started, start);
      })
    );
    for (const started of changed) started.isNew = false;
    const now = pace.now();
    this.#nextCommitAt = now + this.#commitInterval;
    this.#commits = {
      count: this.#commits.count + 1,
      lastAt: clock.now(),
      lastDurationMs: now - began,
    };
    this.#tell("running");
  }

  /** Lets signals, timers and other members of the process have a turn. */
  async #breathe(): Promise<void> {
    const { pace } = this.#options.settings;
    const now = pace.now();
    if (now - this.#lastBreathAt < breathInterval) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#lastBreathAt = now;
  }

  #tell(state: JobState): JobStatus {
    this.#state = state;
    const status = this.#status();
    this.#options.settings.observer?.status?.(status);
    return status;
  }

  #status(): JobStatus {
    return {
      version: 1,
      applicationId: this.#options.start.job.applicationId,
      member: this.#member.id,
      state: this.#state,
      waitingFor: this.#waitingFor,
      at: this.#options.settings.clock.now(),
      startedAt: this.#options.startedAt,
      tasks: this.#tasks.map(taskStatus),
      outputs: Object.fromEntries(this.#outbox.recordsByTopic),
      commits: this.#commits,
    };
  }
}

/** The offsets of a task with what belongs to each partition. */
function offsetsOf(started: StartedTask, start: StartContext): readonly CommittedOffset[] {
  const { task, changelog } = started;
  return start.job.topology.sources.map(({ topic }, index) => {
    const { id: topicId, partitions } = start.inputs[index]!;
    const saved = { ...task.savedInput(index), topicId, partitions: partitions.length, changelog };
    return {
      topic,
      partition: task.partition,
      offset: saved.offset,
      metadata: encodeMetadata(saved),
    };
  });
}

function taskStatus({ task, lanes }: StartedTask): TaskStatus {
  const finite = (watermark: number) => watermark === noWatermark ? null : watermark;
  return {
    partition: task.partition,
    watermark: finite(task.watermark),
    held: task.held,
    stateEntries: task.stateEntries,
    outcomes: task.outcomes,
    inputs: lanes.map((lane, index) => {
      const { position, watermark, idle } = task.inputs[index]!;
      const { endOffset } = lane;
      return { topic: lane.source.topic, position, endOffset, watermark: finite(watermark), idle };
    }),
  };
}

/**
 * The one place that commits (semantics 13). What a member has put out is sent ahead while it goes on
 * processing, and the commit of one interval ends while the next one is processed; the next waits for
 * its end.
 */

import type { Clock } from "../base/clock.ts";
import type { CommittedOffset, EndOf, Member, Transaction } from "../log/log.ts";
import type { CommitStatus } from "./job_status.ts";
import { Outbox } from "./outbox.ts";
import type { Reporter } from "./reporter.ts";
import { inSpan, type Tracer } from "./tracer.ts";
import { encodeMetadata } from "./saved_progress.ts";
import type { StartedTask } from "./task_start.ts";

/** Outputs are sent ahead when so many bytes of them wait. */
const sendBytes = 512 * 1024;
/** Processing waits when so many bytes wait to be sent: memory stays flat. */
const maxWaitingBytes = 4 * 1024 * 1024;

/** Why a signal is aborted; one for all, since a new one costs a stack trace. */
const isOver = "it is over";

/** Settings of a committer. */
export interface CommitterOptions {
  readonly member: Member;
  /** Partition counts of all topics that are written. */
  readonly partitionsOf: ReadonlyMap<string, number>;
  /** Milliseconds from the start of one commit to the start of the next. */
  readonly interval: number;
  /** Stamps changelog entries. */
  readonly clock: Clock;
  /** Paces commits. */
  readonly pace: Clock;
  /** For traces. */
  readonly job: string;
  readonly tracer: Tracer | undefined;
}

/** What a commit is made of. */
export interface CommitWork {
  readonly tasks: readonly StartedTask[];
  /** What the tasks tell the readers of what they write. */
  readonly reporter: Reporter;
  /** Whether no more will follow: then tasks report whatever has changed. */
  readonly isLast?: boolean;
  /** Told when it has become durable. */
  readonly committed: () => void;
}

/** Commits what the tasks of one member have done. */
export class Committer {
  readonly outbox: Outbox;
  readonly #options: CommitterOptions;
  #transaction: Transaction | null = null;
  /** The commit under way. */
  #ending: Promise<void> | null = null;
  /** What is being sent ahead. */
  #sending: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #ended = new AbortController();
  #nextAt: number;
  /** How many records the commits so far have held; counted for traces alone. */
  #tracedRecords = 0;
  #status: CommitStatus = { count: 0, lastAt: null, lastDurationMs: null, lastOutcome: null };

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.outbox = new Outbox(options.partitionsOf);
    this.#nextAt = options.pace.now() + options.interval;
  }

  /** What the commits did so far. */
  get status(): CommitStatus {
    return this.#status;
  }

  /** When the next commit is due, on the clock that paces. */
  get nextAt(): number {
    return this.#nextAt;
  }

  /** Whether the next commit is due, and the one before has ended. */
  get isDue(): boolean {
    if (this.#ending !== null) return false;
    return this.#transaction?.isFull === true || this.#options.pace.now() >= this.#nextAt;
  }

  /** Aborted when the commit under way ends; null when none is. */
  get ended(): AbortSignal | null {
    return this.#ending === null ? null : this.#ended.signal;
  }

  /** Whether outputs have been sent ahead that no commit holds yet. */
  get hasSent(): boolean {
    return this.#transaction !== null;
  }

  /** Whether there is something to commit. */
  hasWork(tasks: readonly StartedTask[]): boolean {
    return this.outbox.count > 0 || this.#transaction !== null ||
      tasks.some(({ task, isNew }) => isNew || task.hasChanged);
  }

  /** Puts off a commit for which there is nothing. */
  skip(): void {
    this.#nextAt = this.#options.pace.now() + this.#options.interval;
  }

  /** Sends outputs ahead when there are enough; waits only when too many wait. @throws what failed. */
  async relieve(): Promise<void> {
    this.#check();
    const { outbox } = this;
    if (outbox.bytes < sendBytes) return;
    while (this.#isHeldUp && outbox.bytes >= maxWaitingBytes) {
      await (this.#ending ?? this.#sending);
      this.#check();
    }
    if (this.#isHeldUp) return;
    this.#transaction ??= this.#options.member.begin();
    this.#sending = this.#watch(outbox.moveTo(this.#transaction)).then(() => {
      this.#sending = null;
    });
  }

  get #isHeldUp(): boolean {
    return this.#ending !== null || this.#sending !== null;
  }

  /** Waits until nothing is under way. @throws what failed. */
  async settle(): Promise<void> {
    await this.#ending;
    this.#check();
  }

  /**
   * Begins to commit, behind the commit before:
   * 1. state changes of each changed task join the outputs, and how far it has come is noted;
   * 2. all of it goes into the transaction;
   * 3. the log places it, tells where each changelog ends, and takes the offsets with what belongs
   *    to each partition;
   * 4. the transaction becomes durable, or the member is void.
   *
   * Steps 2 to 4 go on while the next records are processed.
   */
  async commit(
    { tasks, reporter, isLast = false, committed }: CommitWork,
  ): Promise<void> {
    await this.#sending;
    await this.settle();
    const { member, pace } = this.#options;
    const began = pace.now();
    const reporting = reporter.due(tasks, { isLast });
    const changed = tasks.filter((started) => {
      const { task, isNew } = started;
      return isNew || task.hasChanged || task.hasProgressed || reporting.includes(started);
    });
    const snapshots = changed.map((started) => this.#snapshot(started));
    const reports = reporter.prepare(changed, reporting);
    const transaction = this.#transaction ?? member.begin();
    this.#transaction = null;
    const finish = async () => {
      await this.outbox.moveTo(transaction);
      await transaction.commit(
        (endOf) => snapshots.flatMap((offsets) => offsets(endOf)),
        reports,
      );
      const now = pace.now();
      // No more than half of the time is spent on commits, however long they take.
      this.#nextAt = Math.max(this.#nextAt, now + (now - began));
      this.#note(now - began);
    };
    this.#nextAt = began + this.#options.interval;
    const ended = this.#ended = new AbortController();
    this.#ending = this.#watch(this.#traced(changed.length, finish)).then(() => {
      this.#ending = null;
      ended.abort(isOver);
      if (this.#failure === null) committed();
    });
  }

  /** Tells in a trace how many records of outputs and state the commit holds, those sent ahead too. */
  #traced(tasks: number, finish: () => Promise<void>): Promise<void> {
    const { job, tracer } = this.#options;
    if (tracer === undefined) return finish();
    const total = this.outbox.recordsByTopic.values().reduce((sum, count) => sum + count, 0);
    const records = total - this.#tracedRecords;
    this.#tracedRecords = total;
    return inSpan(tracer, {
      name: "flights.commit",
      attributes: () => ({
        "flights.job": job,
        "flights.tasks": tasks,
        "flights.records": records,
      }),
      after: () => ({ "flights.outcome": "committed" }),
      work: finish,
    });
  }

  /** Puts a task's changes among the outputs; what it returns tells its offsets once these are placed. */
  #snapshot(started: StartedTask) {
    const { start, task, lanes, ended } = started;
    const { repartitions } = start;
    const { partition, held } = task;
    const stage = start.stages.indexOf(start.stage);
    const isFirst = stage === 0 && partition === 0;
    const changes = task.takeChanges();
    const changelog = start.changelog?.name ?? null;
    const grows = changelog !== null && changes.length > 0;
    if (grows) this.outbox.addChanges(changelog, partition, changes, this.#options.clock.now());
    started.isNew = false;
    const inputs = lanes.map(({ reports }, index) => ({
      ...task.savedInput(index),
      reports: reports?.position ?? 0,
      ended: ended?.positions[index] === task.inputs[index]!.position ? ended!.by : null,
      place: { stage, input: index },
      held,
      writes: isFirst && index === 0 ? start.job.topology.sinkTopics : [],
    }));
    return (endOf: EndOf) => {
      if (grows && started.changelog !== null) {
        const to = endOf({ topic: changelog, partition });
        started.changelog = { from: started.changelog.from, to };
      }
      const { changelog: range } = started;
      started.committed = start.inputs.map((described, index): CommittedOffset => {
        const { name: topic, id: topicId, partitions: { length: partitions } } = described;
        const saved = { ...inputs[index]!, topicId, partitions, repartitions, changelog: range };
        return { topic, partition, offset: saved.offset, metadata: encodeMetadata(saved) };
      });
      return started.committed;
    };
  }

  #note(lastDurationMs: number): void {
    const lastAt = this.#options.clock.now();
    const count = this.#status.count + 1;
    this.#status = { count, lastAt, lastDurationMs, lastOutcome: "committed" };
  }

  /** Keeps the first failure for who looks next; nothing is sent on after it. */
  async #watch(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}

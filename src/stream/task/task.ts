/**
 * A task: one partition number of a topology's inputs, its operators and their state. It takes
 * records one by one in the order it is handed them, keeps progress and counts, and knows what a
 * commit has to save. It does no I/O: outputs go to a port, records come from its runner.
 */

import type { Clock } from "../../base/clock.ts";
import { describeDuration } from "../../base/duration.ts";
import { FlightsError } from "../../base/errors.ts";
import { noTimestamp, type RawRecord, textHeader } from "../../base/record.ts";
import { formatTime } from "../../base/time.ts";
import { BadRecordError, type BadRecordReason } from "../json.ts";
import type { OperatorWindows } from "../windows/open_windows.ts";
import { buildChain, type Chain } from "./chain.ts";
import { type OutcomeCounts, sumOutcomes } from "./counts.ts";
import { InputProgress, type SavedInput } from "./input_progress.ts";
import { minimumWatermark, type NewestRecord, noWatermark, silenceWatermark } from "./progress.ts";
import { type ChangelogEntry, StateTables } from "../state/tables.ts";
import { silenceAt, silenceMargin } from "./silence.ts";
import { ValueTable } from "../state/value_table.ts";
import { deadLetterTopic } from "../stray_topics.ts";
import type { Outputs } from "./task_context.ts";
import { TaskScope } from "./task_scope.ts";
import type { Topology } from "../topology.ts";
import type { ProgressReport } from "./upstream.ts";
import type { ClosedBy } from "../windows/window.ts";

/** What becomes of a record that cannot be read (semantics 19). */
export type OnError = "dead-letter" | "skip" | "fail";

/** Settings of a task, and what it is given to work with. */
export interface TaskOptions {
  readonly partition: number;
  /** How many partitions each input has. */
  readonly partitions: number;
  readonly clock: Clock;
  readonly outputs: Outputs;
  /** Default `dead-letter`. */
  readonly onError?: OnError;
  /** How far ahead of the clock a record may be, in milliseconds (semantics 10); null: any far. */
  readonly maxFuture?: number | null;
  /** A run that stops at an offset: no clock decides what is idle in it (semantics 11). */
  readonly bounded?: boolean;
}

/** Runs a topology on one partition number of its inputs. */
export class Task {
  readonly partition: number;
  readonly #chain: Chain;
  readonly #context: TaskScope;
  readonly #inputs: readonly InputProgress[];
  /** The inputs that event time goes by: all but the tables. */
  readonly #streams: readonly InputProgress[];
  readonly #options: TaskOptions;
  readonly #state = new StateTables();
  /** How many records that windows held have been given out; saved, so that it can be audited. */
  readonly #released: ValueTable<number>;
  #newest: NewestRecord = { timestamp: noWatermark, arrivedAt: 0 };
  #now: number;
  #touched = false;
  #progressed = false;

  constructor(topology: Topology, options: TaskOptions) {
    this.#options = options;
    this.partition = options.partition;
    this.#now = options.clock.now();
    this.#released = this.#state.add(new ValueTable<number>(), {
      name: "released",
      shape: "count",
    });
    this.#context = new TaskScope(options, this.#state, (records) => this.#release(records));
    this.#chain = buildChain(topology, this.#context);
    this.#inputs = topology.sources.map((source) => new InputProgress(source, this.#now));
    this.#streams = this.#inputs.filter(({ source }) => !source.isTable);
  }

  /** Progress of each input and what its writers tell, in the order of the topology's sources. */
  get inputs(): readonly Readonly<InputProgress>[] {
    return this.#inputs;
  }

  /**
   * Whether it holds nothing back (semantics 24): all its inputs are idle, with nothing left to read
   * there, and what silence still closes in it (semantics 9) has come out.
   */
  get isIdle(): boolean {
    return this.#streams.every(({ idle, caughtUp }) => idle && caughtUp) && !this.#chain.waits();
  }

  /** The task's watermark. */
  get watermark(): number {
    return this.#context.watermark;
  }

  /** What became of all records that came in. */
  get outcomes(): OutcomeCounts {
    return sumOutcomes(this.#inputs.map((input) => input.outcomes));
  }

  /** How many records wait in open windows. */
  get held(): number {
    return this.outcomes.windowed - (this.#released.get("") ?? 0);
  }

  /** How many entries its state tables hold. */
  get stateEntries(): number {
    return this.#state.size;
  }

  /** How many bytes of changelog they come to, by the mean of the entries that were saved. */
  get stateBytes(): number {
    return this.#state.bytes;
  }

  /** For who looks at it: the open windows of each operator that has some. */
  openWindows(limit: number): readonly OperatorWindows[] {
    return this.#chain.openWindows(limit);
  }

  /** What its state means, table by table: saved state of another shape is refused. */
  get stateShapes(): Readonly<Record<string, string>> {
    return this.#state.shapes;
  }

  /** How long what is in its state lives, of the tables that have a time-to-live. */
  get stateLifetimes(): Readonly<Record<string, string>> {
    return this.#state.lifetimes;
  }

  /** Whether records or state have changed since {@linkcode Task.takeChanges} was called last. */
  get hasChanged(): boolean {
    return this.#touched || this.#state.hasChanges;
  }

  /** Whether progress was made since then, be it only by the flow of time or over empty offsets. */
  get hasProgressed(): boolean {
    return this.#progressed;
  }

  /** Takes in one entry of the changelog, before the first record. */
  restoreState(entry: ChangelogEntry): void {
    this.#state.restore(entry);
  }

  /** Takes up an input where the last commit left it, before the first record. */
  restoreInput(index: number, saved: SavedInput): void {
    const input = this.#inputs[index]!;
    input.restore(saved);
    const watermark = saved.taskWatermark ?? noWatermark;
    if (watermark > this.#context.watermark) this.#context.watermark = watermark;
    if (!input.source.isTable) this.#noteNewest(input.newest);
  }

  /** Begins an input at an offset that nothing was saved for. */
  startInput(index: number, offset: number): void {
    this.#inputs[index]!.position = offset;
  }

  /** What a commit saves of an input. */
  savedInput(index: number): SavedInput {
    return this.#inputs[index]!.save(this.#context.watermark);
  }

  /** The state that changed since the last call; with it all changes are taken to be saved. */
  takeChanges(): readonly ChangelogEntry[] {
    this.#touched = false;
    this.#progressed = false;
    return this.#state.takeChanges();
  }

  /** Takes note of a writer of an input, whose records do not move its watermark from now on. */
  registerUpstream(index: number, report: ProgressReport): void {
    this.#inputs[index]!.upstream.register(report);
  }

  /** Takes in what a writer of an input reported of the records up to its position (semantics 24). */
  applyUpstream(index: number, report: ProgressReport): void {
    this.#inputs[index]!.upstream.apply(report);
    this.#carry(this.#inputs[index]!);
  }

  /** Takes out a job among the writers of an input. */
  forgetUpstream(index: number, job: string): void {
    const input = this.#inputs[index]!;
    input.upstream.forget(job);
    this.#carry(input);
  }

  #carry(input: InputProgress): void {
    this.#progressed = true;
    input.carry();
    this.#follow();
  }

  /** Steps over offsets that hold no records: control batches and compacted gaps. */
  skipTo(index: number, offset: number): void {
    const input = this.#inputs[index]!;
    if (offset <= input.position) return;
    input.position = offset;
    this.#progressed = true;
  }

  /** Tells whether anything readable is left in an input's partition (semantics 8). */
  setCaughtUp(index: number, caughtUp: boolean): void {
    this.#inputs[index]!.caughtUp = caughtUp;
  }

  /** Tells whether it is known who is registered as a writer of an input (semantics 24). */
  setWritersKnown(index: number, known: boolean): void {
    this.#inputs[index]!.writersKnown = known;
  }

  /** Whether an input is idle but for the question who is registered as its writer. */
  asksForWriters(index: number): boolean {
    return this.#inputs[index]!.asksForWriters(this.#options.clock.now());
  }

  /**
   * Takes one record. It is processed before it moves the watermark (semantics 3).
   *
   * @throws {FlightsError} `bad-record` when it cannot be read and the task is to fail then;
   * `operator-failed` when a function of the job threw; `misplaced-key`.
   */
  process(index: number, record: RawRecord): void {
    const input = this.#inputs[index]!;
    const context = this.#context;
    this.#touched = true;
    input.position = record.offset + 1;
    context.begin(input.source.topic, record);
    const timestamp = this.#read(input, record);
    if (timestamp !== null) {
      try {
        this.#chain.sources[index]!(context.element, timestamp, "");
      } catch (error) {
        throw this.#context.failure(error);
      }
      input.outcomes[context.outcome]++;
    }
    context.end();
    if (timestamp === null) return;
    if (!input.source.isTable) this.#noteNewest(timestamp);
    if (input.observe(timestamp, this.#now)) this.#follow();
  }

  /** Reads a record into `context.element` and returns its event time, or null if it is refused. */
  #read(input: InputProgress, record: RawRecord): number | null {
    const { source } = input;
    if (record.timestamp === noTimestamp && source.watermarks.timestampAssigner === null) {
      return this.#refuse(input, record, {
        reason: "no-timestamp",
        message: `the record must have a timestamp, it has none`,
      });
    }
    let timestamp = record.timestamp;
    try {
      const element = source.deserialize(record);
      this.#context.element = element;
      const assign = source.watermarks.timestampAssigner;
      if (assign !== null) timestamp = assign(element, record.timestamp);
      if (!Number.isInteger(timestamp)) {
        const message = `the event time must be whole milliseconds, it is ${timestamp}`;
        return this.#refuse(input, record, { reason: "no-timestamp", message });
      }
    } catch (error) {
      if (!(error instanceof BadRecordError)) throw this.#context.failure(error);
      return this.#refuse(input, record, error);
    }
    // Of what was repartitioned it was judged before, by another clock maybe.
    const maxFuture = source.isRepartition ? null : this.#options.maxFuture ?? null;
    if (maxFuture !== null && timestamp > this.#now + maxFuture) {
      this.#now = this.#options.clock.now();
      if (timestamp > this.#now + maxFuture) {
        return this.#refuse(input, record, {
          reason: "future-timestamp",
          message:
            `the event time must be at most ${describeDuration(maxFuture)} ahead of the clock, ` +
            `it is ${formatTime(timestamp)} at ${formatTime(this.#now)}`,
        });
      }
    }
    return timestamp;
  }

  #refuse(
    input: InputProgress,
    record: RawRecord,
    why: { readonly reason: BadRecordReason; readonly message: string },
  ): null {
    const { onError = "dead-letter", outputs } = this.#options;
    if (onError === "fail") {
      throw new FlightsError(
        "bad-record",
        `Cannot read ${this.#context.describeRecord()}: ${why.message}`,
      );
    }
    if (onError === "skip") {
      input.outcomes.skipped++;
      return null;
    }
    input.outcomes.deadLetter++;
    outputs.forward(deadLetterTopic(input.source.topic), record, [
      textHeader("error-reason", why.reason),
      textHeader("error-message", why.message),
      ...this.#context.originHeaders(),
    ]);
    return null;
  }

  #noteNewest(timestamp: number): void {
    if (timestamp > this.#newest.timestamp) this.#newest = { timestamp, arrivedAt: this.#now };
  }

  /**
   * Reads the clock: judges which inputs are idle (semantics 8) and lets time flow on when all of
   * them are (semantics 9). To be called before records that have just arrived are processed, and
   * now and then while none do.
   */
  tick(): void {
    this.#now = this.#options.clock.now();
    for (const input of this.#inputs) {
      input.notePosition(this.#now);
      input.wake();
    }
    if (this.#options.bounded) return;
    this.#context.guard(() => this.#chain.watchers.forEach((one) => one.tick(this.#now)));
    this.#fallIdle();
    if (minimumWatermark(this.#inputs) !== null) return this.#follow();
    const margin = silenceMargin(this.#streams);
    if (margin === null) return;
    this.#advance(silenceWatermark(this.#newest, this.#now, margin), "silence");
  }

  /** For who looks at it: when silence closes a window that ends before `end`; see {@linkcode silenceAt}. */
  silenceAt(end: number): number | null {
    if (this.#options.bounded) return null;
    return silenceAt(this.#streams, { end, newest: this.#newest, now: this.#now });
  }

  /** Lets inputs fall idle in the order of their time-outs, however late the clock is looked at. */
  #fallIdle(): void {
    const falling = this.#inputs.flatMap((input) => {
      const since = input.idleSince(this.#now);
      return since === null ? [] : [{ input, since }];
    });
    falling.sort((a, b) => a.since - b.since);
    falling.forEach(({ input, since }, i) => {
      input.idle = true;
      const next = falling[i + 1];
      if (next === undefined || next.since > since) this.#follow();
    });
  }

  /** Moves the task's watermark to the minimum over its inputs. */
  #follow(): void {
    const watermark = minimumWatermark(this.#inputs);
    if (watermark !== null) this.#advance(watermark, "watermark");
  }

  /**
   * Fires all open windows and the event-time timers that are set (semantics 11), and returns how far
   * that moved the watermark. Timers that are set meanwhile have to wait: one that always sets the
   * next would have no end.
   */
  drain(): number {
    const timer = this.#chain.lastTimer();
    if (timer !== null) this.#advance(timer, "drain");
    for (;;) {
      const end = this.#chain.lastOpenEnd();
      if (end === null) return this.watermark;
      this.#advance(end - 1, "drain");
    }
  }

  /**
   * Takes a bounded run's inputs as read to their stops: one in which there was never a record does
   * not hold the others back (semantics 11), unless a writer of it does.
   */
  endInputs(): void {
    for (const input of this.#inputs) {
      if (input.upstream.isCarried) input.wake();
      else if (input.newest === noWatermark) input.idle = true;
    }
    this.#follow();
  }

  #advance(watermark: number, closedBy: ClosedBy): void {
    if (watermark <= this.#context.watermark) return;
    try {
      for (const follower of this.#chain.followers) follower.advance(watermark, closedBy);
    } catch (error) {
      throw this.#context.failure(error);
    }
    this.#context.watermark = watermark;
    this.#progressed = true;
  }

  #release(records: number): void {
    this.#released.set("", (this.#released.get("") ?? 0) + records);
  }
}

/** One input partition of a member: what was fetched and waits to be processed, oldest first. */

import type { FetchedPartition, Position } from "../log/log.ts";
import { type RecordBatch, RecordCursor } from "../log/records/batch.ts";
import { headTimeOf, type Lane } from "../stream/order.ts";
import type { Task } from "../stream/task.ts";
import type { ReportLane } from "./report_lane.ts";
import type { SourceNode } from "../stream/topology.ts";

/** Which input of which task a lane feeds. */
export interface LaneOptions {
  readonly task: Task;
  readonly source: SourceNode;
  /** The source's place in the topology. */
  readonly sourceIndex: number;
  readonly rank: number;
  readonly topicId: string;
  /** The offset at which a bounded run stops (semantics 11); null: never. */
  readonly stopOffset: number | null;
  /** Whether what the writers report is followed (semantics 24). */
  readonly followsReports: boolean;
  /** Whether the run stops at offsets, be they known yet or not; default false. */
  readonly bounded?: boolean;
}

/** Buffers the batches of one input partition and hands their records to its task. */
export class InputLane implements Lane {
  readonly task: Task;
  readonly source: SourceNode;
  readonly sourceIndex: number;
  readonly rank: number;
  headTime = 0;
  /** The high watermark when this partition was fetched last; null before the first fetch. */
  endOffset: number | null = null;
  /** Since when it has been asked for without an answer; null when it is not waited for. */
  unansweredSince: number | null = null;
  /** Where the writers report; null as long as there is no such topic. */
  reports: ReportLane | null = null;
  /** A writer that is to be looked up before its records are taken; null when there is none. */
  unknownWriter: number | null = null;
  /** Records of writers that report nothing, though others do: they can be late. */
  unreported = 0;
  readonly topicId: string;
  readonly #followsReports: boolean;
  readonly #bounded: boolean;
  #stopOffset: number | null;
  /** Writers that have been looked up and are none of ours. */
  readonly #strangers = new Set<number>();
  /** Whether all reports were read that were there when what is buffered had been fetched. */
  #isLookedUp = false;
  #batches: readonly RecordBatch[] = [];
  #batchIndex = 0;
  #cursor: RecordCursor | null = null;
  /** Where the log goes on behind what is buffered. */
  #fetchOffset: number;

  constructor(options: LaneOptions) {
    this.task = options.task;
    this.source = options.source;
    this.sourceIndex = options.sourceIndex;
    this.rank = options.rank;
    this.#stopOffset = options.stopOffset;
    this.topicId = options.topicId;
    this.#followsReports = options.followsReports;
    this.#bounded = options.bounded ?? false;
    this.#fetchOffset = this.position;
    this.task.setCaughtUp(this.sourceIndex, this.isCaughtUp);
    this.task.setWritersKnown(this.sourceIndex, !this.#followsReports);
  }

  /** The offset at which a bounded run stops; null: never, or it is not known yet. */
  get stopOffset(): number | null {
    return this.#stopOffset;
  }

  /** Lets a bounded run stop there, at an end that the partition has by now. */
  stopAt(offset: number): void {
    this.#stopOffset = offset;
    this.task.setCaughtUp(this.sourceIndex, this.isCaughtUp);
  }

  /** The next offset to process. */
  get position(): number {
    return this.task.inputs[this.sourceIndex]!.position;
  }

  /** Whether nothing is buffered. */
  get isEmpty(): boolean {
    return this.#cursor === null;
  }

  /** Whether nothing is left to read: at the last fetch, or for a bounded run at all. */
  get isCaughtUp(): boolean {
    if (this.isAtStop) return true;
    return this.isEmpty && this.endOffset !== null && this.position >= this.endOffset;
  }

  /**
   * Whether it has more to read but nothing buffered: its task waits for it (semantics 7). Not for what
   * the job itself wrote: a transaction of its own may hold that back, and with carried watermarks
   * nothing of it comes late.
   */
  get isStarved(): boolean {
    return !this.source.isRepartition && this.isEmpty && !this.isCaughtUp;
  }

  /**
   * Whether it is a table which a bounded run reads to its stop before the rest of its task's inputs: a
   * table that comes through a repartition topic, for it comes behind what it is joined with.
   */
  get isLoading(): boolean {
    const { isTable, isRepartition } = this.source;
    return isTable && isRepartition && this.#bounded && !this.isAtStop;
  }

  /** Whether a bounded run has read this partition to its stop. */
  get isAtStop(): boolean {
    return this.stopOffset !== null && this.position >= this.stopOffset;
  }

  /** Whether it has to be looked up who is registered, for a record or for its silence to count. */
  get asksForWriters(): boolean {
    return this.unknownWriter !== null || this.task.asksForWriters(this.sourceIndex);
  }

  /** Where to fetch next. */
  get fetchPosition(): Position {
    const { topic } = this.source;
    const { partition } = this.task;
    return { topic, partition, offset: this.#fetchOffset, topicId: this.topicId };
  }

  /** Takes in what was fetched at {@linkcode InputLane.fetchPosition}. */
  feed(fetched: FetchedPartition): void {
    this.endOffset = fetched.endOffset;
    this.unansweredSince = null;
    this.#fetchOffset = fetched.nextOffset;
    this.#batches = fetched.batches;
    this.#batchIndex = 0;
    this.#cursor = null;
    this.#isLookedUp = false;
    if (fetched.batches.length > 0 && this.#followsReports) {
      this.task.setWritersKnown(this.sourceIndex, false);
    }
    this.#openBatch(this.position);
    this.task.setCaughtUp(this.sourceIndex, this.isCaughtUp);
  }

  /** Hands the next record to the task. There must be one. */
  processNext(): void {
    const cursor = this.#cursor!;
    this.task.process(this.sourceIndex, cursor);
    if (this.reports !== null && cursor.offset >= this.reports.countsFrom - 1) {
      this.reports.applyPassed();
    }
    cursor.index++;
    if (cursor.index < cursor.batch.count) {
      this.#look(cursor);
    } else {
      this.#batchIndex++;
      this.#openBatch(cursor.batch.nextOffset);
    }
  }

  /** Opens the next batch that has a record from `offset` on, or ends the buffer. */
  #openBatch(offset: number): void {
    for (; this.#batchIndex < this.#batches.length; this.#batchIndex++) {
      const batch = this.#batches[this.#batchIndex]!;
      const first = batch.firstAt(offset);
      if (first < batch.count) {
        this.#cursor = new RecordCursor(batch, first);
        this.#meetWriter(batch, first);
        return this.#look(this.#cursor);
      }
    }
    this.#finish();
  }

  /**
   * Looks at who wrote a batch. A task of ours registers before it writes: of a transaction whose
   * writer is not known it has to be found out first. What no transaction wrote is a stranger's.
   */
  #meetWriter({ isTransactional, producerId, count }: RecordBatch, first: number): void {
    if (!this.#followsReports) return;
    const { upstream } = this.task.inputs[this.sourceIndex]!;
    if (isTransactional && upstream.knows(producerId)) return;
    // As long as nobody is registered a stranger's records move the watermark: none of them is taken
    // before it is known who had registered when it was fetched.
    const isOpen = upstream.isCarried
      ? isTransactional && !this.#strangers.has(producerId)
      : !this.#isLookedUp && (isTransactional || this.reports !== null);
    if (isOpen) this.unknownWriter = producerId;
    else if (upstream.isCarried) this.unreported += count - first;
  }

  /** Steps over the offsets in front of the next record, which hold none. */
  skipToHead(): void {
    if (this.#cursor === null) return;
    this.task.skipTo(this.sourceIndex, this.#cursor.offset);
    this.reports?.applyPassed();
  }

  /** Goes on after it was looked up who is registered. */
  endLookUp(): void {
    this.task.setWritersKnown(this.sourceIndex, true);
    const writer = this.unknownWriter;
    if (writer === null) return;
    this.unknownWriter = null;
    this.#isLookedUp = true;
    const { upstream } = this.task.inputs[this.sourceIndex]!;
    if (upstream.isCarried && !upstream.knows(writer)) this.#strangers.add(writer);
    const { batch, index } = this.#cursor!;
    this.#meetWriter(batch, index);
  }

  /** Looks at the record whose turn is next; a bounded run takes none from its stop on. */
  #look(cursor: RecordCursor): void {
    if (this.stopOffset !== null && cursor.offset >= this.stopOffset) return this.#finish();
    this.headTime = headTimeOf(this.source, cursor);
  }

  /** Ends the buffer: the position steps over the offsets that hold no record. */
  #finish(): void {
    this.#cursor = null;
    this.#batches = [];
    // What lies behind the stop of a bounded run is not taken, whoever wrote it.
    this.unknownWriter = null;
    const end = this.stopOffset === null
      ? this.#fetchOffset
      : Math.min(this.#fetchOffset, Math.max(this.stopOffset, this.position));
    this.task.skipTo(this.sourceIndex, end);
    this.reports?.applyPassed();
    this.task.setCaughtUp(this.sourceIndex, this.isCaughtUp);
  }
}

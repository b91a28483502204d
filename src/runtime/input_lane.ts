/** One input partition of a member: what was fetched and waits to be processed, oldest first. */

import type { FetchedPartition, Position } from "../log/log.ts";
import { type RecordBatch, RecordCursor } from "../log/records/batch.ts";
import { headTimeOf, type Lane } from "../stream/order.ts";
import type { Task } from "../stream/task.ts";
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
}

/** Buffers the batches of one input partition and hands their records to its task. */
export class InputLane implements Lane {
  readonly task: Task;
  readonly source: SourceNode;
  readonly sourceIndex: number;
  readonly rank: number;
  readonly stopOffset: number | null;
  headTime = 0;
  /** The high watermark when this partition was fetched last; null before the first fetch. */
  endOffset: number | null = null;
  /** Since when it has been asked for without an answer; null when it is not waited for. */
  unansweredSince: number | null = null;
  readonly #topicId: string;
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
    this.stopOffset = options.stopOffset;
    this.#topicId = options.topicId;
    this.#fetchOffset = this.position;
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

  /** Whether it has more to read but nothing buffered: its task waits for it (semantics 7). */
  get isStarved(): boolean {
    return this.isEmpty && !this.isCaughtUp;
  }

  /** Whether a bounded run has read this partition to its stop. */
  get isAtStop(): boolean {
    return this.stopOffset !== null && this.position >= this.stopOffset;
  }

  /** Where to fetch next. */
  get fetchPosition(): Position {
    const { topic } = this.source;
    const { partition } = this.task;
    return { topic, partition, offset: this.#fetchOffset, topicId: this.#topicId };
  }

  /** Takes in what was fetched at {@linkcode InputLane.fetchPosition}. */
  feed(fetched: FetchedPartition): void {
    this.endOffset = fetched.endOffset;
    this.unansweredSince = null;
    this.#fetchOffset = fetched.nextOffset;
    this.#batches = fetched.batches;
    this.#batchIndex = 0;
    this.#cursor = null;
    this.#openBatch(this.position);
    this.task.setCaughtUp(this.sourceIndex, this.isCaughtUp);
  }

  /** Hands the next record to the task. There must be one. */
  processNext(): void {
    const cursor = this.#cursor!;
    this.task.process(this.sourceIndex, cursor);
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
        return this.#look(this.#cursor);
      }
    }
    this.#finish();
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
    const end = this.stopOffset === null
      ? this.#fetchOffset
      : Math.min(this.#fetchOffset, Math.max(this.stopOffset, this.position));
    this.task.skipTo(this.sourceIndex, end);
    this.task.setCaughtUp(this.sourceIndex, this.isCaughtUp);
  }
}

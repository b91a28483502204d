/** Reading a topic without a group, oldest record first over its partitions. */

import type { FetchedPartition, Log, Position, TopicDescription } from "../log/log.ts";
import { type RecordBatch, RecordCursor } from "../log/records/batch.ts";
import { type Lane, oldestFirst } from "../stream/task/order.ts";

/** The longest wait for records, in milliseconds. */
const maxWaitMs = 1_000;

/** What is read of one partition. */
export interface PartitionRange {
  readonly partition: number;
  /** The first offset that is wanted. */
  readonly from: number;
  /** The offset behind the last one that is wanted; null: without end. */
  readonly to: number | null;
}

/** One partition that is being read. */
class ReadLane implements Lane {
  readonly rank: number;
  readonly #range: PartitionRange;
  headTime = 0;
  #batches: readonly RecordBatch[] = [];
  #batchIndex = 0;
  #cursor: RecordCursor | null = null;
  #nextFetch: number;

  /** @param nextFetch where to fetch first; records before the range are passed over. */
  constructor(range: PartitionRange, nextFetch: number) {
    this.#range = range;
    this.rank = range.partition;
    this.#nextFetch = nextFetch;
  }

  get partition(): number {
    return this.rank;
  }

  get cursor(): RecordCursor | null {
    return this.#cursor;
  }

  get isEmpty(): boolean {
    return this.#cursor === null;
  }

  /** Whether all that is wanted has been given out. */
  get isDone(): boolean {
    const { to } = this.#range;
    return to !== null && this.isEmpty && this.#nextFetch >= to;
  }

  get nextFetch(): number {
    return this.#nextFetch;
  }

  feed(fetched: FetchedPartition): void {
    const from = Math.max(this.#range.from, this.#nextFetch);
    this.#batches = fetched.batches;
    this.#nextFetch = fetched.nextOffset;
    this.#batchIndex = 0;
    this.#open(from);
  }

  /** Goes on to the next record. */
  advance(): void {
    const cursor = this.#cursor!;
    cursor.index++;
    if (cursor.index < cursor.batch.count) return this.#look(cursor);
    this.#batchIndex++;
    this.#open(cursor.batch.nextOffset);
  }

  #open(from: number): void {
    for (; this.#batchIndex < this.#batches.length; this.#batchIndex++) {
      const batch = this.#batches[this.#batchIndex]!;
      const first = batch.firstAt(from);
      if (first < batch.count) return this.#look(new RecordCursor(batch, first));
    }
    this.#cursor = null;
  }

  #look(cursor: RecordCursor): void {
    const { to } = this.#range;
    this.#cursor = to === null || cursor.offset < to ? cursor : null;
    this.headTime = cursor.timestamp;
  }
}

/** A record, and the partition it lies in; not to be kept. */
export interface ReadPlace {
  readonly partition: number;
  readonly cursor: RecordCursor;
}

/** Reads ranges of a topic's partitions. */
export class OldestFirstReader {
  readonly #log: Pick<Log, "fetch">;
  readonly #topic: TopicDescription;
  readonly #lanes: readonly ReadLane[];

  constructor(
    log: Pick<Log, "fetch">,
    topic: TopicDescription,
    ranges: readonly PartitionRange[],
  ) {
    this.#log = log;
    this.#topic = topic;
    this.#lanes = ranges.map((range) => {
      const { startOffset, endOffset } = topic.partitions[range.partition]!;
      const nextFetch = Math.min(Math.max(range.from, startOffset), endOffset);
      return new ReadLane(range, nextFetch);
    });
  }

  /**
   * Yields records in runs, each to be gone through before the next is asked for. A partition that
   * has more to read is waited for before others' newer records are given out, so that the same
   * records come in the same order however they are fetched. Ends when all ranges are read, or when
   * it is stopped.
   *
   * @throws {FlightsError} `topic-missing`, `topic-changed`, `offset-out-of-range`.
   */
  async *read(signal: AbortSignal): AsyncGenerator<Iterable<ReadPlace>> {
    for (;;) {
      const lanes = this.#lanes.filter((lane) => !lane.isDone);
      if (lanes.length === 0 || signal.aborted) return;
      await this.#fetch(lanes, signal);
      yield takeOldest(lanes);
    }
  }

  async #fetch(lanes: readonly ReadLane[], signal: AbortSignal): Promise<void> {
    const empty = lanes.filter((lane) => lane.isEmpty);
    const { name: topic, id: topicId } = this.#topic;
    const positions: Position[] = empty.map(({ partition, nextFetch: offset }) => ({
      topic,
      partition,
      offset,
      topicId,
    }));
    const isIdle = empty.length === lanes.length;
    const fetched = await this.#log.fetch(positions, {
      maxWaitMs: isIdle ? maxWaitMs : 0,
      signal,
    });
    for (const one of fetched) {
      empty.find((lane) => lane.partition === one.partition)?.feed(one);
    }
  }
}

/** Takes the oldest record of all until a partition has to be fetched again. */
function* takeOldest(lanes: readonly ReadLane[]): Generator<ReadPlace> {
  const queue = oldestFirst<ReadLane>();
  for (const lane of lanes) if (!lane.isEmpty) queue.push(lane);
  for (let lane = queue.peek(); lane !== undefined; lane = queue.peek()) {
    yield { partition: lane.partition, cursor: lane.cursor! };
    lane.advance();
    if (!lane.isEmpty) queue.settle();
    else if (lane.isDone) queue.pop();
    else return;
  }
}

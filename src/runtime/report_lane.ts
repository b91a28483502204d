/**
 * The reports about one input partition, read in step with its records: a report counts when the
 * place that it names has been passed, and no report is taken before the one in front of it. So no
 * more than one fetch of them is held, however far the writers are ahead (semantics 24).
 */

import type { FetchedPartition, Position } from "../log/log.ts";
import type { Task } from "../stream/task/task.ts";
import type { ProgressReport } from "../stream/task/upstream.ts";
import { decodeProgress } from "./progress_records.ts";

/** Which reports, and whom they are for. */
export interface ReportLaneOptions {
  readonly task: Task;
  /** The input's place in the topology. */
  readonly sourceIndex: number;
  /** The topic of the reports. */
  readonly topic: string;
  readonly topicId: string;
  /** The id of the topic that they are about: those about another one of its name do not count. */
  readonly aboutId: string;
  /** Where to go on. */
  readonly position: number;
  /** The offset up to which a bounded run reads; null: never. */
  readonly stopOffset: number | null;
}

/** Buffers reports and hands them to the task when they count. */
export class ReportLane {
  readonly topic: string;
  readonly #options: ReportLaneOptions;
  #stopOffset: number | null;
  #position: number;
  #fetchOffset: number;
  #waiting: { readonly offset: number; readonly report: ProgressReport }[] = [];
  #next = 0;
  /** Jobs with another number of tasks than before, and what is to be said of it. */
  readonly #changed = new Map<string, unknown>();
  /** The offset of the input from which the next report counts; infinite where there is none. */
  countsFrom = Number.POSITIVE_INFINITY;

  constructor(options: ReportLaneOptions) {
    this.topic = options.topic;
    this.#options = options;
    this.#stopOffset = options.stopOffset;
    this.#position = options.position;
    this.#fetchOffset = options.position;
  }

  /** The offset behind the last report that was taken. */
  get position(): number {
    return this.#position;
  }

  /** Whether nothing is buffered. */
  get isEmpty(): boolean {
    return this.#next >= this.#waiting.length;
  }

  /** Whether a bounded run has come as far as it is to go, or waits for what lies behind its end. */
  get isAtStop(): boolean {
    const stopOffset = this.#stopOffset;
    return stopOffset !== null && (this.#fetchOffset >= stopOffset || !this.isEmpty);
  }

  /** Lets a bounded run read up to there. */
  stopAt(offset: number): void {
    this.#stopOffset = offset;
  }

  /** Where to fetch next. */
  get fetchPosition(): Position {
    const { topic, topicId, task: { partition } } = this.#options;
    return { topic, partition, offset: this.#fetchOffset, topicId };
  }

  /**
   * Takes in what was fetched at {@linkcode ReportLane.fetchPosition}; the writers are known from now
   * on. A job that is taken out is out at once, and what it had told is void.
   *
   * @throws {FlightsError} `upstream-changed` when a job has another number of tasks than before, and
   * was not taken out since, as far as that can be read.
   */
  feed(fetched: FetchedPartition): void {
    const { task, sourceIndex, aboutId, topic } = this.#options;
    const where = `${topic}[${task.partition}]`;
    let waiting = this.#waiting.slice(this.#next);
    for (const batch of fetched.batches) {
      for (let i = batch.firstAt(this.#fetchOffset); i < batch.count; i++) {
        const record = decodeProgress(batch, i, where);
        if (record.kind === "forgotten") {
          waiting = waiting.filter(({ report }) => report.job !== record.job);
          this.#changed.delete(record.job);
          task.forgetUpstream(sourceIndex, record.job);
        } else if (record.topicId === aboutId && this.#register(record.report)) {
          waiting.push({ offset: batch.offset(i), report: record.report });
        }
      }
    }
    this.#fetchOffset = fetched.nextOffset;
    this.#waiting = waiting;
    this.#next = 0;
    if (waiting.length === 0) this.#moveTo(this.#fetchOffset);
    this.#look();
    this.#checkChanged(fetched.endOffset);
    this.applyPassed();
  }

  /** Whether a writer can be followed; one that has changed is not, and holds back as it was. */
  #register(report: ProgressReport): boolean {
    const { task, sourceIndex } = this.#options;
    try {
      task.registerUpstream(sourceIndex, report);
      return true;
    } catch (error) {
      this.#changed.set(report.job, error);
      return false;
    }
  }

  /** That a job was taken out stands behind what it has told. */
  #checkChanged(endOffset: number): void {
    const [error] = this.#changed.values();
    const end = Math.min(endOffset, this.#options.stopOffset ?? endOffset);
    if (error !== undefined && this.#fetchOffset >= end) throw error;
  }

  /** What a changed job has told is read again by who goes on from here, as long as it is not out. */
  #moveTo(position: number): void {
    if (this.#changed.size === 0) this.#position = position;
  }

  #look(): void {
    const next = this.#waiting[this.#next];
    this.countsFrom = next?.report.nextOffset ?? Number.POSITIVE_INFINITY;
  }

  /** Hands the task the reports that count at its position. */
  applyPassed(): void {
    const { task, sourceIndex } = this.#options;
    while (this.countsFrom <= task.inputs[sourceIndex]!.position) {
      const { offset, report } = this.#waiting[this.#next++]!;
      this.#moveTo(this.isEmpty ? this.#fetchOffset : offset + 1);
      this.#look();
      task.applyUpstream(sourceIndex, report);
    }
  }
}

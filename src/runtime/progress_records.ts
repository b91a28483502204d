/**
 * What is on `T.watermarks`: for each partition of T a record whenever a task that writes T has
 * something to report of it (semantics 24).
 *
 * ```text
 * key    {"job","task"}   the job alone: it is taken out
 * value  {"tasks","topic","producer","watermark","next"}   null: it is taken out
 * ```
 *
 * `topic` is T's id, `watermark` milliseconds, null for none yet, or `"idle"`. The record's timestamp
 * is the job's clock.
 */

import { textOf } from "../base/bytes.ts";
import { FlightsError } from "../base/errors.ts";
import type { RecordBatch } from "../log/records/batch.ts";
import { noWatermark } from "../stream/task/progress.ts";
import type { ProgressReport } from "../stream/task/upstream.ts";

/** The topic on which the writers of `topic` report. */
export function watermarksTopic(topic: string): string {
  return `${topic}.watermarks`;
}

/** A record of `T.watermarks`: a report, or that a job is taken out. */
export type ProgressRecord =
  | { readonly kind: "report"; readonly topicId: string; readonly report: ProgressReport }
  | { readonly kind: "forgotten"; readonly job: string };

/** The key and the value of a record. */
export function encodeProgress(record: ProgressRecord): { key: string; value: string | null } {
  if (record.kind === "forgotten") return { key: JSON.stringify({ job: record.job }), value: null };
  const { topicId, report: { job, task, tasks, producerId, watermark, idle, nextOffset } } = record;
  return {
    key: JSON.stringify({ job, task }),
    value: JSON.stringify({
      tasks,
      topic: topicId,
      producer: producerId,
      watermark: idle ? "idle" : watermark === noWatermark ? null : watermark,
      next: nextOffset,
    }),
  };
}

/**
 * Reads record `index` of a batch.
 *
 * @param where its topic and partition, for messages.
 * @throws {FlightsError} `log-corrupt` when it is no such record.
 */
export function decodeProgress(batch: RecordBatch, index: number, where: string): ProgressRecord {
  try {
    const { job, task } = JSON.parse(textOf(batch.key(index)!));
    const text = batch.valueText(index);
    if (typeof job !== "string") throw new TypeError("it names no job");
    if (text === null) return { kind: "forgotten", job };
    const { tasks, topic, producer, watermark, next } = JSON.parse(text);
    const idle = watermark === "idle";
    const numbers = [task, tasks, producer, next, idle ? 0 : watermark ?? 0];
    if (!numbers.every(Number.isSafeInteger) || !(0 <= task && task < tasks)) {
      throw new TypeError("its numbers make no sense");
    }
    return {
      kind: "report",
      topicId: String(topic),
      report: {
        job,
        task,
        tasks,
        producerId: producer,
        watermark: idle || watermark === null ? noWatermark : watermark,
        idle,
        nextOffset: next,
      },
    };
  } catch (cause) {
    throw new FlightsError(
      "log-corrupt",
      `Cannot read the record at offset ${
        batch.offset(index)
      } of ${where}: it must be a report of ` +
        "a writer's watermark, it is not",
      { cause },
    );
  }
}

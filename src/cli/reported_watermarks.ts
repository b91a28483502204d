/** What the writers of a topic have reported of their event time, read from `T.watermarks` (semantics 24). */

import { formatTime } from "../base/time.ts";
import type { Log, Position, TopicDescription } from "../log/log.ts";
import { decodeProgress, type ProgressRecord } from "../runtime/progress_records.ts";
import { noWatermark } from "../stream/task/progress.ts";
import type { ProgressReport } from "../stream/task/upstream.ts";
import { textTable } from "./text_table.ts";

/** A record of `T.watermarks`, and when it was written, in milliseconds since the Unix epoch. */
export type TimedRecord = ProgressRecord & { readonly reportedAt: number };

/** What stands in for one task of a writer on one partition. Times are milliseconds. */
export interface ReportedTask {
  readonly partition: number;
  readonly job: string;
  readonly task: number;
  /** How many tasks the job has. */
  readonly tasks: number;
  /** Null for none yet, and for an idle task. */
  readonly watermark: number | null;
  /** Whether it holds nothing back. */
  readonly idle: boolean;
  /** The offset of the topic from which the report counts; null: the task has not reported. */
  readonly countsFrom: number | null;
  /** Where the partition of the topic ends. */
  readonly endOffset: number;
  readonly producerId: number | null;
  readonly reportedAt: number | null;
}

/**
 * The newest report of each task of each job that writes `topic`, by partition, job and task; a task
 * that is missing among its job's is there without a report, for it holds readers back too.
 *
 * @param reports the topic of the reports; it is read to the end that it has here.
 * @throws {FlightsError} `log-corrupt` when it holds something else.
 */
export async function readReportedTasks(
  log: Log,
  { topic, reports }: { readonly topic: TopicDescription; readonly reports: TopicDescription },
): Promise<readonly ReportedTask[]> {
  const tasks: ReportedTask[] = [];
  for (const [partition, { startOffset, endOffset }] of reports.partitions.entries()) {
    const place = { topic: reports.name, partition, topicId: reports.id };
    const records = await readAll(log, { ...place, offset: startOffset }, endOffset);
    const end = topic.partitions[partition]?.endOffset ?? 0;
    tasks.push(...newestOf(records, { partition, topicId: topic.id, endOffset: end }));
  }
  return tasks;
}

async function readAll(
  log: Log,
  from: Position,
  endOffset: number,
): Promise<readonly TimedRecord[]> {
  const records: TimedRecord[] = [];
  const where = `${from.topic}[${from.partition}]`;
  for (let { offset } = from; offset < endOffset;) {
    const [fetched] = await log.fetch([{ ...from, offset }]);
    if (fetched === undefined || fetched.nextOffset === offset) break;
    for (const batch of fetched.batches) {
      for (let i = batch.firstAt(offset); i < batch.count; i++) {
        records.push({ ...decodeProgress(batch, i, where), reportedAt: batch.timestamp(i) });
      }
    }
    offset = fetched.nextOffset;
  }
  return records;
}

/** The newest report of each task on one partition; those about another topic of the name are void. */
export function newestOf(
  records: readonly TimedRecord[],
  { partition, topicId, endOffset }: {
    readonly partition: number;
    readonly topicId: string;
    readonly endOffset: number;
  },
): readonly ReportedTask[] {
  const jobs = new Map<string, Map<number, ProgressReport & { readonly reportedAt: number }>>();
  for (const record of records) {
    if (record.kind === "forgotten") jobs.delete(record.job);
    else if (record.topicId === topicId) {
      const { report, reportedAt } = record;
      const known = jobs.get(report.job) ?? new Map();
      jobs.set(report.job, known.set(report.task, { ...report, reportedAt }));
    }
  }
  const byName = [...jobs].sort(([a], [b]) => a < b ? -1 : 1);
  return byName.flatMap(([job, known]) => {
    const tasks = Math.max(...[...known.values()].map(({ tasks }) => tasks));
    return Array.from({ length: tasks }, (_, task): ReportedTask => {
      const report = known.get(task);
      return {
        partition,
        job,
        task,
        tasks,
        watermark: report === undefined || report.idle || report.watermark === noWatermark
          ? null
          : report.watermark,
        idle: report?.idle ?? false,
        countsFrom: report?.nextOffset ?? null,
        endOffset,
        producerId: report?.producerId ?? null,
        reportedAt: report?.reportedAt ?? null,
      };
    });
  });
}

/** Reported tasks as a table for people: a row a task. */
export function reportTable(tasks: readonly ReportedTask[]): string {
  const head = ["partition", "job", "task", "watermark", "from", "end", "producer", "reported"];
  const rows = tasks.map((one) => [
    one.partition,
    one.job,
    one.task,
    watermarkText(one),
    one.countsFrom ?? "",
    one.endOffset,
    one.producerId ?? "",
    one.reportedAt === null ? "" : formatTime(one.reportedAt),
  ]);
  return textTable(head, rows);
}

function watermarkText({ countsFrom, idle, watermark }: ReportedTask): string {
  if (countsFrom === null) return "missing";
  if (idle) return "idle";
  return watermark === null ? "none" : formatTime(watermark);
}

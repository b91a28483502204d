/**
 * What the tasks of a member tell the readers of the topics that they write (semantics 24): a
 * registration before the first record, then, at most once a second, how far their event time has
 * come and where their records end.
 */

import type { Clock } from "../base/clock.ts";
import type { EndOf, Member, OutputBatch } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { encodeProgress, watermarksTopic } from "./progress_records.ts";
import type { StartContext } from "./start_context.ts";
import type { StartedTask } from "./task_start.ts";

/** Settings of a reporter. */
export interface ReporterOptions {
  /** The member whose tasks they are. */
  readonly member: Pick<Member, "producerId">;
  /** Stamps the reports. */
  readonly clock: Clock;
  readonly pace: Clock;
  /** A task reports its watermark at most this often, in milliseconds; a change of idle at once. */
  readonly interval: number;
}

/** Decides what is to be reported, and encodes it. */
export class Reporter {
  readonly #options: ReporterOptions;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** The tasks that have something to report now; at a run's end whatever has changed. */
  due(tasks: readonly StartedTask[], { isLast = false } = {}): readonly StartedTask[] {
    const { pace, interval } = this.#options;
    const now = pace.now();
    return tasks.filter(({ start, task, reports, isDrained }) => {
      if (start.sinks.length === 0) return false;
      const idle = task.isIdle || isDrained;
      if (reports === null || idle !== reports.idle) return true;
      const age = now - reports.at;
      if (age >= renewalInterval(start)) return true;
      if (idle || task.watermark === reports.watermark) return false;
      return isLast || age >= interval;
    });
  }

  /**
   * Prepares the reports of tasks as they are now.
   *
   * @param reporting those that are due; the others only note where their records end.
   * @returns the batches, once it is told where the commit's records are.
   */
  prepare(tasks: readonly StartedTask[], reporting: readonly StartedTask[]) {
    const at = this.#options.pace.now();
    const told = tasks.map((started) => ({
      started,
      written: started.port.takeWritten(),
      isReporting: reporting.includes(started),
      watermark: started.task.watermark,
      idle: started.task.isIdle || started.isDrained,
    }));
    return (endOf: EndOf): readonly OutputBatch[] => {
      for (const { started, written, isReporting, watermark, idle } of told) {
        const { reports, start } = started;
        const ends = new Map(reports?.ends ?? endsNow(start));
        for (const place of written) {
          const name = `${place.topic}[${place.partition}]`;
          if (ends.has(name)) ends.set(name, endOf(place));
        }
        started.reports = isReporting || reports === null
          ? { at, watermark, idle, ends }
          : { ...reports, ends };
      }
      return this.#encode(reporting);
    };
  }

  #encode(reporting: readonly StartedTask[]): readonly OutputBatch[] {
    const byStage = Map.groupBy(reporting, ({ start }) => start.stage);
    return [...byStage.values()].flatMap((tasks) => this.#encodeStage(tasks));
  }

  /** The reports of tasks of one stage. */
  #encodeStage(reporting: readonly StartedTask[]): readonly OutputBatch[] {
    const { member: { producerId }, clock } = this.#options;
    const { stage, inputs, sinks } = reporting[0]!.start;
    const now = clock.now();
    return sinks.flatMap(({ name, id: topicId, partitions }) =>
      partitions.map((_, partition) => {
        const builder = new RecordBatchBuilder();
        for (const { task, reports } of reporting) {
          const { watermark, idle, ends } = reports!;
          const report = {
            job: stage.writers.get(name)!,
            task: task.partition,
            tasks: inputs[0]!.partitions.length,
            producerId,
            watermark,
            idle,
            nextOffset: ends.get(`${name}[${partition}]`)!,
          };
          const { key, value } = encodeProgress({ kind: "report", topicId, report });
          builder.appendText(now, key, value);
        }
        return { topic: watermarksTopic(name), partition, batch: builder.finish() };
      })
    );
  }
}

/** A report is written anew when it is so old: before it is deleted, for new readers need it. */
function renewalInterval({ sinks }: StartContext): number {
  const kept = sinks.map(({ retentionMs }) => retentionMs ?? Number.POSITIVE_INFINITY);
  return Math.min(...kept) / 2;
}

/** Whatever a task wrote before lies before the end that its topics had when it was taken up. */
function endsNow({ sinks }: StartContext): ReadonlyMap<string, number> {
  return new Map(
    sinks.flatMap(({ name, partitions }) =>
      partitions.map(({ endOffset }, partition) => [`${name}[${partition}]`, endOffset] as const)
    ),
  );
}

/** What the {@linkcode TestDriver} carries from stage to stage: watermarks, in memory (semantics 24). */

import type { Task } from "../task/task.ts";
import type { ProgressReport } from "../task/upstream.ts";

/** The reports about one partition of a repartition topic, each taken when its place has been passed. */
class Reports {
  #waiting: ProgressReport[] = [];

  add(report: ProgressReport): void {
    this.#waiting.push(report);
  }

  /** Hands a task the reports that count at its position. */
  apply(task: Task, index: number): void {
    const position = task.inputs[index]!.position;
    const waiting = this.#waiting.findIndex(({ nextOffset }) => nextOffset > position);
    const passed = this.#waiting.splice(0, waiting < 0 ? this.#waiting.length : waiting);
    for (const report of passed) task.applyUpstream(index, report);
  }
}

/** What the tasks that write a repartition topic tell those that read it. */
export class CarriedWatermarks {
  readonly #partitions: readonly Reports[];
  /** The newest report of each task. */
  readonly #told = new Map<number, string>();

  /** @param partitions how many the topic has, and how many tasks write it. */
  constructor(partitions: number) {
    this.#partitions = Array.from({ length: partitions }, () => new Reports());
  }

  /** Notes how far a writing task has come. @param ends how many records each partition holds. */
  report({ partition: task, watermark, isIdle: idle }: Task, ends: readonly number[]): void {
    const now = `${watermark} ${idle}`;
    if (this.#told.get(task) === now) return;
    this.#told.set(task, now);
    const tasks = this.#partitions.length;
    const told = { job: "test", task, tasks, producerId: task, watermark, idle };
    this.#partitions.forEach((reports, partition) =>
      reports.add({ ...told, nextOffset: ends[partition]! })
    );
  }

  /** Hands a reading task what counts at the position of its input. */
  apply(task: Task, index: number): void {
    this.#partitions[task.partition]!.apply(task, index);
  }
}

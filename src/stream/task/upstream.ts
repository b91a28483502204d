/**
 * What the writers of a partition tell of their event time (semantics 24). A task that writes a topic
 * reports how far its own watermark has come, and where its records end; a reader that has come to
 * that place knows the same of them. So the watermark travels with the data, and the order in which
 * the records of several tasks lie on the partition does not matter.
 */

import { FlightsError } from "../../base/errors.ts";
import { noWatermark } from "./progress.ts";

/** Which task of which job. */
export interface UpstreamTask {
  readonly job: string;
  readonly task: number;
}

/** What a task reports about one partition that it writes. */
export interface ProgressReport extends UpstreamTask {
  /** How many tasks its job has. */
  readonly tasks: number;
  /** Marks the batches that it writes. */
  readonly producerId: number;
  /** Its watermark in milliseconds, or {@linkcode noWatermark}. */
  readonly watermark: number;
  /** Whether all its inputs are idle, so that it holds nothing back. */
  readonly idle: boolean;
  /** The offset behind its last record on the partition: from there on the report counts. */
  readonly nextOffset: number;
}

/**
 * The newest report of each task that counts, in few bytes: by job, for each task in turn its
 * watermark, `:` or for an idle one `~`, and its producer id, the numbers to base 36.
 */
export type SavedUpstream = Readonly<Record<string, string>>;

interface KnownTask {
  readonly watermark: number;
  readonly idle: boolean;
  readonly producerId: number;
}

/** The tasks that write one partition. */
export class Upstream {
  /** By job; a task that is missing has not reported yet. */
  readonly #jobs = new Map<string, (KnownTask | null)[]>();
  readonly #producers = new Set<number>();

  constructor(saved: SavedUpstream = {}) {
    for (const [job, text] of Object.entries(saved)) {
      const tasks = text.split(" ").map(readTask);
      this.#jobs.set(job, tasks);
      for (const known of tasks) if (known !== null) this.#producers.add(known.producerId);
    }
  }

  /** Whether any writer is registered: then its records do not move the partition's watermark. */
  get isCarried(): boolean {
    return this.#jobs.size > 0;
  }

  /** The jobs that are registered, with how many tasks each. */
  get jobs(): readonly { readonly job: string; readonly tasks: number }[] {
    return [...this.#jobs].map(([job, tasks]) => ({ job, tasks: tasks.length }));
  }

  /** Whether batches of this producer are a registered task's. */
  knows(producerId: number): boolean {
    return this.#producers.has(producerId);
  }

  /**
   * Takes note of a writer, before its report counts.
   *
   * @throws {FlightsError} `upstream-changed` when its job has another number of tasks than before.
   */
  register({ job, tasks, producerId }: ProgressReport): void {
    const known = this.#jobs.get(job);
    if (known === undefined) this.#jobs.set(job, new Array(tasks).fill(null));
    else if (known.length !== tasks) throw changed(job, known.length, tasks);
    this.#producers.add(producerId);
  }

  /** Takes in a report whose place has been passed. The newest one of a task counts. */
  apply(report: ProgressReport): void {
    this.register(report);
    const { job, task, watermark, idle, producerId } = report;
    this.#jobs.get(job)![task] = { watermark, idle, producerId };
  }

  /** Takes out a job that will not come back. */
  forget(job: string): void {
    this.#jobs.delete(job);
  }

  /**
   * The minimum over all tasks that are not idle, those that are missing among them; null when all
   * are idle, for then the flow of time decides (semantics 9).
   */
  get watermark(): number | null {
    return this.slowest?.watermark ?? null;
  }

  /** The task that the minimum is of; null when all are idle. */
  get slowest(): (UpstreamTask & { readonly watermark: number }) | null {
    let slowest: (UpstreamTask & { watermark: number }) | null = null;
    for (const [job, tasks] of this.#jobs) {
      tasks.forEach((known, task) => {
        if (known?.idle) return;
        const watermark = known?.watermark ?? noWatermark;
        if (slowest === null || watermark < slowest.watermark) slowest = { job, task, watermark };
      });
    }
    return slowest;
  }

  /** What a commit saves. */
  save(): SavedUpstream {
    const jobs = [...this.#jobs].map(([job, tasks]) => [job, tasks.map(writeTask).join(" ")]);
    return Object.fromEntries(jobs);
  }
}

function writeTask(known: KnownTask | null): string {
  if (known === null) return "";
  const watermark = known.watermark === noWatermark ? "" : known.watermark.toString(36);
  return `${watermark}${known.idle ? "~" : ":"}${known.producerId.toString(36)}`;
}

function readTask(text: string): KnownTask | null {
  if (text === "") return null;
  const [watermark = "", producerId = ""] = text.split(/[:~]/);
  return {
    watermark: watermark === "" ? noWatermark : Number.parseInt(watermark, 36),
    idle: text.includes("~"),
    producerId: Number.parseInt(producerId, 36),
  };
}

function changed(job: string, before: number, now: number): FlightsError {
  return new FlightsError(
    "upstream-changed",
    `Cannot follow the watermarks of ${job}: it must have ${before} tasks as before, it has ${now}; ` +
      `take it out with \`flights topics watermarks TOPIC --forget ${job}\``,
  );
}

/** What a live view remembers: figures of the last ten minutes, one a look. */

import type { JobOverview, LogOverview, TopicOverview } from "./overview.ts";

/** So many looks are kept: ten minutes of them. */
const kept = 600;
/** A rate is taken over this many looks, so that single records make no spikes. */
const smoothed = 5;

/** The figures of one look. */
export interface Point {
  /** When, in milliseconds since the epoch. */
  readonly at: number;
  /** Offsets that each job has taken since the first look, over all of its inputs; by job. */
  readonly taken: ReadonlyMap<string, number>;
  /** The same of each topic; by job and topic. */
  readonly takenOf: ReadonlyMap<string, number>;
  /** How far behind each job is, in offsets; by job. */
  readonly lag: ReadonlyMap<string, number>;
  /** The end of each topic, over all of its partitions. */
  readonly ends: ReadonlyMap<string, number>;
}

/** Keeps the figures of the newest looks, and gives rates. */
export class History {
  #points: Point[] = [];
  /** Where each input partition was seen last; by job, stage, topic and partition. */
  readonly #positions = new Map<string, number>();

  /** Oldest first. */
  get points(): readonly Point[] {
    return this.#points;
  }

  /** Takes in a look; one that is not newer than the last begins anew. */
  add(overview: LogOverview): void {
    const last = this.#points.at(-1);
    if (last !== undefined && overview.at <= last.at) {
      if (overview.at === last.at) return;
      this.#points = [];
    }
    this.#points.push(this.#pointOf(overview));
    if (this.#points.length > kept) this.#points.shift();
  }

  #pointOf({ at, jobs, topics }: LogOverview): Point {
    const before = this.#points.at(-1);
    const taken = new Map<string, number>();
    const takenOf = new Map<string, number>();
    for (const { status } of jobs) {
      const job = status.applicationId;
      taken.set(job, before?.taken.get(job) ?? 0);
      for (const topic of status.reads) {
        const name = edge(job, topic);
        takenOf.set(name, before?.takenOf.get(name) ?? 0);
      }
      for (const { stage, partition, inputs } of status.tasks) {
        for (const { topic, position } of inputs) {
          const growth = this.#growth(JSON.stringify([job, stage, topic, partition]), position);
          // What a job has repartitioned comes in again.
          if (!status.reads.includes(topic)) continue;
          taken.set(job, taken.get(job)! + growth);
          takenOf.set(edge(job, topic), takenOf.get(edge(job, topic))! + growth);
        }
      }
    }
    const ends = new Map(topics.map((topic) => [topic.name, endOf(topic)]));
    return { at, takenOf, taken, lag: lagOf(jobs), ends };
  }

  /**
   * What a partition was taken further since it was seen last. A sum of positions would jump by a
   * whole partition when its task moves, as nobody tells of it for a look or two.
   */
  #growth(input: string, position: number): number {
    const before = this.#positions.get(input) ?? position;
    this.#positions.set(input, position);
    return Math.max(0, position - before);
  }

  /** Records a second at one look: of a figure that grows. */
  rateAt(index: number, figure: (point: Point) => number | undefined): number | null {
    const [now, before] = [this.#points[index], this.#points[Math.max(0, index - smoothed)]];
    if (now === undefined || before === undefined || now === before) return null;
    const [to, from] = [figure(now), figure(before)];
    if (to === undefined || from === undefined || to < from) return null;
    return (to - from) / (now.at - before.at) * 1_000;
  }

  /** The same at the newest look. */
  rate(figure: (point: Point) => number | undefined): number | null {
    return this.rateAt(this.#points.length - 1, figure);
  }
}

/** The name of what a job has taken of a topic, in {@linkcode Point.takenOf}. */
export function edge(job: string, topic: string): string {
  return `${job}\n${topic}`;
}

function endOf({ partitions }: TopicOverview): number {
  return partitions.reduce((sum, { endOffset }) => sum + endOffset, 0);
}

function lagOf(jobs: readonly JobOverview[]): ReadonlyMap<string, number> {
  return new Map(jobs.map(({ status: { applicationId, reads, tasks } }) => {
    const inputs = tasks.flatMap(({ inputs }) => inputs)
      .filter(({ topic }) => reads.includes(topic));
    return [applicationId, inputs.reduce((sum, { lag }) => sum + (lag ?? 0), 0)];
  }));
}

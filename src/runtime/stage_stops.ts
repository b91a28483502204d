/**
 * Where the stages of a bounded run stop (semantics 11). The inputs of the job stop at the ends they had
 * at its start. A repartition topic stops at the end that it has when every task that writes it, whoever
 * runs it, has come to its own stops and committed what that gave out: from then on that end is fixed.
 */

import { describeDuration } from "../base/duration.ts";
import { FlightsError } from "../base/errors.ts";
import type { CommittedOffset, GroupDescription, Log } from "../log/log.ts";
import type { Job, Stops } from "./job_options.ts";
import { watermarksTopic } from "./progress_records.ts";
import { decodeMetadata } from "./saved_progress.ts";
import type { JobStage } from "./stages.ts";

/** What the stops of a run depend on. */
export interface StageStopsOptions {
  readonly log: Log;
  readonly job: Job;
  readonly stages: readonly JobStage[];
  /** Of the inputs of the job. */
  readonly stops: Stops;
  /** Whether open windows are fired at the stops. */
  readonly drain: boolean;
}

/** The stops of a run, stage by stage. */
export class StageStops {
  readonly #options: StageStopsOptions;
  readonly #stops: Map<string, readonly number[]>;
  readonly #reportStops = new Map<string, readonly number[]>();
  #fixed = 1;

  constructor(options: StageStopsOptions) {
    this.#options = options;
    this.#stops = new Map(options.stops);
  }

  /** By topic, of the stages that are {@linkcode StageStops.isFixed}. */
  get stops(): Stops {
    return this.#stops;
  }

  /** By repartition topic: how far to read what its writers report. */
  get reportStops(): Stops {
    return this.#reportStops;
  }

  /** Whether the stops of a stage are known; by default, of all of them. */
  isFixed(stage = this.#options.stages.length - 1): boolean {
    return stage < this.#fixed;
  }

  /**
   * Fixes the stops of as many stages as can be.
   *
   * @returns the group as it was found, and the partitions of its first tasks that have not ended.
   */
  async fix(): Promise<{ readonly group: GroupDescription; readonly left: readonly number[] }> {
    const { log, job, stages } = this.#options;
    for (;;) {
      const group = await log.describeGroup(job.applicationId);
      if (this.isFixed()) return { group, left: [] };
      const left = this.#left(stages[this.#fixed - 1]!, group.offsets);
      if (left.length > 0) return { group, left };
      await this.#fixStage(stages[this.#fixed]!);
      this.#fixed++;
    }
  }

  /** The partitions whose tasks of a stage have not ended. */
  #left({ topology }: JobStage, offsets: readonly CommittedOffset[]): readonly number[] {
    const { drain } = this.#options;
    const hasEnded = (topic: string, partition: number, stop: number) =>
      offsets.some((one) => {
        if (one.topic !== topic || one.partition !== partition || one.offset < stop) return false;
        const { ended } = decodeMetadata(one.offset, one.metadata);
        return drain ? ended === "drain" : ended !== null;
      });
    const left = topology.sources.flatMap(({ topic }) =>
      this.#stops.get(topic)!.flatMap((stop, partition) =>
        hasEnded(topic, partition, stop) ? [] : [partition]
      )
    );
    return [...new Set(left)];
  }

  async #fixStage({ topology }: JobStage): Promise<void> {
    const topics = topology.sources.filter(({ isRepartition }) => isRepartition)
      .map(({ topic }) => topic);
    const described = await this.#options.log.describeTopics([
      ...topics,
      ...topics.map(watermarksTopic),
    ]);
    const endsOf = (topic: string) =>
      described.find(({ name }) => name === topic)?.partitions.map(({ endOffset }) => endOffset) ??
        [];
    for (const topic of topics) {
      this.#stops.set(topic, endsOf(topic));
      this.#reportStops.set(topic, endsOf(watermarksTopic(topic)));
    }
  }
}

/** Waits for tasks that other members hold, as long as these come further. */
export class OthersWait {
  #seen = "";
  #since = 0;

  /**
   * @param found what was seen of other members at `now`; `left` are the partitions waited for.
   * @throws {FlightsError} `members-alive` when the one that holds some has come no further for `wait`
   * milliseconds.
   */
  check(
    applicationId: string,
    { members, offsets, left, now, wait }: Pick<GroupDescription, "members" | "offsets"> & {
      readonly left: readonly number[];
      readonly now: number;
      readonly wait: number;
    },
  ): void {
    const holder = members.find(({ partitions }) => partitions.some((one) => left.includes(one)));
    const own = offsets.filter(({ partition }) => left.includes(partition));
    const seen = JSON.stringify([holder?.id, own.map(({ offset }) => offset)]);
    if (seen !== this.#seen) this.#since = now;
    this.#seen = seen;
    if (holder === undefined || now - this.#since < wait) return;
    throw new FlightsError(
      "members-alive",
      `Cannot run ${applicationId} until the end: no other member may hold it back, ` +
        `${holder.description} holds ${holder.partitions.join(", ")} and has come no further for ` +
        `over ${describeDuration(wait)}`,
    );
  }
}

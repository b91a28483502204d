/**
 * How a member brings its tasks to the end of a bounded run (semantics 11): stage by stage. A stage ends
 * when its inputs are at their stops; the next one's are known when all tasks of it have ended, those of
 * other members too.
 */

import type { Clock } from "../base/clock.ts";
import type { JobObserver, Stops, UntilEnd } from "./job_options.ts";
import { areAtEnd } from "./member_inputs.ts";
import { OthersWait, StageStops } from "./stage_stops.ts";
import type { StartSettings } from "./start_context.ts";
import type { StartedTask } from "./task_start.ts";

/** How often to look for what other members have done, in milliseconds. */
const lookInterval = 100;

/** Settings of the end of a member's run. */
export interface StageEndsOptions {
  /** With the stops of the job's inputs. */
  readonly start: StartSettings & { readonly stops: Stops };
  readonly untilEnd: UntilEnd;
  /** The member's. */
  readonly memberId: string;
  readonly pace: Clock;
  readonly observer: JobObserver | undefined;
}

/** The end of a member's run. */
export class StageEnds {
  readonly #options: StageEndsOptions;
  readonly #stops: StageStops;
  readonly #others = new OthersWait();
  #lookAt = Number.NEGATIVE_INFINITY;

  constructor(options: StageEndsOptions) {
    const { start, untilEnd: { drain } } = options;
    this.#options = options;
    this.#stops = new StageStops({ ...start, drain });
  }

  /** Where the stages stop, as far as that is known. */
  get stops(): Stops {
    return this.#stops.stops;
  }

  /**
   * Ends the tasks of a stage for which another one waits, if they are at their stops.
   *
   * @returns whether there is an end to commit.
   */
  endStage(tasks: readonly StartedTask[]): boolean {
    const { stages } = this.#options.start;
    for (const [index, stage] of stages.slice(0, -1).entries()) {
      const own = tasks.filter(({ start }) => start.stage === stage);
      if (!this.#stops.isFixed(index) || !areAtEnd(lanesOf(own))) return false;
      const open = own.filter((started) => !this.#hasEnded(started));
      for (const started of open) {
        this.#end(started);
        const positions = started.task.inputs.map(({ position }) => position);
        started.ended = { by: this.#options.untilEnd.drain ? "drain" : "hold", positions };
        started.isNew = true;
      }
      if (open.length > 0) return true;
    }
    return false;
  }

  #hasEnded({ task, ended }: StartedTask): boolean {
    if (ended === null || (this.#options.untilEnd.drain && ended.by !== "drain")) return false;
    return task.inputs.every(({ position }, index) => position === ended.positions[index]);
  }

  #end({ task }: StartedTask): void {
    const { untilEnd: { drain }, observer } = this.#options;
    task.endInputs();
    const before = task.watermark;
    if (drain && task.drain() > before) observer?.drained?.(task.partition, task.watermark);
  }

  /**
   * Whether all tasks are at their stops, once those are known.
   *
   * @throws {FlightsError} `members-alive` when others hold back a stage for too long.
   */
  async isAtEnd(tasks: readonly StartedTask[]): Promise<boolean> {
    if (!this.#stops.isFixed() && !(await this.#look(tasks))) return false;
    return areAtEnd(lanesOf(tasks));
  }

  /** Looks whether more stages have ended, once those of this member have. */
  async #look(tasks: readonly StartedTask[]): Promise<boolean> {
    const { start, pace, memberId, untilEnd: { wait } } = this.#options;
    const before = tasks.filter(({ start: { stage } }) =>
      this.#stops.isFixed(start.stages.indexOf(stage))
    );
    const now = pace.now();
    if (now < this.#lookAt || !before.every((started) => this.#hasEnded(started))) return false;
    this.#lookAt = now + lookInterval;
    const { group, left } = await this.#stops.fix();
    for (const lane of lanesOf(tasks)) {
      const { task: { partition }, source: { topic } } = lane;
      if (lane.stopOffset !== null || !this.stops.has(topic)) continue;
      lane.stopAt(this.stops.get(topic)![partition]!);
      lane.reports?.stopAt(this.#stops.reportStops.get(topic)![partition]!);
    }
    const members = group.members.filter(({ id }) => id !== memberId);
    const { applicationId } = start.job;
    this.#others.check(applicationId, { members, offsets: group.offsets, left, now, wait });
    return this.#stops.isFixed();
  }

  /** Ends the run where all tasks are at their stops. */
  endRun(tasks: readonly StartedTask[]): void {
    for (const started of tasks) {
      this.#end(started);
      started.isDrained = this.#options.untilEnd.drain;
    }
  }
}

function lanesOf(tasks: readonly StartedTask[]) {
  return tasks.flatMap(({ lanes }) => lanes);
}

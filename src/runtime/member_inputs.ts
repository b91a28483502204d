/** The input partitions that a member holds: what to fetch, and which record is next (semantics 7). */

import type { Clock } from "../base/clock.ts";
import type { FetchedPartition, Position } from "../log/log.ts";
import { oldestFirst } from "../stream/order.ts";
import type { InputLane } from "./input_lane.ts";

/** Records processed between two looks at the clock. */
const sliceRecords = 512;
/** A partition that is not answered for holds up other tasks for so long at most (semantics 7). */
const stallMs = 10_000;

/** Takes what is fetched, and hands it to the tasks oldest record first. */
export class MemberInputs {
  readonly #pace: Clock;
  #lanes: readonly InputLane[] = [];
  /** The lanes that the newest fetch answered for. */
  #fetched: readonly InputLane[] = [];

  constructor(pace: Clock) {
    this.#pace = pace;
  }

  /** Takes over the inputs of the tasks that are held from now on. */
  hold(lanes: readonly InputLane[]): void {
    this.#lanes = lanes;
    this.#fetched = [];
  }

  /** Where there is nothing buffered: what to fetch next, reports of the writers among it. */
  get wanted(): readonly Position[] {
    const reports = this.#lanes.flatMap((lane) =>
      lane.reports?.isEmpty && !lane.reports.isAtStop ? [lane.reports.fetchPosition] : []
    );
    return [...this.#hungry.map((lane) => lane.fetchPosition), ...reports];
  }

  get #hungry(): readonly InputLane[] {
    return this.#lanes.filter((lane) => lane.isEmpty && !lane.isAtStop);
  }

  /** Takes in what was fetched of {@linkcode MemberInputs.wanted}. */
  feed(fetched: readonly FetchedPartition[]): void {
    const of = (topic: string, partition: number) =>
      fetched.find((one) => one.topic === topic && one.partition === partition);
    const now = this.#pace.now();
    const hungry = this.#hungry;
    // Reports first: who writes is known before what was written.
    for (const { reports, task } of this.#lanes) {
      const answer = reports?.isEmpty ? of(reports.topic, task.partition) : undefined;
      if (answer !== undefined) reports!.feed(answer);
    }
    this.#fetched = hungry.filter((lane) => {
      const answer = of(lane.source.topic, lane.task.partition);
      if (answer === undefined) lane.unansweredSince ??= now;
      else lane.feed(answer);
      return answer !== undefined;
    });
  }

  /** The inputs whose writers have to be looked up. */
  get asking(): readonly InputLane[] {
    return this.#lanes.filter((lane) => lane.asksForWriters);
  }

  /** Whether an input has met a writer which has to be looked up before it goes on. */
  get isHeldUp(): boolean {
    return this.#lanes.some((lane) => lane.unknownWriter !== null);
  }

  /** Whether there is a record whose turn it is. */
  get canProcess(): boolean {
    return this.#processable.length > 0;
  }

  /**
   * The lanes whose turn can be told: none while any lane is waited for, but that of a lane which
   * nobody answers for is kept waiting by its own task alone; and none while a writer is looked up. Of
   * a task that loads a table, that of tables alone.
   */
  get #processable(): readonly InputLane[] {
    if (this.isHeldUp) return [];
    const loading = new Set(
      this.#lanes.filter((lane) => lane.isLoading).map(({ task }) => task),
    );
    const open = this.#lanes.filter((lane) =>
      !lane.isEmpty && (lane.source.isTable || !loading.has(lane.task))
    );
    const starved = this.#lanes.filter((lane) => lane.isStarved);
    if (starved.length === 0) return open;
    const now = this.#pace.now();
    const isStalled = ({ unansweredSince }: InputLane) =>
      unansweredSince !== null && now - unansweredSince >= stallMs;
    if (!starved.every(isStalled)) return [];
    const waiting = new Set(starved.map(({ task }) => task));
    return open.filter((lane) => !waiting.has(lane.task));
  }

  /**
   * Processes records oldest first until a lane runs empty, which may have more on the log, or meets
   * a writer that is not known, or a slice is done.
   */
  processSlice(): void {
    const queue = oldestFirst<InputLane>();
    for (const lane of this.#processable) queue.push(lane);
    for (let records = 0; records < sliceRecords; records++) {
      const lane = queue.peek();
      if (lane === undefined) return;
      lane.processNext();
      if (!lane.isEmpty) {
        if (lane.unknownWriter !== null) return;
        queue.settle();
      } else if (this.#isKnownEmpty(lane)) queue.pop();
      else return;
    }
  }

  /** Whether an empty lane had no more to read when any of what is buffered was fetched. */
  #isKnownEmpty(lane: InputLane): boolean {
    return lane.isAtStop || (lane.isCaughtUp && this.#fetched.includes(lane));
  }
}

/** Whether a bounded run has read all there is of these inputs. */
export function areAtEnd(lanes: readonly InputLane[]): boolean {
  return lanes.every(({ isAtStop, reports }) => isAtStop && (reports?.isAtStop ?? true));
}

/**
 * Runs a topology on literal lists with a clock moved by hand: no log, no broker, no runtime. It
 * takes records in the order a member would (semantics 7) and can be stopped, crashed and restarted
 * between any two of them.
 */

import { SimulatedClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import { partitionForText } from "../base/murmur2.ts";
import type { RawRecord } from "../base/record.ts";
import type { OutcomeCounts } from "./counts.ts";
import { sumOutcomes } from "./counts.ts";
import { headTimeOf, type Lane, oldestFirst, rankOf } from "./order.ts";
import type { ChangelogEntry } from "./state/tables.ts";
import type { SavedInput } from "./input_progress.ts";
import { stagesOf } from "./stages.ts";
import { Task, type TaskOptions } from "./task.ts";
import type { OutputRecord, Outputs } from "./task_context.ts";
import { CarriedWatermarks } from "./test_carrying.ts";
import {
  forwardedOf,
  LiteralRecord,
  outputOf,
  type TestOutput,
  type TestRecord,
} from "./test_records.ts";
import type { Topology } from "./topology.ts";

export type { TestOutput, TestRecord } from "./test_records.ts";

/** Settings of a {@linkcode TestDriver}. */
export interface TestDriverOptions extends Pick<TaskOptions, "onError" | "maxFuture" | "bounded"> {
  /** Default: one that stands at 0. */
  readonly clock?: SimulatedClock;
  /** How many partitions each input has; default 1. */
  readonly partitions?: number;
}

/** What is saved of one task. */
interface Saved {
  readonly inputs: readonly SavedInput[];
  readonly state: Map<string, ChangelogEntry>;
}

/** Runs a topology on literal lists; what is repartitioned goes from stage to stage at once. */
export class TestDriver {
  /** The clock of the job; tests move it with {@linkcode TestDriver.advance}. */
  readonly clock: SimulatedClock;
  readonly #topology: Topology;
  readonly #stages: readonly Topology[];
  readonly #options: TestDriverOptions;
  readonly #partitions: number;
  /** By stage, then by partition. */
  #tasks: readonly (readonly Task[])[];
  #saved: readonly (readonly (Saved | null)[])[];
  /** By repartition topic. */
  #carried: ReadonlyMap<string, CarriedWatermarks>;
  readonly #records = new Map<string, LiteralRecord[]>();
  /** How many records of each partition of a repartition topic are committed. */
  #committedEnds = new Map<LiteralRecord[], number>();
  readonly #committed = new Map<string, TestOutput[]>();
  #pending: { topic: string; output: TestOutput }[] = [];

  constructor(topology: Topology, options: TestDriverOptions = {}) {
    this.#topology = topology;
    this.#stages = stagesOf(topology, (name) => `repartition-${name}`);
    this.#options = options;
    this.clock = options.clock ?? new SimulatedClock();
    this.#partitions = options.partitions ?? 1;
    this.#saved = this.#stages.map(() => Array.from({ length: this.#partitions }, () => null));
    this.#carried = this.#startCarrying();
    this.#tasks = this.#start();
  }

  /** Appends records to a topic that is read and processes all that can be read. */
  send(topic: string, records: readonly TestRecord[]): void {
    if (!this.#topology.sources.some((source) => source.topic === topic)) {
      throw new FlightsError(
        "invalid-argument",
        `Cannot send to "${topic}": the topology must read it`,
      );
    }
    for (const record of records) {
      const lane = this.#lane(topic, record.partition ?? 0);
      lane.push(new LiteralRecord(record, lane.length));
    }
    this.#run();
  }

  /** Moves the clock and lets the job look at it. */
  advance(milliseconds: number): void {
    this.clock.advance(milliseconds);
    this.#run();
  }

  /** Ends a bounded run (semantics 11). @param options `drain`: fires all open windows. */
  end(options: { readonly drain?: boolean } = {}): void {
    this.#stages.forEach((_, stage) => {
      this.#runStage(stage);
      for (const task of this.#tasks[stage]!) {
        task.endInputs();
        if (options.drain) task.drain();
        this.#report(stage, task);
      }
    });
    this.commit();
  }

  /** Saves outputs, state and progress. */
  commit(): void {
    for (const { topic, output } of this.#pending) {
      const outputs = this.#committed.get(topic) ?? [];
      outputs.push(output);
      this.#committed.set(topic, outputs);
    }
    this.#pending = [];
    this.#committedEnds = new Map(this.#repartitionLanes.map((lane) => [lane, lane.length]));
    this.#saved = this.#tasks.map((tasks, stage) =>
      tasks.map((task, partition) => {
        const state = this.#saved[stage]![partition]?.state ?? new Map<string, ChangelogEntry>();
        for (const entry of task.takeChanges()) {
          if (entry.value === null) state.delete(entry.key);
          else state.set(entry.key, entry);
        }
        return { state, inputs: task.inputs.map((_, index) => task.savedInput(index)) };
      })
    );
  }

  /** Stops with a commit and starts again from it. */
  restart(): void {
    this.commit();
    this.crash();
  }

  /** Throws away all since the last commit, starts again from there and replays. */
  crash(): void {
    this.#pending = [];
    for (const lane of this.#repartitionLanes) lane.length = this.#committedEnds.get(lane) ?? 0;
    this.#carried = this.#startCarrying();
    this.#tasks = this.#start();
    this.#run();
  }

  /** What was written to a topic, in order, with what is not committed yet. */
  outputs(topic: string): readonly TestOutput[] {
    const pending = this.#pending.filter((one) => one.topic === topic);
    return [...this.#committed.get(topic) ?? [], ...pending.map((one) => one.output)];
  }

  /** The watermark of each task, stage by stage. */
  get watermarks(): readonly number[] {
    return this.#allTasks.map((task) => task.watermark);
  }

  /** What became of the records that came in; one that was repartitioned comes in again. */
  get outcomes(): OutcomeCounts {
    return sumOutcomes(this.#allTasks.map((task) => task.outcomes));
  }

  /** How many records wait in open windows. */
  get held(): number {
    return this.#allTasks.reduce((sum, task) => sum + task.held, 0);
  }

  /** How many entries the state holds. */
  get stateEntries(): number {
    return this.#allTasks.reduce((sum, task) => sum + task.stateEntries, 0);
  }

  get #allTasks(): readonly Task[] {
    return this.#tasks.flat();
  }

  get #repartitionLanes(): readonly LiteralRecord[][] {
    return [...this.#carried.keys()].flatMap((topic) => this.#lanes(topic));
  }

  #startCarrying(): ReadonlyMap<string, CarriedWatermarks> {
    const sources = this.#stages.flatMap(({ sources }) => sources);
    const topics = sources.filter(({ isRepartition }) => isRepartition).map(({ topic }) => topic);
    return new Map(topics.map((topic) => [topic, new CarriedWatermarks(this.#partitions)]));
  }

  #start(): readonly (readonly Task[])[] {
    return this.#saved.map((stage, index) =>
      stage.map((saved, partition) => {
        const task = new Task(this.#stages[index]!, {
          ...this.#options,
          clock: this.clock,
          partition,
          partitions: this.#partitions,
          outputs: this.#outputs(),
        });
        for (const entry of saved?.state.values() ?? []) task.restoreState(entry);
        saved?.inputs.forEach((input, index) => task.restoreInput(index, input));
        return task;
      })
    );
  }

  #run(): void {
    this.#stages.forEach((_, stage) => this.#runStage(stage));
  }

  /** Processes all that a stage can read. */
  #runStage(stage: number): void {
    const tasks = this.#tasks[stage]!;
    const lanes = oldestFirst<TestLane>();
    this.#stages[stage]!.sources.forEach((source, index) => {
      for (const task of tasks) {
        const records = this.#lane(source.topic, task.partition);
        const position = task.inputs[index]!.position;
        task.setCaughtUp(index, position >= records.length);
        this.#carried.get(source.topic)?.apply(task, index);
        const rank = rankOf(source, {
          sourceIndex: index,
          partition: task.partition,
          partitions: this.#partitions,
        });
        const lane = new TestLane({ task, index, rank, records, at: position });
        if (lane.load((record) => headTimeOf(source, record))) lanes.push(lane);
      }
    });
    this.#tick(stage);
    for (let lane = lanes.peek(); lane !== undefined; lane = lanes.peek()) {
      const source = this.#stages[stage]!.sources[lane.index]!;
      lane.step();
      const hasMore = lane.load((record) => headTimeOf(source, record));
      if (!hasMore) lane.task.setCaughtUp(lane.index, true);
      this.#carried.get(source.topic)?.apply(lane.task, lane.index);
      this.#report(stage, lane.task);
      if (hasMore) lanes.settle();
      else lanes.pop();
    }
    this.#tick(stage);
  }

  #tick(stage: number): void {
    for (const task of this.#tasks[stage]!) {
      task.tick();
      this.#report(stage, task);
    }
  }

  /** Tells the next stages how far a task has come. */
  #report(stage: number, task: Task): void {
    for (const topic of this.#stages[stage]!.sinkTopics) {
      this.#carried.get(topic)?.report(task, this.#lanes(topic).map((lane) => lane.length));
    }
  }

  #lanes(topic: string): readonly LiteralRecord[][] {
    return Array.from({ length: this.#partitions }, (_, one) => this.#lane(topic, one));
  }

  #lane(topic: string, partition: number): LiteralRecord[] {
    const name = `${topic}[${partition}]`;
    const records = this.#records.get(name) ?? [];
    this.#records.set(name, records);
    return records;
  }

  #outputs(): Outputs {
    return {
      write: (topic, record) => {
        if (this.#carried.has(topic)) this.#repartition(topic, record);
        else this.#pending.push({ topic, output: outputOf(record) });
      },
      forward: (topic, record, headers) =>
        this.#pending.push({ topic, output: forwardedOf(record, headers) }),
    };
  }

  #repartition(topic: string, { timestamp, key, value, placement }: OutputRecord): void {
    const lane = this.#lane(topic, partitionForText(placement!, this.#partitions));
    lane.push(new LiteralRecord({ timestamp, value, key: key! }, lane.length));
  }
}

/** One input partition while the driver runs. */
class TestLane implements Lane {
  readonly task: Task;
  readonly index: number;
  readonly rank: number;
  readonly #records: readonly LiteralRecord[];
  #at: number;
  headTime = 0;

  constructor(
    init: {
      readonly task: Task;
      readonly index: number;
      readonly rank: number;
      readonly records: readonly LiteralRecord[];
      readonly at: number;
    },
  ) {
    this.task = init.task;
    this.index = init.index;
    this.rank = init.rank;
    this.#records = init.records;
    this.#at = init.at;
  }

  /** Looks at the next record; false when there is none. */
  load(headTime: (record: RawRecord) => number): boolean {
    const record = this.#records[this.#at];
    if (record === undefined) return false;
    this.headTime = headTime(record);
    return true;
  }

  step(): void {
    this.task.process(this.index, this.#records[this.#at++]!);
  }
}

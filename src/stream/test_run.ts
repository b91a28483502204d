/**
 * What a {@linkcode TestDriver} runs: the tasks of all stages of a topology, the records they read and
 * write, and what was saved of them. Records are taken in the order a member would take them (semantics
 * 7); what is repartitioned goes from stage to stage at once.
 */

import type { SimulatedClock } from "../base/clock.ts";
import { partitionForText } from "../base/murmur2.ts";
import type { RawRecord } from "../base/record.ts";
import type { SavedInput } from "./input_progress.ts";
import { headTimeOf, type Lane, oldestFirst, rankOf } from "./order.ts";
import { stagesOf } from "./stages.ts";
import type { ChangelogEntry } from "./state/tables.ts";
import { Task, type TaskOptions } from "./task.ts";
import type { OutputRecord, Outputs } from "./task_context.ts";
import { CarriedWatermarks } from "./test_carrying.ts";
import {
  forwardedOf,
  LiteralRecord,
  outputOf,
  type TestOutput,
  type TestRecord,
  Written,
} from "./test_records.ts";
import type { Topology } from "./topology.ts";

/** Settings of a run. */
export interface TestRunOptions extends Pick<TaskOptions, "onError" | "maxFuture" | "bounded"> {
  readonly clock: SimulatedClock;
  readonly partitions: number;
}

/** What is saved of one task. */
interface Saved {
  readonly inputs: readonly SavedInput[];
  readonly state: ReadonlyMap<string, ChangelogEntry>;
}

/** The name of a repartition topic in a run. */
export function testRepartitionTopic(name: string): string {
  return `repartition-${name}`;
}

/** The tasks of a topology, their inputs and outputs. */
export class TestRun {
  readonly #stages: readonly Topology[];
  readonly #options: TestRunOptions;
  readonly #partitions: number;
  /** By stage, then by partition. */
  #tasks: readonly (readonly Task[])[];
  #saved: readonly (readonly (Saved | null)[])[];
  /** The state of each task that was looked at: that of its commit, and what changed since. */
  readonly #states = new Map<Task, Map<string, ChangelogEntry>>();
  /** By repartition topic. */
  #carried: ReadonlyMap<string, CarriedWatermarks>;
  /** By topic and partition, what can be read. */
  readonly #lanes = new Map<string, Written<LiteralRecord>>();
  /** By topic, what was written for others. */
  readonly #outputs = new Map<string, Written<TestOutput>>();

  /** @throws {FlightsError} `invalid-topology` where the topology cannot be cut into stages. */
  constructor(topology: Topology, options: TestRunOptions) {
    this.#stages = stagesOf(topology, testRepartitionTopic);
    this.#options = options;
    this.#partitions = options.partitions;
    this.#saved = this.#stages.map(() => Array.from({ length: this.#partitions }, () => null));
    this.#carried = this.#startCarrying();
    this.#tasks = this.#start();
  }

  /** All tasks, stage by stage. */
  get tasks(): readonly Task[] {
    return this.#tasks.flat();
  }

  /** Adds a record to a topic that is read. */
  append(topic: string, record: TestRecord): void {
    const lane = this.#lane(topic, record.partition ?? 0);
    lane.push(new LiteralRecord(record, lane.all.length));
    // What others write is there, whatever becomes of the job.
    lane.commit();
  }

  /** What was written to a topic, in order, with what is not committed yet. */
  outputs(topic: string): readonly TestOutput[] {
    return [...this.#outputs.get(topic)?.all ?? []];
  }

  /** The entries of a task's state as a commit at this moment would leave them. */
  stateOf(task: Task): ReadonlyMap<string, ChangelogEntry> {
    const state = this.#states.get(task)!;
    for (const entry of task.takeChanges()) {
      if (entry.value === null) state.delete(entry.key);
      else state.set(entry.key, entry);
    }
    return state;
  }

  /** Processes all that can be read. */
  run(): void {
    this.#stages.forEach((_, stage) => this.#runStage(stage));
  }

  /** Ends a bounded run stage by stage (semantics 11), without a commit. */
  end(options: { readonly drain: boolean }): void {
    this.#stages.forEach((_, stage) => {
      this.#runStage(stage);
      for (const task of this.#tasks[stage]!) {
        task.endInputs();
        if (options.drain) task.drain();
        this.#report(stage, task);
      }
    });
  }

  /** Saves outputs, state and progress. */
  commit(): void {
    for (const written of this.#allWritten) written.commit();
    this.#saved = this.#tasks.map((tasks) =>
      tasks.map((task) => ({
        state: new Map(this.stateOf(task)),
        inputs: task.inputs.map((_, index) => task.savedInput(index)),
      }))
    );
  }

  /** Throws away all since the last commit and starts again from there. */
  crash(): void {
    for (const written of this.#allWritten) written.crash();
    this.#carried = this.#startCarrying();
    this.#tasks = this.#start();
  }

  get #allWritten(): readonly Written<unknown>[] {
    return [...this.#outputs.values(), ...this.#lanes.values()];
  }

  #startCarrying(): ReadonlyMap<string, CarriedWatermarks> {
    const sources = this.#stages.flatMap(({ sources }) => sources);
    const topics = sources.filter(({ isRepartition }) => isRepartition).map(({ topic }) => topic);
    return new Map(topics.map((topic) => [topic, new CarriedWatermarks(this.#partitions)]));
  }

  #start(): readonly (readonly Task[])[] {
    this.#states.clear();
    return this.#saved.map((stage, index) =>
      stage.map((saved, partition) => {
        const task = new Task(this.#stages[index]!, {
          ...this.#options,
          partition,
          outputs: this.#portOfOutputs(),
        });
        this.#states.set(task, new Map(saved?.state));
        for (const entry of saved?.state.values() ?? []) task.restoreState(entry);
        saved?.inputs.forEach((input, index) => task.restoreInput(index, input));
        return task;
      })
    );
  }

  /** Processes all that a stage can read. */
  #runStage(stage: number): void {
    const tasks = this.#tasks[stage]!;
    const lanes = oldestFirst<TestLane>();
    this.#stages[stage]!.sources.forEach((source, index) => {
      for (const task of tasks) {
        const records = this.#lane(source.topic, task.partition).all;
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
      this.#carried.get(topic)?.report(task, this.#endsOf(topic));
    }
  }

  #endsOf(topic: string): readonly number[] {
    return Array.from({ length: this.#partitions }, (_, one) => this.#lane(topic, one).all.length);
  }

  #lane(topic: string, partition: number): Written<LiteralRecord> {
    return of(this.#lanes, `${topic}[${partition}]`);
  }

  #portOfOutputs(): Outputs {
    return {
      write: (topic, record) => {
        if (this.#carried.has(topic)) this.#repartition(topic, record);
        else of(this.#outputs, topic).push(outputOf(record));
      },
      forward: (topic, record, headers) =>
        of(this.#outputs, topic).push(forwardedOf(record, headers)),
    };
  }

  #repartition(topic: string, { timestamp, key, value, placement }: OutputRecord): void {
    const lane = this.#lane(topic, partitionForText(placement!, this.#partitions));
    lane.push(new LiteralRecord({ timestamp, value, key: key! }, lane.all.length));
  }
}

/** What is written under a name, empty at first. */
function of<T>(all: Map<string, Written<T>>, name: string): Written<T> {
  const written = all.get(name) ?? new Written<T>();
  all.set(name, written);
  return written;
}

/** One input partition while the run takes records. */
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

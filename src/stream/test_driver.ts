/**
 * Runs a topology on literal lists with a clock moved by hand: no log, no broker, no runtime. It
 * takes records in the order a member would (semantics 7) and can be stopped, crashed and restarted
 * between any two of them.
 */

import { SimulatedClock } from "../base/clock.ts";
import { textOf, utf8 } from "../base/bytes.ts";
import { FlightsError } from "../base/errors.ts";
import type { Header, RawRecord } from "../base/record.ts";
import type { OutcomeCounts } from "./counts.ts";
import { sumOutcomes } from "./counts.ts";
import { headTimeOf, type Lane, oldestFirst, rankOf } from "./order.ts";
import type { ChangelogEntry } from "./state/tables.ts";
import type { SavedInput } from "./input_progress.ts";
import { Task, type TaskOptions } from "./task.ts";
import type { OutputRecord, Outputs } from "./task_context.ts";
import type { Topology } from "./topology.ts";

/** A record to be read. */
export interface TestRecord {
  /** Text and bytes stay as they are, null is a null value, anything else becomes JSON. */
  readonly value: unknown;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number;
  /** Default 0. */
  readonly partition?: number;
  /** Default null. */
  readonly key?: string;
}

/** A record that was written. */
export interface TestOutput {
  readonly key: string | null;
  /** What its JSON text holds; the text itself where it is no JSON. */
  readonly value: unknown;
  readonly timestamp: number;
  /** Each header's text by its name. */
  readonly headers: Readonly<Record<string, string>>;
}

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

/** Runs a topology on literal lists. */
export class TestDriver {
  /** The clock of the job; tests move it with {@linkcode TestDriver.advance}. */
  readonly clock: SimulatedClock;
  readonly #topology: Topology;
  readonly #options: TestDriverOptions;
  readonly #partitions: number;
  #tasks: Task[];
  #saved: (Saved | null)[];
  readonly #records = new Map<string, LiteralRecord[]>();
  readonly #committed = new Map<string, TestOutput[]>();
  #pending: { topic: string; output: TestOutput }[] = [];

  constructor(topology: Topology, options: TestDriverOptions = {}) {
    this.#topology = topology;
    this.#options = options;
    this.clock = options.clock ?? new SimulatedClock();
    this.#partitions = options.partitions ?? 1;
    this.#saved = Array.from({ length: this.#partitions }, () => null);
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
    for (const task of this.#tasks) {
      task.endInputs();
      if (options.drain) task.drain();
    }
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
    this.#saved = this.#tasks.map((task, partition) => {
      const state = this.#saved[partition]?.state ?? new Map<string, ChangelogEntry>();
      for (const entry of task.takeChanges()) {
        if (entry.value === null) state.delete(entry.key);
        else state.set(entry.key, entry);
      }
      return { state, inputs: task.inputs.map((_, index) => task.savedInput(index)) };
    });
  }

  /** Stops with a commit and starts again from it. */
  restart(): void {
    this.commit();
    this.crash();
  }

  /** Throws away all since the last commit, starts again from there and replays. */
  crash(): void {
    this.#pending = [];
    this.#tasks = this.#start();
    this.#run();
  }

  /** What was written to a topic, in order, with what is not committed yet. */
  outputs(topic: string): readonly TestOutput[] {
    const pending = this.#pending.filter((one) => one.topic === topic);
    return [...this.#committed.get(topic) ?? [], ...pending.map((one) => one.output)];
  }

  /** The watermark of each task. */
  get watermarks(): readonly number[] {
    return this.#tasks.map((task) => task.watermark);
  }

  /** What became of the records that came in. */
  get outcomes(): OutcomeCounts {
    return sumOutcomes(this.#tasks.map((task) => task.outcomes));
  }

  /** How many records wait in open windows. */
  get held(): number {
    return this.#tasks.reduce((sum, task) => sum + task.held, 0);
  }

  /** How many entries the state holds. */
  get stateEntries(): number {
    return this.#tasks.reduce((sum, task) => sum + task.stateEntries, 0);
  }

  #start(): Task[] {
    return this.#saved.map((saved, partition) => {
      const task = new Task(this.#topology, {
        ...this.#options,
        clock: this.clock,
        partition,
        partitions: this.#partitions,
        outputs: this.#outputs(),
      });
      for (const entry of saved?.state.values() ?? []) task.restoreState(entry);
      saved?.inputs.forEach((input, index) => task.restoreInput(index, input));
      return task;
    });
  }

  #run(): void {
    const lanes = oldestFirst<TestLane>();
    this.#topology.sources.forEach((source, index) => {
      for (const task of this.#tasks) {
        const records = this.#lane(source.topic, task.partition);
        const position = task.inputs[index]!.position;
        task.setCaughtUp(index, position >= records.length);
        const rank = rankOf(index, task.partition, this.#partitions);
        const lane = new TestLane({ task, index, rank, records, at: position });
        if (lane.load((record) => headTimeOf(source, record))) lanes.push(lane);
      }
    });
    for (const task of this.#tasks) task.tick();
    for (let lane = lanes.peek(); lane !== undefined; lane = lanes.peek()) {
      const source = this.#topology.sources[lane.index]!;
      lane.step();
      if (lane.load((record) => headTimeOf(source, record))) {
        lanes.settle();
      } else {
        lanes.pop();
        lane.task.setCaughtUp(lane.index, true);
      }
    }
    for (const task of this.#tasks) task.tick();
  }

  #lane(topic: string, partition: number): LiteralRecord[] {
    const name = `${topic}[${partition}]`;
    const records = this.#records.get(name) ?? [];
    this.#records.set(name, records);
    return records;
  }

  #outputs(): Outputs {
    return {
      write: (topic, record) => this.#pending.push({ topic, output: outputOf(record) }),
      forward: (topic, record, headers) =>
        this.#pending.push({ topic, output: forwardedOf(record, headers) }),
    };
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

/** A literal as it would lie on a log. */
class LiteralRecord implements RawRecord {
  readonly timestamp: number;
  readonly #key: string | undefined;
  readonly #value: Uint8Array | null;

  constructor(record: TestRecord, readonly offset: number) {
    this.timestamp = record.timestamp;
    this.#key = record.key;
    this.#value = bytesOf(record.value);
  }

  key(): Uint8Array | null {
    return this.#key === undefined ? null : utf8(this.#key);
  }

  value(): Uint8Array | null {
    return this.#value;
  }

  valueText(): string | null {
    return this.#value === null ? null : textOf(this.#value);
  }

  headers(): readonly Header[] {
    return [];
  }
}

function bytesOf(value: unknown): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  return utf8(typeof value === "string" ? value : JSON.stringify(value));
}

function outputOf(record: OutputRecord): TestOutput {
  const { key, timestamp } = record;
  return { key, timestamp, value: literalOf(record.value), headers: headersOf(record.headers) };
}

function forwardedOf(record: RawRecord, headers: readonly Header[]): TestOutput {
  const key = record.key();
  return {
    key: key === null ? null : textOf(key),
    value: literalOf(record.valueText()),
    timestamp: record.timestamp,
    headers: headersOf([...record.headers(), ...headers]),
  };
}

function literalOf(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function headersOf(headers: readonly Header[]): Readonly<Record<string, string>> {
  const named = headers.map(({ name, value }) =>
    [name, textOf(value ?? new Uint8Array())] as const
  );
  return Object.fromEntries(named);
}

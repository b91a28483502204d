/** What a process function works with: the element in work, keyed state and timers. */

import { keyOf } from "../key.ts";
import type { OutputTag } from "../output_tag.ts";
import { TimerTable } from "../state/timer_table.ts";
import { ValueTable } from "../state/value_table.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream } from "../topology.ts";
import type {
  Collector,
  KeyedContext,
  ProcessContext,
  RuntimeContext,
  TimerService,
  ValueState,
  ValueStateDescriptor,
} from "./functions.ts";

/** What a function sees while it works on one element. */
export class Work implements ProcessContext, Collector<unknown> {
  protected time = 0;
  protected key = "";

  constructor(protected readonly downstream: Downstream) {}

  begin(time: number, key: string): void {
    this.time = time;
    this.key = key;
  }

  timestamp(): number {
    return this.time;
  }

  collect(value: unknown): void {
    this.downstream.emit(value, this.time, this.key);
  }

  output<S>(tag: OutputTag<S>, value: S): void {
    this.downstream.emitTo(tag.id, value, this.time, this.key);
  }
}

/** The same for one that has state and timers. */
export class KeyedWork<K> extends Work implements KeyedContext<K>, RuntimeContext, TimerService {
  readonly timers: TimerTable;
  /** Where the watermark has come to when timers are called: the task's follows behind them. */
  watermark = Number.NEGATIVE_INFINITY;
  readonly #states = new Map<string, ValueTable<unknown>>();

  constructor(
    private readonly context: OperatorContext,
    downstream: Downstream,
    private readonly id: string,
  ) {
    super(downstream);
    this.timers = context.state.add(new TimerTable(), { name: `${id}/timers`, shape: "timers" });
  }

  getCurrentKey(): K {
    return keyOf(this.key) as K;
  }

  get taskPartition(): number {
    return this.context.partition;
  }

  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V> {
    const table = this.#table(descriptor.name) as ValueTable<V>;
    return {
      value: () => table.get(this.key),
      update: (value) => table.set(this.key, value),
      clear: () => table.set(this.key, undefined),
    };
  }

  #table(state: string): ValueTable<unknown> {
    let table = this.#states.get(state);
    if (table === undefined) {
      const name = `${this.id}/state/${state}`;
      table = this.context.state.add(new ValueTable<unknown>(), { name, shape: "value" });
      this.#states.set(state, table);
    }
    return table;
  }

  timerService(): TimerService {
    return this;
  }

  currentWatermark(): number {
    return Math.max(this.watermark, this.context.watermark);
  }

  registerEventTimeTimer(timestamp: number): void {
    this.timers.register({ timestamp, key: this.key });
  }

  deleteEventTimeTimer(timestamp: number): void {
    this.timers.delete({ timestamp, key: this.key });
  }
}

/** What a process function works with: the element in work, keyed state and timers. */

import { FlightsError } from "../../base/errors.ts";
import { keyOf } from "../key.ts";
import type { OutputTag } from "../output_tag.ts";
import { TimerTable } from "../state/timer_table.ts";
import type { OperatorContext } from "../task_context.ts";
import type { Downstream, Operator } from "../topology.ts";
import type {
  AggregatingState,
  AggregatingStateDescriptor,
  Collector,
  ListState,
  ListStateDescriptor,
  MapKey,
  MapState,
  MapStateDescriptor,
  OnTimer,
  OnTimerContext,
  ProcessContext,
  ReducingState,
  ReducingStateDescriptor,
  RuntimeContext,
  TimeDomain,
  TimerService,
  TimeService,
  ValueState,
  ValueStateDescriptor,
} from "./functions.ts";
import { KeyedStates } from "./keyed_states.ts";
import type { StateScope } from "./state_cells.ts";

/** What a function sees while it works on one element. */
export class Work implements ProcessContext, Collector<unknown>, TimeService {
  time = 0;
  key = "";
  #clock = Number.NEGATIVE_INFINITY;

  constructor(
    protected readonly context: OperatorContext,
    protected readonly downstream: Downstream,
  ) {}

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

  timerService(): TimeService {
    return this;
  }

  currentWatermark(): number {
    return this.context.watermark;
  }

  currentProcessingTime(): number {
    // A machine's clock is put back now and then; what was over must not live again.
    this.#clock = Math.max(this.#clock, this.context.clock.now());
    return this.#clock;
  }
}

/** The same for one that has keyed state. */
export class StatefulWork<K> extends Work implements RuntimeContext, StateScope {
  readonly #states: KeyedStates;
  /** Where the watermark is moving to: the task's follows behind. */
  #destination = Number.NEGATIVE_INFINITY;
  /** The event time as of which it looks at its state: that of the element or timer in work. */
  protected asOf = Number.NEGATIVE_INFINITY;

  /** @param id that of the node: it stands before the names of the tables. */
  constructor(context: OperatorContext, downstream: Downstream, id: string) {
    super(context, downstream);
    this.#states = new KeyedStates({ id, tables: context.state, scope: this });
  }

  /** Opens a function: it takes hold of its state. */
  open<L>(open: (runtime: this) => L): L {
    const logic = open(this);
    this.#states.seal();
    return logic;
  }

  override begin(time: number, key: string): void {
    super.begin(time, key);
    this.asOf = time;
  }

  /** Takes note of where the watermark is moving to. */
  approach(watermark: number): void {
    this.#destination = watermark;
  }

  /** Follows the watermark: what is over there is removed. */
  advance(watermark: number): void {
    this.#states.expire("event", watermark);
  }

  /** Follows the clock: what is over by it is removed. */
  tick(now: number): void {
    this.#states.expire("processing", now);
  }

  getCurrentKey(): K {
    return keyOf(this.key) as K;
  }

  get taskPartition(): number {
    return this.context.partition;
  }

  get eventTime(): number {
    return Math.max(this.asOf, this.context.watermark);
  }

  get processingTime(): number {
    return this.currentProcessingTime();
  }

  getState<V>(descriptor: ValueStateDescriptor<V>): ValueState<V> {
    return this.#states.value(descriptor);
  }

  getListState<V>(descriptor: ListStateDescriptor<V>): ListState<V> {
    return this.#states.list(descriptor);
  }

  getMapState<N extends MapKey, V>(descriptor: MapStateDescriptor<N, V>): MapState<N, V> {
    return this.#states.map(descriptor);
  }

  getReducingState<V>(descriptor: ReducingStateDescriptor<V>): ReducingState<V> {
    return this.#states.reducing(descriptor);
  }

  getAggregatingState<T, A, R>(
    descriptor: AggregatingStateDescriptor<T, A, R>,
  ): AggregatingState<T, R> {
    return this.#states.aggregating(descriptor);
  }

  override currentWatermark(): number {
    return Math.max(this.#destination, this.context.watermark);
  }
}

/** The same for one that has timers, too. */
export class KeyedWork<K> extends StatefulWork<K> implements OnTimerContext<K>, TimerService {
  readonly #eventTimers: TimerTable;
  readonly #processingTimers: TimerTable;
  #domain: TimeDomain = "event-time";

  constructor(context: OperatorContext, downstream: Downstream, id: string) {
    super(context, downstream, id);
    const { state: tables } = context;
    this.#eventTimers = tables.add(new TimerTable(), { name: `${id}/timers`, shape: "timers" });
    const shape = "processing-time timers";
    this.#processingTimers = tables.add(new TimerTable(), { name: `${id}/${shape}`, shape });
  }

  /** What the operator of a keyed logic does as time goes on. */
  following<O>(logic: OnTimer<K, O>) {
    return {
      advance: (watermark: number) => this.#advance(watermark, logic),
      tick: (now: number) => this.#tick(now, logic),
      lastTimer: () => this.#eventTimers.last,
      waits: () => this.#eventTimers.size > 0,
    } satisfies Partial<Operator>;
  }

  /** A timer sees what is not over at its own time, however far the watermark moves in one go. */
  #advance<O>(watermark: number, logic: OnTimer<K, O>): void {
    this.approach(watermark);
    this.#domain = "event-time";
    for (;;) {
      const timer = this.#eventTimers.takeDue(watermark);
      if (timer === null) break;
      this.begin(timer.timestamp, timer.key);
      logic.onTimer?.(timer.timestamp, this, this);
    }
    this.advance(watermark);
  }

  /** What a timer of the clock gives out must not be late where it goes. */
  #tick<O>(now: number, logic: OnTimer<K, O>): void {
    this.#domain = "processing-time";
    for (;;) {
      const timer = this.#processingTimers.takeDue(now);
      if (timer === null) break;
      this.begin(Math.max(timer.timestamp, this.currentWatermark() + 1), timer.key);
      // The clock says nothing of event time.
      this.asOf = this.currentWatermark();
      logic.onTimer?.(timer.timestamp, this, this);
    }
    this.tick(now);
  }

  override timerService(): TimerService {
    return this;
  }

  timeDomain(): TimeDomain {
    return this.#domain;
  }

  registerEventTimeTimer(timestamp: number): void {
    this.#eventTimers.register({ timestamp: checked(timestamp), key: this.key });
  }

  deleteEventTimeTimer(timestamp: number): void {
    this.#eventTimers.delete({ timestamp, key: this.key });
  }

  registerProcessingTimeTimer(timestamp: number): void {
    this.#processingTimers.register({ timestamp: checked(timestamp), key: this.key });
  }

  deleteProcessingTimeTimer(timestamp: number): void {
    this.#processingTimers.delete({ timestamp, key: this.key });
  }
}

/** A time that a changelog can hold. */
function checked(timestamp: number): number {
  if (Number.isSafeInteger(timestamp)) return timestamp;
  throw new FlightsError(
    "invalid-argument",
    `Cannot register a timer: its time must be whole milliseconds, it is ${timestamp}`,
  );
}

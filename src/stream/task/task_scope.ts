/** What the operators of a task see of it, and what becomes of the record in work. */

import type { Clock } from "../../base/clock.ts";
import { FlightsError, messageOf } from "../../base/errors.ts";
import { type Header, type RawRecord, textHeader } from "../../base/record.ts";
import type { Outcome } from "./counts.ts";
import { noWatermark } from "./progress.ts";
import type { StateTables } from "../state/tables.ts";
import { lateTopic } from "../stray_topics.ts";
import type { OperatorContext, Outputs } from "./task_context.ts";
import type { ClosedBy, Window } from "../windows/window.ts";

/** What a scope is given by its task. */
export interface TaskScopeOptions {
  readonly partition: number;
  readonly partitions: number;
  readonly clock: Clock;
  readonly outputs: Outputs;
}

/** What the operators of a task see of it. */
export class TaskScope implements OperatorContext {
  watermark = noWatermark;
  window: Window | null = null;
  closedBy: ClosedBy | null = null;
  /** The element read from the record in work. */
  element: unknown = undefined;
  outcome: Outcome = "filtered";
  #topic = "";
  #record: RawRecord | null = null;
  #forwarded = false;

  constructor(
    private readonly options: TaskScopeOptions,
    readonly state: StateTables,
    readonly released: (records: number) => void,
  ) {}

  get partition(): number {
    return this.options.partition;
  }

  get partitions(): number {
    return this.options.partitions;
  }

  get clock(): Clock {
    return this.options.clock;
  }

  get outputs(): Outputs {
    return this.options.outputs;
  }

  begin(topic: string, record: RawRecord): void {
    this.#topic = topic;
    this.#record = record;
    this.#forwarded = false;
    this.outcome = "filtered";
  }

  end(): void {
    this.#record = null;
    this.element = undefined;
  }

  used(): void {
    if (this.#record !== null && this.outcome === "filtered") this.outcome = "used";
  }

  held(): boolean {
    if (this.#record === null || this.outcome === "windowed") return false;
    this.outcome = "windowed";
    return true;
  }

  late(window: Window, { forward }: { readonly forward: boolean }): void {
    if (this.#record === null) return;
    // Late for every window (semantics 5), whatever else was made of it.
    if (this.outcome !== "windowed") this.outcome = "late";
    if (this.#forwarded || !forward) return;
    this.#forwarded = true;
    this.outputs.forward(lateTopic(this.#topic), this.#record, [
      ...this.originHeaders(),
      textHeader("window-start", window.start),
      textHeader("window-end", window.end),
      textHeader("watermark", this.watermark),
    ]);
  }

  originHeaders(): readonly Header[] {
    return [
      textHeader("source-topic", this.#topic),
      textHeader("source-partition", this.partition),
      textHeader("source-offset", this.#record?.offset ?? -1),
    ];
  }

  /** Calls functions of the job. @throws {FlightsError} {@linkcode TaskScope.failure} of what they throw. */
  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** What a throw of the job's functions, or of a check of ours within them, is told as. */
  failure(error: unknown): unknown {
    if (error instanceof FlightsError && error.code === "misplaced-key") return error;
    return new FlightsError(
      "operator-failed",
      `Cannot process ${this.describeRecord()}: the job's functions must not throw, one threw ` +
        `"${messageOf(error)}"`,
      { cause: error },
    );
  }

  describeRecord(): string {
    return this.#record === null
      ? "a result of the job"
      : `the record at ${this.#topic}[${this.partition}] offset ${this.#record.offset}`;
  }
}

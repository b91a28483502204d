/** What a task gives its operators, and what it needs from who runs it. */

import type { Clock } from "../../base/clock.ts";
import type { Header, RawRecord } from "../../base/record.ts";
import type { StateTables } from "../state/tables.ts";
import type { ClosedBy, Window } from "../windows/window.ts";

/** What becomes of a task's outputs; given by who runs it. */
export interface Outputs {
  /**
   * Adds a record to a topic.
   *
   * @param record `placement` is the text whose hash chooses the partition; null: spread evenly.
   */
  write(topic: string, record: OutputRecord): void;
  /** Adds an input record to a topic byte for byte, with more headers behind its own. */
  forward(topic: string, record: RawRecord, headers: readonly Header[]): void;
}

/** A record to be written: text, since the log encodes text in bulk. */
export interface OutputRecord {
  readonly timestamp: number;
  readonly placement: string | null;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly Header[];
}

/** What an operator may use of its task. */
export interface OperatorContext {
  /** The task's partition number. */
  readonly partition: number;
  /** How many partitions each input has. */
  readonly partitions: number;
  readonly clock: Clock;
  readonly outputs: Outputs;
  /** Makes the tables that hold all an operator remembers. */
  readonly state: StateTables;
  /** The task's watermark: what is at or below it is late. */
  readonly watermark: number;
  /** The window whose result is being given out, or null. */
  window: Window | null;
  /** Why that result is given out, or null. */
  closedBy: ClosedBy | null;
  /** Notes that the record in work has had an effect. */
  used(): void;
  /** Notes that the record in work is held in an open window; true the first time for a record. */
  held(): boolean;
  /** Notes that records which open windows held have been given out. */
  released(records: number): void;
  /**
   * Notes that the record in work is late for `window` and all before it (semantics 5).
   *
   * @param options `forward`: whether it goes to the late topic; not when a side output takes it.
   */
  late(window: Window, options: { readonly forward: boolean }): void;
  /** Where the record in work lies, for messages. */
  describeRecord(): string;
}

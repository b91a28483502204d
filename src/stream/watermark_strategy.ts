/** How a source tells event time and how far it has come (semantics 2, 3, 8, 9). */

import { type Duration, parseDuration } from "../base/duration.ts";

/** Takes a record's event time from its value. */
export type TimestampAssigner<T> = (value: T, recordTimestamp: number) => number;

interface Settings<T> {
  readonly outOfOrderness: number;
  readonly idleTimeout: number;
  readonly closesOnSilence: boolean;
  readonly timestampAssigner: TimestampAssigner<T> | null;
}

/** The settings of a source's event time. Values are immutable: each `with...` returns a new one. */
export class WatermarkStrategy<T> {
  private constructor(private readonly settings: Settings<T>) {}

  /** For partitions whose timestamps never fall: the watermark is right behind the newest one. */
  static forMonotonousTimestamps<T>(): WatermarkStrategy<T> {
    return WatermarkStrategy.forBoundedOutOfOrderness(0);
  }

  /** For partitions whose records come at most `outOfOrderness` behind a newer one (semantics 3). */
  static forBoundedOutOfOrderness<T>(outOfOrderness: Duration): WatermarkStrategy<T> {
    return new WatermarkStrategy<T>({
      outOfOrderness: parseDuration(outOfOrderness),
      idleTimeout: 10_000,
      closesOnSilence: true,
      timestampAssigner: null,
    });
  }

  /** Sets after how long without a record a partition holds nothing back (semantics 8); default 10s. */
  withIdleness(idleTimeout: Duration): WatermarkStrategy<T> {
    return new WatermarkStrategy({ ...this.settings, idleTimeout: parseDuration(idleTimeout) });
  }

  /** Keeps windows open while all partitions are silent, however long (turns semantics 9 off). */
  withoutClosingOnSilence(): WatermarkStrategy<T> {
    return new WatermarkStrategy({ ...this.settings, closesOnSilence: false });
  }

  /** Takes event time from the value instead of the record's timestamp (semantics 2). */
  withTimestampAssigner<U extends T>(
    timestampAssigner: TimestampAssigner<U>,
  ): WatermarkStrategy<U> {
    return new WatermarkStrategy<U>({ ...this.settings, timestampAssigner });
  }

  /** How far behind the newest record a record may come, in milliseconds. */
  get outOfOrderness(): number {
    return this.settings.outOfOrderness;
  }

  /** Milliseconds without a record after which a partition is idle. */
  get idleTimeout(): number {
    return this.settings.idleTimeout;
  }

  /** Whether the flow of time closes windows when all partitions are idle. */
  get closesOnSilence(): boolean {
    return this.settings.closesOnSilence;
  }

  /** Where event time comes from, or null for the record's timestamp. */
  get timestampAssigner(): TimestampAssigner<T> | null {
    return this.settings.timestampAssigner;
  }
}

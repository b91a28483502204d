/**
 * Taps a topic of the job for a sink that is no topic: reads what is committed, puts it out, then
 * commits how far it has come. So nothing is lost; what was put out since the last commit of a process
 * that is killed comes once more, unless the sink can take it back (`file_tap.ts`).
 */

import type { CommittedOffset, FetchedPartition, Log, Member } from "../log/log.ts";
import { type RecordBatch, RecordCursor } from "../log/records/batch.ts";
import type { Tap } from "../stream/sinks.ts";
import { holdPlace, holdsPlace, type PlaceOptions } from "./place.ts";
import { openTap, type TapWriter } from "./taps.ts";

/** The longest wait for records, in milliseconds. */
const maxWaitMs = 1_000;

/** Settings of a tapper. */
export interface TapperOptions extends PlaceOptions {
  readonly tap: Tap;
  /** Milliseconds between two commits while elements are put out one by one. */
  readonly interval: number;
}

/** Serves one sink. */
export class Tapper {
  readonly #log: Log;
  readonly #options: TapperOptions;
  readonly #ended = new AbortController();
  /** Ends a wait for records: it is to stop, or knows its end. */
  readonly #news: AbortSignal;
  #end: number | null = null;
  #offset = 0;

  constructor(log: Log, options: TapperOptions) {
    this.#log = log;
    this.#options = options;
    this.#news = AbortSignal.any([options.signal, this.#ended.signal]);
  }

  /** The topic that is tapped. */
  get topic(): string {
    return this.#options.topic;
  }

  /** Tells where the topic ends: it is tapped to there. */
  endAt(offset: number): void {
    this.#end = offset;
    this.#ended.abort();
  }

  /**
   * Taps until the end that is told, or its signal.
   *
   * @throws {FlightsError} what the sink throws; as {@linkcode holdPlace}.
   */
  async run(): Promise<void> {
    await holdPlace(this.#log, this.#options, (member, saved) => this.#tap(member, saved));
  }

  async #tap(member: Member, saved: CommittedOffset | null): Promise<"done" | "taken"> {
    const { tap } = this.#options;
    this.#offset = saved?.offset ?? 0;
    const writer = await openTap(tap, saved?.metadata ?? null);
    try {
      // The first commit says what was there before the first element.
      if (saved === null) await this.#commit(member, await writer.flush());
      return await this.#follow(member, writer);
    } finally {
      await writer.close();
    }
  }

  async #follow(member: Member, writer: TapWriter): Promise<"done" | "taken"> {
    const { topic, signal } = this.#options;
    const { generation } = member.assignment;
    while (!signal.aborted && (this.#end === null || this.#offset < this.#end)) {
      const fetched = await member.poll([{ topic, partition: 0, offset: this.#offset }], {
        maxWaitMs,
        signal: this.#end === null ? this.#news : signal,
      });
      if (member.isRebalancing) await member.poll([]);
      if (!holdsPlace(member) || member.assignment.generation !== generation) return "taken";
      for (const one of fetched) await this.#putOut(one, { member, writer });
    }
    return "done";
  }

  async #putOut(
    { batches, nextOffset }: FetchedPartition,
    to: { readonly member: Member; readonly writer: TapWriter },
  ): Promise<void> {
    if (nextOffset === this.#offset) return;
    for (const batch of batches) await this.#putOutBatch(batch, to);
    this.#offset = nextOffset;
    await this.#commit(to.member, await to.writer.flush());
  }

  async #putOutBatch(
    batch: RecordBatch,
    { member, writer }: { readonly member: Member; readonly writer: TapWriter },
  ): Promise<void> {
    const { pace, interval } = this.#options;
    let committedAt = pace.now();
    for (let i = batch.firstAt(this.#offset); i < batch.count; i++) {
      const record = new RecordCursor(batch, i);
      const { timestamp, offset } = record;
      const taken = writer.take(record.valueText()!, { timestamp, offset });
      if (taken === undefined) continue;
      await taken;
      if (pace.now() - committedAt < interval) continue;
      this.#offset = offset + 1;
      await this.#commit(member, await writer.flush());
      committedAt = pace.now();
    }
  }

  async #commit(member: Member, metadata: string): Promise<void> {
    const { topic } = this.#options;
    const offset = this.#offset;
    await member.begin().commit(() => [{ topic, partition: 0, offset, metadata }]);
  }
}

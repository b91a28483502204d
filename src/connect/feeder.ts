/**
 * Feeds a source that is no topic into a topic of the job. Elements and how far the source was read
 * are committed in one transaction: what can be read again from a position is fed exactly once.
 */

import type { Clock } from "../base/clock.ts";
import type { CommittedOffset, Log, Member } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import type { Feed } from "../stream/sources.ts";
import { decodePosition, type FeedChunk, type FeedPosition, readFeed } from "./feeds.ts";
import { holdPlace, holdsPlace, type PlaceOptions } from "./place.ts";

/** A commit takes about as many bytes at most. */
const maxBatchBytes = 1024 * 1024;
/** How often the group is asked for news, in milliseconds. */
const pollInterval = 1_000;

/** Settings of a feeder. */
export interface FeederOptions extends PlaceOptions {
  /** The source's name within the job. */
  readonly name: string;
  readonly feed: Feed;
  /** Tells when elements came in that have no time of their own. */
  readonly clock: Clock;
  /** Milliseconds that elements wait for more, at most. */
  readonly interval: number;
}

/** Feeds one source. */
export class Feeder {
  readonly #log: Log;
  readonly #options: FeederOptions;
  #reader: AsyncIterator<FeedChunk> | null = null;
  #next: Promise<IteratorResult<FeedChunk>> | null = null;
  /** What was read and is not known to be in the topic. */
  #pending: FeedChunk[] = [];
  #committed: FeedPosition = { fed: 0 };
  #hasEnded = false;
  #failure: unknown = null;

  constructor(log: Log, options: FeederOptions) {
    this.#log = log;
    this.#options = options;
  }

  /**
   * Feeds until the source ends or it is stopped; what was read by then is in the topic.
   *
   * @throws {FlightsError} what reading throws; as {@linkcode holdPlace}.
   */
  async run(): Promise<void> {
    try {
      await holdPlace(this.#log, this.#options, (member, saved) => this.#feed(member, saved));
    } finally {
      // A read that is under way may never end; nobody waits for it.
      this.#next?.catch(() => {});
      this.#reader?.return?.().catch(() => {});
    }
  }

  async #feed(member: Member, saved: CommittedOffset | null): Promise<"done" | "taken"> {
    const { signal, pace } = this.#options;
    this.#takeUp(saved === null ? { fed: 0 } : decodePosition(saved.metadata));
    const { generation } = member.assignment;
    let polledAt = pace.now();
    for (;;) {
      await this.#fill();
      if (this.#pending.length > 0) await this.#commit(member);
      if (this.#failure !== null) throw this.#failure;
      if (this.#hasEnded || signal.aborted) return "done";
      if (!member.isRebalancing && pace.now() - polledAt < pollInterval) continue;
      await member.poll([]);
      polledAt = pace.now();
      if (!holdsPlace(member) || member.assignment.generation !== generation) return "taken";
    }
  }

  /** Goes on from what is committed: by an earlier run, by another process, or before a fence. */
  #takeUp(committed: FeedPosition): void {
    const isUnderWay = this.#reader !== null;
    const isAsKnown = committed.fed === this.#committed.fed;
    const isPendingIn = committed.fed === this.#pending.at(-1)?.position.fed;
    this.#committed = committed;
    if (isUnderWay && isAsKnown) return;
    if (isUnderWay && isPendingIn) {
      this.#pending = [];
      return;
    }
    // Another process fed meanwhile. Standard input is this process's own: its lines stay to be fed.
    if (isUnderWay && this.#options.feed.kind === "stdin") return;
    this.#reader?.return?.().catch(() => {});
    this.#pending = [];
    this.#next = null;
    this.#reader = readFeed(this.#options.feed, committed, this.#options)[Symbol.asyncIterator]();
  }

  /** Reads until there is enough for a commit, or what came first has waited for the interval. */
  async #fill(): Promise<void> {
    const { pace, interval, signal } = this.#options;
    let deadline = pace.now() + (this.#pending.length > 0 ? interval : pollInterval);
    let bytes = 0;
    while (bytes < maxBatchBytes && !signal.aborted) {
      this.#next ??= this.#reader!.next();
      const chunk = await this.#within(Math.max(0, deadline - pace.now()));
      if (chunk === null) return;
      if (chunk.elements.length === 0) continue;
      if (this.#pending.length === 0) deadline = pace.now() + interval;
      this.#pending.push(chunk);
      for (const { value } of chunk.elements) bytes += value.length;
    }
  }

  /** The next chunk if it comes in time; null at the end, or after a failure, as well. */
  async #within(milliseconds: number): Promise<FeedChunk | null> {
    const { pace, signal } = this.#options;
    const over = new AbortController();
    signal.addEventListener("abort", () => over.abort(), { signal: over.signal });
    const sleep = pace.sleep(milliseconds, over.signal);
    try {
      const first = await Promise.race([this.#next!, sleep.then(() => null)]);
      if (first === null) return null;
      this.#next = null;
      this.#hasEnded = first.done === true;
      return first.done === true ? null : first.value;
    } catch (error) {
      // What came before it is fed first.
      this.#failure = error;
      return null;
    } finally {
      over.abort();
    }
  }

  async #commit(member: Member): Promise<void> {
    const { topic } = this.#options;
    const builder = new RecordBatchBuilder();
    for (const { elements } of this.#pending) {
      for (const { value, timestamp } of elements) {
        if (typeof value === "string") builder.appendText(timestamp, null, value);
        else builder.append(timestamp, null, value);
      }
    }
    const { position } = this.#pending.at(-1)!;
    const place = { topic, partition: 0 };
    const transaction = member.begin();
    await transaction.append([{ ...place, batch: builder.finish() }]);
    await transaction.commit((endOf) => [
      { ...place, offset: endOf(place), metadata: JSON.stringify(position) },
    ]);
    this.#committed = position;
    this.#pending = [];
  }
}

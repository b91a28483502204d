/** How far one input partition of a task has come, and what moves it (semantics 3, 8, 24). */

import { noOutcomes, type OutcomeCounts, outcomesSince } from "./counts.ts";
import { isIdle, noWatermark, type Progress } from "./progress.ts";
import type { SourceNode } from "../topology.ts";
import { type SavedUpstream, Upstream } from "./upstream.ts";

/** What is saved of one input partition beside its offset (semantics 13). */
export interface SavedInput {
  readonly offset: number;
  /** The largest event time seen, or null before the first record. */
  readonly newest: number | null;
  readonly watermark: number | null;
  readonly idle: boolean;
  /** The watermark of the task, which can be ahead of its partitions'. */
  readonly taskWatermark: number | null;
  readonly outcomes: OutcomeCounts;
  /** What the writers of the partition have told (semantics 24). */
  readonly upstream: SavedUpstream;
}

/**
 * One input partition of a task. Its watermark follows its records; once a writer is registered, what
 * the writers tell. That of a table has none: it is idle, whatever comes.
 */
export class InputProgress implements Progress {
  readonly source: SourceNode;
  position = 0;
  watermark = noWatermark;
  idle: boolean;
  /** The largest event time seen; {@linkcode noWatermark} before the first record. */
  newest = noWatermark;
  /** Whether nothing readable is left. */
  caughtUp = false;
  /**
   * Whether it is known who is registered: as long as that has to be found out, silence says nothing,
   * for a writer may be about to write what is old.
   */
  writersKnown = true;
  outcomes: OutcomeCounts = noOutcomes();
  #restoredOutcomes: OutcomeCounts = noOutcomes();
  upstream = new Upstream();
  /** The clock when a record last moved or confirmed the watermark, or at the start. */
  #lastRecordAt: number;
  #idleFrom: number | null = null;
  #moved: { readonly position: number; readonly at: number };

  /** @param now the clock's time. */
  constructor(source: SourceNode, now: number) {
    this.source = source;
    this.idle = source.isTable;
    this.#lastRecordAt = now;
    this.#moved = { position: this.position, at: now };
  }

  /** Takes it up where a commit left it. */
  restore(saved: SavedInput): void {
    this.position = saved.offset;
    this.newest = saved.newest ?? noWatermark;
    this.watermark = saved.watermark ?? noWatermark;
    this.idle = saved.idle || this.source.isTable;
    this.outcomes = { ...saved.outcomes };
    this.#restoredOutcomes = { ...saved.outcomes };
    this.upstream = new Upstream(saved.upstream);
  }

  /** What a commit saves of it. */
  save(taskWatermark: number): SavedInput {
    return {
      offset: this.position,
      newest: finiteOrNull(this.newest),
      watermark: finiteOrNull(this.watermark),
      idle: this.idle,
      taskWatermark: finiteOrNull(taskWatermark),
      outcomes: { ...this.outcomes },
      upstream: this.upstream.save(),
    };
  }

  /** What became of the records that were taken since the task began. */
  get outcomesHere(): OutcomeCounts {
    return outcomesSince(this.outcomes, this.#restoredOutcomes);
  }

  /** The clock when its last record came, or when the task began. */
  get lastRecordAt(): number {
    return this.#lastRecordAt;
  }

  /** The clock when its position was seen to have moved, or when the task began. */
  get lastMovedAt(): number {
    return this.#moved.at;
  }

  /** Notes where it is. */
  notePosition(now: number): void {
    if (this.position !== this.#moved.position) this.#moved = { position: this.position, at: now };
  }

  /**
   * For who looks at it: when silence makes it idle; null while it is, and where no clock judges that.
   * Who is registered as its writer is found out by then at the latest.
   */
  get idleAt(): number | null {
    const { source, upstream } = this;
    const isJudged = !source.isTable && !upstream.isCarried;
    if (this.idle || !isJudged || !this.caughtUp) return null;
    return this.#lastRecordAt + source.watermarks.idleTimeout;
  }

  /**
   * For who looks at it: since when it is idle, or null while it is not. Where the clock judges that, to
   * the millisecond; where it is carried, since it was looked at first.
   */
  idleFrom(now: number): number | null {
    if (!this.idle || this.source.isTable) return this.#idleFrom = null;
    if (this.#idleFrom === null || this.#idleFrom < this.#lastRecordAt) {
      const silentFrom = this.#lastRecordAt + this.source.watermarks.idleTimeout;
      this.#idleFrom = this.upstream.isCarried ? now : Math.min(now, silentFrom);
    }
    return this.#idleFrom;
  }

  /** Moves or confirms the watermark after a record, and tells whether the task has to follow. */
  observe(timestamp: number, now: number): boolean {
    this.#lastRecordAt = now;
    const isNewest = timestamp > this.newest;
    if (isNewest) this.newest = timestamp;
    if (this.source.isTable) return false;
    if (this.upstream.isCarried) return false;
    if (isNewest) this.#raise(timestamp - this.source.watermarks.outOfOrderness - 1);
    const moves = isNewest || this.idle;
    this.idle = false;
    return moves;
  }

  /** Moves the watermark to what the writers have told. */
  carry(): void {
    if (!this.upstream.isCarried || this.source.isTable) return;
    const carried = this.upstream.watermark;
    this.idle = carried === null && this.caughtUp;
    if (carried !== null) this.#raise(carried - this.source.watermarks.outOfOrderness);
  }

  #raise(watermark: number): void {
    if (watermark > this.watermark) this.watermark = watermark;
  }

  /** What an earlier run or look left idle holds back again once it has more to read. */
  wake(): void {
    if (this.source.isTable) return;
    this.idle &&= this.caughtUp && this.writersKnown;
    if (this.upstream.isCarried) this.idle = this.caughtUp && this.upstream.watermark === null;
  }

  /** Whether it is, or would be, idle if it were known that no writer is registered. */
  asksForWriters(now: number): boolean {
    if (this.writersKnown || this.upstream.isCarried) return false;
    return this.idle || this.#silentSince(now) !== null;
  }

  /** Since when it is idle by the clock, or null; where idleness is carried it is judged elsewhere. */
  idleSince(now: number): number | null {
    if (this.idle || !this.writersKnown || this.upstream.isCarried) return null;
    return this.#silentSince(now);
  }

  #silentSince(now: number): number | null {
    const { idleTimeout } = this.source.watermarks;
    const { caughtUp } = this;
    const lastRecordAt = this.#lastRecordAt;
    return isIdle({ caughtUp, lastRecordAt, idleTimeout }, now) ? lastRecordAt + idleTimeout : null;
  }
}

function finiteOrNull(value: number): number | null {
  return value === noWatermark ? null : value;
}

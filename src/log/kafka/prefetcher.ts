/**
 * Fetching for a member, ahead of its reader: while the records of a partition are processed, its next
 * ones are on their way. Each leader has one request at a time, since a broker answers those of a
 * connection one after the other; and none waits there for new records while its reader could take
 * some that are here already, since what is taken is to be asked for again at once.
 */

import type { FetchedPartition, FetchOptions, Position } from "../log.ts";
import { isPassing, type KafkaCluster } from "./cluster.ts";
import { fetchFromLeader, type FetchOutcome, type Found, type Place, placeOf } from "./fetching.ts";

/** A partition's share of a fetch unless it is asked for otherwise. */
const defaultPartitionBytes = 1024 * 1024;
/** How long a leader waits for new records, in milliseconds. */
const parkedMs = 500;
/** What has failed is asked for again after this pause, in milliseconds. */
const retryPauseMs = 50;

/** One partition that is read. */
interface Lane {
  /** Where to fetch next. */
  position: Position;
  /** Null while it is looked up. */
  place: Place | null;
  /** What was fetched and not taken yet. */
  found: Found | null;
  /** The ends as told last; null before the first answer, and when the leader does not answer. */
  ends: { readonly endOffset: number; readonly stableOffset: number } | null;
  /** Whether there is more, which the answer had no room for: the next request begins with it. */
  isWithheld: boolean;
  /** Whether it is being looked up or fetched, or pauses after a failure. */
  isBusy: boolean;
  failingSince: number | null;
}

/** Fetches ahead for one reader. */
export class Prefetcher {
  readonly #cluster: KafkaCluster;
  readonly #fetchFrom: typeof fetchFromLeader;
  readonly #lanes = new Map<string, Lane>();
  readonly #closed = new AbortController();
  /** Leaders that have a request to answer. */
  #busy = new Set<number>();
  #partitionBytes = defaultPartitionBytes;
  #isWaitedFor = false;
  #isInterrupted = false;
  #failure: { readonly error: unknown } | null = null;
  #wake = () => {};

  /** @param fetchFrom how a leader is asked; for tests. */
  constructor(cluster: KafkaCluster, fetchFrom: typeof fetchFromLeader = fetchFromLeader) {
    this.#cluster = cluster;
    this.#fetchFrom = fetchFrom;
  }

  /**
   * Takes what has been fetched at these positions, waiting for a first record where there is none.
   * Positions of which nothing is known yet are left out; those where nothing is left to read are
   * answered from what was told last, while the leader is watched for more.
   *
   * @throws {FlightsError} as {@linkcode Log.fetch} does.
   */
  async fetch(
    positions: readonly Position[],
    { maxWaitMs = 0, maxPartitionBytes = defaultPartitionBytes, signal }: FetchOptions,
  ): Promise<readonly FetchedPartition[]> {
    const { clock } = this.#cluster;
    const deadline = clock.now() + maxWaitMs;
    this.#partitionBytes = maxPartitionBytes;
    this.#isInterrupted = false;
    for (;;) {
      if (this.#failure !== null) throw this.#failure.error;
      const taken = positions.map((position) => this.#take(position));
      const isMoving = taken.some((one, i) =>
        one !== null && one.nextOffset > positions[i]!.offset
      );
      const left = deadline - clock.now();
      const isWaiting = !isMoving && left > 0 && !signal?.aborted && !this.#isInterrupted;
      this.#isWaitedFor = isWaiting;
      this.#pump();
      if (!isWaiting) return taken.filter((one) => one !== null);
      await this.#news(left, signal);
      this.#isWaitedFor = false;
    }
  }

  /** Lets go of all partitions: others may be wanted now. */
  async reset(): Promise<void> {
    this.#lanes.clear();
    this.#busy = new Set();
    this.#failure = null;
    await this.#cluster.connections.drop("fetch");
  }

  /** Ends a wait: who waits has something else to look at. */
  interrupt(): void {
    this.#isInterrupted = true;
    this.#wake();
  }

  /** Asks for nothing any more. */
  close(): void {
    this.#closed.abort();
    this.#lanes.clear();
    this.#wake();
  }

  async #news(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const woken = new AbortController();
    // With a reason of its own, since the default one costs a stack trace.
    const wake = () => woken.abort("news");
    this.#wake = wake;
    signal?.addEventListener("abort", wake);
    await this.#cluster.clock.sleep(ms, woken.signal);
    signal?.removeEventListener("abort", wake);
  }

  #take(position: Position): FetchedPartition | null {
    const lane = this.#laneAt(position);
    const { found } = lane;
    if (found !== null) {
      lane.found = null;
      this.#move(lane, found.nextOffset);
      return found;
    }
    const { offset, topic, partition } = lane.position;
    if (lane.ends === null || lane.place === null || lane.ends.stableOffset > offset) return null;
    return {
      topic,
      partition,
      topicId: lane.place.topicId,
      batches: [],
      nextOffset: offset,
      endOffset: lane.ends.endOffset,
    };
  }

  #laneAt(position: Position): Lane {
    const name = nameOf(position);
    const known = this.#lanes.get(name);
    if (known?.position.offset === position.offset) return known;
    const lane: Lane = {
      position,
      place: null,
      found: null,
      ends: null,
      isWithheld: false,
      isBusy: false,
      failingSince: null,
    };
    this.#lanes.set(name, lane);
    return lane;
  }

  #move(lane: Lane, offset: number): void {
    lane.position = { ...lane.position, offset };
    if (lane.place !== null) lane.place = { ...lane.place, position: lane.position };
  }

  /** Asks each leader that has nothing to answer for what is wanted of it. */
  #pump(): void {
    if (this.#closed.signal.aborted) return;
    const wanted = new Map<number, Lane[]>();
    const unplaced: Lane[] = [];
    let hasFound = false;
    for (const lane of this.#lanes.values()) {
      if (lane.found !== null) hasFound = true;
      if (lane.found !== null || lane.isBusy) continue;
      if (lane.place === null) unplaced.push(lane);
      else if (!this.#busy.has(lane.place.leaderId)) {
        const { leaderId } = lane.place;
        wanted.set(leaderId, [...wanted.get(leaderId) ?? [], lane]);
      }
    }
    if (unplaced.length > 0) void this.#lookUp(unplaced);
    for (const [leader, lanes] of wanted) {
      const isBehind = lanes.some(({ ends, position }) =>
        ends === null || ends.stableOffset > position.offset
      );
      if (!isBehind && hasFound && !this.#isWaitedFor) continue;
      void this.#ask(leader, lanes, { waitMs: isBehind ? 0 : parkedMs });
    }
  }

  /** Looks up where lanes are read. */
  async #lookUp(lanes: readonly Lane[]): Promise<void> {
    for (const lane of lanes) lane.isBusy = true;
    await Promise.all(lanes.map(async (lane) => {
      try {
        lane.place = await placeOf(this.#cluster, lane.position);
        lane.isBusy = false;
      } catch (error) {
        this.#failed(lane, error);
      }
    }));
    this.#pump();
  }

  async #ask(
    leader: number,
    lanes: readonly Lane[],
    { waitMs }: { readonly waitMs: number },
  ): Promise<void> {
    const busy = this.#busy.add(leader);
    const asked = lanes.toSorted((a, b) => Number(b.isWithheld) - Number(a.isWithheld))
      .map((lane) => ({ lane, place: lane.place! }));
    for (const { lane } of asked) lane.isBusy = true;
    const places = asked.map(({ place }) => place);
    const options = { waitMs, maxPartitionBytes: this.#partitionBytes };
    const outcomes = await this.#fetchFrom(this.#cluster, places, options);
    outcomes.forEach((outcome, i) => this.#note(asked[i]!.lane, outcome));
    busy.delete(leader);
    this.#pump();
    this.#wake();
  }

  #note(lane: Lane, outcome: FetchOutcome): void {
    if ("error" in outcome) return this.#failed(lane, outcome.error);
    const { found, place: { position: { offset } } } = outcome;
    lane.ends = { endOffset: found.endOffset, stableOffset: found.stableOffset };
    lane.isWithheld = found.nextOffset === offset && found.stableOffset > offset;
    if (found.nextOffset > offset) {
      lane.found = found;
      // Its reader wakes: whether it waits on is not known before it has taken this.
      this.#isWaitedFor = false;
    }
    lane.failingSince = null;
    lane.isBusy = false;
  }

  /** What may be over in a moment is asked for again, for as long as the cluster's patience lasts. */
  #failed(lane: Lane, error: unknown): void {
    const { clock, patienceMs } = this.#cluster;
    const isWanted = this.#lanes.get(nameOf(lane.position)) === lane;
    if (!isWanted || this.#closed.signal.aborted) return;
    // Its leader has moved, or cannot be reached: what was known of it counts no more.
    lane.place = null;
    lane.ends = null;
    lane.failingSince ??= clock.now();
    if (!isPassing(error) || clock.now() - lane.failingSince > patienceMs) {
      this.#failure = { error };
      return this.#wake();
    }
    this.#cluster.forget([lane.position.topic]);
    void clock.sleep(retryPauseMs, this.#closed.signal).then(() => {
      lane.isBusy = false;
      this.#pump();
    });
  }
}

function nameOf({ topic, partition }: Position): string {
  return `${topic}[${partition}]`;
}

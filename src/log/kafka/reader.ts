/** Fetching without a group: one look at some positions, wherever their leaders are. */

import type { FetchedPartition, FetchOptions, Position } from "../log.ts";
import type { KafkaCluster } from "./cluster.ts";
import { askLeader, placeOf, readAnswer } from "./fetching.ts";

/** A partition's share of a fetch unless it is asked for otherwise. */
const defaultPartitionBytes = 1024 * 1024;
/** With several leaders none may keep the others' records waiting for longer, in milliseconds. */
const sharedWaitMs = 50;
/** A wait is looked at this often for a signal, in milliseconds. */
const longestWaitMs = 250;

/** Reads committed records. */
export class KafkaReader {
  readonly #cluster: KafkaCluster;

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster;
  }

  /** Fetches as {@linkcode Log.fetch} does. */
  async fetch(
    positions: readonly Position[],
    options: FetchOptions = {},
  ): Promise<readonly FetchedPartition[]> {
    const { clock } = this.#cluster;
    const deadline = clock.now() + (options.maxWaitMs ?? 0);
    if (positions.length === 0) {
      if (options.maxWaitMs) await clock.sleep(options.maxWaitMs, options.signal);
      return [];
    }
    for (;;) {
      const waitMs = Math.max(0, Math.min(deadline - clock.now(), longestWaitMs));
      const fetched = await this.#fetchOnce(positions, { ...options, maxWaitMs: waitMs });
      const found = fetched.some(({ nextOffset }, i) => nextOffset > positions[i]!.offset);
      if (found || options.signal?.aborted || clock.now() >= deadline) return fetched;
    }
  }

  #fetchOnce(
    positions: readonly Position[],
    { maxWaitMs, maxPartitionBytes = defaultPartitionBytes }: FetchOptions & {
      readonly maxWaitMs: number;
    },
  ): Promise<readonly FetchedPartition[]> {
    const cluster = this.#cluster;
    const topics = [...new Set(positions.map(({ topic }) => topic))];
    return cluster.persist(async () => {
      const places = await Promise.all(positions.map((position) => placeOf(cluster, position)));
      const leaders = [...new Set(places.map(({ leaderId }) => leaderId))];
      const waitMs = leaders.length > 1 ? Math.min(maxWaitMs, sharedWaitMs) : maxWaitMs;
      const answers = await Promise.all(leaders.map((leader) => {
        const own = places.filter(({ leaderId }) => leaderId === leader);
        return askLeader(cluster, own, { waitMs, maxPartitionBytes });
      }));
      const byPlace = new Map(answers.flatMap((answer) => [...answer]));
      for (const place of places) {
        const answer = byPlace.get(place);
        const isWithheld = answer?.errorCode === 0 && answer.records.length === 0 &&
          answer.lastStableOffset > place.position.offset;
        if (!isWithheld) continue;
        // A broker gives the first batch whole only where it has found nothing before.
        const alone = await askLeader(cluster, [place], { waitMs: 0, maxPartitionBytes });
        for (const [one, answer] of alone) byPlace.set(one, answer);
      }
      return await Promise.all(
        places.map((place) => readAnswer(cluster, place, byPlace.get(place))),
      );
    }, { topics });
  }
}

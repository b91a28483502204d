/** Fetching: long polls at the leaders, and what read_committed leaves of them. */

import { FlightsError } from "../../base/errors.ts";
import type { FetchedPartition, FetchOptions, Position } from "../log.ts";
import { decodeBatches } from "../records/batch.ts";
import { byTopic, type KafkaCluster, partitionOf, topicMissing } from "./cluster.ts";
import { committedBatches } from "./committed_batches.ts";
import { checkErrorCode } from "./errors.ts";
import { offsetsAt } from "./offsets.ts";
import { fetch, type FetchedPartition as Answer } from "./protocol/fetch_v13.ts";
import { earliest, latest } from "./protocol/list_offsets_v5.ts";

/** A partition's share of a fetch unless it is asked for otherwise. */
const defaultPartitionBytes = 1024 * 1024;
/** A leader's share of a fetch. */
const maxBytes = 16 * 1024 * 1024;
/** With several leaders none may keep the others' records waiting for longer, in milliseconds. */
const sharedWaitMs = 50;
/** A wait is looked at this often for a signal, in milliseconds. */
const longestWaitMs = 250;
/** OFFSET_OUT_OF_RANGE. */
const outOfRange = 1;

/** A position with where it is read. */
interface Place {
  readonly position: Position;
  readonly topicId: string;
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

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
    options: FetchOptions & { readonly maxWaitMs: number },
  ): Promise<readonly FetchedPartition[]> {
    const topics = [...new Set(positions.map(({ topic }) => topic))];
    return this.#cluster.persist(async () => {
      const places = await this.#places(positions);
      const leaders = new Set(places.map(({ leaderId }) => leaderId));
      const waitMs = leaders.size > 1
        ? Math.min(options.maxWaitMs, sharedWaitMs)
        : options.maxWaitMs;
      const answers = await Promise.all(
        [...leaders].map((leader) =>
          this.#ask(leader, places.filter(({ leaderId }) => leaderId === leader), {
            ...options,
            waitMs,
          })
        ),
      );
      const byPlace = new Map(answers.flatMap((answer) => [...answer]));
      // A broker gives the first batch whole only where it has found nothing before.
      for (const place of places.filter((one) => isWithheld(one, byPlace.get(one)))) {
        const alone = await this.#ask(place.leaderId, [place], { ...options, waitMs: 0 });
        for (const [one, answer] of alone) byPlace.set(one, answer);
      }
      return await Promise.all(places.map((place) => this.#read(place, byPlace.get(place))));
    }, { topics });
  }

  async #places(positions: readonly Position[]): Promise<readonly Place[]> {
    const places: Place[] = [];
    for (const position of positions) {
      const topic = await this.#cluster.topic(position.topic);
      if (topic === null || (position.topicId ?? topic.topicId) !== topic.topicId) {
        throw missingOrChanged(position);
      }
      const { leaderId, leaderEpoch } = partitionOf(topic, position.partition);
      places.push({ position, topicId: topic.topicId, leaderId, leaderEpoch });
    }
    return places;
  }

  async #ask(
    leader: number,
    places: readonly Place[],
    { maxPartitionBytes = defaultPartitionBytes, waitMs }: FetchOptions & {
      readonly waitMs: number;
    },
  ): Promise<ReadonlyMap<Place, Answer>> {
    const topics = byTopic(places, ({ topicId }) => topicId, ({ position, leaderEpoch }) => ({
      partition: position.partition,
      leaderEpoch,
      offset: position.offset,
      maxBytes: maxPartitionBytes,
    })).map(({ name, partitions }) => ({ topicId: name, partitions }));
    const request = { maxWaitMs: Math.ceil(waitMs), minBytes: 1, maxBytes, topics };
    const answer = await this.#cluster.connections.send(
      leader,
      fetch.call({ ...request, isolation: "read_committed" }),
      { purpose: "fetch" },
    );
    checkErrorCode(answer.errorCode, "fetch");
    const found = new Map<Place, Answer>();
    for (const { topicId, partitions } of answer.topics) {
      for (const one of partitions) {
        const place = places.find((place) =>
          place.topicId === topicId && place.position.partition === one.partition
        );
        if (place !== undefined) found.set(place, one);
      }
    }
    return found;
  }

  async #read(place: Place, answer: Answer | undefined): Promise<FetchedPartition> {
    const { position: { topic, partition, offset }, topicId } = place;
    const doing = `read ${topic}[${partition}] at offset ${offset}`;
    if (answer === undefined) {
      throw new FlightsError(
        "log-unreachable",
        `Cannot ${doing}: its leader must answer for it, it did not`,
      );
    }
    if (answer.errorCode === outOfRange) throw await this.#outOfRange(place);
    checkErrorCode(answer.errorCode, doing);
    const { buffer, byteOffset, length } = answer.records;
    const batches = decodeBatches(new Uint8Array(buffer, byteOffset, length));
    return {
      topic,
      partition,
      topicId,
      batches: committedBatches(batches, answer.abortedTransactions),
      nextOffset: Math.max(offset, batches.at(-1)?.nextOffset ?? offset),
      endOffset: answer.highWatermark,
    };
  }

  async #outOfRange({ position }: Place): Promise<FlightsError> {
    const { topic, partition, offset } = position;
    const [start, end] = await offsetsAt(this.#cluster, [
      { topic, partition, timestamp: earliest },
      { topic, partition, timestamp: latest },
    ]);
    return new FlightsError(
      "offset-out-of-range",
      `Cannot read ${topic}[${partition}] at offset ${offset}: it must be from ${start} to ${end}, ` +
        "which is what the log holds",
    );
  }
}

/** Whether a partition has records to read that the answer does not hold. */
function isWithheld({ position }: Place, answer: Answer | undefined): boolean {
  return answer !== undefined && answer.errorCode === 0 && answer.records.length === 0 &&
    answer.lastStableOffset > position.offset;
}

function missingOrChanged({ topic, partition, offset, topicId }: Position): FlightsError {
  if (topicId === undefined) return topicMissing(`read partition ${partition} of`, topic);
  return new FlightsError(
    "topic-changed",
    `Cannot read ${topic}[${partition}] at offset ${offset}: it must be the topic it was (${topicId}), ` +
      "it was deleted or created anew since then",
  );
}

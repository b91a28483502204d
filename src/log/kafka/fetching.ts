/** One fetch at one leader: where positions are read, the request, and what read_committed leaves. */

import { FlightsError } from "../../base/errors.ts";
import type { FetchedPartition, Position } from "../log.ts";
import { decodeBatches } from "../records/batch.ts";
import { byTopic, type KafkaCluster, partitionOf, topicMissing } from "./cluster.ts";
import { committedBatches } from "./committed_batches.ts";
import { checkErrorCode } from "./errors.ts";
import { offsetsAt } from "./offsets.ts";
import { fetch, type FetchedPartition as Answer } from "./protocol/fetch_v13.ts";
import { earliest, latest } from "./protocol/list_offsets_v5.ts";

/** A leader's share of a fetch. */
const maxBytes = 16 * 1024 * 1024;
/** OFFSET_OUT_OF_RANGE. */
const outOfRange = 1;

/** A position with where it is read. */
export interface Place {
  readonly position: Position;
  readonly topicId: string;
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

/** What was found at a place. */
export interface Found extends FetchedPartition {
  /** Before it no transaction is open: what lies behind it cannot be read yet. */
  readonly stableOffset: number;
}

/** How a leader is asked. */
export interface LeaderFetchOptions {
  /** How long it may wait for a first record, in milliseconds. */
  readonly waitMs: number;
  /** A partition's share of the answer; the first batch of the first one comes whole all the same. */
  readonly maxPartitionBytes: number;
}

/**
 * Where a position is read, as the cluster was known last.
 *
 * @throws {FlightsError} `topic-missing`; `topic-changed` when it is another topic by now;
 * `log-unreachable` while it has no leader.
 */
export async function placeOf(cluster: KafkaCluster, position: Position): Promise<Place> {
  const topic = await cluster.topic(position.topic);
  if (topic === null || (position.topicId ?? topic.topicId) !== topic.topicId) {
    throw missingOrChanged(position);
  }
  const { leaderId, leaderEpoch } = partitionOf(topic, position.partition);
  return { position, topicId: topic.topicId, leaderId, leaderEpoch };
}

/** Asks a leader for places that it leads, the first of them first; not all may be answered for. */
export async function askLeader(
  cluster: KafkaCluster,
  places: readonly Place[],
  { waitMs, maxPartitionBytes }: LeaderFetchOptions,
): Promise<ReadonlyMap<Place, Answer>> {
  const topics = byTopic(places, ({ topicId }) => topicId, ({ position, leaderEpoch }) => ({
    partition: position.partition,
    leaderEpoch,
    offset: position.offset,
    maxBytes: maxPartitionBytes,
  })).map(({ name, partitions }) => ({ topicId: name, partitions }));
  const answer = await cluster.connections.send(
    places[0]!.leaderId,
    fetch.call({
      maxWaitMs: Math.ceil(waitMs),
      minBytes: 1,
      maxBytes,
      isolation: "read_committed",
      topics,
    }),
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

/** What came of a place: what was found, or why nothing could be. */
export type FetchOutcome =
  & { readonly place: Place }
  & (
    | { readonly found: Found }
    | { readonly error: unknown }
  );

/** Asks a leader for places that it leads, and reads what it answers; never throws. */
export async function fetchFromLeader(
  cluster: KafkaCluster,
  places: readonly Place[],
  options: LeaderFetchOptions,
): Promise<readonly FetchOutcome[]> {
  let answers: ReadonlyMap<Place, Answer>;
  try {
    answers = await askLeader(cluster, places, options);
  } catch (error) {
    return places.map((place) => ({ place, error }));
  }
  return await Promise.all(places.map(async (place): Promise<FetchOutcome> => {
    try {
      return { place, found: await readAnswer(cluster, place, answers.get(place)) };
    } catch (error) {
      return { place, error };
    }
  }));
}

/**
 * The committed records of an answer.
 *
 * @throws {FlightsError} `offset-out-of-range`; what the leader refuses; `log-corrupt`.
 */
export async function readAnswer(
  cluster: KafkaCluster,
  place: Place,
  answer: Answer | undefined,
): Promise<Found> {
  const { position: { topic, partition, offset }, topicId } = place;
  const doing = `read ${topic}[${partition}] at offset ${offset}`;
  if (answer === undefined) {
    throw new FlightsError(
      "log-unreachable",
      `Cannot ${doing}: its leader must answer for it, it did not`,
    );
  }
  if (answer.errorCode === outOfRange) throw await outOfRangeError(cluster, place);
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
    stableOffset: answer.lastStableOffset,
  };
}

async function outOfRangeError(
  cluster: KafkaCluster,
  { position: { topic, partition, offset } }: Place,
): Promise<FlightsError> {
  const [start, end] = await offsetsAt(cluster, [
    { topic, partition, timestamp: earliest },
    { topic, partition, timestamp: latest },
  ]);
  return new FlightsError(
    "offset-out-of-range",
    `Cannot read ${topic}[${partition}] at offset ${offset}: it must be from ${start} to ${end}, ` +
      "which is what the log holds",
  );
}

function missingOrChanged({ topic, partition, offset, topicId }: Position): FlightsError {
  if (topicId === undefined) return topicMissing(`read partition ${partition} of`, topic);
  return new FlightsError(
    "topic-changed",
    `Cannot read ${topic}[${partition}] at offset ${offset}: it must be the topic it was (${topicId}), ` +
      "it was deleted or created anew since then",
  );
}

/**
 * The transactions that hold back readers: where they begin, as the partitions' leaders tell it, and
 * whose they are, as their coordinators do (KIP-664). While none is open that costs one request for the
 * topics and two for the ends of their partitions. Where a broker does not tell, less is known.
 */

import { type ErrorCode, hasCode } from "../../base/errors.ts";
import type { OpenTransaction, TopicPartition } from "../log.ts";
import { byTopic, type KafkaCluster } from "./cluster.ts";
import { noError } from "./errors.ts";
import { offsetsAt } from "./offsets.ts";
import { describeProducers } from "./protocol/describe_producers_v0.ts";
import {
  type DescribedTransaction,
  describeTransactions,
} from "./protocol/describe_transactions_v0.ts";
import { latest } from "./protocol/list_offsets_v5.ts";
import { listTransactions } from "./protocol/list_transactions_v0.ts";

/** A partition whose last records cannot be read yet. */
interface HeldPartition extends TopicPartition {
  readonly leaderId: number;
  /** Where its first open transaction begins. */
  readonly stableOffset: number;
}

/** What a leader tells of a transaction. */
interface Writing extends HeldPartition {
  readonly startOffset: number;
  /** Null where the leader does not tell who writes. */
  readonly producerId: number | null;
}

/** Whose a transaction is. */
interface Owner {
  readonly transactionalId: string;
  /** Null where the coordinator does not tell more. */
  readonly described: DescribedTransaction | null;
}

/** The transactions that hold back readers of these topics now, as {@linkcode Log.openTransactions}. */
export async function openTransactions(
  cluster: KafkaCluster,
  topics: readonly string[],
): Promise<readonly OpenTransaction[]> {
  const held = await heldPartitions(cluster, topics);
  if (held.length === 0) return [];
  const found = await writingIn(cluster, held);
  const owners = await ownersOf(cluster, found.flatMap(({ producerId }) => producerId ?? []));
  const ownerOf = ({ producerId }: Writing) => producerId === null ? null : owners.get(producerId);
  // What its coordinator has no part in has ended meanwhile, or was left behind by mistake.
  const doubtful = found.filter((one) => {
    const described = ownerOf(one)?.described;
    return described !== null && described !== undefined && !writesTo(described, one);
  });
  const still = new Set((await writingIn(cluster, doubtful)).map(nameOf));
  return found
    .filter((one) => !doubtful.includes(one) || still.has(nameOf(one)))
    .sort(inOrder)
    .map((one) => {
      const { topic, partition, startOffset, producerId } = one;
      const { transactionalId = null, described = null } = ownerOf(one) ?? {};
      const startedAt = described !== null && writesTo(described, one) ? described.startedAt : null;
      return { topic, partition, startOffset, producerId, transactionalId, startedAt };
    });
}

/** The partitions in which a transaction is open; of topics that are there and may be seen. */
async function heldPartitions(
  cluster: KafkaCluster,
  names: readonly string[],
): Promise<readonly HeldPartition[]> {
  const topics = await cluster.describe([...new Set(names)], { mayBeHidden: true });
  const places = topics.flatMap(({ name, partitions }) =>
    partitions.filter(({ leaderId }) => leaderId >= 0)
      .map(({ partition, leaderId }) => ({ topic: name, partition, leaderId, timestamp: latest }))
  );
  try {
    // In this order: what is written in between must not look like an open transaction.
    const ends = await offsetsAt(cluster, places);
    const stable = await offsetsAt(cluster, places, { isolation: "read_committed" });
    return places.flatMap(({ topic, partition, leaderId }, i) => {
      const stableOffset = stable[i]!;
      return stableOffset < ends[i]! ? [{ topic, partition, leaderId, stableOffset }] : [];
    });
  } catch (error) {
    // One of them was deleted a moment ago.
    if (hasCode(error, "topic-missing")) return [];
    throw error;
  }
}

/** The transactions that are open in partitions, as their leaders tell. */
async function writingIn(
  cluster: KafkaCluster,
  places: readonly HeldPartition[],
): Promise<readonly Writing[]> {
  const byLeader = Map.groupBy(places, ({ leaderId }) => leaderId);
  const told = await Promise.all(
    [...byLeader].map(([leader, led]) => askLeader(cluster, leader, led)),
  );
  return told.flat();
}

async function askLeader(
  cluster: KafkaCluster,
  leader: number,
  places: readonly HeldPartition[],
): Promise<readonly Writing[]> {
  const topics = byTopic(places, ({ topic }) => topic, ({ partition }) => partition);
  const call = describeProducers.call({ topics });
  const answer = await ifTold(cluster.connections.send(leader, call));
  const told = new Map(
    answer?.topics.flatMap(({ name, partitions }) =>
      partitions.filter(({ errorCode }) => errorCode === noError)
        .map(({ partition, activeProducers }) => [`${name}[${partition}]`, activeProducers])
    ),
  );
  return places.flatMap((place): readonly Writing[] => {
    const { topic, partition, stableOffset } = place;
    const producers = told.get(`${topic}[${partition}]`);
    if (producers === undefined) return [{ ...place, startOffset: stableOffset, producerId: null }];
    return producers.filter(({ transactionStartOffset }) => transactionStartOffset >= 0)
      .map(({ producerId, transactionStartOffset: startOffset }) => ({
        ...place,
        startOffset,
        producerId,
      }));
  });
}

/** Whose transactions those of producers are; of those that the user may look at. */
async function ownersOf(
  cluster: KafkaCluster,
  producerIds: readonly number[],
): Promise<ReadonlyMap<number, Owner>> {
  if (producerIds.length === 0) return new Map();
  const wanted = [...new Set(producerIds)];
  const told = await Promise.all(
    cluster.connections.brokers.map((broker) => askCoordinator(cluster, broker, wanted)),
  );
  return new Map(told.flat());
}

/** Asks a broker for the transactions that it coordinates. */
async function askCoordinator(
  cluster: KafkaCluster,
  broker: number,
  producerIds: readonly number[],
): Promise<readonly (readonly [producerId: number, Owner])[]> {
  const listCall = listTransactions.call({ producerIds });
  const listed = (await ifTold(cluster.connections.send(broker, listCall)))?.transactions ?? [];
  if (listed.length === 0) return [];
  const transactionalIds = listed.map(({ transactionalId }) => transactionalId);
  const describeCall = describeTransactions.call({ transactionalIds });
  const answer = await ifTold(cluster.connections.send(broker, describeCall));
  return listed.map(({ producerId, transactionalId }) => {
    const described = answer?.transactions.find((one) =>
      one.transactionalId === transactionalId && one.errorCode === noError
    );
    return [producerId, { transactionalId, described: described ?? null }];
  });
}

/** Whether a transaction is under way in a partition, as its coordinator knows it. */
function writesTo({ topics }: DescribedTransaction, { topic, partition }: TopicPartition): boolean {
  return topics.some(({ name, partitions }) => name === topic && partitions.includes(partition));
}

function nameOf({ topic, partition, startOffset, producerId }: Writing): string {
  return `${topic}[${partition}] ${startOffset} ${producerId}`;
}

function inOrder(a: Writing, b: Writing): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || a.startOffset - b.startOffset;
}

/** What a broker answers with when it does not tell; a look must not fail for that. */
const untold: readonly ErrorCode[] = ["log-version", "log-forbidden", "log-unreachable"];

async function ifTold<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if (untold.some((code) => hasCode(error, code))) return null;
    throw error;
  }
}

/** Bringing batches to the leaders of their partitions. */

import type { OutputBatch } from "../log.ts";
import { byTopic, type KafkaCluster, partitionOf, topicMissing } from "./cluster.ts";
import { checkErrorCode } from "./errors.ts";
import { produce } from "./protocol/produce_v8.ts";

/** How batches are sent. */
export interface ShipmentOptions {
  /** Whose transaction they belong to; null for none. */
  readonly transactionalId: string | null;
  /** How long leaders may wait for their followers, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether a batch is sent again whose answer was lost. */
  readonly repeatable: boolean;
}

/**
 * Sends batches that their producer has stamped, and returns the offset of each batch's first record.
 * Those of one partition go one after the other, in their order; all others side by side.
 *
 * @throws {FlightsError} `topic-missing`; what brokers refuse; `log-unreachable`. What was not
 * acknowledged by then may have been written or not.
 */
export async function ship(
  cluster: KafkaCluster,
  outputs: readonly OutputBatch[],
  options: ShipmentOptions,
): Promise<readonly number[]> {
  const offsets = new Map<OutputBatch, number>();
  for (const round of rounds(outputs)) await shipRound(cluster, round, { ...options, offsets });
  return outputs.map((output) => offsets.get(output)!);
}

/** A request holds one batch a partition: the first ones, then the second ones, and so on. */
function rounds(outputs: readonly OutputBatch[]): readonly (readonly OutputBatch[])[] {
  const seen = new Map<string, number>();
  const rounds: OutputBatch[][] = [];
  for (const output of outputs) {
    const name = `${output.topic}[${output.partition}]`;
    const round = seen.get(name) ?? 0;
    seen.set(name, round + 1);
    (rounds[round] ??= []).push(output);
  }
  return rounds;
}

async function shipRound(
  cluster: KafkaCluster,
  round: readonly OutputBatch[],
  { offsets, ...options }: ShipmentOptions & { readonly offsets: Map<OutputBatch, number> },
): Promise<void> {
  const topics = [...new Set(round.map(({ topic }) => topic))];
  await cluster.persist(async () => {
    const byLeader = new Map<number, OutputBatch[]>();
    for (const output of round.filter((one) => !offsets.has(one))) {
      const topic = await cluster.topic(output.topic);
      if (topic === null) {
        throw topicMissing(`write to partition ${output.partition} of`, output.topic);
      }
      const { leaderId } = partitionOf(topic, output.partition);
      byLeader.set(leaderId, [...byLeader.get(leaderId) ?? [], output]);
    }
    await Promise.all(
      [...byLeader].map(([leader, some]) =>
        shipTo(cluster, leader, { ...options, outputs: some, offsets })
      ),
    );
  }, { topics, repeatable: options.repeatable });
}

/** Notes what has arrived at a leader before it tells the first failure. */
async function shipTo(
  cluster: KafkaCluster,
  leader: number,
  { outputs, offsets, transactionalId, timeoutMs }: ShipmentOptions & {
    readonly outputs: readonly OutputBatch[];
    readonly offsets: Map<OutputBatch, number>;
  },
): Promise<void> {
  const topics = byTopic(outputs, ({ topic }) => topic, ({ partition, batch }) => ({
    partition,
    records: batch.bytes,
  }));
  const call = produce.call({ transactionalId, timeoutMs, topics });
  const answer = await cluster.connections.send(leader, call, { purpose: "write" });
  const produced = answer.topics.flatMap(({ name, partitions }) =>
    partitions.map((one) => ({ name, ...one }))
  );
  for (const { name, partition, errorCode, baseOffset } of produced) {
    const output = outputs.find((one) => one.topic === name && one.partition === partition);
    if (output !== undefined && errorCode === 0) offsets.set(output, baseOffset);
  }
  for (const { name, partition, errorCode, errorMessage } of produced) {
    checkErrorCode(errorCode, `write to ${name}[${partition}]`, {
      detail: errorMessage,
      permission: "Write on the topic",
    });
  }
}

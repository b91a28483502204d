/** The ends of partitions, and where a time lies in them. */

import type { TopicPartition } from "../log.ts";
import { byTopic, type KafkaCluster, partitionOf, topicMissing } from "./cluster.ts";
import { checkErrorCode } from "./errors.ts";
import { type Isolation, listOffsets } from "./protocol/list_offsets_v5.ts";
import type { TopicMetadata } from "./protocol/metadata_v12.ts";

/** A partition and the time asked for: milliseconds, or the protocol's marks for the ends. */
export interface TimeQuestion extends TopicPartition {
  readonly timestamp: number;
}

/**
 * The offset for each question, in order; -1 where no record is of that time or later.
 *
 * @param options `isolation`: which records count; default: all, so that ends are high watermarks.
 * @throws {FlightsError} `topic-missing`, `log-unreachable`.
 */
export function offsetsAt(
  cluster: KafkaCluster,
  questions: readonly TimeQuestion[],
  { isolation = "read_uncommitted" }: { readonly isolation?: Isolation } = {},
): Promise<readonly number[]> {
  const names = [...new Set(questions.map(({ topic }) => topic))];
  return cluster.persist(async () => {
    const topics = new Map<string, TopicMetadata>();
    for (const name of names) {
      const topic = await cluster.topic(name);
      if (topic === null) throw topicMissing("look for offsets in", name);
      topics.set(name, topic);
    }
    const byLeader = Map.groupBy(
      questions,
      ({ topic, partition }) => partitionOf(topics.get(topic)!, partition).leaderId,
    );
    const found = new Map<TimeQuestion, number>();
    await Promise.all([...byLeader].map(async ([leader, asked]) => {
      for (const [question, offset] of await askLeader(cluster, leader, { asked, isolation })) {
        found.set(question, offset);
      }
    }));
    return questions.map((question) => found.get(question)!);
  }, { topics: names });
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`;
}

/** A leader answers for a partition once a request, so each time asked for has a request of its own. */
async function askLeader(
  cluster: KafkaCluster,
  leader: number,
  { asked, isolation }: {
    readonly asked: readonly TimeQuestion[];
    readonly isolation: Isolation;
  },
): Promise<readonly (readonly [TimeQuestion, number])[]> {
  const answers: (readonly [TimeQuestion, number])[] = [];
  for (const timestamp of new Set(asked.map((question) => question.timestamp))) {
    const questions = asked.filter((question) => question.timestamp === timestamp);
    const byPlace = new Map(questions.map((question) => [placeOf(question), question]));
    const topics = byTopic(
      questions,
      ({ topic }) => topic,
      ({ partition }) => ({ partition, timestamp }),
    );
    const answer = await cluster.connections.send(
      leader,
      listOffsets.call({ isolation, topics }),
    );
    for (const { name, partitions } of answer.topics) {
      for (const { partition, errorCode, offset } of partitions) {
        checkErrorCode(errorCode, `look for offsets in ${name}[${partition}]`);
        const question = byPlace.get(placeOf({ topic: name, partition }));
        if (question !== undefined) answers.push([question, offset]);
      }
    }
  }
  return answers;
}

/** The ends of partitions, and where a time lies in them. */

import type { TopicPartition } from "../log.ts";
import { byTopic, type KafkaCluster, partitionOf, topicMissing } from "./cluster.ts";
import { checkErrorCode } from "./errors.ts";
import { type Isolation, listOffsets } from "./protocol/list_offsets_v5.ts";

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
    const byLeader = new Map<number, TimeQuestion[]>();
    for (const question of questions) {
      const topic = await cluster.topic(question.topic);
      if (topic === null) throw topicMissing("look for offsets in", question.topic);
      const { leaderId } = partitionOf(topic, question.partition);
      byLeader.set(leaderId, [...byLeader.get(leaderId) ?? [], question]);
    }
    const found = new Map<TimeQuestion, number>();
    await Promise.all([...byLeader].map(async ([leader, asked]) => {
      for (const [question, offset] of await askLeader(cluster, leader, { asked, isolation })) {
        found.set(question, offset);
      }
    }));
    return questions.map((question) => found.get(question)!);
  }, { topics: names });
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
        const question = questions.find((one) => one.topic === name && one.partition === partition);
        if (question !== undefined) answers.push([question, offset]);
      }
    }
  }
  return answers;
}

/** Groups as their coordinators tell of them. */

import { FlightsError } from "../../base/errors.ts";
import { distinctProcesses } from "../distinct_processes.ts";
import type { CommittedOffset, GroupDescription, TopicPartition } from "../log.ts";
import { checkMetadata } from "../offset_metadata.ts";
import { byTopic, type KafkaCluster, topicMissing } from "./cluster.ts";
import { factsOf } from "./errors.ts";
import { decodeAssignment, decodeSubscription } from "./membership.ts";
import { type DescribedMember, describeGroups } from "./protocol/describe_groups_v5.ts";
import { listGroups as listCall } from "./protocol/list_groups_v4.ts";
import { offsetCommit } from "./protocol/offset_commit_v7.ts";
import { retrying } from "./retry.ts";
import { offsetDelete } from "./protocol/offset_delete_v0.ts";
import { offsetFetch } from "./protocol/offset_fetch_v7.ts";

function coordinatorOf(group: string) {
  return { kind: "group", key: group } as const;
}

/** The states of groups that have no member. */
const memberless: ReadonlySet<string> = new Set(["Empty", "Dead"]);

/**
 * The ids of all groups that have a live member or committed offsets. Only of those without a member are
 * the offsets looked up: a cluster may have many groups of others.
 */
export async function listGroups(cluster: KafkaCluster): Promise<readonly string[]> {
  const known = await knownGroups(cluster);
  const isUsed = await Promise.all(
    [...known].map(async ([group, { hasMembers }]) =>
      hasMembers || (await offsetsOf(cluster, group)).length > 0
    ),
  );
  return [...known.keys()].filter((_, i) => isUsed[i]);
}

/** All groups that any broker knows, used or not, by their ids. */
function knownGroups(
  cluster: KafkaCluster,
): Promise<ReadonlyMap<string, { readonly hasMembers: boolean }>> {
  return cluster.persist(async () => {
    await cluster.connections.refreshMetadata();
    const answers = await Promise.all(cluster.connections.brokers.map(async (broker) => {
      const answer = await cluster.connections.send(broker, listCall.call({}));
      const coordinator = coordinatorOf("");
      cluster.checkCoordinated(coordinator, answer.errorCode, "list groups");
      return answer.groups;
    }));
    const known = new Map<string, { readonly hasMembers: boolean }>();
    // One that is on its way to another broker may be told of by both.
    for (const { groupId, state } of answers.flat()) {
      const hasMembers = !memberless.has(state) || known.get(groupId)?.hasMembers === true;
      known.set(groupId, { hasMembers });
    }
    return new Map([...known].sort(([a], [b]) => a < b ? -1 : 1));
  });
}

/** The live members and the offsets of a group. */
export async function describeGroup(
  cluster: KafkaCluster,
  group: string,
): Promise<GroupDescription> {
  const coordinator = coordinatorOf(group);
  const told = await cluster.persist(async () => {
    const call = describeGroups.call({ groups: [group] });
    const { groups: [described] } = await cluster.sendToCoordinator(coordinator, call);
    if (described === undefined || factsOf(described.errorCode).name === "GROUP_ID_NOT_FOUND") {
      return [];
    }
    cluster.checkCoordinated(coordinator, described.errorCode, `describe group ${group}`);
    return described.members.map((member) => toldBy(member));
  });
  return {
    members: told.map(({ member }) => member),
    offsets: await offsetsOf(cluster, group),
    processes: distinctProcesses(told.flatMap(({ processes }) => processes)),
  };
}

/** What a member has told; nothing for a moment, while its group is shared out anew. */
function toldBy({ memberId, instanceId, metadata, assignment }: DescribedMember) {
  const { description, processes } = metadata.length === 0
    ? { description: memberId, processes: [] }
    : decodeSubscription(metadata);
  const { partitions } = decodeAssignment(assignment);
  return { member: { id: instanceId ?? memberId, description, partitions }, processes };
}

function offsetsOf(cluster: KafkaCluster, group: string): Promise<readonly CommittedOffset[]> {
  const coordinator = coordinatorOf(group);
  return cluster.persist(async () => {
    const call = offsetFetch.call({ groupId: group, topics: null, requireStable: false });
    const answer = await cluster.sendToCoordinator(coordinator, call);
    cluster.checkCoordinated(coordinator, answer.errorCode, `read the offsets of ${group}`);
    const offsets = answer.topics.flatMap(({ name, partitions }) =>
      partitions.filter(({ offset }) => offset >= 0)
        .map(({ partition, offset, metadata }) => ({ topic: name, partition, offset, metadata }))
    );
    return offsets.sort((a, b) =>
      a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition
    );
  });
}

/** Replaces all of a group's offsets; the group stays, so that its generations go on growing. */
export async function resetGroup(
  cluster: KafkaCluster,
  group: string,
  offsets: readonly CommittedOffset[],
): Promise<void> {
  for (const offset of offsets) checkMetadata(offset);
  const names = [...new Set(offsets.map(({ topic }) => topic))];
  const there = new Set((await cluster.describe(names)).map(({ name }) => name));
  const missing = names.find((name) => !there.has(name));
  if (missing !== undefined) throw topicMissing(`set offsets of ${group} in`, missing);
  const { members: [alive], offsets: before } = await describeGroup(cluster, group);
  if (alive !== undefined) {
    throw new FlightsError(
      "members-alive",
      `Cannot reset group ${group}: no member of it may be alive, ${alive.description} is`,
    );
  }
  const stays = new Set(offsets.map(placeOf));
  await forget(cluster, group, before.filter((offset) => !stays.has(placeOf(offset))));
  await set(cluster, group, offsets);
}

async function forget(
  cluster: KafkaCluster,
  group: string,
  offsets: readonly TopicPartition[],
): Promise<void> {
  if (offsets.length === 0) return;
  const coordinator = coordinatorOf(group);
  const topics = byTopic(offsets, ({ topic }) => topic, ({ partition }) => partition);
  await cluster.persist(async () => {
    const call = offsetDelete.call({ groupId: group, topics });
    const answer = await cluster.sendToCoordinator(coordinator, call);
    cluster.checkCoordinated(coordinator, answer.errorCode, `reset group ${group}`);
    for (const { name, partitions } of answer.topics) {
      for (const { partition, errorCode } of partitions) {
        cluster.checkCoordinated(
          coordinator,
          errorCode,
          `forget the offset of ${group} in ${name}[${partition}]`,
        );
      }
    }
  });
}

async function set(
  cluster: KafkaCluster,
  group: string,
  offsets: readonly CommittedOffset[],
): Promise<void> {
  if (offsets.length === 0) return;
  const coordinator = coordinatorOf(group);
  const topics = byTopic(offsets, ({ topic }) => topic, ({ partition, offset, metadata }) => ({
    partition,
    offset,
    metadata,
  }));
  const nobody = { groupId: group, generation: -1, memberId: "", instanceId: null };
  await cluster.persist(async () => {
    const call = offsetCommit.call({ ...nobody, topics });
    const answer = await cluster.sendToCoordinator(coordinator, call);
    for (const { name, partitions } of answer.topics) {
      for (const { partition, errorCode } of partitions) {
        cluster.checkCoordinated(
          coordinator,
          errorCode,
          `set the offset of ${group} in ${name}[${partition}]`,
        );
      }
    }
  });
}

function placeOf({ topic, partition }: TopicPartition): string {
  return `${topic}[${partition}]`;
}

/** Waits until no group has offsets in topics that were deleted: brokers forget them by themselves. */
export async function offsetsForgotten(
  cluster: KafkaCluster,
  topics: readonly string[],
): Promise<void> {
  for (const group of (await knownGroups(cluster)).keys()) {
    await retrying(async () => {
      const left = (await offsetsOf(cluster, group)).find(({ topic }) => topics.includes(topic));
      if (left !== undefined) throw notForgotten(group, left.topic);
    }, {
      clock: cluster.clock,
      timeoutMs: cluster.patienceMs,
      shouldRetry: (error) => error instanceof FlightsError && error.code === "log-unreachable",
    });
  }
}

function notForgotten(group: string, topic: string): FlightsError {
  return new FlightsError(
    "log-unreachable",
    `Cannot delete topic ${topic}: the broker must forget the offsets of ${group} in it in time, it has not`,
  );
}

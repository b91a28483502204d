/** Topics on a cluster: made as the jobs need them, and confirmed before anybody relies on them. */

import { FlightsError } from "../../base/errors.ts";
import type { TopicDescription, TopicSettings, TopicSpec } from "../log.ts";
import { isPassing, type KafkaCluster, topicMissing } from "./cluster.ts";
import { checkErrorCode, factsOf } from "./errors.ts";
import { offsetsAt } from "./offsets.ts";
import {
  createTopics as createCall,
  type CreateTopicsResponse,
} from "./protocol/create_topics_v7.ts";
import { deleteTopics as deleteCall } from "./protocol/delete_topics_v6.ts";
import { describeConfigs } from "./protocol/describe_configs_v4.ts";
import { earliest, latest } from "./protocol/list_offsets_v5.ts";
import type { TopicMetadata } from "./protocol/metadata_v12.ts";
import { retrying } from "./retry.ts";

const largestLong = "9223372036854775807";
/** A compacted topic's active segment is never compacted, so it is kept small. */
const compactedSegmentBytes = String(16 * 1024 * 1024);

/** TOPIC_ALREADY_EXISTS. */
const alreadyExists = 36;
/** Who is as fast as the controller itself so often is no chance. */
const maxReplacements = 20;

/** The settings of a topic that is created. */
function configsOf({ cleanup = "delete", retentionMs, retentionBytes }: TopicSpec) {
  const compacted = {
    "segment.bytes": compactedSegmentBytes,
    "min.cleanable.dirty.ratio": "0.1",
  };
  return {
    "cleanup.policy": cleanup,
    // Records of old event time must not vanish, nor ones of event time ahead be refused.
    "retention.ms": String(retentionMs ?? -1),
    "retention.bytes": String(retentionBytes ?? -1),
    "message.timestamp.type": "CreateTime",
    "message.timestamp.after.max.ms": largestLong,
    "message.timestamp.before.max.ms": largestLong,
    ...(cleanup === "compact" ? compacted : {}),
  };
}

/** Creates topics, all or none, and waits until they can be used. */
export async function createTopics(
  cluster: KafkaCluster,
  specs: readonly TopicSpec[],
): Promise<void> {
  checkSpecs(specs);
  for (const validateOnly of [true, false]) {
    await cluster.persist(async () => {
      checkCreated(await sendCreate(cluster, specs, { validateOnly }));
    });
  }
  const names = specs.map(({ name }) => name);
  await confirm(
    cluster,
    names,
    (found) => found.length === names.length && found.every(hasLeaders),
  );
}

/**
 * Creates topics in place of those of the same names, and waits until they can be used. The controller
 * is asked to create right after it has deleted: it knows of that at once, others later; so who has
 * brokers create what it misses, as Kafka's consumers do, comes too late, or very seldom in between.
 */
export async function replaceTopics(
  cluster: KafkaCluster,
  specs: readonly TopicSpec[],
): Promise<void> {
  checkSpecs(specs);
  const names = specs.map(({ name }) => name);
  await cluster.persist(async () => {
    const checked = await sendCreate(cluster, specs, { validateOnly: true });
    checkCreated(checked.filter(({ errorCode }) => errorCode !== alreadyExists));
  });
  for (let attempt = 1;; attempt++) {
    const created = await cluster.persist(async () => {
      await sendDelete(cluster, names, { mayBeMissing: true });
      return await sendCreate(cluster, specs, { validateOnly: false });
    });
    if (attempt < maxReplacements && created.some(({ errorCode }) => errorCode === alreadyExists)) {
      continue;
    }
    checkCreated(created);
    const ids = new Map(created.map(({ name, topicId }) => [name, topicId]));
    return await confirm(cluster, names, (found) =>
      found.length === names.length &&
      found.every((topic) => topic.topicId === ids.get(topic.name) && hasLeaders(topic)));
  }
}

function checkSpecs(specs: readonly TopicSpec[]): void {
  for (const { name, partitions } of specs) {
    if (Number.isInteger(partitions) && partitions >= 1) continue;
    throw new FlightsError(
      "invalid-argument",
      `Cannot create topic ${name}: it must have 1 partition or more, ${partitions} were asked for`,
    );
  }
}

async function sendCreate(
  cluster: KafkaCluster,
  specs: readonly TopicSpec[],
  { validateOnly }: { readonly validateOnly: boolean },
): Promise<CreateTopicsResponse["topics"]> {
  const topics = specs.map((spec) => ({
    name: spec.name,
    partitions: spec.partitions,
    replicationFactor: -1,
    configs: configsOf(spec),
  }));
  const call = createCall.call({ topics, timeoutMs: cluster.patienceMs, validateOnly });
  return (await cluster.sendToController(call)).topics;
}

function checkCreated(topics: CreateTopicsResponse["topics"]): void {
  for (const { name, errorCode, errorMessage } of topics) {
    checkErrorCode(errorCode, `create topic ${name}`, {
      detail: errorMessage,
      permission: "Create on the topic or the cluster",
    });
  }
}

async function sendDelete(
  cluster: KafkaCluster,
  names: readonly string[],
  { mayBeMissing }: { readonly mayBeMissing: boolean },
): Promise<void> {
  const call = deleteCall.call({ topics: names, timeoutMs: cluster.patienceMs });
  const answer = await cluster.sendToController(call);
  for (const { name, errorCode, errorMessage } of answer.topics) {
    if (mayBeMissing && factsOf(errorCode).name === "UNKNOWN_TOPIC_OR_PARTITION") continue;
    checkErrorCode(errorCode, `delete topic ${name}`, {
      detail: errorMessage,
      permission: "Delete on the topic",
    });
  }
}

function hasLeaders({ partitions }: TopicMetadata): boolean {
  return partitions.every(({ leaderId }) => leaderId >= 0);
}

/**
 * Deletes topics and waits until they are gone. One of the same name that somebody has made meanwhile
 * is another topic.
 */
export async function deleteTopics(cluster: KafkaCluster, names: readonly string[]): Promise<void> {
  const there = new Map(
    (await cluster.describe(names)).map(({ name, topicId }) => [name, topicId]),
  );
  const missing = names.find((name) => !there.has(name));
  if (missing !== undefined) throw topicMissing("delete", missing);
  await cluster.persist(() => sendDelete(cluster, names, { mayBeMissing: false }));
  await confirm(
    cluster,
    names,
    (found) => found.every(({ name, topicId }) => topicId !== there.get(name)),
  );
}

/** Looks at topics until they are as they must be: brokers learn of a change one after the other. */
async function confirm(
  cluster: KafkaCluster,
  names: readonly string[],
  isSo: (found: readonly TopicMetadata[]) => boolean,
): Promise<void> {
  const notYet = new FlightsError(
    "log-unreachable",
    `Cannot change topics ${
      names.join(", ")
    }: all brokers must have learnt of it in time, they have not`,
  );
  await retrying(async () => {
    if (!isSo(await cluster.describe(names))) throw notYet;
  }, { clock: cluster.clock, timeoutMs: cluster.patienceMs, shouldRetry: isPassing });
}

/** The named topics that exist, or all, by name. */
export async function describeTopics(
  cluster: KafkaCluster,
  names: readonly string[] | undefined,
): Promise<readonly TopicDescription[]> {
  const found = [...await cluster.describe(names ?? null)].sort((a, b) => a.name < b.name ? -1 : 1);
  if (found.length === 0) return [];
  const places = found.flatMap(({ name, partitions }) =>
    partitions.map((_, partition) => ({ topic: name, partition }))
  );
  const questions = [earliest, latest].flatMap((timestamp) =>
    places.map((place) => ({ ...place, timestamp }))
  );
  const [offsets, configs] = await Promise.all([
    offsetsAt(cluster, questions),
    readConfigs(cluster, found.map(({ name }) => name)),
  ]);
  const brokers = cluster.connections.brokers.length;
  let at = 0;
  return found.map((topic) => {
    const { name, topicId, partitions } = topic;
    const config = configs.get(name);
    const policy = config?.["cleanup.policy"] ?? "delete";
    // What is only compacted is not deleted for its age or size.
    const limits = policy.includes("delete") ? config : {};
    const described: TopicDescription = {
      name,
      id: topicId,
      cleanup: policy.includes("compact") ? "compact" : "delete",
      retentionMs: limitOf(limits?.["retention.ms"]),
      retentionBytes: limitOf(limits?.["retention.bytes"]),
      partitions: partitions.map((_, i) => ({
        startOffset: offsets[at + i]!,
        endOffset: offsets[at + i + places.length]!,
      })),
      settings: config === undefined ? "hidden" : settingsOf(topic, config, { brokers }),
    };
    at += partitions.length;
    return described;
  });
}

type Config = Readonly<Record<string, string | null>>;

function settingsOf(
  { partitions }: TopicMetadata,
  config: Config,
  { brokers }: { readonly brokers: number },
): TopicSettings {
  return {
    timestampType: config["message.timestamp.type"] === "LogAppendTime" ? "append" : "create",
    maxAheadMs: limitOf(config["message.timestamp.after.max.ms"]),
    replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    minInSyncReplicas: Number(config["min.insync.replicas"] ?? 1),
    brokers,
  };
}

/** The settings of topics; of those that the user may look at. */
async function readConfigs(
  cluster: KafkaCluster,
  topics: readonly string[],
): Promise<ReadonlyMap<string, Config>> {
  const keys = [
    "cleanup.policy",
    "retention.ms",
    "retention.bytes",
    "message.timestamp.type",
    "message.timestamp.after.max.ms",
    "min.insync.replicas",
  ];
  const answer = await cluster.persist(() =>
    cluster.sendToController(describeConfigs.call({ topics, keys }))
  );
  const readable = answer.topics.filter(({ name, errorCode, errorMessage }) => {
    const { name: error } = factsOf(errorCode);
    if (error === "TOPIC_AUTHORIZATION_FAILED") return false;
    // One that was deleted a moment ago has none any more.
    if (error !== "UNKNOWN_TOPIC_OR_PARTITION") {
      checkErrorCode(errorCode, `look at the settings of topic ${name}`, { detail: errorMessage });
    }
    return true;
  });
  return new Map(readable.map(({ name, configs }) => [name, configs]));
}

/** A bound, or null where there is none: below zero, or as large as numbers go. */
function limitOf(value: string | null | undefined): number | null {
  const limit = Number(value ?? -1);
  return limit < 0 || limit > Number.MAX_SAFE_INTEGER ? null : limit;
}

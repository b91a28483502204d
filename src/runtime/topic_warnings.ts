/**
 * What of its topics' settings may bring a job into trouble later: facts in, warnings out. Nothing
 * here stops a job, for each of it may be meant so.
 */

import { formatDuration } from "../base/duration.ts";
import type { TopicDescription, TopicSettings } from "../log/log.ts";
import type { Topology } from "../stream/topology.ts";

/** The job whose topics they are. */
interface Job {
  readonly applicationId: string;
  readonly topology: Topology;
}

/** What somebody may want to change before it matters. */
export interface TopicWarning {
  /** `info` for what is most likely meant so. */
  readonly level: "warning" | "info";
  /** What is so, what comes of it, and what mends it. */
  readonly message: string;
  /** The topics that it is about. */
  readonly topics: readonly string[];
}

/** The topics of a job as they are at its start. */
export interface TopicFacts {
  readonly inputs: readonly TopicDescription[];
  /** All that it writes to: sinks, dead letters, late records, changelogs. */
  readonly outputs: readonly TopicDescription[];
  /** How far ahead of the clock a record may be, in milliseconds; null: any far; default 1 day. */
  readonly maxFutureMs?: number | null | undefined;
}

const day = 86_400_000;

/** Looks at the topics of a job. */
export function topicWarnings(job: Job, facts: TopicFacts): readonly TopicWarning[] {
  const { inputs, outputs } = facts;
  const all = [...new Map([...inputs, ...outputs].map((topic) => [topic.name, topic])).values()];
  return [
    ...hiddenSettings(all),
    ...all.flatMap((topic) => shortRetention(job, topic, inputs.includes(topic))),
    ...inputs.flatMap((topic) => appendTime(job, topic)),
    ...outputs.flatMap((topic) => refusedFuture(topic, facts.maxFutureMs)),
    ...fewCopies(all),
    ...otherPartitions(job, facts),
  ];
}

/** The command that changes a setting of a topic. */
function alter(topic: string, setting: string): string {
  return `kafka-configs --alter --entity-type topics --entity-name ${topic} --add-config ${setting}`;
}

function visible({ settings }: TopicDescription): TopicSettings | null {
  return settings === undefined || settings === "hidden" ? null : settings;
}

function warn(topics: readonly string[], message: string): TopicWarning {
  return { level: "warning", message, topics };
}

function hiddenSettings(topics: readonly TopicDescription[]): readonly TopicWarning[] {
  const hidden = topics.filter(({ settings }) => settings === "hidden").map(({ name }) => name);
  if (hidden.length === 0) return [];
  const message = `the settings of ${hidden.join(", ")} cannot be looked at: whether they keep ` +
    "records long enough is not known; the user needs DescribeConfigs on the topics";
  return [warn(hidden, message)];
}

/** Time retention counts from event time: what is old when it is written goes as soon as it can. */
function shortRetention(
  { applicationId, topology: { spanMs, sources } }: Job,
  topic: TopicDescription,
  isInput: boolean,
): readonly TopicWarning[] {
  const { name, retentionMs } = topic;
  if (retentionMs === null) return [];
  const kept = formatDuration(retentionMs);
  if (sources.some((source) => source.isTable && source.topic === name)) {
    const message =
      `${name} keeps records for ${kept}, and ${applicationId} reads it as a table: rows ` +
      "that are not written again vanish, and who starts later misses them";
    return [
      warn(
        [name],
        visible(topic) === null ? message : `${message}; ${alter(name, "cleanup.policy=compact")}`,
      ),
    ];
  }
  const problem = isInput && retentionMs < spanMs
    ? `${name} keeps records for ${kept}, ${applicationId} needs them for ${
      formatDuration(spanMs)
    } (window and allowed lateness)`
    : `${name} keeps records for ${kept} from their event time on: one that is older vanishes soon ` +
      "after it was written";
  const mend = visible(topic) === null ? "" : `; ${alter(name, "retention.ms=-1")}`;
  return [warn([name], problem + mend)];
}

function appendTime({ topology }: Job, topic: TopicDescription): readonly TopicWarning[] {
  const { name } = topic;
  if (visible(topic)?.timestampType !== "append") return [];
  const readsTimestamp = topology.sources.some((source) =>
    source.topic === name && source.watermarks.timestampAssigner === null
  );
  if (!readsTimestamp) return [];
  const message = `the timestamps of ${name} are the times of their append ` +
    "(message.timestamp.type=LogAppendTime): that is not event time; " +
    alter(name, "message.timestamp.type=CreateTime");
  return [warn([name], message)];
}

/** A job takes records so far ahead, and what comes of them has their time. */
function refusedFuture(
  topic: TopicDescription,
  maxFutureMs: number | null = day,
): readonly TopicWarning[] {
  const { name } = topic;
  const maxAheadMs = visible(topic)?.maxAheadMs ?? null;
  if (maxAheadMs === null || (maxFutureMs !== null && maxFutureMs <= maxAheadMs)) return [];
  const taken = maxFutureMs === null ? "any far ahead" : `${formatDuration(maxFutureMs)} ahead`;
  const message = `${name} refuses records more than ${formatDuration(maxAheadMs)} ahead of the ` +
    `broker's clock, and the job takes ones ${taken} (--max-future): it would stop there; ` +
    alter(name, "message.timestamp.after.max.ms=9223372036854775807");
  return [warn([name], message)];
}

function fewCopies(topics: readonly TopicDescription[]): readonly TopicWarning[] {
  const names = (isSo: (settings: TopicSettings) => boolean) =>
    topics.filter((topic) => {
      const settings = visible(topic);
      return settings !== null && isSo(settings);
    }).map(({ name }) => name);
  const single = names(({ replicas, brokers }) => replicas === 1 && brokers > 1);
  const unsafe = names(({ replicas, minInSyncReplicas }) =>
    replicas > 1 && minInSyncReplicas === 1
  );
  const warnings: TopicWarning[] = [];
  if (single.length > 0) {
    warnings.push(warn(
      single,
      `${single.join(", ")}: one copy on a cluster of several brokers (replication factor 1); a ` +
        "broker that is lost takes it along; kafka-reassign-partitions makes more",
    ));
  }
  if (unsafe.length > 0) {
    warnings.push(warn(
      unsafe,
      `${unsafe.join(", ")}: a record counts as written when one copy has it ` +
        "(min.insync.replicas=1); a broker that is lost can take committed records along; " +
        alter(unsafe.length === 1 ? unsafe[0]! : "TOPIC", "min.insync.replicas=2"),
    ));
  }
  return warnings;
}

function otherPartitions(
  { applicationId, topology }: Job,
  { inputs, outputs }: TopicFacts,
): readonly TopicWarning[] {
  const wanted = inputs[0]?.partitions.length;
  return outputs.flatMap(({ name, partitions: { length } }): readonly TopicWarning[] => {
    if (length === wanted || !topology.sinkTopics.includes(name)) return [];
    const message =
      `${name} has ${length} partitions, what ${applicationId} reads has ${wanted}: ` +
      `no more than ${length} members can read it side by side`;
    return [{ level: "info", message, topics: [name] }];
  });
}

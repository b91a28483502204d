/** The topics that a job keeps for itself. */

import type { Log, TopicDescription, TopicSpec } from "../log/log.ts";
import { FlightsError, hasCode } from "../base/errors.ts";
import { watermarksTopic } from "./progress_records.ts";
import { deadLetterTopic, lateTopic } from "../stream/stray_topics.ts";
import type { JobStage } from "./stages.ts";

/** The topic that holds the state of a job's stage (semantics 14). */
export function changelogTopic(applicationId: string, stage: string): string {
  return `${applicationId}-changelog-${stage}`;
}

/** The topic into which a source that is no topic is fed; its feed's group has the same name. */
export function sourceTopic(applicationId: string, name: string): string {
  return `${applicationId}-source-${name}`;
}

/** The topic from which a sink that is no topic is tapped; its tap's group has the same name. */
export function sinkTopic(applicationId: string, name: string): string {
  return `${applicationId}-sink-${name}`;
}

/**
 * Whether a topic belongs to a job and to nobody else; resetting the job deletes these. The groups of
 * its feeds and taps have the same names.
 */
export function isOwnTopic(applicationId: string, topic: string): boolean {
  return ownKinds.some((kind) => topic.startsWith(`${applicationId}-${kind}-`));
}

/** What a job's own topics are for, as it stands in their names. */
const ownKinds = ["changelog", "repartition", "source", "sink"] as const;

/**
 * Why no job may go by a name, or null: that of one of another job's topics would be taken for it.
 */
export function whyNoApplicationId(name: string): string | null {
  const kind = ownKinds.find((one) => name.includes(`-${one}-`));
  return kind === undefined ? null : `it must not contain "-${kind}-", as topics of jobs do`;
}

/**
 * The topics that a job needs beside its sources and sinks, each with its policy: the one place where
 * a kind of topic is added. What {@linkcode isOwnTopic} names goes with a reset, and the rest belongs to
 * a source or sink and goes when that is created anew (`cli/recreate_topics.ts`).
 */
export function ownTopics(
  applicationId: string,
  stages: readonly JobStage[],
  { partitions, sinks }: {
    /** Of the inputs. */
    readonly partitions: number;
    /** What is written for others. */
    readonly sinks: readonly TopicDescription[];
  },
): readonly TopicSpec[] {
  // Kept as long as what they are about.
  const watermarks = sinks.map(({ name, partitions, retentionMs, retentionBytes }) => ({
    name: watermarksTopic(name),
    partitions: partitions.length,
    ...(retentionMs !== null && { retentionMs }),
    ...(retentionBytes !== null && { retentionBytes }),
  }));
  return [
    ...stages.flatMap((stage) => stageTopics(applicationId, stage, partitions)),
    ...watermarks,
  ];
}

/** What a stage needs; all of it has as many partitions as its inputs. */
function stageTopics(
  applicationId: string,
  { name, topology }: JobStage,
  partitions: number,
): readonly TopicSpec[] {
  const names = topology.sources.flatMap(({ topic, isRepartition, isTable }) => [
    ...(isRepartition ? [topic, watermarksTopic(topic)] : []),
    deadLetterTopic(topic),
    ...(topology.findsLate && !isTable ? [lateTopic(topic)] : []),
  ]);
  const changelogs: readonly TopicSpec[] = topology.isStateful
    ? [{ name: changelogTopic(applicationId, name), partitions, cleanup: "compact" }]
    : [];
  return [...names.map((name) => ({ name, partitions })), ...changelogs];
}

/** Creates those of `topics` that are not there; another member may do the same at the same time. */
export async function ensureTopics(log: Log, topics: readonly TopicSpec[]): Promise<void> {
  const known = await log.describeTopics(topics.map((topic) => topic.name));
  const there = new Set(known.map((topic) => topic.name));
  for (const topic of topics) {
    if (there.has(topic.name)) continue;
    try {
      await log.createTopics([topic]);
    } catch (error) {
      if (!hasCode(error, "topic-exists")) throw error;
    }
  }
}

/** The error of a job whose topics are not there. */
export function topicsMissing(applicationId: string, names: readonly string[]): FlightsError {
  return new FlightsError(
    "topic-missing",
    `Cannot run ${applicationId}: its topics must exist, the log has no ${names.join(", ")}`,
  );
}

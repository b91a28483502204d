/** The stages of a job, under the names by which the log knows them (semantics 23). */

import { overTopics } from "../stream/own_topics.ts";
import { stagesOf } from "../stream/stages.ts";
import type { Topology } from "../stream/topology.ts";
import type { Job } from "./job_options.ts";
import { sinkTopic, sourceTopic } from "./topics.ts";

/** The topic through which elements of a job come to the tasks of their keys (semantics 23). */
export function repartitionTopic(applicationId: string, name: string): string {
  return `${applicationId}-repartition-${name}`;
}

/** The same job over topics only: sources and sinks that are none as topics of the job. */
export function overOwnTopics({ applicationId, topology }: Job): Job {
  const source = (name: string) => sourceTopic(applicationId, name);
  const sink = (name: string) => sinkTopic(applicationId, name);
  return { applicationId, topology: overTopics(topology, { source, sink }) };
}

/** What of a job lies between topics. */
export interface JobStage {
  /** Its inputs, those that the job makes for itself without the application id. */
  readonly name: string;
  readonly topology: Topology;
  /** By topic that it writes for readers of event time: the name under which its tasks report there. */
  readonly writers: ReadonlyMap<string, string>;
}

/**
 * The stages of a job, each behind those that write for it.
 *
 * @throws {FlightsError} `invalid-topology`.
 */
export function jobStages({ applicationId, topology }: Job): readonly JobStage[] {
  const stages = stagesOf(topology, (name) => repartitionTopic(applicationId, name));
  return stages.map((stage, index) => {
    const later = new Set(stages.slice(index + 1).flatMap(({ sinkTopics }) => sinkTopics));
    const name = stageName(applicationId, stage.sources);
    // Tasks of two stages that write one topic must not be taken for each other.
    const writers = stage.sinkTopics.map((topic) =>
      [topic, later.has(topic) ? `${applicationId}/${name}` : applicationId] as const
    );
    return { name, topology: stage, writers: new Map(writers) };
  });
}

/** The name of a stage: of its inputs, those that the job makes for itself without the application id. */
export function stageName(
  applicationId: string,
  inputs: readonly { readonly topic: string; readonly isRepartition: boolean }[],
): string {
  const prefix = `${applicationId}-`;
  const fed = sourceTopic(applicationId, "");
  return inputs.map(({ topic, isRepartition }) =>
    isRepartition || topic.startsWith(fed) ? topic.slice(prefix.length) : topic
  ).join("-");
}

/** All that the members of a job read, stage by stage. */
export function stageInputs(stages: readonly JobStage[]): readonly string[] {
  return stages.flatMap(({ topology }) => topology.sources.map(({ topic }) => topic));
}

/** The repartition topics of a job. */
export function repartitionTopics(stages: readonly JobStage[]): readonly string[] {
  return stages.flatMap(({ topology: { sources } }) =>
    sources.filter(({ isRepartition }) => isRepartition).map(({ topic }) => topic)
  );
}

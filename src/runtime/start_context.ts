/** What the tasks of a stage are started on: its topics as they are (semantics 14, 17). */

import type { Log, TopicDescription } from "../log/log.ts";
import type { SourceNode } from "../stream/topology.ts";
import type { Job } from "./job_options.ts";
import type { RestoreProgress } from "./restore_progress.ts";
import { watermarksTopic } from "./progress_records.ts";
import type { OnDataLoss, StartFrom } from "./resume.ts";
import { type JobStage, repartitionTopics, stageInputs } from "./stages.ts";
import { changelogTopic, topicsMissing } from "./topics.ts";

/** What all starts of a job's tasks share. */
export interface StartSettings {
  readonly log: Log;
  readonly job: Job;
  readonly stages: readonly JobStage[];
  readonly from: StartFrom;
  readonly onDataLoss: OnDataLoss;
  /** Whether what the writers of the inputs report is followed (semantics 24). */
  readonly followsReports: boolean;
  /** Where a bounded run stops, by topic and then partition; null for a run without end. */
  readonly stops: ReadonlyMap<string, readonly number[]> | null;
}

/** The same for one stage, with the topics as they are when tasks are taken up. */
export interface StartContext extends StartSettings {
  readonly stage: JobStage;
  /** The repartition topics of the job. */
  readonly repartitions: readonly string[];
  /** The place of its first input among those of all stages (semantics 7). */
  readonly firstRank: number;
  /** The inputs, in the order of the topology's sources. */
  readonly inputs: readonly TopicDescription[];
  /** The changelog, or null for a job without state. */
  readonly changelog: TopicDescription | null;
  /** What the stage writes for others to read, and for later stages. */
  readonly sinks: readonly TopicDescription[];
  /** Where the writers of the inputs report, by the input's name; those that do. */
  readonly reports: ReadonlyMap<string, TopicDescription>;
  /**
   * Keeps the member alive while a long changelog is read and tells whether the tasks are still
   * wanted. @throws {FlightsError} `fenced`.
   */
  readonly isWanted: () => Promise<boolean>;
  /** How far the state of the tasks that are taken up is rebuilt. */
  readonly restore: RestoreProgress;
}

/**
 * Whether what the writers of an input report is followed: of what the job wrote itself, always; of a
 * table, whose records move no watermark, never.
 */
export function followsReports(
  { followsReports }: Pick<StartSettings, "followsReports">,
  { isRepartition, isTable }: SourceNode,
): boolean {
  return !isTable && (followsReports || isRepartition);
}

/** Looks at the topics that the tasks of a stage are started on. */
export async function openStart(
  settings: StartSettings,
  { stage, isWanted, restore }: Pick<StartContext, "stage" | "isWanted" | "restore">,
): Promise<StartContext> {
  const { log, job: { applicationId } } = settings;
  const { topology } = stage;
  const names = topology.sources.map(({ topic }) => topic);
  const followed = topology.sources.filter((source) => followsReports(settings, source))
    .map(({ topic }) => topic);
  const changelogName = changelogTopic(applicationId, stage.name);
  // Whoever asks for a topic that the job has no use for may not be permitted to.
  const changelogs = topology.isStateful ? [changelogName] : [];
  const known = await log.describeTopics([
    ...new Set([
      ...names,
      ...changelogs,
      ...topology.sinkTopics,
      ...followed.map(watermarksTopic),
    ]),
  ]);
  const described = (name: string) => {
    const topic = known.find((topic) => topic.name === name);
    if (topic === undefined) throw topicsMissing(applicationId, [name]);
    return topic;
  };
  const inputs = names.map(described);
  const changelog = topology.isStateful ? described(changelogName) : null;
  const sinks = topology.sinkTopics.map(described);
  const reports = new Map(followed.flatMap((name) => {
    const found = known.find((topic) => topic.name === watermarksTopic(name));
    return found === undefined ? [] : [[name, found] as const];
  }));
  const firstRank = stageInputs(settings.stages).indexOf(names[0]!);
  const repartitions = repartitionTopics(settings.stages);
  const own = {
    stage,
    repartitions,
    firstRank,
    inputs,
    changelog,
    sinks,
    reports,
    isWanted,
    restore,
  };
  return { ...settings, ...own };
}

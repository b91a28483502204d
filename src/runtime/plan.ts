/** What a job is made of, for people: stages, their nodes and the topics that they need. */

import { SimulatedClock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import { assert } from "../base/errors.ts";
import { deadLetterTopic, lateTopic } from "../stream/stray_topics.ts";
import { Task } from "../stream/task.ts";
import type { Node, OperatorNode, SourceNode, Topology } from "../stream/topology.ts";
import type { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import type { Job } from "./job_options.ts";
import { type JobStage, jobStages, overOwnTopics } from "./stages.ts";
import { changelogTopic } from "./topics.ts";

/** A node of a stage. */
export interface PlanNode {
  /** Unique in its stage; for operators it names saved state. */
  readonly id: string;
  readonly kind: "source" | "operator" | "side output" | "sink";
  /** What it is called: the word of the language, with its number or name. */
  readonly title: string;
  /** The ids of the nodes that it takes elements of. */
  readonly inputs: readonly string[];
  /** Its settings, a line each. */
  readonly settings: readonly string[];
  /** What it keeps of each key or window, in words. */
  readonly state: readonly string[];
  /** The topic that it reads, of a source. */
  readonly reads: string | null;
  /** The topics that it writes, of a sink. */
  readonly writes: readonly string[];
  /** The topics that take its late records. */
  readonly lateTo: readonly string[];
  /** The topic that takes what it cannot read, of a source. */
  readonly deadLettersTo: string | null;
}

/** What lies between topics. */
export interface PlanStage {
  readonly name: string;
  /** Each behind its inputs. */
  readonly nodes: readonly PlanNode[];
  /** The topic that keeps its state, or null. */
  readonly changelog: string | null;
}

/** A job. */
export interface Plan {
  readonly applicationId: string;
  /** Each behind those that write for it. */
  readonly stages: readonly PlanStage[];
}

/**
 * What a job is made of. The functions that it opens a task with are called, none of its elements.
 *
 * @throws {FlightsError} `invalid-topology` when the job cannot be run.
 */
export function planOf(job: Job): Plan {
  const { applicationId } = job;
  const stages = jobStages(overOwnTopics(job)).map((stage) => planOfStage(applicationId, stage));
  return { applicationId, stages };
}

function planOfStage(applicationId: string, { name, topology }: JobStage): PlanStage {
  const tables = tablesOf(topology);
  return {
    name,
    nodes: topology.nodes.map((node) => ({
      ...noFacts,
      id: node.id,
      inputs: node.inputs.map(({ id }) => id),
      ...factsOf(node, topology),
      state: stateOf(node, tables),
    })),
    changelog: topology.isStateful ? changelogTopic(applicationId, name) : null,
  };
}

const noFacts = {
  settings: [],
  reads: null,
  writes: [],
  lateTo: [],
  deadLettersTo: null,
} as const;

type Facts = Pick<PlanNode, "kind" | "title"> & Partial<PlanNode>;

function factsOf(node: Node, topology: Topology): Facts {
  assert(node.kind !== "repartition", `${node.id} is no sink and no source of its stages`);
  switch (node.kind) {
    case "source":
      return {
        kind: "source",
        title: `source ${node.topic}`,
        settings: sourceSettings(node),
        reads: node.topic,
        deadLettersTo: deadLetterTopic(node.topic),
      };
    case "side-output":
      return { kind: "side output", title: `side output ${node.tagId}` };
    case "operator":
      return {
        kind: node.writes.length > 0 ? "sink" : "operator",
        title: titleOf(node),
        settings: Object.entries(node.details ?? {}).map(([name, value]) => `${name}: ${value}`),
        writes: node.writes,
        lateTo: lateTopics(node, topology),
      };
  }
}

/** A number that was given to a word stays with it; a name of its own stands behind it. */
function titleOf({ id, name }: OperatorNode): string {
  return id.startsWith(name) ? id : `${name} "${id}"`;
}

function sourceSettings(
  { partitionedBy, watermarks, isRepartition, isTable, fedFrom }: SourceNode,
): string[] {
  const feed = fedFrom === undefined ? [] : [`fed from: ${fedFrom}`];
  const placement = partitionedBy === null ? [] : [`partitioned by: ${partitionedBy}`];
  const told = isRepartition ? "carried from the stages before" : describeWatermarks(watermarks);
  const content = isTable ? "a table: the newest record of each key" : `watermarks: ${told}`;
  return [...feed, ...placement, content];
}

function describeWatermarks(strategy: WatermarkStrategy<unknown>): string {
  const { outOfOrderness, idleTimeout, closesOnSilence, timestampAssigner } = strategy;
  return [
    outOfOrderness === 0
      ? "monotonous timestamps"
      : `out of order by up to ${formatDuration(outOfOrderness)}`,
    ...(timestampAssigner === null ? [] : ["taken from the value"]),
    `idle after ${formatDuration(idleTimeout)}`,
    ...(closesOnSilence ? [] : ["silence closes no windows"]),
  ].join(", ");
}

/** Where the records of late elements go, unless a side output takes those. */
function lateTopics(
  { id, inputs, findsLate, lateTags = [] }: OperatorNode,
  stage: Topology,
): readonly string[] {
  if (!findsLate) return [];
  const isTaken = (tag: string | null | undefined) =>
    stage.nodes.some((other) =>
      other.kind === "side-output" && other.inputs[0]!.id === id && other.tagId === tag
    );
  const topics = inputs.flatMap((input, index) =>
    isTaken(lateTags[index]) ? [] : topicsAbove(input.id, stage)
  );
  return [...new Set(topics.map(lateTopic))];
}

/** The topics of a stage whose records reach the node of that id. */
function topicsAbove(id: string, { nodes }: Topology): readonly string[] {
  const topicsOf = (one: string): readonly string[] => {
    // By id: beyond a repartition the inputs are those of the job, not of the stage.
    const node = nodes.find((other) => other.id === one)!;
    return node.kind === "source"
      ? [node.topic]
      : node.inputs.flatMap((input) => topicsOf(input.id));
  };
  return topicsOf(id);
}

/** The state tables of a stage, by name, and what their entries mean. */
function tablesOf(topology: Topology): Readonly<Record<string, string>> {
  const nowhere = { write: () => {}, forward: () => {} };
  const clock = new SimulatedClock();
  return new Task(topology, { partition: 0, partitions: 1, clock, outputs: nowhere }).stateShapes;
}

/** What an operator keeps, in words: its tables are named by its id and what they are for. */
function stateOf(node: Node, tables: Readonly<Record<string, string>>): readonly string[] {
  const { id } = node;
  const windows = node.kind === "operator" ? node.details?.["windows"] : undefined;
  const kept = Object.entries(tables).flatMap(([table, shape]) => {
    // What windows hold is marked with what stands among the settings already.
    if (table === id) {
      return [windows !== undefined && shape.startsWith(windows) ? "windows" : shape];
    }
    if (!table.startsWith(`${id}/`)) return [];
    const name = table.slice(id.length + 1).replace(/^state\//, "")
      .replace(/^window\/state\/(.*)$/, "$1 by window");
    // There are tables of either time's, used or not.
    if (shape.endsWith("timers")) return ["timers"];
    return [shape === name ? name : `${name} (${shape})`];
  });
  return [...new Set(kept)];
}

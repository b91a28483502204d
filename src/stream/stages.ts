/**
 * The stages of a topology (semantics 23, 24): what lies between topics. Each repartition ends one and
 * begins another; a topology without one is one stage.
 */

import { FlightsError } from "../base/errors.ts";
import { json } from "./json.ts";
import { topicSink } from "./sink.ts";
import {
  type Node,
  type OperatorNode,
  type RepartitionNode,
  type SourceNode,
  Topology,
} from "./topology.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";

/**
 * Splits a topology at its repartitions: each stage is a topology with sources and operators of its own,
 * and writes to the topics that later ones read.
 *
 * @param topicOf the full name of a repartition topic.
 * @throws {FlightsError} `invalid-topology` where a stream meets what was repartitioned of it.
 */
export function stagesOf(
  topology: Topology,
  topicOf: (repartition: string) => string,
): readonly Topology[] {
  const levels = levelsOf(topology);
  const stages: Topology[] = [];
  const stageAt = (level: number) => stages[level] ??= new Topology();
  for (let level = 0; level <= Math.max(0, ...levels.values()); level++) stageAt(level);
  for (const node of topology.nodes) {
    if (node.kind !== "repartition") {
      stageAt(levels.get(node.id)!).add(node);
      continue;
    }
    const topic = topicOf(node.name);
    stageAt(levels.get(node.inputs[0]!.id)!).add(sinkOf(node, topic));
    stageAt(levels.get(node.id)!).add(sourceOf(node, topic, strategyOf(topology.sources)));
  }
  return stages;
}

/**
 * The same topology where all inputs have one partition: every key is in the one task anyway, so its
 * elements need no repartition, and timers see them in the order in which they came.
 */
export function withoutRepartitions({ nodes }: Topology): Topology {
  const unsplit = new Topology();
  const standIns = new Map<string, Node>();
  for (const node of nodes) {
    const inputs = node.inputs.map(({ id }) => standIns.get(id)!);
    const standIn = node.kind === "repartition" ? inputs[0]! : unsplit.add({ ...node, inputs });
    standIns.set(node.id, standIn);
  }
  return unsplit;
}

/**
 * The stage of each node, of a repartition that of its reading side: the first that lies behind all
 * repartitions on the way there. What is joined by streams is in one stage.
 */
function levelsOf({ nodes }: Topology): ReadonlyMap<string, number> {
  const levels = new Map(nodes.map(({ id }) => [id, 0]));
  const repartitions = nodes.filter(({ kind }) => kind === "repartition").length;
  const raise = ({ id }: Node, level: number) => {
    if (level > repartitions) throw meetsItself(id);
    const isLower = levels.get(id)! < level;
    if (isLower) levels.set(id, level);
    return isLower;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const node of nodes) {
      for (const input of node.inputs) {
        const level = levels.get(input.id)!;
        if (node.kind === "repartition") {
          changed = raise(node, level + 1) || changed;
        } else {
          const joint = Math.max(level, levels.get(node.id)!);
          changed = raise(node, joint) || changed;
          changed = raise(input, joint) || changed;
        }
      }
    }
  }
  return levels;
}

/** The writing side of a repartition. */
function sinkOf(node: RepartitionNode, topic: string): OperatorNode {
  const { id, inputs, partitionedBy, placement } = node;
  return {
    kind: "operator",
    id,
    inputs,
    name: "repartition",
    stateful: false,
    findsLate: false,
    ...(partitionedBy !== null && { details: { "placed by": partitionedBy } }),
    writes: [topic],
    build: topicSink<unknown>({ topic, key: placement, value: textOf }),
  };
}

function textOf(element: unknown): string {
  const text: string | undefined = JSON.stringify(element);
  if (text !== undefined) return text;
  throw new FlightsError(
    "invalid-argument",
    `Cannot repartition an element: it must be a JSON value, it is ${typeof element}`,
  );
}

/** The reading side of a repartition. Whether an element is too far ahead was judged before it. */
function sourceOf(
  { id, inputs, partitionedBy }: RepartitionNode,
  topic: string,
  watermarks: WatermarkStrategy<unknown>,
): SourceNode {
  return {
    kind: "source",
    id,
    inputs: [],
    topic,
    deserialize: json((value) => value),
    watermarks,
    partitionedBy,
    isRepartition: true,
    isTable: inputs.every((input) => input.kind === "source" && input.isTable),
  };
}

/**
 * How a repartition topic tells event time: its writers carry their watermarks, which are behind the
 * out-of-orderness of their inputs already. In a silence no window closes sooner than at the sources.
 */
function strategyOf(sources: readonly SourceNode[]): WatermarkStrategy<unknown> {
  const streams = sources.filter(({ isTable }) => !isTable);
  const margins = streams.map(({ watermarks }) =>
    Math.max(watermarks.idleTimeout, watermarks.outOfOrderness)
  );
  const strategy = WatermarkStrategy.forMonotonousTimestamps<unknown>()
    .withIdleness(Math.max(0, ...margins));
  return streams.every(({ watermarks }) => watermarks.closesOnSilence)
    ? strategy
    : strategy.withoutClosingOnSilence();
}

function meetsItself(id: string): FlightsError {
  return new FlightsError(
    "invalid-topology",
    `Cannot split the topology at "${id}": a stream must not be united with what was repartitioned of ` +
      "it, here it is; declare the field that places the source (partitionedBy), or read the topic in " +
      "two jobs",
  );
}

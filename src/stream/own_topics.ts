/** The topics of a job's sources and sinks that are none, under their full names. */

import { type Node, Topology } from "./topology.ts";

/** Makes full names of those within the job. */
export interface OwnTopicNames {
  readonly source: (name: string) => string;
  readonly sink: (name: string) => string;
}

/** The same topology over topics only: with the full names of what is fed and tapped. */
export function overTopics(topology: Topology, names: OwnTopicNames): Topology {
  const named = new Topology();
  const renewed = new Map<Node, Node>();
  for (const node of topology.nodes) {
    const inputs = node.inputs.map((input) => renewed.get(input)!);
    renewed.set(node, named.add(withFullName({ ...node, inputs }, names)));
  }
  return named;
}

function withFullName(node: Node, names: OwnTopicNames): Node {
  if (node.kind === "source" && node.feed !== undefined) {
    const { feed: _, ...source } = node;
    return { ...source, topic: names.source(node.topic) };
  }
  if (node.kind === "operator" && node.tapped !== undefined) {
    const { tapped, ...sink } = node;
    const topic = names.sink(tapped.name);
    return { ...sink, writes: [topic], build: tapped.buildFor(topic) };
  }
  return node;
}

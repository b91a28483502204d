/** How the words of the language add nodes to a topology. */

import type { DataStream } from "./data_stream.ts";
import { type Key, placementText } from "./key.ts";
import { keyBy } from "./operators/stateless.ts";
import type { Node, OperatorNode, RepartitionNode, SourceNode, Topology } from "./topology.ts";

/** The settings of a new node that are not the same for all. */
export type NodeSettings = Pick<OperatorNode, "name" | "build"> & Partial<OperatorNode>;

/** A field of the element, or a function that returns the key. */
export type KeySelector<T, K extends Key = Key> = (keyof T & string) | ((value: T) => K);

/** A topology that grows. */
export class StreamGraph {
  /**
   * @param topology the topology that grows.
   * @param stream makes a stream of a node; `sideOutputs` is the node that puts elements aside, where
   * it is not the last of the stream.
   */
  constructor(
    readonly topology: Topology,
    readonly stream: <O>(node: Node, sideOutputs?: Node) => DataStream<O>,
  ) {}

  /** Adds an operator behind its inputs. */
  operator(inputs: readonly Node[], settings: NodeSettings): OperatorNode {
    return this.topology.add({
      kind: "operator",
      id: this.freshId(settings.name),
      inputs,
      stateful: false,
      findsLate: false,
      writes: [],
      ...settings,
    });
  }

  /** An id for a node that was given none. */
  freshId(name: string): string {
    return this.topology.freshId(name);
  }

  /** Adds what an operator put aside under a tag. */
  sideOutput(node: Node, tagId: string): Node {
    return this.topology.add({
      kind: "side-output",
      id: this.freshId(`${node.id} ${tagId}`),
      inputs: [node],
      tagId,
    });
  }

  /**
   * Gives the elements of `node` keys. Where they are not said to lie where their keys place them, they
   * go through a repartition topic first (semantics 23).
   */
  keyed<T>(node: Node, keySelector: KeySelector<T>): OperatorNode {
    const select = typeof keySelector === "function"
      ? keySelector
      : (value: T) => value[keySelector] as Key;
    const isPlaced = originsOf(node).every((origin) => isPlacedBy(origin, keySelector));
    const partitionedBy = typeof keySelector === "string" ? keySelector : null;
    const placed = isPlaced ? node : this.#repartitioned(node, select, partitionedBy);
    return this.operator([placed], {
      name: "keyBy",
      ...(partitionedBy !== null && { details: { key: partitionedBy } }),
      build: keyBy(select),
    });
  }

  #repartitioned<T>(
    node: Node,
    select: (value: T) => Key,
    partitionedBy: string | null,
  ): RepartitionNode {
    const origins = originsOf(node).map((one) => one.kind === "source" ? one.topic : one.name);
    return this.topology.add({
      kind: "repartition",
      id: this.freshId("repartition"),
      inputs: [node],
      name: this.topology.freshRepartition([...new Set(origins)].join("-")),
      partitionedBy,
      placement: (value) => placementText(select(value as T)),
    });
  }
}

/** Where the elements that reach `node` were read: topics, those of the job's repartitions among them. */
function originsOf(node: Node): readonly (SourceNode | RepartitionNode)[] {
  return node.kind === "source" || node.kind === "repartition"
    ? [node]
    : node.inputs.flatMap(originsOf);
}

/**
 * Whether elements that were read there are said to lie where `keySelector` places them. Of a source it
 * is believed that a function gives the field that it declares, and checked with each key.
 */
function isPlacedBy<T>(
  { kind, partitionedBy }: SourceNode | RepartitionNode,
  keySelector: KeySelector<T>,
): boolean {
  if (typeof keySelector === "string") return partitionedBy === keySelector;
  return kind === "source" && partitionedBy !== null;
}

/** Wires the operators of a topology together for one task: a plain function call each. */

import type { OperatorContext } from "./task_context.ts";
import type { Downstream, Emit, Node, Operator, Topology } from "./topology.ts";

/** The operators of one task. */
export interface Chain {
  /** For each source, in the order of the topology, where its elements go. */
  readonly sources: readonly Emit[];
  /** The operators that follow the watermark, each behind those it takes elements from. */
  readonly followers: readonly Required<Pick<Operator, "advance">>[];
  /** The end of the last window that is open, or null. */
  lastOpenEnd(): number | null;
  /** Whether windows are open or timers set: the watermark alone makes them give something out. */
  waits(): boolean;
}

const nowhere: Emit = () => {};

/** Builds the chain of a task. */
export function buildChain(topology: Topology, context: OperatorContext): Chain {
  const inlets = new Map<string, Emit>();
  const operators: Operator[] = [];
  // One that takes a stream twice (a union with itself) stands there twice.
  const consumersOf = (node: Node) =>
    topology.nodes.flatMap((other) =>
      other.inputs.filter((input) => input.id === node.id).map(() => other)
    );

  // Backwards, since whoever emits has to know who takes.
  for (const node of [...topology.nodes].reverse()) {
    const consumers = consumersOf(node);
    const emit = fanOut(
      consumers.filter((other) => other.kind !== "side-output").map((other) =>
        inlets.get(other.id)!
      ),
    );
    if (node.kind !== "operator") {
      inlets.set(node.id, emit);
      continue;
    }
    const tagged = new Map<string, Emit>();
    for (const other of consumers) {
      if (other.kind === "side-output") tagged.set(other.tagId, inlets.get(other.id)!);
    }
    const downstream: Downstream = {
      emit,
      emitTo: (tagId, value, timestamp, key) =>
        (tagged.get(tagId) ?? nowhere)(value, timestamp, key),
      takes: (tagId) => tagged.has(tagId),
    };
    const operator = node.build(context, downstream);
    operators.unshift(operator);
    inlets.set(node.id, operator.process);
  }

  return {
    sources: topology.sources.map((source) => inlets.get(source.id)!),
    followers: operators.filter((operator) => operator.advance !== undefined) as Required<
      Pick<Operator, "advance">
    >[],
    lastOpenEnd: () => {
      const ends = operators.map((operator) => operator.lastOpenEnd?.() ?? null);
      const open = ends.filter((end) => end !== null);
      return open.length === 0 ? null : Math.max(...open);
    },
    waits: () => operators.some((operator) => operator.waits?.() ?? false),
  };
}

/** One function that calls all of `emits`. */
function fanOut(emits: readonly Emit[]): Emit {
  const [only] = emits;
  if (only === undefined) return nowhere;
  if (emits.length === 1) return only;
  return (value, timestamp, key) => {
    for (const emit of emits) emit(value, timestamp, key);
  };
}

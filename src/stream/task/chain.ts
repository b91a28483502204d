/** Wires the operators of a topology together for one task: a plain function call each. */

import type { OperatorWindows } from "../windows/open_windows.ts";
import type { OperatorContext } from "./task_context.ts";
import type { Downstream, Emit, Node, Operator, Topology } from "../topology.ts";

/** The operators of one task. */
export interface Chain {
  /** For each source, in the order of the topology, where its elements go. */
  readonly sources: readonly Emit[];
  /** The operators that follow the watermark, each behind those it takes elements from. */
  readonly followers: readonly Required<Pick<Operator, "advance">>[];
  /** The operators that follow the clock, in the same order. */
  readonly watchers: readonly Required<Pick<Operator, "tick">>[];
  /** The end of the last window that is open, or null. */
  lastOpenEnd(): number | null;
  /** The time of the last event-time timer, or null. */
  lastTimer(): number | null;
  /** Whether windows are open or timers set: the watermark alone makes them give something out. */
  waits(): boolean;
  /** For who looks at the task: the open windows of each operator that has some. */
  openWindows(limit: number): readonly OperatorWindows[];
}

/** One input of a node that takes elements of another. */
interface Consumer {
  readonly node: Node;
  /** Which of its inputs it is. */
  readonly input: number;
}

const nowhere: Emit = () => {};

/** Builds the chain of a task. */
export function buildChain(topology: Topology, context: OperatorContext): Chain {
  const inlets = new Map<string, Pick<Operator, "process" | "processSecond">>();
  const operators: Operator[] = [];
  const ids: string[] = [];
  const inletOf = ({ node, input }: Consumer): Emit => {
    const { process, processSecond } = inlets.get(node.id)!;
    return input === 1 && processSecond !== undefined ? processSecond : process;
  };

  // Backwards, since whoever emits has to know who takes.
  for (const node of [...topology.nodes].reverse()) {
    const consumers = consumersOf(topology, node);
    const emit = fanOut(
      consumers.filter((other) => other.node.kind !== "side-output").map(inletOf),
    );
    if (node.kind !== "operator") {
      inlets.set(node.id, { process: emit });
      continue;
    }
    const tagged = new Map<string, Emit>();
    for (const other of consumers) {
      if (other.node.kind === "side-output") tagged.set(other.node.tagId, inletOf(other));
    }
    const operator = node.build(context, downstreamOf(emit, tagged));
    operators.unshift(operator);
    ids.unshift(node.id);
    inlets.set(node.id, operator);
  }

  return {
    sources: topology.sources.map((source) => inlets.get(source.id)!.process),
    followers: operators.filter((operator) => operator.advance !== undefined) as Required<
      Pick<Operator, "advance">
    >[],
    watchers: operators.filter((operator) => operator.tick !== undefined) as Required<
      Pick<Operator, "tick">
    >[],
    lastOpenEnd: () => largest(operators.map((operator) => operator.lastOpenEnd?.() ?? null)),
    lastTimer: () => largest(operators.map((operator) => operator.lastTimer?.() ?? null)),
    waits: () => operators.some((operator) => operator.waits?.() ?? false),
    openWindows: (limit) =>
      operators.flatMap((one, index) => {
        const windows = one.openWindows?.(limit);
        return windows === undefined || windows.count === 0
          ? []
          : [{ operator: ids[index]!, ...windows }];
      }),
  };
}

/** Who takes elements of `node`; who takes them twice (a union with itself) is there twice. */
function consumersOf(topology: Topology, node: Node): readonly Consumer[] {
  return topology.nodes.flatMap((other) =>
    other.inputs.flatMap(({ id }, input) => id === node.id ? [{ node: other, input }] : [])
  );
}

function downstreamOf(emit: Emit, tagged: ReadonlyMap<string, Emit>): Downstream {
  return {
    emit,
    emitTo: (tagId, value, timestamp, key) => (tagged.get(tagId) ?? nowhere)(value, timestamp, key),
    takes: (tagId) => tagged.has(tagId),
  };
}

function largest(values: readonly (number | null)[]): number | null {
  return values.reduce((a, b) => a === null ? b : b === null ? a : Math.max(a, b), null);
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

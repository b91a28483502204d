/**
 * A job as text: a line a node, top to bottom, with lanes that branch and meet beside it as in
 * `git log --graph`.
 */

import type { Plan, PlanNode, PlanStage } from "./plan.ts";

/** A node with what is drawn beside it. */
interface Row {
  readonly node: PlanNode;
  /** The lanes above it where it must not look as if it followed what ended there; else null. */
  readonly above: string | null;
  /** The lanes with the node in its own. */
  readonly graph: string;
  /** The lanes below it. */
  readonly below: string;
}

/** The text of a plan, its lines without trailing spaces. */
export function planText({ applicationId, stages }: Plan): string {
  const parts = stages.map((stage, index) => {
    const number = stages.length === 1 ? "stage " : `stage ${index + 1} of ${stages.length}, `;
    const state = stage.changelog === null ? "no state" : `state in ${stage.changelog}`;
    return `${number}${stage.name}: ${state}\n${stageText(stage)}`;
  });
  return [applicationId, ...parts].join("\n\n") + "\n";
}

function stageText({ nodes }: PlanStage): string {
  const rows = rowsOf(nodes);
  const graphWidth = Math.max(
    0,
    ...rows.flatMap(({ graph, below }) => [graph, below].map(lengthOf)),
  );
  const titleWidth = Math.max(0, ...rows.map(({ node }) => lengthOf(node.title)));
  return rows.flatMap(({ node, above, graph, below }) => {
    const details = detailsOf(node);
    const first = `${pad(graph, graphWidth)}  ${pad(node.title, titleWidth)}  ${details[0] ?? ""}`;
    const space = " ".repeat(titleWidth);
    const more = details.slice(1).map((detail) => `${pad(below, graphWidth)}  ${space}  ${detail}`);
    return [...(above === null ? [] : [above]), first, ...more].map((line) => line.trimEnd());
  }).join("\n");
}

function lengthOf(text: string): number {
  return [...text].length;
}

function pad(text: string, width: number): string {
  return text + " ".repeat(width - lengthOf(text));
}

/** What is said of a node beside its title, a line each. */
function detailsOf(node: PlanNode): readonly string[] {
  const { settings, state, title, writes, lateTo, deadLettersTo } = node;
  const topics = writes.filter((topic) => !title.endsWith(` ${topic}`));
  return [
    ...settings,
    ...(topics.length === 0 ? [] : [`to: ${topics.join(", ")}`]),
    ...(state.length === 0 ? [] : [`state: ${state.join(", ")}`]),
    ...(lateTo.length === 0 ? [] : [`late records: ${lateTo.join(", ")}`]),
    ...(deadLettersTo === null ? [] : [`dead letters: ${deadLettersTo}`]),
  ];
}

/** Draws the lanes: each carries what one node gives out, until the last that takes it. */
function rowsOf(nodes: readonly PlanNode[]): readonly Row[] {
  const takers = new Map<string, number>();
  for (const { inputs } of nodes) {
    for (const id of new Set(inputs)) takers.set(id, (takers.get(id) ?? 0) + 1);
  }
  const left = new Map(takers);
  const lanes: (string | null)[] = [];
  let endedIn: number | null = null;
  return nodes.map((node) => {
    const inputs = [...new Set(node.inputs)].map((id) => {
      left.set(id, left.get(id)! - 1);
      return { lane: lanes.indexOf(id), ends: left.get(id) === 0 };
    });
    const own = ownLane(lanes, inputs);
    const above = own === endedIn ? drawLanes(lanes) : null;
    const graph = drawRow(lanes, own, inputs);
    for (const { lane, ends } of inputs) if (ends) lanes[lane] = null;
    lanes[own] = takers.has(node.id) ? node.id : null;
    while (lanes.at(-1) === null) lanes.pop();
    endedIn = takers.has(node.id) ? null : own;
    return { node, above, graph, below: drawLanes(lanes) };
  });
}

function drawLanes(lanes: readonly (string | null)[]): string {
  return lanes.map((lane) => lane === null ? " " : "│").join(" ");
}

interface Inlet {
  readonly lane: number;
  /** Whether nobody else takes what comes there. */
  readonly ends: boolean;
}

/** The lane of a node: the first of its inputs' that ends there, else one that is free beside them. */
function ownLane(lanes: (string | null)[], inputs: readonly Inlet[]): number {
  const ending = inputs.filter(({ ends }) => ends).map(({ lane }) => lane);
  if (ending.length > 0) return Math.min(...ending);
  const from = Math.max(-1, ...inputs.map(({ lane }) => lane)) + 1;
  const free = lanes.indexOf(null, from);
  const own = free < 0 ? lanes.length : free;
  lanes[own] ??= null;
  return own;
}

/** The lanes where a node stands in its own and takes from those of its inputs. */
function drawRow(
  lanes: readonly (string | null)[],
  own: number,
  inputs: readonly Inlet[],
): string {
  const cells = lanes.flatMap((lane) => [lane === null ? " " : "│", " "]).slice(0, -1);
  const others = inputs.filter(({ lane }) => lane !== own);
  for (const { lane } of others) {
    const [from, to] = [Math.min(lane, own) * 2, Math.max(lane, own) * 2];
    for (let cell = from + 1; cell < to; cell++) if (cells[cell] === " ") cells[cell] = "─";
  }
  const [first, last] = [
    Math.min(own, ...others.map(({ lane }) => lane)),
    Math.max(own, ...others.map(({ lane }) => lane)),
  ];
  for (const { lane, ends } of others) {
    const isOuter = lane === first || lane === last;
    const onLeft = lane < own;
    const outer = onLeft ? (ends ? "└" : "├") : (ends ? "┘" : "┤");
    cells[lane * 2] = isOuter ? outer : ends ? "┴" : "┼";
  }
  cells[own * 2] = "●";
  return cells.join("").trimEnd();
}

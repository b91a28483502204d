/// <reference lib="dom" />
/** The way of the records through topics and jobs, with live rates on the arrows. */

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Frame } from "../frame.ts";
import type { History } from "../history.ts";
import { type FlowEdge, type FlowNode, layOut } from "./flow_layout.ts";
import { count, rate } from "./format.ts";

/** The size of a node, and the room between two, in the units of the picture. */
const [nodeWidth, nodeHeight, alongGap, acrossGap] = [136, 50, 76, 18];
/** A page narrower than this shows the flow from top to bottom. */
const narrow = 700;

/** The picture. */
export function Flow({ frame, history }: { readonly frame: Frame; readonly history: History }) {
  const place = useRef<HTMLDivElement>(null);
  const [isDown, setDown] = useState(false);
  useLayoutEffect(() => {
    const element = place.current!;
    const resized = new ResizeObserver(() => setDown(element.clientWidth < narrow));
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  const flow = layOut(frame.overview);
  const columns = Math.max(1, ...flow.nodes.map(({ depth }) => depth + 1));
  const rows = Math.max(1, ...flow.nodes.map(({ row }) => row + 1));
  const gap = isDown ? 44 : alongGap;
  const along = isDown ? nodeHeight : nodeWidth;
  const across = isDown ? nodeWidth : nodeHeight;
  const length = columns * along + (columns - 1) * gap;
  const breadth = rows * across + (rows - 1) * acrossGap;
  const at = ({ depth, row, siblings }: FlowNode): Place => {
    const a = depth * (along + gap);
    const b = (breadth - siblings * across - (siblings - 1) * acrossGap) / 2 +
      row * (across + acrossGap);
    return isDown ? { x: b, y: a } : { x: a, y: b };
  };
  const [width, height] = isDown ? [breadth, length] : [length, breadth];
  return (
    <section class="flow" aria-labelledby="flow">
      <h2 id="flow">Flow</h2>
      <div ref={place}>
        <svg
          viewBox={`-4 -4 ${width + 8} ${height + 8}`}
          style={{ maxWidth: `${width * 1.15}px` }}
          role="img"
          aria-label={describe(flow.edges, history)}
        >
          {flow.edges.map((edge) => (
            <Arrow
              key={`${edge.from.id} ${edge.to.id}`}
              from={at(edge.from)}
              to={at(edge.to)}
              isDown={isDown}
              value={history.rate(edge.figure)}
            />
          ))}
          {flow.nodes.map((node) => <Node key={node.id} node={node} place={at(node)} />)}
        </svg>
      </div>
    </section>
  );
}

interface Place {
  readonly x: number;
  readonly y: number;
}

function Node({ node, place: { x, y } }: { readonly node: FlowNode; readonly place: Place }) {
  const { kind, name, note } = node;
  return (
    <g class={`node ${kind} ${node.state}`} transform={`translate(${x} ${y})`}>
      {shortened(name) !== name && <title>{name}</title>}
      <rect width={nodeWidth} height={nodeHeight} rx={kind === "topic" ? nodeHeight / 2 : 6} />
      <text x={nodeWidth / 2} y={21} class="name">{shortened(name)}</text>
      <text x={nodeWidth / 2} y={38} class="note">{note}</text>
    </g>
  );
}

/** Names that begin alike often end unlike. */
function shortened(name: string): string {
  const characters = [...name];
  if (characters.length <= 16) return name;
  return `${characters.slice(0, 8).join("")}…${characters.slice(-7).join("")}`;
}

function Arrow({ from, to, isDown, value }: {
  readonly from: Place;
  readonly to: Place;
  readonly isDown: boolean;
  readonly value: number | null;
}) {
  const [x1, y1] = isDown
    ? [from.x + nodeWidth / 2, from.y + nodeHeight]
    : [from.x + nodeWidth, from.y + nodeHeight / 2];
  const [x2, y2] = isDown ? [to.x + nodeWidth / 2, to.y - 6] : [to.x - 6, to.y + nodeHeight / 2];
  const [mx, my] = [(x1 + x2) / 2, (y1 + y2) / 2];
  const curve = isDown
    ? `M${x1} ${y1} C${x1} ${my} ${x2} ${my} ${x2} ${y2}`
    : `M${x1} ${y1} C${mx} ${y1} ${mx} ${y2} ${x2} ${y2}`;
  const head = isDown
    ? `M${x2 - 4} ${y2 - 2} L${x2} ${y2 + 5} L${x2 + 4} ${y2 - 2}`
    : `M${x2 - 2} ${y2 - 4} L${x2 + 5} ${y2} L${x2 - 2} ${y2 + 4}`;
  return (
    <g class={`arrow ${value !== null && value > 0 ? "flows" : ""}`}>
      <path d={curve} class="shaft" />
      <path d={head} class="head" />
      {value !== null && (
        <text x={isDown ? mx + 6 : mx} y={isDown ? my + 4 : my - 5} class={isDown ? "down" : ""}>
          {rate(value)}
        </text>
      )}
    </g>
  );
}

function describe(edges: readonly FlowEdge[], history: History): string {
  return edges.map(({ from, to, figure }) => {
    const value = history.rate(figure);
    return `${from.name} to ${to.name}${value === null ? "" : ` ${count(value)} a second`}`;
  }).join(", ");
}

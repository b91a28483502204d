/** A job as a Mermaid flowchart: a subgraph a stage, topics and state as cylinders around them. */

import type { Plan, PlanNode, PlanStage } from "./plan.ts";

/** The text of a plan's flowchart, as it stands between the fences of a Markdown file. */
export function planMermaid({ stages }: Plan): string {
  const topics = new Topics();
  const lines = stages.flatMap((stage, index) => stageLines(stage, { index, topics }));
  return ["flowchart TB", ...topics.nodes, ...lines].map((line) => `${line}\n`).join("");
}

/** The topics, each a node. */
class Topics {
  readonly #ids = new Map<string, string>();

  /** The id of a topic's node. */
  idOf(topic: string): string {
    const id = this.#ids.get(topic) ?? `topic${this.#ids.size + 1}`;
    this.#ids.set(topic, id);
    return id;
  }

  get nodes(): readonly string[] {
    return [...this.#ids].map(([topic, id]) => `  ${id}[(${quoted(topic)})]`);
  }
}

function stageLines(
  { name, nodes, changelog }: PlanStage,
  { index, topics }: { readonly index: number; readonly topics: Topics },
): readonly string[] {
  const ids = new Map(nodes.map(({ id }, at) => [id, `stage${index + 1}node${at + 1}`]));
  const inside = nodes.flatMap((node) => [
    `    ${ids.get(node.id)}${shapeOf(node)}`,
    ...node.inputs.map((input) => `    ${ids.get(input)} --> ${ids.get(node.id)}`),
  ]);
  const outside = nodes.flatMap((node) => {
    const id = ids.get(node.id)!;
    const { reads, writes, lateTo, deadLettersTo, state } = node;
    return [
      ...(reads === null ? [] : [`${topics.idOf(reads)} --> ${id}`]),
      ...writes.map((topic) => `${id} --> ${topics.idOf(topic)}`),
      ...lateTo.map((topic) => `${id} -. late .-> ${topics.idOf(topic)}`),
      ...(deadLettersTo === null
        ? []
        : [`${id} -. cannot be read .-> ${topics.idOf(deadLettersTo)}`]),
      ...(state.length === 0 ? [] : [`${id} -. state .-> ${topics.idOf(changelog!)}`]),
    ];
  });
  return [
    `  subgraph stage${index + 1}[${quoted(`stage ${name}`)}]`,
    ...inside,
    "  end",
    ...outside.map((line) => `  ${line}`),
  ];
}

/** A node's label in its brackets: round at the edges of the stage, square between them. */
function shapeOf({ kind, title, settings, state }: PlanNode): string {
  const kept = state.length === 0 ? [] : [`state: ${state.join(", ")}`];
  const label = [title, ...settings, ...kept].map(escaped).join("<br/>");
  return kind === "operator" ? `["${label}"]` : `(["${label}"])`;
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

/** Text that Mermaid shows as it is: what means something to it or to HTML becomes an entity. */
function escaped(text: string): string {
  return text.replace(/[#"<>&`\\]/g, (character) => `#${character.codePointAt(0)};`);
}

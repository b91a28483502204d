/** Where topics and jobs stand in the picture of the flow: in columns, by how far they are from a source. */

import { edge, type Point } from "../history.ts";
import { type JobOverview, type LogOverview, sizeOf } from "../overview.ts";
import { count } from "./format.ts";

/** A topic, a job, or whoever writes what no job does. */
export interface FlowNode {
  readonly id: string;
  readonly kind: "topic" | "job" | "producer";
  readonly name: string;
  /** A few words below the name. */
  readonly note: string;
  /** Of a job: what it is doing. */
  readonly state: string;
  /** Its column, from 0. */
  readonly depth: number;
  /** Its place in the column, from 0, and how many stand there. */
  readonly row: number;
  readonly siblings: number;
}

/** An arrow. */
export interface FlowEdge {
  readonly from: FlowNode;
  readonly to: FlowNode;
  /** What grows by each record that takes it. */
  readonly figure: (point: Point) => number | undefined;
}

type Draft = Pick<FlowNode, "id" | "kind" | "name" | "note" | "state">;
type Link = readonly [from: string, to: string, figure: FlowEdge["figure"]];

/** The picture of a log's jobs. */
export function layOut({ jobs, topics }: LogOverview): {
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
} {
  const drafts = new Map<string, Draft>();
  const links: Link[] = [];
  const written = new Set(jobs.flatMap(({ status }) => status.writes));
  const add = (draft: Draft) => void drafts.set(draft.id, draft);
  const addTopic = (name: string) => {
    const topic = topics.find((one) => one.name === name);
    const note = topic === undefined ? "is not there" : `${count(sizeOf(topic))} records`;
    add({ id: `topic ${name}`, kind: "topic", name, note, state: "" });
  };
  for (const job of jobs) {
    const { applicationId: name, reads, writes, state } = job.status;
    add({ id: `job ${name}`, kind: "job", name, note: noteOf(job), state });
    for (const topic of reads) {
      addTopic(topic);
      links.push([
        `topic ${topic}`,
        `job ${name}`,
        ({ takenOf }) => takenOf.get(edge(name, topic)),
      ]);
      if (written.has(topic)) continue;
      add({ id: "producer", kind: "producer", name: producerOf(topic), note: "", state: "" });
      links.push(["producer", `topic ${topic}`, ({ ends }) => ends.get(topic)]);
    }
    for (const topic of writes) {
      addTopic(topic);
      links.push([`job ${name}`, `topic ${topic}`, ({ ends }) => ends.get(topic)]);
    }
  }
  return place(drafts, links);
}

function noteOf({ status: { state }, members }: JobOverview): string {
  return members.length > 1 ? `${state}, ${members.length} members` : state;
}

/** The two airlines' bookings come from datagen, or from who stands in for it. */
function producerOf(topic: string): string {
  return topic === "skyone" || topic === "sunset" ? "datagen" : "producers";
}

function place(drafts: ReadonlyMap<string, Draft>, all: readonly Link[]) {
  // Two producers that write one topic are one arrow each; the same one twice is one.
  const links = [...new Map(all.map((link) => [`${link[0]}\n${link[1]}`, link])).values()];
  const depths = new Map([...drafts.keys()].map((id) => [id, 0]));
  // A circle of jobs ends after as many rounds as there are nodes.
  for (let round = 0; round < drafts.size; round++) {
    for (const [from, to] of links) {
      depths.set(to, Math.max(depths.get(to)!, Math.min(depths.get(from)! + 1, drafts.size)));
    }
  }
  const columns = Map.groupBy(drafts.values(), ({ id }) => depths.get(id)!);
  const order = [...columns.keys()].sort((a, b) => a - b);
  const nodes = new Map<string, FlowNode>();
  order.forEach((depth, column) => {
    const drafted = columns.get(depth)!.toSorted((a, b) => a.name < b.name ? -1 : 1);
    drafted.forEach((draft, row) =>
      nodes.set(draft.id, { ...draft, depth: column, row, siblings: drafted.length })
    );
  });
  const edges = links.map(([from, to, figure]): FlowEdge => ({
    from: nodes.get(from)!,
    to: nodes.get(to)!,
    figure,
  }));
  return { nodes: [...nodes.values()], edges };
}

/** How a sink that is no topic joins a topology: as a topic of the job, and where that goes on to. */

import { FlightsError } from "../base/errors.ts";
import { topicSink } from "./sink.ts";
import type { ExternalSink, Tap } from "./sinks.ts";
import type { StreamGraph } from "./stream_graph.ts";
import { freshName, type Node } from "./topology.ts";

/**
 * Adds the sink behind `node`. Sinks of one name and place are one, which takes elements in the order
 * in which the job gives them out.
 *
 * @throws {FlightsError} `invalid-topology` when another place has the name.
 */
export function addExternalSink<T>(graph: StreamGraph, node: Node, sink: ExternalSink<T>): void {
  const { tap, value } = sink;
  const taken = graph.topology.taps;
  const name = sink.name ?? freshName(tap.kind, new Set(taken.map((one) => one.name)));
  const other = taken.find((one) => one.name === name && !isSamePlace(one.tap, tap));
  if (other !== undefined) {
    throw new FlightsError(
      "invalid-topology",
      `Cannot add the sink "${name}": each must have a name of its own, another has that one`,
    );
  }
  const buildFor = (topic: string) => topicSink<T>({ topic, value });
  const tapped = { name, tap, buildFor };
  graph.operator([node], {
    name: `sink ${name}`,
    writes: [name],
    tapped,
    details: { "goes on to": describeTap(tap) },
    build: buildFor(name),
  });
}

function describeTap(tap: Tap): string {
  switch (tap.kind) {
    case "stdout":
      return "standard output";
    case "file":
      return `the file ${tap.path}`;
    case "callback":
      return "a function of the program";
  }
}

function isSamePlace(a: Tap, b: Tap): boolean {
  if (a.kind === "file") return b.kind === "file" && a.path === b.path && a.existing === b.existing;
  return a.kind === "stdout" && b.kind === "stdout";
}

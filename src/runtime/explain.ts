/** What a job is made of, as text or as a picture. */

import type { Topology } from "../stream/topology.ts";
import { planMermaid } from "./explain_mermaid.ts";
import { planText } from "./explain_text.ts";
import { planOf } from "./plan.ts";

/** `text` for a terminal; `mermaid` for a Markdown file, as a flowchart. */
export type ExplainFormat = "text" | "mermaid";

/** Settings of {@linkcode explain}. */
export interface ExplainOptions {
  /** Default `text`. */
  readonly format?: ExplainFormat;
  /** The name by which the log knows the job; default `APPLICATION-ID`. */
  readonly applicationId?: string;
}

/**
 * What a job is made of, top to bottom: its stages, in each its sources with their watermark strategies,
 * its operators with their settings and the state they keep, its side outputs and sinks; and the topics
 * that it needs beside: repartitions, changelogs, late records and dead letters.
 *
 * The same topology gives the same text. Functions that a task is opened with are called, so that they
 * name their state; no element is processed and no log is touched.
 *
 * @throws {FlightsError} `invalid-topology` when the job cannot be run.
 */
export function explain(topology: Topology, options: ExplainOptions = {}): string {
  const { format = "text", applicationId = "APPLICATION-ID" } = options;
  const plan = planOf({ applicationId, topology });
  return format === "text" ? planText(plan) : planMermaid(plan);
}

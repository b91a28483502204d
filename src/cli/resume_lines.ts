/** Where a job goes on, as it is told at each start (semantics 18). */

import { formatTime } from "../base/time.ts";
import type { ResumedInput } from "../runtime/job_options.ts";
import type { ResumePoint, StartFrom } from "../runtime/resume.ts";
import type { Fields } from "./logging.ts";

/** One line of a start. */
export interface ResumeLine {
  /** `warning` where something was lost. */
  readonly level: "info" | "warning";
  readonly message: string;
  readonly fields: Fields;
}

/**
 * Tells where inputs go on: a line for all partitions of a topic that go on in the same way, but one
 * for each partition that lost something.
 *
 * @param from where a first start begins.
 */
export function resumeLines(
  inputs: readonly ResumedInput[],
  from: StartFrom,
): readonly ResumeLine[] {
  const groups = Map.groupBy(
    inputs,
    ({ topic, partition, resume: { kind } }) =>
      isLoss(kind) ? `${topic} ${kind} ${partition}` : `${topic} ${kind}`,
  );
  return [...groups.values()].map((group) => lineOf(group, from));
}

function isLoss(kind: ResumePoint["kind"]): boolean {
  return kind !== "first" && kind !== "committed";
}

/** The line of inputs that have topic and kind in common. */
function lineOf(group: readonly ResumedInput[], from: StartFrom): ResumeLine {
  const { topic, resume, isReadWhole = false } = group[0]!;
  const inOrder = group.toSorted((a, b) => a.partition - b.partition);
  const offsets = inOrder.map(({ resume }) => "offset" in resume ? resume.offset : null);
  const partitions = inOrder.map(({ partition }) => partition);
  return {
    level: isLoss(resume.kind) ? "warning" : "info",
    message: `resumes ${topic}[${rangesOf(partitions)}] at ${offsets.join(", ")} ` +
      `(${reasonOf(resume, isReadWhole ? "earliest" : from)})`,
    fields: {
      topic,
      resume: resume.kind,
      offsets: Object.fromEntries(partitions.map((partition, i) => [partition, offsets[i]])),
    },
  };
}

function reasonOf(resume: ResumePoint, from: StartFrom): string {
  switch (resume.kind) {
    case "first":
      return `first start, ${typeof from === "number" ? formatTime(from) : from}`;
    case "committed":
      return "committed";
    case "truncated":
      return `committed ${resume.committed} is gone; state kept, by --on-data-loss, semantics 17`;
    case "recreated":
      return "the topic was created anew; state thrown away, by --on-data-loss, semantics 17";
    default:
      return resume.found;
  }
}

/** Numbers in order, runs of them shortened: `0-2, 5`. */
function rangesOf(numbers: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range !== undefined && number === range.last + 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`)
    .join(", ");
}

/** What became of the records that a job has read. */

import { counted } from "../../base/words.ts";
import { deadLetterTopic, lateTopic } from "../../stream/stray_topics.ts";
import { type OutcomeCounts, sumOutcomes, totalOf } from "../../stream/task/counts.ts";
import type { JobOverview } from "../overview.ts";
import { type Cause, type Finding, finding } from "./finding.ts";
import { clockTime } from "./words.ts";

/** What can be said of a job's records and results. */
export function outcomeFindings(job: JobOverview): readonly Finding[] {
  const { status } = job;
  const counts = sumOutcomes(status.tasks.map(({ outcomes }) => outcomes));
  const total = totalOf(counts);
  if (total === 0) return [];
  const all = allLost(job, recentOutcomes(job) ?? counts);
  return [...(all === null ? strays(job, counts) : [all]), ...unreported(job), ...results(job)];
}

/** Of the records that those who run took in themselves; null when they had none. */
function recentOutcomes({ status: { tasks }, toldBy }: JobOverview): OutcomeCounts | null {
  if (toldBy !== "process") return null;
  const counts = sumOutcomes(
    tasks.flatMap(({ inputs }) => inputs).map(({ outcomesHere }) => outcomesHere),
  );
  return totalOf(counts) === 0 ? null : counts;
}

/** Says so when no record came through at all. */
function allLost({ status }: JobOverview, counts: OutcomeCounts): Finding | null {
  if (counts.used + counts.windowed > 0) return null;
  const total = totalOf(counts);
  const { applicationId: job } = status;
  const { deadLetter, late, filtered } = counts;
  const records = counted(total, "record");
  const most = Math.max(deadLetter, late, filtered);
  const cause: Cause = most === deadLetter
    ? "all-dead-letters"
    : most === late
    ? "all-late"
    : "all-filtered";
  const text = {
    "all-dead-letters":
      `none of the ${records} that ${job} has read could be used: ${deadLetter} went to ${
        topicsOf(status.reads, deadLetterTopic)
      }, where each says why`,
    "all-late": `none of the ${records} that ${job} has read came in time: ${late} went to ${
      topicsOf(status.reads, lateTopic)
    }`,
    "all-filtered":
      `${job} lets none of the ${records} through that it has read: ${filtered} were filtered`,
  }[cause];
  return finding(cause, { job, text, figures: { records: total, deadLetter, late, filtered } });
}

function strays(
  { status: { applicationId: job, reads } }: JobOverview,
  { late, deadLetter }: OutcomeCounts,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (deadLetter > 0) {
    const text = `${counted(deadLetter, "record")} could not be read: see ${
      topicsOf(reads, deadLetterTopic)
    }, where each says why`;
    findings.push(finding("dead-letters", { job, text, figures: { deadLetter } }));
  }
  if (late > 0) {
    const text = `${counted(late, "record")} came too late for their windows: see ${
      topicsOf(reads, lateTopic)
    }`;
    findings.push(finding("late-records", { job, text, figures: { late } }));
  }
  return findings;
}

function topicsOf(reads: readonly string[], name: (topic: string) => string): string {
  return reads.map(name).join(" or ");
}

function unreported({ status: { applicationId: job, tasks } }: JobOverview): readonly Finding[] {
  const counts = new Map<string, number>();
  for (const { topic, unreported } of tasks.flatMap(({ inputs }) => inputs)) {
    if (unreported > 0) counts.set(topic, (counts.get(topic) ?? 0) + unreported);
  }
  return [...counts].map(([topic, count]) =>
    finding("unreported-writers", {
      job,
      text:
        `${
          counted(count, "record")
        } of ${topic} come from a writer that reports no watermarks: they move ` +
        "nothing, and can be late",
      figures: { topic, records: count },
    })
  );
}

/** There is output. */
function results({ status }: JobOverview): readonly Finding[] {
  const { applicationId: job, outputs, writes, commits: { lastAt } } = status;
  return writes.flatMap((topic): readonly Finding[] => {
    const count = outputs[topic] ?? 0;
    if (count === 0) return [];
    const when = lastAt === null ? "" : `; its last commit was at ${clockTime(lastAt, status.at)}`;
    return [finding("has-output", {
      job,
      text: `${job} has written ${
        counted(count, "record")
      } to ${topic} since its tasks were taken up${when}`,
      figures: { topic, records: count, lastAt },
    })];
  });
}

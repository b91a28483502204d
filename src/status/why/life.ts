/** Whether anybody runs a job, and what keeps those who do from working. */

import { describeDuration } from "../../base/duration.ts";
import { counted } from "../../base/words.ts";
import type { MemberStatus } from "../../runtime/job_status.ts";
import type { JobOverview } from "../overview.ts";
import { type Finding, finding } from "./finding.ts";
import { clockTime } from "./words.ts";

/** A member that joined again so short a time ago is told of, in milliseconds. */
const recent = 60_000;
/** Who joined again so often, and does so still, is in a loop, though it has its tasks for a moment. */
const loopsAfter = 3;

/** What can be said of the members of a job. */
export function lifeFindings(job: JobOverview): readonly Finding[] {
  const { status, members, toldBy } = job;
  if (toldBy === "process") {
    return [
      ...status.members.flatMap((member) => memberFindings(job, member)),
      ...unheld(job),
    ];
  }
  if (members.length === 0 && job.processes.length === 0) return [noMember(job)];
  return [notAnswering(job), ...unheld(job)];
}

function noMember({ status: { applicationId: job, tasks } }: JobOverview): Finding {
  const lag = tasks.flatMap(({ inputs }) => inputs).reduce((sum, one) => sum + (one.lag ?? 0), 0);
  const has = tasks.length === 0
    ? "it has never committed anything"
    : lag === 0
    ? "all of its input was processed when the last one left"
    : `${counted(lag, "offset")} of its input wait to be processed`;
  return finding("no-member", {
    job,
    text: `no member of ${job} runs: ${has}; start it`,
    figures: { lag },
  });
}

function notAnswering({ status, members, processes }: JobOverview): Finding {
  const { applicationId: job } = status;
  const deaf = processes.map(({ address, failure }) => `${address} (${failure})`).join(", ");
  const one = members.length === 1;
  const running = members.length === 0
    ? `a process of ${job} is there and holds no partitions`
    : `${counted(members.length, "member")} of ${job} ${one ? "runs" : "run"}`;
  return finding("not-answering", {
    job,
    text: deaf === ""
      ? `${running} and ${
        one ? "answers" : "answer"
      } nowhere: what is told here is what was committed; started with --http it tells more`
      : `${running}, but nobody answers at ${deaf}: what is told here is what was committed`,
    figures: { members: members.length },
  });
}

/** Partitions that no member holds though some run, when no share-out is under way. */
function unheld({ status, members, toldBy }: JobOverview): readonly Finding[] {
  const { applicationId: job, tasks } = status;
  if (toldBy === "process" || members.length === 0) return [];
  const held = new Set(members.flatMap(({ partitions }) => partitions));
  const free = [...new Set(tasks.map(({ partition }) => partition))].filter((one) =>
    !held.has(one)
  );
  if (free.length === 0) return [];
  return [finding("partitions-unheld", {
    job,
    text: `no member of ${job} holds ${free.length === 1 ? "partition" : "partitions"} ${
      free.join(", ")
    }: they are being shared out, or who joined does not take part`,
    figures: { partitions: free.join(",") },
  })];
}

function memberFindings(
  { status }: JobOverview,
  { member, state, waitingFor, restore, at, lastFence, fences, partitions }: MemberStatus,
): readonly Finding[] {
  const { applicationId: job } = status;
  const who = member === null ? job : `member ${member} of ${job}`;
  const findings: Finding[] = [];
  if (state === "waiting" && waitingFor !== null) {
    findings.push(finding("waiting", { job, text: `${job} waits: ${waitingFor}` }));
  }
  if (state === "standing-by") {
    const reason = waitingFor ?? "another member holds the partitions";
    findings.push(finding("standing-by", { job, text: `${who} stands by: ${reason}` }));
  }
  if (state === "at-end") {
    const text =
      `${who} has come to the end of its bounded run, and waits for the others; windows that ` +
      "are open stay for the next run, if it does not run with --drain";
    findings.push(finding("at-end", { job, text }));
  }
  if (state === "restoring") {
    const { done = 0, total = 0, leftMs = null } = restore ?? {};
    const left = leftMs === null ? "" : `, about ${describeDuration(leftMs)} left`;
    const figures = { done, total, leftMs };
    const text = `${who} rebuilds its state: ${done} of ${total} changelog offsets read${left}`;
    findings.push(finding("restoring", { job, text, figures }));
  }
  const isOut = partitions.length === 0 || fences >= loopsAfter;
  if (lastFence !== null && at - lastFence.at < recent && isOut) {
    findings.push(finding("rejoining", {
      job,
      text: `${who} joins again, ${counted(fences, "time")} by now, last at ${
        clockTime(lastFence.at, at)
      }: ${lastFence.reason}`,
      figures: { fences, at: lastFence.at },
    }));
  }
  return findings;
}

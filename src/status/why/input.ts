/** Whether a job has something to read, can read it, and comes on with it. */

import { describeDuration } from "../../base/duration.ts";
import { counted } from "../../base/words.ts";
import type { InputStatus } from "../../runtime/job_status.ts";
import type { JobOverview, LogOverview } from "../overview.ts";
import { type Finding, finding } from "./finding.ts";
import { clockTime, places } from "./words.ts";

/** With records to read, a partition that does not move for so long is stalled, in milliseconds. */
export const stallAfter = 10_000;

/** An input partition of a job. */
interface Input extends InputStatus {
  readonly partition: number;
}

/** What can be said of a job's inputs. */
export function inputFindings(job: JobOverview, overview: LogOverview): readonly Finding[] {
  return [
    ...lost(job, overview),
    ...openTransactions(job, overview),
    ...job.status.reads.flatMap((topic) => topicFindings(topic, job, overview)),
  ];
}

/** What was committed and is not on the log any more (semantics 17). */
function lost({ committed, status }: JobOverview, { topics }: LogOverview): readonly Finding[] {
  const { applicationId: job } = status;
  return committed.flatMap(({ topic, partition, offset, topicId }): readonly Finding[] => {
    const found = topics.find(({ name }) => name === topic);
    const place = `${topic}[${partition}]`;
    if (found === undefined) return [];
    if (topicId !== null && topicId !== found.id) {
      const text =
        `${topic} was deleted and created anew: what ${job} has committed of ${place} counts in ` +
        `the one before; take the job back with \`flights reset ${job}\`, or say --on-data-loss`;
      return [finding("topic-recreated", { job, text, figures: { topic, partition, offset } })];
    }
    const ends = found.partitions[partition];
    if (ends === undefined || (offset >= ends.startOffset && offset <= ends.endOffset)) return [];
    const { startOffset, endOffset } = ends;
    const text = `committed offset ${offset} of ${place} is gone, the log ${
      offset < startOffset ? `starts at ${startOffset}` : `ends at ${endOffset}`
    }: say with --on-data-loss where ${job} is to go on`;
    const figures = { topic, partition, offset, startOffset, endOffset };
    return [finding("offset-lost", { job, text, figures })];
  });
}

function openTransactions(
  { transactions, status: { applicationId: job, tasks } }: JobOverview,
  { at, topics }: LogOverview,
): readonly Finding[] {
  return transactions.flatMap((one): readonly Finding[] => {
    const { topic, partition, startOffset, producerId, transactionalId, startedAt } = one;
    const end = topics.find(({ name }) => name === topic)?.partitions[partition]?.endOffset;
    const input = tasks.find((task) => task.partition === partition)
      ?.inputs.find((input) => input.topic === topic);
    // Who has not come so far yet is not held back by it.
    if (input !== undefined && input.position < startOffset) return [];
    // Where the log does not tell its age, how long the job stands before it does.
    const knownSince = startedAt ?? input?.lastMovedAt;
    if (knownSince != null && at - knownSince < stallAfter) return [];
    const name = transactionalId ?? (producerId === null ? "a writer" : `producer ${producerId}`);
    const since = startedAt === null
      ? ""
      : ` since ${clockTime(startedAt, at)}, for ${describeDuration(at - startedAt)}`;
    const behind = end === undefined
      ? ""
      : `; ${counted(end - startOffset, "offset")} lie behind it`;
    return [finding("transaction-open", {
      job,
      text:
        `the transaction of ${name} on ${topic}[${partition}] hangs${since}: nothing behind offset ` +
        `${startOffset} can be read before it ends${behind}`,
      figures: { topic, partition, startOffset, producerId, transactionalId, startedAt },
    })];
  });
}

function topicFindings(
  topic: string,
  { status, toldBy, transactions }: JobOverview,
  overview: LogOverview,
): readonly Finding[] {
  const { applicationId: job } = status;
  // Not when the status was told: who tells nothing any more does not come on either.
  const { at } = overview;
  if (!overview.topics.some(({ name }) => name === topic)) {
    const text = `the log has no topic ${topic}, which ${job} reads`;
    return [finding("topic-missing", { job, text, figures: { topic } })];
  }
  if (toldBy !== "process") return [];
  const inputs = status.tasks.flatMap(({ partition, inputs }) =>
    inputs.filter((input) => input.topic === topic).map((input): Input => ({ ...input, partition }))
  );
  if (inputs.length === 0) return [];
  const waiting = inputs.filter(({ lag }) => lag !== null && lag > 0);
  // Of a topic that is written all the time some transaction is open: it holds who has come to it.
  const isHeld = ({ partition, position }: Input) =>
    transactions.some((one) =>
      one.topic === topic && one.partition === partition && one.startOffset <= position
    );
  const stuck = waiting.filter((input) =>
    !isHeld(input) && at - (input.lastMovedAt ?? at) >= stallAfter
  );
  if (stuck.length > 0) return [stalled(job, { topic, stuck, at })];
  if (waiting.some((input) => !isHeld(input))) return [behind(job, topic, waiting)];
  return waiting.length > 0 ? [] : silent(job, { topic, inputs, at, overview });
}

function stalled(
  job: string,
  { topic, stuck, at }: {
    readonly topic: string;
    readonly stuck: readonly Input[];
    readonly at: number;
  },
): Finding {
  const lag = stuck.reduce((sum, one) => sum + one.lag!, 0);
  const since = Math.min(...stuck.map(({ lastMovedAt }) => lastMovedAt ?? at));
  const where = places(topic, stuck.map(({ partition }) => partition));
  return finding("stalled", {
    job,
    text: `${job} does not come on in ${where} for ${describeDuration(at - since)}: ` +
      `${counted(lag, "offset")} wait, none was taken since ${clockTime(since, at)}`,
    figures: { topic, lag, since },
  });
}

function behind(job: string, topic: string, waiting: readonly Input[]): Finding {
  const lag = waiting.reduce((sum, one) => sum + one.lag!, 0);
  return finding("behind", {
    job,
    text: `${job} is ${counted(lag, "offset")} behind the end of ${topic}, and comes on`,
    figures: { topic, lag },
  });
}

/** All has been read, and nothing comes. */
function silent(
  job: string,
  { topic, inputs, at, overview }: {
    readonly topic: string;
    readonly inputs: readonly Input[];
    readonly at: number;
    readonly overview: LogOverview;
  },
): readonly Finding[] {
  const writer = writerOf(topic, overview);
  if (inputs.every(({ endOffset }) => endOffset === 0)) {
    const text = `nothing arrives on ${topic}: there never was a record on it${writer}`;
    return [finding("no-input", { job, text, figures: { topic } })];
  }
  const lastAt = Math.max(...inputs.map(({ lastRecordAt }) => lastRecordAt ?? at));
  if (at - lastAt < stallAfter) return [];
  return [finding("input-silent", {
    job,
    text: `nothing arrives on ${topic} since ${clockTime(lastAt, at)}, for ${
      describeDuration(at - lastAt)
    }; all that is there has been read${writer}`,
    figures: { topic, lastAt },
  })];
}

/** Who writes a topic, and whether it runs. */
function writerOf(topic: string, { jobs }: LogOverview): string {
  const writers = jobs.filter(({ status }) => status.writes.includes(topic));
  if (writers.length === 0) return "";
  return `; it is written by ${
    writers.map(({ status, members }) =>
      `${status.applicationId}, ${
        members.length === 0 && status.members.length === 0
          ? "which does not run"
          : `which is ${status.state}`
      }`
    ).join(", ")
  }`;
}

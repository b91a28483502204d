/**
 * The schema of what `/status` answers and `flights status --json` prints: for those who read it, and for
 * us where another process has written it. The types are those of `runtime/job_status.ts`, which knows
 * nothing of zod; this does not compile when the two differ.
 */

import { z } from "zod";
import { FlightsError } from "../base/errors.ts";
import type { JobStatus } from "../runtime/job_status.ts";

/** Of the shape that is read here. */
const version = 1;

const count = z.int().nonnegative();
const time = z.number();
const outcomes = z.object({
  used: count,
  filtered: count,
  windowed: count,
  late: count,
  deadLetter: count,
  skipped: count,
}).readonly();

const state = z.enum(["waiting", "standing-by", "restoring", "running", "at-end", "stopped"]);

const commits = z.object({
  count,
  lastAt: time.nullable(),
  lastDurationMs: z.number().nullable(),
  lastOutcome: z.enum(["committed", "failed"]).nullable(),
}).readonly();

const input = z.object({
  topic: z.string(),
  position: count,
  endOffset: count.nullable(),
  lag: count.nullable(),
  watermark: time.nullable(),
  idle: z.boolean(),
  idleSince: time.nullable(),
  idleAt: time.nullable(),
  lastRecordAt: time.nullable(),
  lastMovedAt: time.nullable(),
  idleTimeoutMs: z.number().nullable(),
  outOfOrdernessMs: z.number().nullable(),
  closesOnSilence: z.boolean().nullable(),
  outcomes,
  outcomesHere: outcomes,
  carried: z.boolean(),
  writers: z.array(z.object({ job: z.string(), tasks: count }).readonly()).readonly(),
  heldBy: z.object({ job: z.string(), task: count, watermark: time.nullable() }).readonly()
    .nullable(),
  unreported: count,
}).readonly();

const openWindow = z.object({
  operator: z.string(),
  start: time.nullable(),
  end: time.nullable(),
  keys: count,
  endsBy: z.enum(["event-time", "processing-time", "never"]),
  silenceAt: time.nullable(),
}).readonly();

const task = z.object({
  stage: z.string(),
  partition: count,
  watermark: time.nullable(),
  held: z.int(),
  stateEntries: count.nullable(),
  stateBytes: count.nullable(),
  changelogOffsets: count.nullable(),
  ended: z.enum(["drain", "hold"]).nullable(),
  holder: z.string().nullable(),
  windows: z.object({ count, earliest: z.array(openWindow).readonly() }).readonly(),
  outcomes,
  inputs: z.array(input).readonly(),
}).readonly();

const member = z.object({
  member: z.string().nullable(),
  state,
  waitingFor: z.string().nullable(),
  at: time,
  partitions: z.array(count).readonly(),
  rebalances: count,
  fences: count,
  lastFence: z.object({ at: time, reason: z.string() }).readonly().nullable(),
  restore: z.object({ done: count, total: count, leftMs: z.number().nullable() }).readonly()
    .nullable(),
  commits,
}).readonly();

/** The status of a job. Fields that it does not know are passed over: newer builds may tell more. */
export const jobStatusSchema = z.object({
  version: z.literal(version),
  applicationId: z.string(),
  member: z.string().nullable(),
  state,
  waitingFor: z.string().nullable(),
  at: time,
  startedAt: time,
  tasks: z.array(task).readonly(),
  reads: z.array(z.string()).readonly(),
  writes: z.array(z.string()).readonly(),
  outputs: z.record(z.string(), count).readonly(),
  commits,
  build: z.string().nullable(),
  members: z.array(member).readonly(),
}).readonly().meta({
  title: "JobStatus",
  description:
    "The status of a job. Times are milliseconds since the Unix epoch, on the job's clock; " +
    "names that end in Ms are durations in milliseconds; null is what is not known, or not there.",
}) satisfies z.ZodType<JobStatus>;

/** What `/status` answers. */
const answerSchema = z.object({ version: z.literal(version), jobs: z.array(jobStatusSchema) });

/**
 * Reads the answer of `/status`.
 *
 * @param where it came from, for messages.
 * @throws {FlightsError} `log-version` when it is of another version; `invalid-argument` when it is
 * something else.
 */
export function readStatusAnswer(answer: unknown, where: string): readonly JobStatus[] {
  const told = versionOf(answer);
  if (typeof told === "number" && told !== version) {
    throw new FlightsError(
      "log-version",
      `Cannot read the status that ${where} tells: it must be of version ${version}, it is of version ` +
        `${told}; look at it with the build that runs there`,
    );
  }
  const { success, data, error } = answerSchema.safeParse(answer);
  if (success) return data.jobs;
  const [first] = error.issues;
  throw new FlightsError(
    "invalid-argument",
    `Cannot read the status that ${where} tells: it must be that of jobs, it is not: ` +
      `${first!.path.join(".") || "the answer"}: ${first!.message}`,
  );
}

function versionOf(answer: unknown): unknown {
  return typeof answer === "object" && answer !== null && "version" in answer
    ? answer.version
    : undefined;
}

/** The same as JSON Schema, for programs in other languages: `docs/job-status.schema.json`. */
export function jobStatusJsonSchema(): object {
  return z.toJSONSchema(jobStatusSchema, { io: "input" });
}

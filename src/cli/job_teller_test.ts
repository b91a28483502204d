import assert from "node:assert/strict";
import type { JobStatus } from "../runtime/job_status.ts";
import { noOutcomes } from "../stream/task/counts.ts";
import type { JobCommandOptions } from "./job_flags.ts";
import { describeOutcomes, JobTeller } from "./job_teller.ts";
import type { Teller } from "./logging.ts";

Deno.test("describeOutcomes says where records ended, held ones apart from used ones (semantics 21)", () => {
  const outcomes = { ...noOutcomes(), used: 1, windowed: 10, late: 5, deadLetter: 1, skipped: 3 };
  assert.equal(
    describeOutcomes(outcomes, 4),
    "20 records in since the job began (7 used, 5 late, 3 skipped, 4 held, 1 dead letter), " +
      "late share 25.00 %",
  );
  assert.equal(
    describeOutcomes({ ...noOutcomes(), deadLetter: 2 }, 0),
    "2 records in since the job began (2 dead letters), late share 0.00 %",
  );
});

Deno.test("describeOutcomes of a job that read nothing", () => {
  assert.equal(
    describeOutcomes(noOutcomes(), 0),
    "0 records in since the job began, late share 0.00 %",
  );
});

/** A teller whose lines are kept. */
function kept() {
  const lines: [level: string, message: string, fields: unknown][] = [];
  const keep = (level: string) => (message: string, fields = {}) =>
    void lines.push([level, message, fields]);
  const tell: Teller = {
    debug: keep("debug"),
    info: keep("info"),
    warning: keep("warning"),
    error: keep("error"),
  };
  const options = { applicationId: "job", from: "earliest" } as JobCommandOptions;
  return { lines, teller: new JobTeller(tell, options) };
}

const status = { waitingFor: null, tasks: [] } as unknown as JobStatus;

Deno.test("what all members wait for is told once, and again after one has gone on", () => {
  const { lines, teller } = kept();
  const told = () => lines.splice(0).map(([, message]) => message);
  const [first, second] = [teller.observer(1), teller.observer(2)];
  first.waiting!("no topic");
  second.waiting!("no topic");
  assert.deepEqual(told(), ["waiting: no topic"]);
  second.waiting!("no broker");
  assert.deepEqual(told(), ["waiting: no broker"]);
  first.status!(status);
  second.waiting!("no topic");
  assert.deepEqual(told(), ["waiting: no topic"]);
});

Deno.test("what all members are warned of is told once", () => {
  const { lines, teller } = kept();
  const warning = { level: "warning", message: "short retention", topics: ["t"] } as const;
  for (const member of [1, 2]) teller.observer(member).warned!(warning);
  assert.deepEqual(lines, [["warning", "short retention", { topics: ["t"] }]]);
});

Deno.test("members are named where it matters, and the only member is not", () => {
  const { lines, teller } = kept();
  const resume = { kind: "first", offset: 3 } as const;
  for (const member of [undefined, 2]) {
    const { resumed, replaced } = teller.observer(member);
    resumed!([{ topic: "t", partition: 1, resume }]);
    replaced!("fenced");
  }
  const fields = { topic: "t", resume: "first", offsets: { 1: 3 } };
  assert.deepEqual(lines, [
    ["info", "resumes t[1] at 3 (first start, earliest)", fields],
    [
      "warning",
      "joining again: fenced; it goes on by itself from what was committed (semantics 16)",
      {},
    ],
    ["info", "member 2: resumes t[1] at 3 (first start, earliest)", { member: 2, ...fields }],
    [
      "warning",
      "member 2: joining again: fenced; it goes on by itself from what was committed (semantics 16)",
      { member: 2 },
    ],
  ]);
});

Deno.test("what members drained is told in one line at the end", () => {
  const { lines, teller } = kept();
  teller.observer(1).drained!(0, 59_999);
  teller.observer(2).drained!(1, 119_999);
  assert.deepEqual(lines, []);
  teller.end({ ...status, applicationId: "job", at: 0, startedAt: 0, outputs: {} });
  assert.match(
    lines[0]![1],
    /^drained: open windows of 2 tasks fired, the last ends at 1970-01-01T00:02:00.000/,
  );
  assert.equal(lines.length, 2);
});

import assert from "node:assert/strict";
import { parseExposition } from "../../tests/exposition.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import { noOutcomes } from "../stream/task/counts.ts";
import { metricsText } from "./metrics.ts";
import {
  inputStatus,
  jobOverview,
  jobStatus,
  logOverview,
  memberStatus,
  noon,
  taskStatus,
} from "./test_overviews.ts";
import { why } from "./why/why.ts";

/** What is exposed of jobs, parsed. */
async function exposed(statuses: readonly JobStatus[], now = noon) {
  const findings = why(logOverview(statuses.map((status) => jobOverview(status)), { at: now }));
  const { text } = await metricsText(statuses, { now, findings });
  return parseExposition(text);
}

/** The value of the only sample with these labels. */
function valueOf(
  families: Awaited<ReturnType<typeof exposed>>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = families.get(name)!.samples.filter((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  );
  assert.ok(found.length <= 1, `${name} ${JSON.stringify(labels)} is not one`);
  return found[0]?.value;
}

const here = { ...noOutcomes(), used: 5, late: 2, deadLetter: 1, filtered: 3 };
const before = { ...here, used: 1_005 };
const job = jobStatus("job", [
  taskStatus([
    inputStatus("in", { lag: 4, endOffset: 14, outcomes: before, outcomesHere: here }),
  ], { watermark: noon - 2_500, held: 7, stateEntries: 8, stateBytes: 900 }),
], {
  outputs: { out: 6, "in.late": 2 },
  members: [
    memberStatus({ member: "a", rebalances: 2, fences: 1 }),
    memberStatus({ member: "b", rebalances: 1, partitions: [] }),
  ],
});

Deno.test("metrics tell what a status tells, in base units", async () => {
  const families = await exposed([job]);
  const input = { application_id: "job", topic: "in", partition: "0" };
  assert.equal(valueOf(families, "flights_lag_records", input), 4);
  assert.equal(valueOf(families, "flights_records_out_total", { topic: "out" }), 6);
  assert.equal(valueOf(families, "flights_commits_total"), 5);
  assert.equal(valueOf(families, "flights_last_commit_duration_seconds"), 0.002);
  assert.equal(valueOf(families, "flights_last_commit_timestamp_seconds"), noon / 1_000);
  assert.equal(valueOf(families, "flights_watermark_lag_seconds"), 2.5);
  assert.equal(valueOf(families, "flights_held_records"), 7);
  assert.equal(valueOf(families, "flights_state_entries"), 8);
  assert.equal(valueOf(families, "flights_state_bytes"), 900);
  assert.equal(valueOf(families, "flights_members"), 1);
  assert.equal(valueOf(families, "flights_rebalances_total"), 3);
  assert.equal(valueOf(families, "flights_fences_total"), 1);
  assert.equal(valueOf(families, "flights_job_state", { state: "running" }), 1);
  assert.equal(valueOf(families, "flights_job_state", { state: "restoring" }), 0);
  assert.equal(valueOf(families, "flights_ready"), 1);
  assert.equal(valueOf(families, "flights_findings", { cause: "behind" }), 1);
});

Deno.test("semantics 21: counters are what this process took; the outcomes add up to what came in", async () => {
  const families = await exposed([job]);
  const outcomes = families.get("flights_records_total")!.samples;
  assert.deepEqual(
    Object.fromEntries(outcomes.map(({ labels, value }) => [labels.outcome, value])),
    { used: 5, filtered: 3, windowed: 0, late: 2, dead_letter: 1, skipped: 0 },
  );
  assert.equal(valueOf(families, "flights_records_in_total"), 11);
});

Deno.test("a partition that stands still with records to process counts the time, one without does not", async () => {
  const status = (lag: number) =>
    jobStatus("job", [
      taskStatus([inputStatus("in", { lag, lastMovedAt: noon, lastRecordAt: noon })]),
    ]);
  const stalled = await exposed([status(1)], noon + 30_000);
  assert.equal(valueOf(stalled, "flights_input_stalled_seconds"), 30);
  assert.equal(valueOf(stalled, "flights_ready"), 0);
  const silent = await exposed([status(0)], noon + 30_000);
  assert.equal(valueOf(silent, "flights_input_stalled_seconds"), 0);
  assert.equal(valueOf(silent, "flights_input_silence_seconds"), 30);
  assert.equal(valueOf(silent, "flights_ready"), 1);
});

Deno.test("what is not known is left out, and of a job that nobody runs how long it stands still", async () => {
  const unknown = taskStatus([inputStatus("in", { lag: null, endOffset: null })], {
    watermark: null,
  });
  const commits = { count: 0, lastAt: null, lastDurationMs: null, lastOutcome: null };
  const families = await exposed([
    jobStatus("job", [unknown], { state: "stopped", members: [], commits }),
  ]);
  for (
    const name of [
      "flights_lag_records",
      "flights_watermark_lag_seconds",
      "flights_input_silence_seconds",
      "flights_input_stalled_seconds",
      "flights_last_commit_timestamp_seconds",
    ]
  ) {
    assert.deepEqual(families.get(name)!.samples, [], name);
  }
});

Deno.test("jobs whose log does not answer are told of, and are not ready", async () => {
  const { text, contentType } = await metricsText([job], { now: noon, findings: null });
  assert.equal(contentType, "text/plain; version=0.0.4; charset=utf-8");
  const families = parseExposition(text);
  assert.equal(valueOf(families, "flights_ready"), 0);
  assert.equal(valueOf(families, "flights_lag_records"), 4);
  assert.deepEqual(families.get("flights_findings")!.samples, []);
});

Deno.test("names of jobs and topics are escaped, several jobs stand beside each other", async () => {
  const odd = 'a"b\\c\nd';
  const families = await exposed([job, jobStatus(odd, [taskStatus([inputStatus("in")])])]);
  assert.equal(valueOf(families, "flights_lag_records", { application_id: odd }), 0);
  assert.equal(valueOf(families, "flights_lag_records", { application_id: "job" }), 4);
});

Deno.test("labels name jobs, stages, topics, partitions and closed sets, never what is in a record", async () => {
  const labels = new Set<string>();
  for (const { samples } of (await exposed([job])).values()) {
    for (const sample of samples) Object.keys(sample.labels).forEach((label) => labels.add(label));
  }
  assert.deepEqual([...labels].sort(), [
    "application_id",
    "build",
    "cause",
    "outcome",
    "partition",
    "severity",
    "stage",
    "state",
    "topic",
  ]);
});

Deno.test("the process's own figures are those of this process", async () => {
  const families = await exposed([]);
  const rss = valueOf(families, "process_resident_memory_bytes")!;
  assert.ok(rss > 20e6 && rss < 20e9, `${rss}`);
  assert.ok(valueOf(families, "process_cpu_seconds_total")! > 0);
  assert.ok(valueOf(families, "process_start_time_seconds")! < Date.now() / 1_000);
});

/** The schema of a status, held against its type, against what jobs tell, and against the file in docs. */

import assert from "node:assert/strict";
import type { z } from "zod";
import { partitionForText } from "../base/murmur2.ts";
import { hasCode } from "../base/errors.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import { runJob } from "../runtime/job.ts";
import { savedStatus } from "../runtime/saved_status.ts";
import { openLog, sales, sell, untilEnd } from "../runtime/test_sales.ts";
import { needs } from "../../tests/permissions.ts";
import { jobStatusJsonSchema, jobStatusSchema, readStatusAnswer } from "./job_status_schema.ts";

/** Does not compile unless each can stand for the other. */
type Told = z.infer<typeof jobStatusSchema>;
const toType = (told: Told): JobStatus => told;
const toSchema = (status: JobStatus): Told => status;

/** All statuses of a run, and what its commits tell after it. */
async function statuses(): Promise<readonly JobStatus[]> {
  const log = await openLog(2);
  const place = (shop: string) => partitionForText(shop, 2);
  await sell(log, [0, 1, "a", place("a")], [61, 2, "d", place("d")], [130, 4, "a", place("a")]);
  const seen: JobStatus[] = [];
  await runJob(log, sales(), untilEnd({ observer: { status: (status) => seen.push(status) } }));
  const { offsets } = await log.describeGroup("sales-job");
  const topics = await log.describeTopics();
  await log.close();
  return [...seen, savedStatus("sales-job", { offsets, topics, now: 5 })];
}

Deno.test("the schema of a status takes all that jobs tell, and leaves nothing of it out", async () => {
  const told = await statuses();
  assert.ok(new Set(told.map(({ state }) => state)).size >= 4);
  for (const status of told) {
    const json = JSON.parse(JSON.stringify(toSchema(status)));
    assert.deepEqual(toType(jobStatusSchema.parse(json)), status);
  }
  const answer = { version: 1, jobs: told };
  assert.deepEqual(readStatusAnswer(JSON.parse(JSON.stringify(answer)), "here"), told);
});

Deno.test("readStatusAnswer says what an answer is that it cannot read", async () => {
  const [status] = await statuses();
  const read = (answer: unknown) => () => readStatusAnswer(answer, "http://127.0.0.1:1");
  const says = (code: "log-version" | "invalid-argument", message: RegExp) => (error: unknown) =>
    hasCode(error, code) && message.test(error.message);
  assert.throws(read({ version: 2, jobs: {} }), says("log-version", /it is of version 2; look/));
  assert.throws(read("<html>"), says("invalid-argument", /the answer: /));
  assert.throws(read(null), says("invalid-argument", /the answer: /));
  assert.throws(
    read({ version: 1, jobs: [{ ...status, at: "noon" }] }),
    says("invalid-argument", /jobs\.0\.at: /),
  );
  const newer = { version: 1, more: true, jobs: [{ ...status, moreToo: 7 }] };
  assert.deepEqual(read(newer)(), [status], "what is new is passed over");
});

Deno.test({
  ...needs("read"),
  name: "docs/job-status.schema.json is the schema (`deno task schema` writes it)",
  fn: async () => {
    const text = await Deno.readTextFile(
      new URL("../../docs/job-status.schema.json", import.meta.url),
    );
    assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(jobStatusJsonSchema())));
  },
});

import assert from "node:assert/strict";
import { hasCode } from "../base/errors.ts";
import { RecordBatch } from "../log/records/batch.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { noWatermark } from "../stream/task/progress.ts";
import { decodeProgress, encodeProgress, type ProgressRecord } from "./progress_records.ts";

const report = {
  job: "merge",
  task: 1,
  tasks: 5,
  producerId: 4_711,
  watermark: -7,
  idle: false,
  nextOffset: 12,
};

function decoded(key: string | null, value: string | null): ProgressRecord {
  const builder = new RecordBatchBuilder();
  builder.appendText(1, key, value);
  return decodeProgress(RecordBatch.decode(builder.finish().bytes), 0, "t.watermarks[0]");
}

Deno.test("semantics 24: a report on its topic is what the rule says, in words that others can read", () => {
  const { key, value } = encodeProgress({ kind: "report", topicId: "id-of-t", report });
  assert.deepEqual(JSON.parse(key), { job: "merge", task: 1 });
  assert.deepEqual(JSON.parse(value!), {
    tasks: 5,
    topic: "id-of-t",
    producer: 4_711,
    watermark: -7,
    next: 12,
  });
});

Deno.test("semantics 24: a report comes back as it was written", () => {
  const own = [
    report,
    { ...report, watermark: noWatermark },
    { ...report, watermark: noWatermark, idle: true },
  ];
  for (const one of own) {
    const record = { kind: "report", topicId: "x", report: one } as const;
    const { key, value } = encodeProgress(record);
    assert.deepEqual(decoded(key, value), record);
  }
});

Deno.test("semantics 24: a job that is taken out is named by a key without a task", () => {
  const record = { kind: "forgotten", job: "merge" } as const;
  const { key, value } = encodeProgress(record);
  assert.deepEqual([key, value], ['{"job":"merge"}', null]);
  assert.deepEqual(decoded(key, value), record);
});

Deno.test("semantics 24: what is no report is refused with its place", () => {
  const value = { tasks: 2, topic: "x", producer: 1, watermark: 5, next: 0 };
  const wrong: readonly (readonly [string | null, string | null])[] = [
    [null, JSON.stringify(value)],
    ["{}", JSON.stringify(value)],
    ["merge", JSON.stringify(value)],
    ['{"job":"merge"}', JSON.stringify(value)],
    ['{"job":"merge","task":2}', JSON.stringify(value)],
    ['{"job":"merge","task":-1}', JSON.stringify(value)],
    ['{"job":"merge","task":0}', "{}"],
    ['{"job":"merge","task":0}', JSON.stringify({ ...value, watermark: "soon" })],
    ['{"job":"merge","task":0}', JSON.stringify({ ...value, watermark: 0.5 })],
    ['{"job":"merge","task":0}', JSON.stringify({ ...value, next: null })],
  ];
  for (const [key, text] of wrong) {
    assert.throws(
      () => decoded(key, text),
      (error) =>
        hasCode(error, "log-corrupt") && /offset 0 of t\.watermarks\[0\]/.test(error.message),
      `${key} ${text}`,
    );
  }
});

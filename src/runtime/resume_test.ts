import assert from "node:assert/strict";
import { noOutcomes } from "../stream/task/counts.ts";
import { decideResume, type OnDataLoss, type Resume, type ResumeFacts } from "./resume.ts";
import type { SavedProgress } from "./saved_progress.ts";

function saved(fields: Partial<SavedProgress> = {}): SavedProgress {
  return {
    offset: 100,
    newest: null,
    watermark: null,
    idle: false,
    taskWatermark: null,
    outcomes: noOutcomes(),
    upstream: {},
    reports: 0,
    topicId: "a",
    partitions: 5,
    changelog: null,
    repartitions: [],
    ended: null,
    place: { stage: 0, input: 0 },
    held: 0,
    writes: [],
    ...fields,
  };
}

function facts(fields: Partial<ResumeFacts>): ResumeFacts {
  return {
    saved: saved(),
    startedBefore: true,
    topicId: "a",
    partitions: 5,
    startOffset: 10,
    endOffset: 200,
    firstOffset: 42,
    onDataLoss: "fail",
    ...fields,
  };
}

const kept = saved();
const cases: readonly [string, Partial<ResumeFacts>, Resume["kind"], number | null][] = [
  [
    "nothing was ever committed: where --from says",
    { saved: null, startedBefore: false },
    "first",
    42,
  ],
  ["nothing is committed here, but elsewhere", { saved: null }, "data-loss", null],
  ["nothing is committed here, earliest", { saved: null, onDataLoss: "earliest" }, "recreated", 10],
  ["the offset is on the log", { saved: kept }, "committed", 100],
  ["the offset is the log's first", { saved: kept, startOffset: 100 }, "committed", 100],
  ["the offset is the log's end", { saved: kept, endOffset: 100 }, "committed", 100],
  ["one below the log's start", { saved: kept, startOffset: 101 }, "data-loss", null],
  ["one above the log's end", { saved: kept, endOffset: 99 }, "data-loss", null],
  ["gone, earliest", { startOffset: 101, onDataLoss: "earliest" }, "truncated", 101],
  ["gone, latest", { startOffset: 101, onDataLoss: "latest" }, "truncated", 200],
  ["another topic", { topicId: "b" }, "data-loss", null],
  ["another topic, earliest", { topicId: "b", onDataLoss: "earliest" }, "recreated", 10],
  ["another topic, latest", { topicId: "b", onDataLoss: "latest" }, "recreated", 200],
  ["another partition count", { partitions: 6 }, "partitions-changed", null],
  [
    "another partition count cannot be decided away",
    { partitions: 6, onDataLoss: "latest" },
    "partitions-changed",
    null,
  ],
];

for (const [name, given, kind, offset] of cases) {
  Deno.test(`semantics 17: decideResume, ${name}: ${kind}`, () => {
    const resume = decideResume(facts(given));
    assert.equal(resume.kind, kind);
    assert.equal("offset" in resume ? resume.offset : null, offset);
  });
}

Deno.test("semantics 17: a truncated topic keeps the state, a recreated one does not", () => {
  const decide = (given: Partial<ResumeFacts>, onDataLoss: OnDataLoss) =>
    decideResume(facts({ ...given, onDataLoss }));
  assert.ok("saved" in decide({ startOffset: 101 }, "earliest"));
  assert.ok(!("saved" in decide({ topicId: "b" }, "earliest")));
});

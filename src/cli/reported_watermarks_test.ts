import assert from "node:assert/strict";
import { noWatermark } from "../stream/task/progress.ts";
import { newestOf, reportTable, type TimedRecord } from "./reported_watermarks.ts";

const noon = Date.UTC(2026, 0, 31, 12);

function report(
  task: number,
  watermark: number | "idle",
  over: { readonly job?: string; readonly topicId?: string; readonly nextOffset?: number } = {},
): TimedRecord {
  const { job = "merge", topicId = "id", nextOffset = 7 } = over;
  const idle = watermark === "idle";
  const known = { job, task, tasks: 2, producerId: 40 + task, nextOffset, idle };
  return {
    kind: "report",
    topicId,
    report: { ...known, watermark: idle ? noWatermark : watermark },
    reportedAt: noon + 1_000,
  };
}

const place = { partition: 3, topicId: "id", endOffset: 9 };

Deno.test("newestOf keeps the newest report of each task, by job and task (semantics 24)", () => {
  const records = [
    report(1, noon),
    report(0, noon - 1),
    report(0, noon - 2, { nextOffset: 8 }),
    report(0, "idle", { job: "a" }),
    report(1, noWatermark, { job: "a" }),
  ];
  const found = newestOf(records, place);
  assert.deepEqual(
    found.map(({ job, task, watermark, idle, countsFrom }) => [
      job,
      task,
      watermark,
      idle,
      countsFrom,
    ]),
    [
      ["a", 0, null, true, 7],
      ["a", 1, null, false, 7],
      ["merge", 0, noon - 2, false, 8],
      ["merge", 1, noon, false, 7],
    ],
  );
  assert.deepEqual(found[3], {
    partition: 3,
    job: "merge",
    task: 1,
    tasks: 2,
    watermark: noon,
    idle: false,
    countsFrom: 7,
    endOffset: 9,
    producerId: 41,
    reportedAt: noon + 1_000,
  });
});

Deno.test("newestOf drops reports about another topic of the name, and jobs that were taken out", () => {
  const forgotten: TimedRecord = { kind: "forgotten", job: "merge", reportedAt: noon };
  const old = report(0, noon, { topicId: "old" });
  assert.deepEqual(newestOf([old, report(1, noon), forgotten], place), []);
  const back = newestOf([report(1, noon), forgotten, report(0, noon)], place);
  assert.deepEqual(back.map(({ task, reportedAt }) => [task, reportedAt]), [
    [0, noon + 1_000],
    [1, null],
  ]);
});

Deno.test("reportTable shows a row a task, and what a task says that has no watermark", () => {
  const tasks = newestOf(
    [report(0, noon), report(0, "idle", { job: "a" }), report(1, noWatermark, { job: "a" })],
    place,
  );
  assert.deepEqual(reportTable(tasks).split("\n"), [
    "partition  job    task  watermark                from  end  producer  reported",
    "        3  a         0  idle                        7    9        40  2026-01-31T12:00:01.000",
    "        3  a         1  none                        7    9        41  2026-01-31T12:00:01.000",
    "        3  merge     0  2026-01-31T12:00:00.000     7    9        40  2026-01-31T12:00:01.000",
    "        3  merge     1  missing                          9",
    "",
  ]);
});

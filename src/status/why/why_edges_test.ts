/** The exact edges of what `why` says. */

import assert from "node:assert/strict";
import type { InputStatus } from "../../runtime/job_status.ts";
import { noOutcomes } from "../../stream/task/counts.ts";
import type { JobOverview, LogOverview } from "../overview.ts";
import {
  inputStatus,
  jobOverview,
  jobStatus,
  logOverview,
  noon,
  taskStatus,
  windowStatus,
} from "../test_overviews.ts";
import { causes, severityOf } from "./finding.ts";
import { type Question, why } from "./why.ts";
import { places } from "./words.ts";

const minute = 60_000;
const topic = "in";
type Task = Parameters<typeof taskStatus>[1];

function task(input: Partial<InputStatus> = {}, change: Task = {}) {
  return taskStatus([inputStatus(topic, input)], change);
}

function log(tasks: readonly ReturnType<typeof task>[], change: Partial<JobOverview> = {}) {
  return logOverview([jobOverview(jobStatus("job", tasks), change)]);
}

function causesOf(overview: LogOverview, question?: Question) {
  return why(overview, question).map(({ cause }) => cause);
}

function textOf(overview: LogOverview, cause: string, question?: Question) {
  return why(overview, question).find((one) => one.cause === cause)?.text;
}

function open(change: Parameters<typeof windowStatus>[1] = {}) {
  return { windows: { count: 1, earliest: [windowStatus(noon - minute, change)] } };
}

Deno.test("why: what was committed is there from the log's start to its end, both included", () => {
  const of = (offset: number) =>
    causesOf({
      ...log([task()], { committed: [{ topic, partition: 0, offset, topicId: null }] }),
      topics: [{ name: topic, id: "x", partitions: [{ startOffset: 4, endOffset: 9 }] }],
    });
  assert.deepEqual([3, 4, 9, 10].map(of), [["offset-lost"], [], [], ["offset-lost"]]);
});

Deno.test("why: a job is silent only where it has read all there is", () => {
  const silent = { lastRecordAt: noon - minute };
  const behind = { ...silent, lag: 5, lastMovedAt: noon - 1 };
  assert.deepEqual(causesOf(log([task(silent)])), ["input-silent"]);
  assert.deepEqual(causesOf(log([task(silent), task(behind, { partition: 1 })])), ["behind"]);
  const held = {
    topic,
    partition: 1,
    startOffset: 10,
    producerId: 1,
    transactionalId: "t",
    startedAt: noon - minute,
  };
  const overview = log([task(silent), task(behind, { partition: 1 })], { transactions: [held] });
  assert.deepEqual(causesOf(overview), ["transaction-open"]);
});

Deno.test("why: what those took who run counts, and of a job that does not run all it ever took", () => {
  const late = { ...noOutcomes(), late: 1 };
  const used = { ...noOutcomes(), used: 3 };
  const input = { outcomes: used, outcomesHere: late };
  assert.deepEqual(causesOf(log([task(input, { outcomes: used })])), ["all-late"]);
  const stopped = log([task(input, { outcomes: used })], { toldBy: "log", members: [] });
  assert.deepEqual(causesOf(stopped), ["no-member"]);
});

Deno.test("why: a window waits for the partitions that are not there yet and not idle", () => {
  const tasks = [
    task({ watermark: noon - 2 }, { partition: 0, ...open() }),
    task({ watermark: noon - 1 }, { partition: 1, ...open() }),
    task({ watermark: noon - 2, idle: true }, { partition: 2, ...open() }),
    task({ watermark: null }, { partition: 3, ...open() }),
  ];
  assert.match(textOf(log(tasks), "window-open")!, /or later comes on each of in\[0,3\]$/);
});

Deno.test("why: silence closes a window when it closes it in each of its tasks", () => {
  const of = (...times: readonly (number | null)[]) => {
    const tasks = times.map((silenceAt, partition) =>
      task({}, { partition, ...open({ silenceAt }) })
    );
    return textOf(log(tasks), "window-open")!.split(", or ")[1];
  };
  assert.equal(of(noon + 2_000, noon + 5_000), "by silence at 12:00:05, in 5s");
  assert.equal(of(noon, noon), "by silence at 12:00:00");
  assert.equal(of(noon + 2_000, null), undefined);
});

Deno.test("why tells of the first three windows to end", () => {
  const earliest = [0, 1, 2, 3].map((n) => windowStatus(noon + n * minute)).reverse();
  const texts = why(log([task({}, { windows: { count: 4, earliest } })]))
    .filter(({ cause }) => cause === "window-open").map(({ figures }) => figures.start);
  assert.deepEqual(texts, [noon, noon + minute, noon + 2 * minute]);
});

Deno.test("why: a window is that of a time from its start to before its end", () => {
  const overview = log([task({ watermark: noon - minute - 1 }, open())]);
  const of = (window: number) => causesOf(overview, { window }).filter((one) => /window/.test(one));
  assert.deepEqual(
    [noon - minute - 1, noon - minute, noon - 1, noon].map(of),
    [["window-fired"], ["window-open"], ["window-open"], ["window-empty"]],
  );
});

Deno.test("why: of a key's window that is told which has its times", () => {
  const earliest = [windowStatus(noon - minute, { silenceAt: 1 }), windowStatus(noon)];
  const window = { ...windowStatus(noon), stage: topic, partition: 0, held: 1 };
  const state = { applicationId: "job", entries: [], windows: [window], isWhole: true };
  const overview = log([task({}, { windows: { count: 2, earliest } })]);
  const text = textOf(overview, "window-open", { key: "k", saved: [state] });
  assert.match(text!, /^window 12:00 to 12:01 is open with the key k in 1 task: .* on in\[0\]$/);
});

Deno.test("why follows the chain to the task of the job before that is named", () => {
  const upstream = jobStatus("first", [
    taskStatus([inputStatus("a")], { partition: 0 }),
    taskStatus([inputStatus("b")], { partition: 1 }),
  ]);
  const heldBy = { job: "first", task: 1, watermark: null };
  const job = jobStatus("job", [task({ carried: true, heldBy }, open())]);
  const overview = logOverview([jobOverview(upstream), jobOverview(job)]);
  assert.match(textOf(overview, "held-upstream", { job: "job" })!, /; there b\[1\] holds it/);
});

Deno.test("why tells the heaviest of all jobs first", () => {
  const silent = jobStatus("a", [task({ lastRecordAt: noon - minute })]);
  const stopped = jobOverview(jobStatus("b", [task()]), { toldBy: "log", members: [] });
  const overview = logOverview([jobOverview(silent), stopped]);
  assert.deepEqual(causesOf(overview), ["no-member", "input-silent"]);
});

Deno.test("severityOf has three parts, one behind the other", () => {
  const firsts = causes.filter((cause, i) =>
    i === 0 || severityOf(cause) !== severityOf(causes[i - 1]!)
  );
  assert.deepEqual(firsts.map((cause) => [cause, severityOf(cause)]), [
    ["unknown-job", "blocking"],
    ["behind", "waiting"],
    ["window-fired", "note"],
  ]);
});

Deno.test("places names eight partitions and counts the others", () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => count - 1 - i);
  assert.equal(places("t", numbers(8)), "t[0,1,2,3,4,5,6,7]");
  assert.equal(places("t", [...numbers(10), 3]), "t[0,1,2,3,4,5,6,7 and 2 more]");
});

Deno.test("why: a record that came after the look began is not from the future", () => {
  const input = { watermark: noon - minute, lastRecordAt: noon + 20, idleAt: noon + 10_020 };
  assert.match(textOf(log([task(input, open())]), "held-back")!, /, last record 0ms ago, /);
});

Deno.test("why: another program's group is told of only to who asks for it", () => {
  const overview = log([task()], {
    toldBy: "log",
    members: [],
    committed: [{ topic, partition: 0, offset: 5, topicId: null }],
  });
  assert.deepEqual(causesOf(overview), []);
  assert.deepEqual(causesOf(overview, { job: "job" }), ["no-member"]);
});

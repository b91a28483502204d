import assert from "node:assert/strict";
import type { InputStatus, JobStatus, TaskStatus } from "../runtime/job_status.ts";
import { noOutcomes } from "../stream/task/counts.ts";
import { describeHolder, describeSource, sourceLines, unreportedLines } from "./watermark_lines.ts";

const merge = { job: "merge", tasks: 5 };
const noon = Date.UTC(2026, 0, 31, 12);

function input(over: Partial<InputStatus> = {}): InputStatus {
  return {
    topic: "t",
    position: 0,
    endOffset: null,
    lag: null,
    watermark: null,
    idle: false,
    idleSince: null,
    lastRecordAt: 0,
    idleAt: null,
    lastMovedAt: 0,
    outcomesHere: noOutcomes(),
    outOfOrdernessMs: 0,
    closesOnSilence: true,
    idleTimeoutMs: 10_000,
    outcomes: noOutcomes(),
    carried: (over.writers ?? []).length > 0,
    writers: [],
    heldBy: null,
    unreported: 0,
    ...over,
  };
}

function task(held: number, ...inputs: readonly InputStatus[]): TaskStatus {
  return { held, inputs } as unknown as TaskStatus;
}

function status(...inputs: readonly InputStatus[]): JobStatus {
  return { tasks: inputs.map((one) => task(0, one)) } as unknown as JobStatus;
}

const sources: readonly [ReturnType<typeof describeSource>, string][] = [
  [describeSource([]), "goes by its records' times"],
  [describeSource([], true), "goes by its records' times (--watermarks record)"],
  [describeSource([merge]), "follows the watermarks that merge reports (5 tasks)"],
  [
    describeSource([merge, { job: "a", tasks: 1 }]),
    "follows the watermarks that merge (5 tasks) and a (1 task) report",
  ],
  [
    describeSource([merge, { job: "a", tasks: 1 }, { job: "b", tasks: 2 }]),
    "follows the watermarks that merge (5 tasks), a (1 task) and b (2 tasks) report",
  ],
];

Deno.test("describeSource says whose watermarks an input follows (semantics 24)", () => {
  for (const [found, expected] of sources) assert.equal(found, expected);
});

const nothing = new Map<string, string>();
const byRecords = new Map([["t", describeSource([])]]);
const byMerge = new Map([["t", describeSource([merge])]]);
const told: readonly {
  readonly what: string;
  readonly inputs: readonly InputStatus[];
  readonly before: ReadonlyMap<string, string>;
  readonly lines: readonly string[];
}[] = [
  { what: "before a first fetch", inputs: [input()], before: nothing, lines: [] },
  {
    what: "fetched, without writers",
    inputs: [input(), input({ endOffset: 0 })],
    before: nothing,
    lines: ["t: goes by its records' times"],
  },
  {
    what: "one partition knows its writers",
    inputs: [input({ endOffset: 0 }), input({ writers: [merge] })],
    before: nothing,
    lines: ["t: follows the watermarks that merge reports (5 tasks)"],
  },
  { what: "as it was told", inputs: [input({ writers: [merge] })], before: byMerge, lines: [] },
  {
    what: "a writer has come",
    inputs: [input({ writers: [merge] })],
    before: byRecords,
    lines: ["t: from now on follows the watermarks that merge reports (5 tasks)"],
  },
  {
    what: "it was taken out",
    inputs: [input({ endOffset: 3 })],
    before: byMerge,
    lines: ["t: from now on goes by its records' times"],
  },
  {
    what: "two topics",
    inputs: [input({ endOffset: 3 }), input({ topic: "u", writers: [merge] })],
    before: nothing,
    lines: [
      "t: goes by its records' times",
      "u: follows the watermarks that merge reports (5 tasks)",
    ],
  },
  { what: "no partitions held", inputs: [], before: byMerge, lines: [] },
];

Deno.test("sourceLines tells what each input goes by once it is known, and when it changes", () => {
  for (const { what, inputs, before, lines } of told) {
    const found = sourceLines(status(...inputs), { told: before });
    assert.deepEqual(found.map(({ message }) => message), lines, what);
  }
});

Deno.test("unreportedLines names each topic with records of a writer that reports nothing", () => {
  const found = unreportedLines(
    status(input({ unreported: 3 }), input({ unreported: 4 }), input({ topic: "u" })),
  );
  assert.deepEqual(found, [{
    topic: "t",
    message: "records of t come from a writer that reports no watermarks: they can be late " +
      "(semantics 24); who reports some shows `flights topics watermarks t`",
    fields: { topic: "t", unreported: 7 },
  }]);
});

function heldBy(watermark: number | null, task = 3) {
  return input({ writers: [merge], watermark, heldBy: { job: "merge", task, watermark } });
}

const holders: readonly [TaskStatus[], string | null][] = [
  [[task(0, heldBy(noon))], null],
  [[task(2, input({ watermark: noon }))], null],
  [[task(2, heldBy(noon))], "merge task 3 at 2026-01-31T12:00:00.000"],
  [
    [task(2, heldBy(noon)), task(1, heldBy(noon - 1, 4))],
    "merge task 4 at 2026-01-31T11:59:59.999",
  ],
  [[task(2, heldBy(noon)), task(0, heldBy(0, 4))], "merge task 3 at 2026-01-31T12:00:00.000"],
  [[task(2, heldBy(null))], "merge task 3, which has told no watermark yet"],
  [[task(2, input({ watermark: noon - 1 }), heldBy(noon))], null],
  [
    [task(2, input({ watermark: 0, idle: true }), heldBy(noon))],
    "merge task 3 at 2026-01-31T12:00:00.000",
  ],
  [[task(2, { ...heldBy(noon), heldBy: null })], null],
];

Deno.test("describeHolder names the upstream task that open windows wait for", () => {
  for (const [tasks, expected] of holders) assert.equal(describeHolder(tasks), expected);
});

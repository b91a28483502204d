// Over 400 lines: one table, each cause with its sentences.
import assert from "node:assert/strict";
import type { InputStatus } from "../../runtime/job_status.ts";
import type { StateReading } from "../../runtime/read_state.ts";
import { noOutcomes } from "../../stream/task/counts.ts";
import type { JobOverview, LogOverview } from "../overview.ts";
import {
  inputStatus,
  jobOverview,
  jobStatus,
  logOverview,
  memberStatus,
  noon,
  taskStatus,
  topicOverview,
  windowStatus,
} from "../test_overviews.ts";
import { type Cause, causes, severityOf } from "./finding.ts";
import { type Question, why } from "./why.ts";

const minute = 60_000;
const topic = "flightdata";
const input = (change: Partial<InputStatus> = {}) => inputStatus(topic, change);
/** stats with one task over one input. */
const stats = (
  change: Partial<InputStatus> = {},
  task: Parameters<typeof taskStatus>[1] = {},
) => jobStatus("stats", [taskStatus([input(change)], task)]);
const waitingMember = (change: Parameters<typeof memberStatus>[0]) => ({
  ...stats(),
  tasks: [],
  members: [memberStatus({ partitions: [], ...change })],
});
const open = (change: Parameters<typeof windowStatus>[1] = {}) => ({
  windows: { count: 1, earliest: [windowStatus(noon - minute, change)] },
});
const stopped: Partial<JobOverview> = { toldBy: "log", members: [] };
const process = { description: "stats (process 1)", address: "http://127.0.0.1:4567" };
const log = (status: JobOverview["status"], change: Partial<JobOverview> = {}): LogOverview =>
  logOverview([jobOverview(status, change)]);
const outcomes = (change: Partial<ReturnType<typeof noOutcomes>>) => ({
  ...noOutcomes(),
  ...change,
});
/** stats whose records ended so, all of them since it was started. */
const ended = (change: Partial<ReturnType<typeof noOutcomes>>) => {
  const counts = outcomes(change);
  return stats({ outcomes: counts, outcomesHere: counts }, { outcomes: counts });
};
const committed = (offset: number, topicId = `id of ${topic}`) => ({
  committed: [{ topic, partition: 0, offset, topicId }],
});
const reading = (change: Partial<StateReading> = {}): StateReading => ({
  applicationId: "stats",
  entries: [],
  windows: [],
  isWhole: true,
  ...change,
});
const savedWindow = {
  ...windowStatus(noon - minute),
  stage: topic,
  partition: 0,
  held: 3,
};

interface Case {
  readonly name: string;
  readonly overview: LogOverview;
  readonly question?: Question;
  /** The sentence, whole. */
  readonly text: string;
}

/** By cause: how it looks, and what is said. */
const cases: Readonly<Record<Cause, readonly Case[]>> = {
  "unknown-job": [{
    name: "a name that no job has",
    overview: log(stats()),
    question: { job: "stat" },
    text: "a log of a test knows no job stat: it never ran there; there is stats",
  }],
  "offset-lost": [{
    name: "the log starts behind it",
    overview: {
      ...log(stats(), committed(812)),
      topics: [topicOverview(topic, { partitions: [{ startOffset: 900, endOffset: 950 }] })],
    },
    text:
      "committed offset 812 of flightdata[0] is gone, the log starts at 900: say with --on-data-loss " +
      "where stats is to go on",
  }, {
    name: "the log ends before it",
    overview: log(stats(), committed(11)),
    text:
      "committed offset 11 of flightdata[0] is gone, the log ends at 10: say with --on-data-loss " +
      "where stats is to go on",
  }],
  "topic-recreated": [{
    name: "another id",
    overview: log(stats(), committed(5, "another")),
    text:
      "flightdata was deleted and created anew: what stats has committed of flightdata[0] counts in the " +
      "one before; take the job back with `flights reset stats`, or say --on-data-loss",
  }],
  "topic-missing": [{
    name: "no such topic",
    overview: { ...log(stats()), topics: [] },
    text: "the log has no topic flightdata, which stats reads",
  }],
  "no-member": [{
    name: "with input left",
    overview: log(stats({ lag: 7 }), stopped),
    text: "no member of stats runs: 7 offsets of its input wait to be processed; start it",
  }, {
    name: "with nothing left",
    overview: log(stats(), stopped),
    text:
      "no member of stats runs: all of its input was processed when the last one left; start it",
  }, {
    name: "that has committed nothing",
    overview: log({ ...stats(), tasks: [] }, stopped),
    text: "no member of stats runs: it has never committed anything; start it",
  }],
  "not-answering": [{
    name: "a process that is deaf",
    overview: log(stats(), { toldBy: "log", processes: [{ ...process, failure: "timed out" }] }),
    text:
      "1 member of stats runs, but nobody answers at http://127.0.0.1:4567 (timed out): what is told here " +
      "is what was committed",
  }, {
    name: "members that answer nowhere",
    overview: log(stats(), { toldBy: "log" }),
    text:
      "1 member of stats runs and answers nowhere: what is told here is what was committed; started with " +
      "--http it tells more",
  }],
  waiting: [{
    name: "for a topic",
    overview: log(waitingMember({ state: "waiting", waitingFor: "the log has no topic x" })),
    text: "stats waits: the log has no topic x",
  }],
  rejoining: [{
    name: "without its tasks",
    overview: log(
      waitingMember({ fences: 1, lastFence: { at: noon - 5_000, reason: "it was replaced" } }),
    ),
    text: "member member-1 of stats joins again, 1 time by now, last at 11:59:55: it was replaced",
  }, {
    name: "again and again, though it has its tasks for a moment",
    overview: log({
      ...stats(),
      members: [memberStatus({ fences: 3, lastFence: { at: noon - 5_000, reason: "timed out" } })],
    }),
    text: "member member-1 of stats joins again, 3 times by now, last at 11:59:55: timed out",
  }],
  restoring: [{
    name: "with time left",
    overview: log(
      waitingMember({ state: "restoring", restore: { done: 40, total: 100, leftMs: 3_000 } }),
    ),
    text:
      "member member-1 of stats rebuilds its state: 40 of 100 changelog offsets read, about 3s left",
  }],
  "standing-by": [{
    name: "behind another member",
    overview: log(waitingMember({ state: "standing-by", waitingFor: "member-2 holds them" })),
    text: "member member-1 of stats stands by: member-2 holds them",
  }],
  "partitions-unheld": [{
    name: "one is nobody's",
    overview: log(
      jobStatus("stats", [taskStatus([input()]), taskStatus([input()], { partition: 1 })]),
      { toldBy: "log", members: [{ id: "m", description: "stats", partitions: [0] }] },
    ),
    text:
      "no member of stats holds partition 1: they are being shared out, or who joined does not take part",
  }],
  "transaction-open": [{
    name: "for long",
    overview: log(stats({ position: 4, lag: 6 }), {
      transactions: [{
        topic,
        partition: 0,
        startOffset: 4,
        producerId: 9,
        transactionalId: "merge-1",
        startedAt: noon - 2 * minute,
      }],
    }),
    text:
      "the transaction of merge-1 on flightdata[0] hangs since 11:58:00, for 2m: nothing behind offset 4 " +
      "can be read before it ends; 6 offsets lie behind it",
  }],
  stalled: [{
    name: "with records to read",
    overview: log(stats({ position: 4, lag: 6, lastMovedAt: noon - 10_000 })),
    text:
      "stats does not come on in flightdata[0] for 10s: 6 offsets wait, none was taken since 11:59:50",
  }],
  "all-dead-letters": [{
    name: "all that came",
    overview: log(ended({ deadLetter: 3 })),
    text:
      "none of the 3 records that stats has read could be used: 3 went to flightdata.dead-letter, where " +
      "each says why",
  }],
  "all-late": [{
    name: "all since it was started, though some were used before",
    overview: log(
      stats({ outcomes: outcomes({ windowed: 9, late: 2 }), outcomesHere: outcomes({ late: 2 }) }, {
        outcomes: outcomes({ windowed: 9, late: 2 }),
      }),
    ),
    text: "none of the 2 records that stats has read came in time: 2 went to flightdata.late",
  }],
  "all-filtered": [{
    name: "all that came",
    overview: log(ended({ filtered: 5 })),
    text: "stats lets none of the 5 records through that it has read: 5 were filtered",
  }],
  behind: [{
    name: "and moving",
    overview: log(stats({ position: 4, lag: 6, lastMovedAt: noon - 9_999 })),
    text: "stats is 6 offsets behind the end of flightdata, and comes on",
  }],
  "at-end": [{
    name: "of a bounded run",
    overview: log({ ...stats(), members: [memberStatus({ state: "at-end" })] }),
    text:
      "member member-1 of stats has come to the end of its bounded run, and waits for the others; windows " +
      "that are open stay for the next run, if it does not run with --drain",
  }],
  "no-input": [{
    name: "and who writes it does not run",
    overview: logOverview([
      jobOverview(jobStatus("merge", [], { writes: [topic], members: [] }), stopped),
      jobOverview(stats({ position: 0, endOffset: 0 })),
    ]),
    question: { job: "stats" },
    text:
      "nothing arrives on flightdata: there never was a record on it; it is written by merge, which does " +
      "not run",
  }],
  "input-silent": [{
    name: "for a while",
    overview: log(stats({ lastRecordAt: noon - 10_000 })),
    text: "nothing arrives on flightdata since 11:59:50, for 10s; all that is there has been read",
  }],
  "held-upstream": [{
    name: "by a job whose own input is silent",
    overview: logOverview([
      jobOverview(jobStatus("merge", [
        taskStatus([inputStatus("skyone", { lastRecordAt: noon - 4_000, idleAt: noon + 6_000 })], {
          partition: 2,
        }),
      ])),
      jobOverview(
        stats(
          { carried: true, heldBy: { job: "merge", task: 2, watermark: noon - 30_000 } },
          open(),
        ),
      ),
    ]),
    question: { job: "stats" },
    text:
      "merge holds the watermark of flightdata[0] at 11:59:59: its task 2 is at 11:59:30; there " +
      "skyone[2] holds it, last record 4s ago, will be idle in 6s",
  }, {
    name: "by a job that does not run",
    overview: logOverview([
      jobOverview(jobStatus("merge", [], { members: [] }), stopped),
      jobOverview(
        stats({ carried: true, heldBy: { job: "merge", task: 2, watermark: null } }, open()),
      ),
    ]),
    question: { job: "stats" },
    text:
      "merge holds the watermark of flightdata[0] at 11:59:59: its task 2 has told no watermark yet; no " +
      "member of merge runs",
  }],
  "held-back": [{
    name: "by a partition that goes silent",
    overview: log(stats({ watermark: noon - 50_000, lastRecordAt: noon - 1_000 }, open())),
    text: "flightdata[0] holds the watermark at 11:59:10, last record 1s ago, will be idle in 9s",
  }],
  "window-open": [{
    name: "until a record or silence",
    overview: log(
      stats({ outOfOrdernessMs: 5_000 }, open({ keys: 2, silenceAt: noon + 12_000 })),
    ),
    text:
      "window 11:59 to 12:00 is open with 2 keys in 1 task: it closes when a record of 12:00:05 or later " +
      "comes on flightdata[0], or by silence at 12:00:12, in 12s",
  }, {
    name: "and silence is not to close it",
    overview: log(stats({ closesOnSilence: false }, open())),
    text:
      "window 11:59 to 12:00 is open with 1 key in 1 task: it closes when a record of 12:00:00 or later " +
      "comes on flightdata[0]; silence does not close it, that is off",
  }, {
    name: "for its trigger",
    overview: log(stats({}, open({ start: null, end: null, endsBy: "never" }))),
    text: "the window of window is open with 1 key in 1 task: only its trigger fires it",
  }, {
    name: "as it was saved by a job that does not run",
    overview: log(stats({ outOfOrdernessMs: null, closesOnSilence: null }), stopped),
    question: { saved: [reading({ windows: [savedWindow] })] },
    text:
      "window 11:59 to 12:00 is open with 1 key in 1 task: it closes when a record of 12:00:00 or later " +
      "comes on flightdata[0]",
  }],
  "window-empty": [{
    name: "not yet begun",
    overview: log(stats()),
    question: { window: noon + minute },
    text: "no record of a window of 12:01 has come to stats yet, which is at 11:59:59",
  }],
  "key-unknown": [{
    name: "never seen",
    overview: log(stats()),
    question: { key: "a@b", saved: [reading()] },
    text:
      "stats has saved nothing of the key a@b: no record of it has come to it, or none that counted; if " +
      "it is what places records, they lie in flightdata[0] (read to 11:59:59)",
  }],
  "window-fired": [{
    name: "behind the watermark",
    overview: log(stats()),
    question: { window: noon - 2 * minute },
    text:
      "no window of 11:58 is open: all tasks of stats have come to 11:59:59 at least; it was fired, if a " +
      "record had come for it",
  }],
  "key-state": [{
    name: "with a value",
    overview: log(stats()),
    question: {
      key: "a@b",
      saved: [reading({
        entries: [{ stage: topic, partition: 0, table: "total", name: ["a@b"], value: [60, 2] }],
      })],
    },
    text:
      "stats has saved 1 value of the key a@b in flightdata[0], as of its last commit: total [60,2]",
  }],
  "unreported-writers": [{
    name: "some",
    overview: log(
      stats({ unreported: 2, outcomes: outcomes({ used: 2 }) }, {
        outcomes: outcomes({ used: 2 }),
      }),
    ),
    text:
      "2 records of flightdata come from a writer that reports no watermarks: they move nothing, and can " +
      "be late",
  }],
  "dead-letters": [{
    name: "some",
    overview: log(ended({ used: 1, deadLetter: 1 })),
    text: "1 record could not be read: see flightdata.dead-letter, where each says why",
  }],
  "late-records": [{
    name: "some",
    overview: log(ended({ windowed: 1, late: 2 })),
    text: "2 records came too late for their windows: see flightdata.late",
  }],
  "has-output": [{
    name: "since it was started",
    overview: log({ ...ended({ used: 4 }), writes: ["out"], outputs: { out: 4 } }),
    text:
      "stats has written 4 records to out since its tasks were taken up; its last commit was at 12:00:00",
  }],
};

for (const cause of causes) {
  for (const { name, overview, question = {}, text } of cases[cause]) {
    Deno.test(`why: ${cause}, ${name}`, () => {
      const findings = why(overview, question);
      const found = findings.find((one) => one.cause === cause);
      assert.equal(found?.text, text, JSON.stringify(findings, null, 2));
      assert.equal(found.severity, severityOf(cause));
    });
  }
}

Deno.test("why: a job that runs, reads all that comes and holds nothing back has nothing to answer for", () => {
  assert.deepEqual(why(log(stats())), []);
});

Deno.test("why tells the heaviest first", () => {
  const status = stats({ lastRecordAt: noon - 20_000 }, open());
  const findings = why(log(status, committed(11)));
  assert.deepEqual(findings.map(({ cause }) => cause), [
    "offset-lost",
    "input-silent",
    "held-back",
    "window-open",
  ]);
});

Deno.test("why: of a key its own windows are told, with what the process knows of them", () => {
  const status = stats({}, open({ keys: 5, silenceAt: noon + 9_000 }));
  const state = reading({
    entries: [{
      stage: topic,
      partition: 0,
      table: "window",
      name: [noon - minute, noon, "a@b"],
      value: [60, 2],
    }],
    windows: [savedWindow],
  });
  const findings = why(log(status), { key: "a@b", saved: [state] });
  assert.deepEqual(findings.map(({ text }) => text), [
    "flightdata[0] holds the watermark at 11:59:59, last record 1s ago, will be idle in 9s",
    "window 11:59 to 12:00 is open with the key a@b in 1 task: it closes when a record of 12:00:00 or later " +
    "comes on flightdata[0], or by silence at 12:00:09, in 9s",
    "stats has saved 1 value of the key a@b in flightdata[0], as of its last commit: window (11:59 to " +
    "12:00) [60,2]",
  ]);
});

Deno.test("why: a transaction holds back only who has come to it, and only when it lasts", () => {
  const of = (position: number, startedAt: number) =>
    why(log(stats({ position, lag: 3 }), {
      transactions: [{
        topic,
        partition: 0,
        startOffset: 4,
        producerId: 9,
        transactionalId: null,
        startedAt,
      }],
    })).map(({ cause }) => cause);
  assert.deepEqual(of(3, noon - minute), ["behind"]);
  assert.deepEqual(of(4, noon - 9_999), []);
  assert.deepEqual(of(4, noon - 10_000), ["transaction-open"]);
});

Deno.test("why: a job that is stuck is not excused by a transaction that it has not come to", () => {
  const of = (startOffset: number) => {
    const open = { topic, partition: 0, producerId: 9, transactionalId: null };
    const transactions = [{ ...open, startOffset, startedAt: noon - 100 }];
    const stuck = stats({ position: 4, lag: 3, lastMovedAt: noon - minute });
    return why(log(stuck, { transactions })).map(({ cause }) => cause);
  };
  assert.deepEqual(of(4), []);
  assert.deepEqual(of(5), ["stalled"]);
});

Deno.test("why: where the log tells nobody's age, a transaction lasts as long as the job stands at it", () => {
  const of = (lastMovedAt: number) => {
    const untold = { producerId: null, transactionalId: null, startedAt: null };
    const transactions = [{ topic, partition: 0, startOffset: 4, ...untold }];
    return why(log(stats({ position: 4, lag: 3, lastMovedAt }), { transactions }));
  };
  assert.deepEqual(of(noon - 9_999), []);
  const [{ text } = { text: "" }] = of(noon - 10_000);
  assert.match(
    text,
    /^the transaction of a writer on flightdata\[0\] hangs: nothing behind offset 4/,
  );
});

Deno.test("why: a window of which some partition knows nothing yet is not over", () => {
  const tasks = [
    taskStatus([input()]),
    taskStatus([input({ watermark: null })], { partition: 1 }),
  ];
  const [found] = why(log(jobStatus("stats", tasks)), { window: noon - 2 * minute });
  assert.equal(found?.cause, "window-empty");
});

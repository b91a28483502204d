import assert from "node:assert/strict";
import fc from "fast-check";
import type { Frame } from "../frame.ts";
import { History } from "../history.ts";
import { savedStatus } from "../../runtime/saved_status.ts";
import {
  inputStatus,
  jobOverview,
  jobStatus,
  logOverview,
  noon,
  taskStatus,
} from "../test_overviews.ts";
import { plainText, widthOf } from "./cells.ts";
import { picture, type Scene, type Size } from "./picture.ts";
import { paint } from "./screen.ts";
import { frameOf, result, twoJobs } from "./test_frames.ts";

/** After ten seconds in which merge took 100 offsets each. */
function scene(change: Partial<Frame> = {}, more: Partial<Scene> = {}): Scene {
  const history = new History();
  for (let i = 0; i <= 10; i++) {
    history.add(twoJobs(i * 100, noon - (10 - i) * 1_000));
  }
  const frame = frameOf(twoJobs(1_000), change);
  history.add(frame.overview);
  return { title: "flights status", frame, history, ...more };
}

function lines(scene: Scene, size: Size): readonly string[] {
  return picture(scene, size).map((line) => plainText(line).trimEnd());
}

const leaders = [
  { email_address: "AAAAA@email.com", total_flight_duration: 1_234, number_of_flights: 1_001 },
  { email_address: "BBBBB@email.com", total_flight_duration: 59, number_of_flights: 1 },
];

Deno.test("a wide terminal shows jobs, rates, lag, event time, windows and results", async (t) => {
  const results = [result('{"email_address":"AAAAA@email.com"}'), result(null)];
  const strays = [
    result("{", { topic: "skyone.dead-letter", headers: [["error-message", "not JSON"]] }),
  ];
  const all = scene({ leaders, results, strays });
  await t.assertSnapshot(lines(all, { columns: 120, rows: 40 }).join("\n"));
});

Deno.test("80 columns drop what matters least", async (t) => {
  await t.assertSnapshot(lines(scene({ leaders }), { columns: 80, rows: 24 }).join("\n"));
});

Deno.test("40 columns keep job, state, rate, lag and how far behind", async (t) => {
  await t.assertSnapshot(lines(scene({ leaders }), { columns: 40, rows: 20 }).join("\n"));
});

Deno.test("one job is shown partition by partition", async (t) => {
  const overview = { ...twoJobs(), jobs: twoJobs().jobs.slice(1) };
  const one = scene({ overview }, { byPartition: true });
  await t.assertSnapshot(lines(one, { columns: 100, rows: 30 }).join("\n"));
});

Deno.test("a few rows keep the jobs, then the reasons", () => {
  const heads = (rows: number) =>
    lines(scene({ leaders, results: [result("x")] }), { columns: 80, rows })
      .map((line) => line.split("  ")[0]);
  assert.deepEqual(heads(1), ["flights status"]);
  assert.deepEqual(heads(3), ["flights status", "job", "merge"]);
  assert.deepEqual(heads(5), ["flights status", "", "job", "merge", "stats"]);
  assert.deepEqual(heads(8).slice(5, 7), ["", "what stands in the way"]);
});

Deno.test("the heaviest finding of each job comes before the second of any", () => {
  const finding = (job: string, text: string) => ({
    cause: "waiting" as const,
    severity: "blocking" as const,
    job,
    text,
    figures: {},
  });
  const findings = [
    finding("merge", "merge one"),
    finding("merge", "merge two"),
    finding("stats", "three"),
  ];
  const shown = lines(scene({ findings }), { columns: 80, rows: 40 });
  const first = shown.indexOf("what stands in the way") + 1;
  assert.deepEqual(shown.slice(first, first + 3), ["merge one", "stats: three", "merge two"]);
});

Deno.test("the first finding of each job is there whole before other sections get more", () => {
  const text = Array.from({ length: 5 }, (_, i) => `stats ${i} ${"x".repeat(30)}`).join(" ");
  const finding = {
    cause: "waiting",
    severity: "blocking",
    job: "stats",
    text,
    figures: {},
  } as const;
  const all = scene({ leaders: [...leaders, ...leaders], findings: [finding] });
  const titles = lines(all, { columns: 40, rows: 19 }).map((line) => line.slice(0, 9).trim());
  assert.deepEqual(titles.slice(6), [
    "what stan",
    ...["stats 0 x", "stats 1 x", "stats 2 x", "stats 3 x", "stats 4 x"],
    "",
    "leading t",
    ...["traveller", "AAAAA@ema"],
    "",
    "open wind",
    "stats 11:",
  ]);
});

Deno.test("a finding whose end finds no room ends in an ellipsis", () => {
  const text = "a finding of which no more than its first words have any room here";
  const finding = {
    cause: "waiting",
    severity: "blocking",
    job: "merge",
    text,
    figures: {},
  } as const;
  const shown = (rows: number) =>
    lines(scene({ findings: [finding] }), { columns: 40, rows }).slice(7);
  assert.deepEqual(shown(8), ["merge: a finding of which no more than …"]);
  assert.deepEqual(shown(9), [
    "merge: a finding of which no more than",
    "its first words have any room here",
  ]);
});

Deno.test("what happened shows its end where there is no room for all", () => {
  const events = Array.from({ length: 30 }, (_, i) => `event ${i}`);
  const shown = lines(scene({}, { events }), { columns: 80, rows: 24 });
  assert.ok(shown.includes("event 29"));
  assert.equal(shown.includes("event 0"), false);
});

Deno.test("a look that failed leaves the picture, and says so", () => {
  const shown = lines(scene({}, { failure: "the log is \x1b[31mgone" }), { columns: 80, rows: 24 });
  assert.equal(shown[1], "cannot look: the log is ␛[31mgone");
  assert.match(shown.join("\n"), /^merge {2}running/m);
});

Deno.test("what a job has repartitioned is no lag of its own", () => {
  const own = inputStatus("stats-repartition-flightdata", { lag: 99 });
  const tasks = [taskStatus([inputStatus("flightdata", { lag: 1 })]), taskStatus([own])];
  const overview = logOverview([jobOverview(jobStatus("stats", tasks, { reads: ["flightdata"] }))]);
  const shown = lines({ ...scene(), frame: frameOf(overview) }, { columns: 40, rows: 24 });
  assert.match(shown[3]!, /^stats {2}running +0 +1 /);
});

Deno.test("a log without jobs says so", () => {
  const overview = logOverview([]);
  const shown = lines({ ...scene(), frame: frameOf(overview) }, { columns: 80, rows: 24 });
  assert.deepEqual(shown.slice(1), ["", "the log knows no job yet"]);
});

Deno.test("of a job that nobody tells of the log's figures are shown, and no others", () => {
  const status = savedStatus("stats", { offsets: [], topics: [], now: noon });
  const [member] = twoJobs().jobs[1]!.members;
  const row = (members: readonly NonNullable<typeof member>[]) => {
    const overview = logOverview([jobOverview(status, { toldBy: "log", members })]);
    return lines({ ...scene(), frame: frameOf(overview) }, { columns: 120, rows: 24 })[3];
  };
  assert.match(row([])!, /^stats {2}not running +0 .* 0 +none yet +0$/);
  assert.match(row([member!])!, /^stats {2}no answer +0 .* 0 +none yet +1$/);
});

const hostile = "\x1b[2J\x1b]0;owned\x07\r\n\u202e\ufeff<b>日本\u0301\u0302\x9b1m";

Deno.test("no text of somebody else's reaches the terminal as it is", () => {
  const overview = { ...twoJobs(), log: hostile };
  const all = scene({
    overview,
    leaders: [{ ...leaders[0]!, email_address: hostile }],
    results: [result(hostile)],
    strays: [result(hostile, { topic: "x.late", headers: [["error-message", hostile]] })],
    findings: [{
      cause: "waiting",
      severity: "blocking",
      job: "merge",
      text: hostile,
      figures: {},
    }],
  }, { failure: hostile });
  const shown = picture(all, { columns: 120, rows: 60 }).map((line) => paint(line, false)).join("");
  assert.equal(/[\p{C}\p{Zl}\p{Zp}]/u.test(shown), false);
  assert.equal(shown.split("␛[2J").length - 1, 7);
});

Deno.test("a picture is never larger than its terminal", () => {
  const text = fc.string({ unit: "binary", maxLength: 80 });
  const record = text.map((value) => result(value));
  fc.assert(fc.property(
    fc.record({ results: fc.array(record), strays: fc.array(record), withLeaders: fc.boolean() }),
    fc.array(text),
    fc.boolean(),
    fc.record({ columns: fc.integer({ min: 1, max: 150 }), rows: fc.integer({ min: 1, max: 60 }) }),
    ({ results, strays, withLeaders }, events, byPartition, size) => {
      const all = scene({ results, strays, leaders: withLeaders ? leaders : [] }, {
        events,
        byPartition,
      });
      const shown = picture(all, size);
      assert.ok(shown.length <= size.rows);
      for (const line of shown) assert.ok(widthOf(plainText(line)) <= size.columns);
    },
  ));
});

Deno.test("an hour of watching holds ten minutes of it", () => {
  const history = new History();
  for (let second = 0; second < 3_600; second++) {
    const overview = twoJobs(second * 100, noon + second * 1_000);
    history.add(overview);
    picture({ title: "", history, frame: frameOf(overview) }, { columns: 120, rows: 40 });
  }
  assert.equal(history.points.length, 600);
  assert.equal(history.points[0]!.at, noon + 3_000_000);
});

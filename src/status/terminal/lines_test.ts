import assert from "node:assert/strict";
import { History } from "../history.ts";
import { noon } from "../test_overviews.ts";
import { ChangedLines } from "./lines.ts";
import { frameOf, twoJobs } from "./test_frames.ts";

Deno.test("a line a job, with its figures and the first reason", () => {
  const history = new History();
  const lines = new ChangedLines();
  const add = (taken: number, at: number, text: string) => {
    const overview = twoJobs(taken, at);
    history.add(overview);
    const findings = [{
      cause: "waiting" as const,
      severity: "waiting" as const,
      job: "stats",
      text,
      figures: {},
    }];
    return lines.add(frameOf(overview, { findings }), history);
  };
  assert.deepEqual(add(0, noon, "it waits"), [
    "12:00:00 merge running, lag 0, watermark 11:59:56 held by skyone[2], 0 open windows",
    "12:00:00 stats running, lag 1,230, watermark 11:58:55 held by flightdata[1], 1 open windows; it waits",
  ]);
  assert.deepEqual(add(100, noon + 1_000, "it waits"), [
    "12:00:01 merge running, 100 rec/s, lag 0, watermark 11:59:56 held by skyone[2], 0 open windows",
    "12:00:01 stats running, 0 rec/s, lag 1,230, watermark 11:58:55 held by flightdata[1], 1 open windows; it waits",
  ]);
  assert.deepEqual(add(200, noon + 2_000, "it waits"), []);
  assert.deepEqual(add(300, noon + 3_000, "two\nlines\x1b[2J"), [
    "12:00:03 stats running, 0 rec/s, lag 1,230, watermark 11:58:55 held by flightdata[1], 1 open windows; two␊lines␛[2J",
  ]);
});

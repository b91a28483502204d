import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import type { Frame } from "../status/frame.ts";
import { frameOf, result, twoJobs } from "../status/terminal/test_frames.ts";
import { noon } from "../status/test_overviews.ts";
import { TextOutput } from "./text_output.ts";
import { watchJobs } from "./watching.ts";

/** What is told of looks, one a second; `look` is given how many there were before. */
async function told(
  look: (count: number) => Frame,
  { looks, json = false, job }: {
    readonly looks: number;
    readonly json?: boolean;
    readonly job?: string;
  },
): Promise<readonly string[]> {
  const clock = new SimulatedClock(noon);
  const stop = new AbortController();
  let text = "";
  const output = new TextOutput({
    writeSync: (bytes) => {
      text += new TextDecoder().decode(bytes);
      return bytes.length;
    },
  });
  let count = 0;
  const ended = watchJobs(async () => {
    await Promise.resolve();
    return look(count++);
  }, {
    output,
    title: "a test",
    job,
    json,
    draws: false,
    color: false,
    clock,
    signal: stop.signal,
  });
  while (count < looks) {
    // Macrotasks: all that a look sets off has happened before the next.
    await new Promise((resolve) => setImmediate(resolve));
    if (count < looks) clock.advance(1_000);
  }
  stop.abort();
  await ended;
  return text.split("\n").slice(0, -1);
}

Deno.test("watching tells of a job when something has changed, and not for an hour when nothing has", async () => {
  const still = (at: number) => frameOf(twoJobs(10, noon + at * 1_000), { findings: [] });
  const lines = await told((count) => still(count), { looks: 3_600 });
  // The second look is the first that knows a rate.
  assert.deepEqual(lines.map((line) => line.slice(0, 22)), [
    "12:00:00 merge running",
    "12:00:00 stats running",
    "12:00:01 merge running",
    "12:00:01 stats running",
  ]);
});

Deno.test("watching one job tells of no other, though all are looked at", async () => {
  const lines = await told(() => frameOf(twoJobs()), { looks: 1, job: "stats" });
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /^12:00:00 stats running, .*; stats is 1230 offsets behind/);
});

Deno.test("watching as JSON gives an object a job and look", async () => {
  const look = (count: number) => frameOf(twoJobs(10, noon + count), { results: [result("x")] });
  const lines = await told(look, { looks: 2, json: true, job: "merge" });
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)).map((
      { applicationId, toldBy },
    ) => [applicationId, toldBy]),
    [["merge", "process"], ["merge", "process"]],
  );
});

Deno.test("watching goes on after a look that failed, and says so", async () => {
  const lines = await told((count) => {
    if (count === 1) throw new Error("nobody is there");
    return frameOf(twoJobs(10, noon + count * 1_000), { findings: [] });
  }, { looks: 3, job: "merge" });
  assert.deepEqual(lines.map((line) => line.slice(0, 28)), [
    "12:00:00 merge running, lag ",
    "cannot look: nobody is there",
    "12:00:02 merge running, 0 re",
  ]);
});

Deno.test("watching ends with the output, and with an error where that takes nothing", async () => {
  const full = new TextOutput({
    writeSync: () => {
      throw new Error("no space left");
    },
  });
  const clock = new SimulatedClock(noon);
  const { signal } = new AbortController();
  const options = { title: "", json: false, draws: false, color: false, clock, signal };
  const look = () => Promise.resolve(frameOf(twoJobs()));
  await assert.rejects(watchJobs(look, { ...options, output: full }), /no space left/);
  const gone = new TextOutput({
    writeSync: () => {
      throw new Deno.errors.BrokenPipe();
    },
  });
  await watchJobs(look, { ...options, output: gone });
});

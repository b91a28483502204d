/** Members that end together: they have the same stops, and stay until all are at theirs. */

import assert from "node:assert/strict";
import type { Assignment } from "../log/log.ts";
import { findStops, runJob } from "./job.ts";
import type { JobStatus } from "./job_status.ts";
import {
  fails,
  openLog,
  read,
  sales,
  sell,
  total,
  until,
  untilEnd,
  withMembers,
} from "./test_sales.ts";

/** The state of each status that was told, and who tells. */
function watch() {
  const statuses: JobStatus[] = [];
  return { statuses, status: (status: JobStatus) => void statuses.push(status) };
}

Deno.test("semantics 11: given stops hold, and the member stays at its end until its signal", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 4]);
  const stops = await findStops(log, sales(), untilEnd());
  assert.deepEqual(stops, new Map([["sales", [2]]]));
  await sell(log, [200, 8]);
  const stop = new AbortController();
  const { statuses, status } = watch();
  const running = runJob(log, sales(), {
    untilEnd: { drain: true, wait: 50, stops: stops! },
    signal: stop.signal,
    observer: { status },
  });
  await until(() => statuses.at(-1)?.state === "at-end");
  const { offsets, members } = await log.describeGroup("sales-job");
  assert.deepEqual(offsets.map(({ offset }) => offset), [2], "what is at its end is committed");
  assert.deepEqual(members.map(({ partitions }) => partitions), [[0]]);
  assert.deepEqual(await read(log, "totals"), [total(60, 1), total(120, 5, "drain")]);
  stop.abort();
  const last = await running;
  assert.equal(last.state, "stopped");
  assert.equal(last.tasks[0]!.inputs[0]!.position, 2);
  await log.close();
});

Deno.test("semantics 11: a member at its end takes what it is given to the stops too, and fires nothing twice", async () => {
  const log = await openLog(2);
  await sell(log, [0, 1, "a", 0], [5, 2, "d", 1]);
  const stops = await findStops(log, sales(), untilEnd());
  const stop = new AbortController();
  const { statuses, status } = watch();
  const drained: (readonly number[])[] = [];
  let moved = false;
  const moving = withMembers(log, (member) => {
    const own = (generation: number, ...partitions: readonly number[]): Assignment => ({
      generation,
      partitions,
      waitingFor: null,
    });
    return {
      get assignment() {
        if (member.assignment.generation === 0) return member.assignment;
        return moved ? own(2, 0, 1) : own(1, 0);
      },
    };
  });
  const running = runJob(moving, sales(), {
    untilEnd: { drain: true, wait: 50, stops: stops! },
    signal: stop.signal,
    observer: { status, drained: (...task) => void drained.push(task) },
  });
  const ended = (tasks: number) =>
    statuses.at(-1)?.state === "at-end" && statuses.at(-1)!.tasks.length === tasks;
  await until(() => ended(1));
  moved = true;
  await until(() => ended(2));
  stop.abort();
  await running;
  assert.deepEqual(drained, [[0, 59_999], [1, 59_999]]);
  const totals = [total(60, 1, "drain", "a"), total(60, 2, "drain", "d")];
  assert.deepEqual((await read(log, "totals")).toSorted(), totals.toSorted());
  await log.close();
});

Deno.test("semantics 11: who stands by in a run that ends together does not give up by itself", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  const holder = await log.join("sales-job", {
    description: "the holder",
    topics: ["sales"],
    version: "1",
  });
  await holder.poll([]);
  const alone = { untilEnd: { drain: false, wait: 0 } };
  await fails("members-alive", runJob(log, sales(), alone));

  const stops = await findStops(log, sales(), alone);
  const stop = new AbortController();
  const { statuses, status } = watch();
  let polls = 0;
  const counted = withMembers(log, (member) => ({
    poll: (...args) => {
      polls++;
      return member.poll(...args);
    },
  }));
  const running = runJob(counted, sales(), {
    untilEnd: { drain: false, wait: 0, stops: stops! },
    signal: stop.signal,
    observer: { status },
  });
  await until(() => statuses.at(-1)?.state === "standing-by" && polls > 3);
  stop.abort();
  assert.equal((await running).state, "stopped");
  await log.close();
});

Deno.test("semantics 11: stops are not waited for longer than a bounded run waits, nor after its signal", async () => {
  const log = await openLog();
  await log.deleteTopics(["totals"]);
  await fails("topic-missing", findStops(log, sales(), { untilEnd: { drain: false, wait: 0 } }));
  const stop = new AbortController();
  const waiting = () => stop.abort();
  const options = { ...untilEnd(), signal: stop.signal, observer: { waiting } };
  assert.equal(await findStops(log, sales(), options), null);
  await log.close();
});

/** Commits go on beside the processing, one after the other. */

import assert from "node:assert/strict";
import { SimulatedClock, systemClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { runJob } from "./job.ts";
import type { JobStatus } from "./job_status.ts";
import {
  fails,
  openLog,
  overlay,
  read,
  sales,
  sell,
  total,
  until,
  withMembers,
} from "./test_sales.ts";

/** The same log; each of its members' commits waits to be let through, until none needs to any more. */
function held(log: Log) {
  const waiting: { readonly release: (error?: Error) => void }[] = [];
  let isOpen = false;
  const changed = withMembers(log, (member) => ({
    begin: () => {
      const transaction = member.begin();
      return overlay(transaction, {
        commit: async (...args) => {
          if (isOpen) return await transaction.commit(...args);
          await new Promise<void>((resolve, reject) =>
            waiting.push({ release: (error) => error ? reject(error) : resolve() })
          );
          await transaction.commit(...args);
        },
      });
    },
  }));
  return { log: changed, waiting, open: () => isOpen = true };
}

/** A job on a log whose commits are held, and what is seen of it. */
async function running(options: { readonly partitions?: number } = {}) {
  const log = await openLog(options.partitions);
  const slow = held(log);
  const stop = new AbortController();
  const seen: JobStatus[] = [];
  const ended = runJob(slow.log, sales(), {
    commitInterval: 1,
    signal: stop.signal,
    observer: { status: (status) => seen.push(status) },
  });
  return { log, waiting: slow.waiting, open: slow.open, stop, seen, ended };
}

Deno.test("semantics 13: the next interval is processed beside a commit, and committed after it", async () => {
  const { log, waiting, open, stop, seen, ended } = await running();
  await until(() => waiting.length === 1);
  waiting.shift()!.release();
  await sell(log, [0, 1], [61, 2]);
  await until(() => waiting.length === 1);
  await sell(log, [121, 3]);
  // Time for it to be processed: only one commit may be under way all the while.
  await systemClock.sleep(20);
  assert.equal(waiting.length, 1);
  assert.deepEqual(await read(log, "totals"), []);
  waiting.shift()!.release();
  await until(() => waiting.length === 1);
  assert.deepEqual(await read(log, "totals"), [total(60, 1)]);
  assert.deepEqual(
    seen.at(-1)!.tasks[0]!.inputs[0]!.position,
    2,
    "a status tells what is committed",
  );
  waiting.shift()!.release();
  await until(async () => (await read(log, "totals")).length === 2);
  open();
  stop.abort();
  assert.equal((await ended).tasks[0]!.inputs[0]!.position, 3);
  await log.close();
});

Deno.test("semantics 16: what was processed beside a commit that failed is void with it", async () => {
  const { log, waiting, stop, seen, ended } = await running();
  await until(() => waiting.length === 1);
  waiting.shift()!.release();
  await sell(log, [0, 1], [61, 2]);
  await until(() => waiting.length === 1);
  await sell(log, [121, 3]);
  waiting.shift()!.release(new FlightsError("log-full", "Cannot commit: as planned"));
  await fails("log-full", ended);
  assert.deepEqual(await read(log, "totals"), []);
  const before = seen.length;
  stop.abort();
  assert.equal(seen.length, before, "nothing is told of a commit that failed");
  const status = await runJob(log, sales(), { untilEnd: { drain: false, wait: 50 } });
  assert.equal(status.tasks[0]!.inputs[0]!.position, 3);
  assert.deepEqual(await read(log, "totals"), [total(60, 1), total(120, 3)]);
  await log.close();
});

Deno.test("semantics 7: a partition that nobody answers for keeps only its own task waiting, in the end", async () => {
  const log = await openLog(2);
  await sell(log, [0, 1, "a", 0], [1, 2, "d", 1]);
  let unanswered = 0;
  const silent = withMembers(log, (member) => ({
    poll: async (positions, options) => {
      if (positions.some(({ partition }) => partition === 0)) unanswered++;
      const fetched = await member.poll(positions, options);
      await systemClock.sleep(1);
      return fetched.filter(({ partition }) => partition === 1);
    },
  }));
  const stop = new AbortController();
  const pace = new SimulatedClock(1_000_000);
  let status: JobStatus | null = null;
  const observer = { status: (told: JobStatus) => void (status = told) };
  const options = { pace, commitInterval: 1, signal: stop.signal, observer };
  const ended = runJob(silent, sales(), options);
  const positions = () => status?.tasks.map(({ inputs }) => inputs[0]!.position);
  // The second time it is asked for, it is known since when it is.
  await until(() => unanswered === 2);
  pace.advance(9_000);
  await systemClock.sleep(20);
  assert.deepEqual(positions(), [0, 0]);
  pace.advance(2_000);
  await until(() => {
    pace.advance(1);
    return positions()?.[1] === 1;
  });
  assert.deepEqual(positions(), [0, 1]);
  stop.abort();
  await ended;
  await log.close();
});

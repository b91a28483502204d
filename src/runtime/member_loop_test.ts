/** What a member does when its assignment changes, its run ends, or a partition gives nothing. */

import assert from "node:assert/strict";
import { SimulatedClock, systemClock } from "../base/clock.ts";
import type { Member } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { runJob } from "./job.ts";
import type { JobStatus } from "./job_status.ts";
import {
  openLog,
  overlay,
  read,
  type Sale,
  sales,
  sell,
  until,
  untilEnd,
  withMembers,
} from "./test_sales.ts";

/** A member whose assignment can be taken from it; it gives no records from then on. */
function dispossessible(member: Member) {
  let isLost = false;
  const nothing = { generation: 99, partitions: [], waitingFor: "another" };
  const own: Partial<Member> = {
    get assignment() {
      return isLost ? nothing : member.assignment;
    },
    poll: (positions, options) => isLost ? Promise.resolve([]) : member.poll(positions, options),
  };
  return { own, lose: () => isLost = true };
}

Deno.test("semantics 13: what was not committed is void when the assignment is taken away", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2]);
  const stop = new AbortController();
  let polls = 0;
  const taking = withMembers(log, (member) => {
    const { own, lose } = dispossessible(member);
    const poll = own.poll!;
    own.poll = (...args) => {
      polls++;
      if (polls === 3) lose();
      if (polls === 6) stop.abort();
      return poll(...args);
    };
    return own;
  });
  const options = { signal: stop.signal, commitInterval: 1_000_000 };
  const status = await runJob(taking, sales(), options);
  // It has registered with its readers (semantics 24), and no more.
  assert.equal(status.commits.count, 1);
  assert.deepEqual(status.tasks, []);
  assert.deepEqual(await read(log, "totals"), []);
  await log.close();
});

Deno.test("semantics 13: tasks whose assignment changed while they were restored are not taken up", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  await runJob(log, sales(), untilEnd());
  const stop = new AbortController();
  const seen: (readonly unknown[])[] = [];
  const taking = withMembers(log, (member) => {
    const { own, lose } = dispossessible(member);
    own.committed = () => {
      lose();
      return member.committed();
    };
    return own;
  });
  const status = await runJob(taking, sales(), {
    signal: stop.signal,
    observer: {
      resumed: (inputs) => void seen.push(inputs),
      status: ({ state }) => state === "standing-by" && stop.abort(),
    },
  });
  assert.deepEqual(seen, []);
  assert.equal(status.commits.count, 0);
  await log.close();
});

Deno.test("a job that is stopped from outside while it restores stops there", async () => {
  const log = await openLog();
  for (let i = 0; i < 5; i++) {
    await sell(log, [i, 1]);
    await runJob(log, sales(), untilEnd());
  }
  const stop = new AbortController();
  let fetches = 0;
  const watched = overlay(log, {
    fetch: (positions) => {
      fetches++;
      setImmediate(() => stop.abort());
      return log.fetch(positions, { maxPartitionBytes: 1 });
    },
  });
  let now = 0;
  const pace = { now: () => now += 100, sleep: systemClock.sleep };
  const status = await runJob(watched, sales(), { signal: stop.signal, pace });
  assert.equal(fetches, 1);
  assert.equal(status.state, "stopped");
  assert.deepEqual(status.tasks, []);
  await log.close();
});

Deno.test("semantics 7: what has more to read but gives nothing is waited for, without turning over", async () => {
  const log = await openLog(2);
  await sell(log, [0, 1, "a", 0], [1, 2, "d", 1]);
  const stop = new AbortController();
  const waits: number[] = [];
  const stalled = withMembers(log, (member) => ({
    poll: async (positions, options) => {
      if (positions.length > 0) waits.push(options?.maxWaitMs ?? 0);
      if (waits.length === 3) stop.abort();
      const fetched = await member.poll(positions, options);
      return fetched.map((one) =>
        one.partition === 0 ? one : { ...one, batches: [], nextOffset: 0, endOffset: 1 }
      );
    },
  }));
  const status = await runJob(stalled, sales(), { signal: stop.signal });
  assert.deepEqual(waits.filter((wait) => wait === 0), []);
  assert.deepEqual(status.tasks.map(({ inputs }) => inputs[0]!.position), [0, 0]);
  await log.close();
});

Deno.test("semantics 8: a bounded run leaves idle what was idle and has nothing new", async () => {
  const env = new StreamEnvironment();
  const [sold, returned] = ["sales", "returns"].map((topic) =>
    env.fromSource<Sale>(
      { topic, deserializer: json((value) => value as Sale) },
      WatermarkStrategy.forMonotonousTimestamps<Sale>().withoutClosingOnSilence(),
    )
  );
  sold!.union(returned!).sinkTo({ topic: "totals" });
  const job = { applicationId: "sales-job", topology: env.topology };
  const log = await openLog();
  await log.createTopics([{ name: "returns", partitions: 1 }]);
  const giveBack = new RecordBatchBuilder();
  giveBack.appendText(1_000, null, "{}");
  await log.append([{ topic: "returns", partition: 0, batch: giveBack.finish() }]);
  await sell(log, [0, 1]);
  const clock = new SimulatedClock();
  const stop = new AbortController();
  const statuses: JobStatus[] = [];
  const inputs = () => statuses.at(-1)?.tasks[0]?.inputs;
  const running = runJob(log, job, {
    clock,
    commitInterval: 1,
    signal: stop.signal,
    observer: { status: (status) => statuses.push(status) },
  });
  await until(() => inputs()?.[0]?.position === 1 && inputs()?.[1]?.position === 1);
  clock.advance(10_000);
  await sell(log, [10, 1]);
  await until(() => inputs()?.[0]?.position === 2);
  stop.abort();
  await running;
  await sell(log, [20, 1]);
  const next = await runJob(log, job, untilEnd());
  assert.deepEqual(next.tasks[0]!.inputs.map(({ idle }) => idle), [false, true]);
  assert.equal(next.tasks[0]!.watermark, 19_999);
  await log.close();
});

Deno.test("semantics 13: offsets that hold no record are committed when the job stops, and not again", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  await runJob(log, sales(), untilEnd());
  await sell(log, [1, 1], [2, 1]);
  // As after a transaction that was aborted.
  const gap = withMembers(log, (member) => ({
    poll: async (positions, options) =>
      (await member.poll(positions, options)).map((one) => ({ ...one, batches: [] })),
  }));
  const status = await runJob(gap, sales(), untilEnd());
  // Beside the one that each start makes to register (semantics 24).
  assert.equal(status.commits.count, 2);
  const { offsets } = await log.describeGroup("sales-job");
  assert.deepEqual(offsets.map(({ offset }) => offset), [3]);
  const again = await runJob(log, sales(), untilEnd());
  assert.equal(again.commits.count, 1);
  await log.close();
});

Deno.test("semantics 7: a partition that ran empty is looked at again before what was fetched after it", async () => {
  const log = await openLog(2);
  await sell(log, [10, 10, "a", 0]);
  const env = new StreamEnvironment();
  env.fromSource<Sale>(
    { topic: "sales", deserializer: json((value) => value as Sale) },
    WatermarkStrategy.forMonotonousTimestamps(),
  )
    .sinkTo({ topic: "totals", value: ({ sum }) => String(sum) });
  const stop = new AbortController();
  let fetches = 0;
  const growing = withMembers(log, (member) => ({
    poll: async (positions, options) => {
      if (positions.length > 0) fetches++;
      if (fetches === 2) await sell(log, [20, 20, "a", 0], [30, 30, "a", 1]);
      const fetched = await member.poll(positions, options);
      if (fetches !== 1) return fetched;
      // Partition 1 has more to read, so what partition 0 gave has to wait.
      return fetched.map((one) => one.partition === 0 ? one : { ...one, endOffset: 1 });
    },
  }));
  await runJob(growing, { applicationId: "copy", topology: env.topology }, {
    commitInterval: 1,
    signal: stop.signal,
    observer: {
      status: ({ tasks }) => {
        const read = tasks.reduce((sum, { inputs }) => sum + inputs[0]!.position, 0);
        if (read === 3) stop.abort();
      },
    },
  });
  assert.deepEqual(await read(log, "totals"), ["10000 10 ", "20000 20 ", "30000 30 "]);
  await log.close();
});

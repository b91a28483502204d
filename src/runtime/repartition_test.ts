/** Jobs that repartition, run on a log: their topics, their ends, and what they refuse (semantics 23). */

import assert from "node:assert/strict";
import { partitionForText } from "../base/murmur2.ts";
import { SimulatedClock, systemClock } from "../base/clock.ts";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import type { Topology } from "../stream/topology.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/windows/window.ts";
import { findStops, runJob } from "./job.ts";
import type { Job, JobOptions, ResumedInput } from "./job_options.ts";
import type { JobStatus } from "./job_status.ts";
import { resetJob } from "./reset.ts";
import {
  draining,
  fails,
  openLog,
  read,
  type Sale,
  sales,
  sell,
  total,
  until,
  untilEnd,
  withMembers,
} from "./test_sales.ts";

const applicationId = "sales-job";
const through = "sales-job-repartition-sales";

/** Running totals by shop and minute of sales on any partition. */
function topology(): Topology {
  const env = new StreamEnvironment();
  env.fromSource<Sale>(
    { topic: "sales", deserializer: json((value) => value as Sale) },
    WatermarkStrategy.forMonotonousTimestamps(),
  )
    .keyBy("shop")
    .window(TumblingEventTimeWindows.of("1m"))
    .runningReduce((a, b) => ({ shop: a.shop, sum: a.sum + b.sum }))
    .sinkTo({ topic: "totals", key: ({ shop }) => shop });
  return env.topology;
}

const job = (): Job => ({ applicationId, topology: topology() });

/** A total, whatever closed its window. */
const sumOf = (second: number, sum: number, shop = "a") => total(second, sum, "", shop);
const totals = async (log: Log) => (await read(log, "totals")).toSorted();

/** Both shops on both partitions; one of the partitions is an hour ahead. */
async function sellAnywhere(log: Log): Promise<void> {
  await sell(log, [3_600, 1, "a", 0], [3_661, 2, "d", 0]);
  await sell(log, [0, 4, "a", 1], [1, 8, "d", 1], [61, 16, "a", 1]);
}

const allTotals = [
  sumOf(60, 4, "a"),
  sumOf(120, 20, "a"),
  sumOf(3_660, 21, "a"),
  sumOf(60, 8, "d"),
  sumOf(3_720, 10, "d"),
].toSorted();

Deno.test("semantics 23: sales on any partition come to their totals through the job's own topics", async () => {
  assert.notEqual(partitionForText("a", 2), partitionForText("d", 2));
  const log = await openLog(2);
  await sellAnywhere(log);
  const status = await runJob(log, job(), draining);
  assert.deepEqual(await totals(log), allTotals);
  const names = (await log.describeTopics()).map(({ name, partitions }) =>
    `${name} ${partitions.length}`
  );
  assert.deepEqual(names, [
    "sales 2",
    "sales-job-changelog-repartition-sales 2",
    `${through} 2`,
    `${through}.dead-letter 2`,
    `${through}.late 2`,
    `${through}.watermarks 2`,
    "sales.dead-letter 2",
    "totals 1",
    "totals.watermarks 1",
  ]);
  assert.deepEqual(
    status.tasks.map((
      { stage, partition, outcomes: { used, windowed } },
    ) => [stage, partition, used, windowed]),
    [
      ["sales", 0, 2, 0],
      ["repartition-sales", 0, 0, status.tasks[1]!.outcomes.windowed],
      ["sales", 1, 3, 0],
      ["repartition-sales", 1, 0, 5 - status.tasks[1]!.outcomes.windowed],
    ],
  );
  assert.deepEqual(
    await read(log, `${through}.late`),
    [],
    "what is an hour behind another partition is not late",
  );
  await log.close();
});

Deno.test("semantics 11: a bounded run keeps what is open in all stages, and the next one goes on with it", async () => {
  const log = await openLog(2);
  await sellAnywhere(log);
  await runJob(log, job(), untilEnd());
  // The slower partition has come to 61 s.
  assert.deepEqual(await totals(log), [sumOf(60, 4, "a"), sumOf(60, 8, "d")]);
  await sell(log, [62, 32, "d", 1]);
  await runJob(log, job(), untilEnd());
  assert.equal((await totals(log)).length, 2);
  const { offsets } = await log.describeGroup(applicationId);
  await runJob(log, job(), untilEnd());
  const isOf = (name: string) => ({ topic }: { topic: string }) => topic === name;
  const again = (await log.describeGroup(applicationId)).offsets;
  assert.deepEqual(again.filter(isOf("sales")), offsets.filter(isOf("sales")));
  await runJob(log, job(), draining);
  assert.deepEqual(
    await totals(log),
    [
      sumOf(60, 4, "a"),
      sumOf(60, 8, "d"),
      sumOf(120, 20, "a"),
      sumOf(120, 40, "d"),
      sumOf(3_660, 21, "a"),
      sumOf(3_720, 42, "d"),
    ].toSorted(),
  );
  await log.close();
});

Deno.test("semantics 13 and 24: a run that repartitions and has nothing to do leaves no record behind", async () => {
  const log = await openLog(2);
  await runJob(log, job(), untilEnd());
  const status = await runJob(log, job(), draining);
  assert.deepEqual(await totals(log), []);
  assert.equal(status.tasks.length, 4);
  assert.deepEqual(await read(log, through), []);
  await log.close();
});

Deno.test("semantics 18: what a job repartitions for itself it reads from the first record on, wherever it starts", async () => {
  const log = await openLog(2);
  await sellAnywhere(log);
  const resumed: ResumedInput[] = [];
  const observer = { resumed: (inputs: readonly ResumedInput[]) => void resumed.push(...inputs) };
  await runJob(log, job(), untilEnd({ from: "latest", observer }));
  assert.deepEqual(
    resumed.map(({ topic, partition, resume }) => [
      topic,
      partition,
      "offset" in resume && resume.offset,
    ]),
    [["sales", 0, 2], [through, 0, 0], ["sales", 1, 3], [through, 1, 0]],
  );
  await log.close();
});

/** Lets each member that joins hold what `partitionsOf` says of it, by its number from 0. */
function sharedOut(log: Log, partitionsOf: (member: number) => readonly number[]): Log {
  let members = 0;
  return withMembers(log, (member) => {
    const own = partitionsOf(members++);
    return {
      get assignment() {
        const { generation, waitingFor } = member.assignment;
        return { generation, waitingFor, partitions: generation === 0 ? [] : own };
      },
    };
  });
}

/** Members that end together, each with one of two partitions, the second a while after the first. */
async function endTogether(log: Log, { drain }: { readonly drain: boolean }) {
  const shared = sharedOut(log, (member) => [member]);
  const stops = (await findStops(log, job(), draining))!;
  const stop = new AbortController();
  const statuses: (JobStatus | null)[] = [null, null];
  const start = (member: number) =>
    runJob(shared, job(), {
      untilEnd: { drain, wait: 10_000, stops },
      signal: stop.signal,
      observer: { status: (status) => void (statuses[member] = status) },
    });
  const stateOf = (member: number) => statuses[member]?.state;
  const first = start(0);
  const offsetIn = async (topic: string) =>
    (await log.describeGroup(applicationId)).offsets
      .find((one) => one.topic === topic && one.partition === 0)?.offset;
  await until(async () => await offsetIn("sales") === 2 && await offsetIn(through) !== undefined);
  // Time enough to look for the others more than once.
  const seenAt = systemClock.now();
  await until(() => systemClock.now() - seenAt > 250);
  assert.equal(stateOf(0), "running", "the second one may yet write for it");
  const second = start(1);
  await until(() => stateOf(0) === "at-end" && stateOf(1) === "at-end");
  stop.abort();
  await Promise.all([first, second]);
}

Deno.test("semantics 11: a stage stops where its topic ends when the tasks before it, all members', have ended", async () => {
  const log = await openLog(2);
  await sellAnywhere(log);
  await endTogether(log, { drain: true });
  assert.deepEqual(await totals(log), allTotals);
  await log.close();
});

Deno.test("semantics 11: members that end together hold their windows at the watermark of all tasks", async () => {
  const log = await openLog(2);
  await sellAnywhere(log);
  await endTogether(log, { drain: false });
  assert.deepEqual(await totals(log), [sumOf(60, 4, "a"), sumOf(60, 8, "d")]);
  await endTogether(log, { drain: true });
  assert.deepEqual(await totals(log), allTotals);
  await log.close();
});

Deno.test("semantics 11: a bounded run is not held back for ever by a member without end", async () => {
  const log = await openLog(2);
  await sellAnywhere(log);
  const shared = sharedOut(log, (member) => [member]);
  const stop = new AbortController();
  const statuses: JobStatus[] = [];
  const live = runJob(shared, job(), {
    description: "the one without end",
    signal: stop.signal,
    observer: { status: (status) => void statuses.push(status) },
  });
  await until(() => statuses.at(-1)?.state === "running");
  const error = await fails("members-alive", runJob(shared, job(), draining));
  assert.match(error.message, /the one without end holds/);
  stop.abort();
  await live;
  await log.close();
});

Deno.test("semantics 11: a bounded run that is alone waits for no member that is gone", async () => {
  const leases = new SimulatedClock();
  const log = await openLog(2, leases);
  await sellAnywhere(log);
  const dead = await log.join(applicationId, {
    description: "the dead",
    topics: ["sales"],
    version: "another",
  });
  await dead.poll([]);
  leases.advance(60_000);
  await runJob(log, job(), draining);
  assert.deepEqual(await totals(log), allTotals);
  await log.close();
});

Deno.test("semantics 23: a job with other repartition topics than it has committed with is refused", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2]);
  await runJob(log, sales(), untilEnd());
  const error = await fails("state-incompatible", runJob(log, job(), draining));
  assert.match(error.message, /\(none\), it has others \(sales-job-repartition-sales\)/);
  assert.match(error.message, /flights reset sales-job/);
  await fails("state-incompatible", runJob(log, job(), { ...draining, onDataLoss: "earliest" }));
  assert.deepEqual(await read(log, "totals"), [total(60, 1)]);
  await resetJob(log, applicationId);
  await runJob(log, job(), draining);
  assert.deepEqual(await totals(log), [total(60, 1), sumOf(60, 1), sumOf(120, 3)].toSorted());
  const back = await fails("state-incompatible", runJob(log, sales(), draining));
  assert.match(back.message, /\(sales-job-repartition-sales\), it has others \(none\)/);
  await log.close();
});

Deno.test("resetJob deletes a job's repartition topic with all that goes with it", async () => {
  const log = await openLog(2);
  await sellAnywhere(log);
  await runJob(log, job(), untilEnd());
  assert.deepEqual(await resetJob(log, applicationId), {
    inputs: ["sales"],
    offsets: [],
    deletedTopics: [
      "sales-job-changelog-repartition-sales",
      through,
      `${through}.dead-letter`,
      `${through}.late`,
      `${through}.watermarks`,
    ],
  });
  await runJob(log, job(), draining);
  assert.deepEqual(await totals(log), [...allTotals, sumOf(60, 4), sumOf(60, 8, "d")].toSorted());
  await log.close();
});

Deno.test("resetJob to a time lets a job that repartitions begin there with empty state", async () => {
  const log = await openLog(2);
  await sellAnywhere(log);
  await runJob(log, job(), draining);
  await resetJob(log, applicationId, { to: 60_000 });
  await runJob(log, job(), draining);
  const again = [sumOf(120, 16), sumOf(3_660, 17), sumOf(3_720, 2, "d")];
  assert.deepEqual(await totals(log), [...allTotals, ...again].toSorted());
  await log.close();
});

for (const topic of ["sales", through]) {
  for (const isReset of [false, true]) {
    const when = isReset ? "until a reset" : "whatever was decided";
    Deno.test(`semantics 17: ${topic} created anew stops a job that repartitions, ${when}`, async () => {
      const log = await openLog(2);
      await sellAnywhere(log);
      await runJob(log, job(), untilEnd());
      await log.deleteTopics([topic]);
      if (topic === "sales") {
        await log.createTopics([{ name: "sales", partitions: 2 }]);
        await sellAnywhere(log);
      }
      const decided: JobOptions = { ...draining, onDataLoss: "earliest" };
      if (isReset) await resetJob(log, applicationId);
      else {
        const error = await fails("topic-changed", runJob(log, job(), decided));
        assert.match(error.message, /flights reset sales-job/);
        await fails("topic-changed", runJob(log, job(), draining));
      }
      if (isReset) await runJob(log, job(), decided);
      const before = [sumOf(60, 4, "a"), sumOf(60, 8, "d")];
      assert.deepEqual(await totals(log), [...before, ...isReset ? allTotals : []].toSorted());
      await log.close();
    });
  }
}

Deno.test("semantics 17: a job whose input got more partitions needs a reset", async () => {
  const log = await openLog(2);
  await runJob(log, job(), untilEnd());
  await log.createTopics([{ name: "sales", partitions: 3 }], { anew: true });
  const error = await fails("partitions-changed", runJob(log, job(), draining));
  assert.match(error.message, /sales-job-repartition-sales must have 3 partitions/);
  await resetJob(log, applicationId);
  await runJob(log, job(), draining);
  await log.close();
});

Deno.test("semantics 24: with record times asked for, what the job itself carries is followed all the same", async () => {
  const log = await openLog(2);
  await sellAnywhere(log);
  await runJob(log, job(), { ...draining, watermarks: "record" });
  assert.deepEqual(await totals(log), allTotals);
  await log.close();
});

Deno.test("semantics 19: what somebody else puts on a repartition topic goes to its dead letters", async () => {
  const log = await openLog(2);
  await sellAnywhere(log);
  await runJob(log, job(), untilEnd());
  const builder = new RecordBatchBuilder();
  builder.appendText(0, null, "no json");
  await log.append([{ topic: through, partition: 0, batch: builder.finish() }]);
  await runJob(log, job(), draining);
  assert.deepEqual(await totals(log), allTotals);
  assert.equal((await read(log, `${through}.dead-letter`)).length, 1);
  await log.close();
});

Deno.test("semantics 24: stages of a job that write one topic report under names of their own", async () => {
  const env = new StreamEnvironment();
  const sold = env.fromSource<Sale>(
    { topic: "sales", deserializer: json((value) => value as Sale) },
    WatermarkStrategy.forMonotonousTimestamps(),
  );
  sold.sinkTo({ topic: "totals" });
  sold.keyBy("shop").sinkTo({ topic: "totals" });
  const log = await openLog(2);
  await sellAnywhere(log);
  await runJob(log, { applicationId, topology: env.topology }, draining);
  assert.equal((await read(log, "totals")).length, 10);
  const writers = new Set<string>();
  const [described] = await log.describeTopics(["totals.watermarks"]);
  const { endOffset } = described!.partitions[0]!;
  for (let offset = 0; offset < endOffset;) {
    const [fetched] = await log.fetch([{ topic: "totals.watermarks", partition: 0, offset }]);
    for (const batch of fetched!.batches) {
      for (let i = 0; i < batch.count; i++) writers.add(batch.keyText(i)!);
    }
    offset = fetched!.nextOffset;
  }
  assert.deepEqual([...writers].toSorted(), [
    '{"job":"sales-job","task":0}',
    '{"job":"sales-job","task":1}',
    '{"job":"sales-job/sales","task":0}',
    '{"job":"sales-job/sales","task":1}',
  ]);
  await log.close();
});

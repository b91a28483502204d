/** Jobs that join a stream with a table, run on a log: what they read, keep and go on with. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Clock, SimulatedClock, systemClock } from "../base/clock.ts";
import { hasCode } from "../base/errors.ts";
import { partitionForText } from "../base/murmur2.ts";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import type { Topology } from "../stream/topology.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { runJob } from "./job.ts";
import type { JobOptions, ResumedInput } from "./job_options.ts";
import { type Fault, faults, faultyLog } from "./test_faults.ts";
import { followsReports } from "./start_context.ts";
import { draining, fails, read, type Sale, until, untilEnd } from "./test_sales.ts";

interface Settings {
  /** Whether the table's keys are `key:SHOP`. */
  readonly isKeyed?: boolean;
  /** Whether the sales declare where they lie. */
  readonly isPlaced?: boolean;
  /** Whether the sales are joined with themselves, so that they can be late. */
  readonly isJoined?: boolean;
}

const applicationId = "named";

/** Sales with the names of their shops. */
function topologyOf(
  { isKeyed = false, isPlaced = true, isJoined = false }: Settings = {},
): Topology {
  const env = new StreamEnvironment();
  const names = { topic: "names", deserializer: json((value) => String(value)) };
  const table = isKeyed
    ? env.fromTable({ ...names, key: (text) => text.replace(/^key:/, "") })
    : env.fromTable(names);
  const sales = env.fromSource<Sale>(
    {
      topic: "sales",
      deserializer: json((value) => value as Sale),
      ...(isPlaced && { partitionedBy: "shop" as const }),
    },
    WatermarkStrategy.forMonotonousTimestamps(),
  ).keyBy("shop");
  if (isJoined) {
    sales.intervalJoin(sales).between(0, 0).process(() => ({ processElement: () => {} }));
  }
  sales.lookupJoin(table, ({ sum }, name) => `${sum} ${name ?? "nobody"}`)
    .sinkTo({ topic: "totals" });
  return env.topology;
}

async function openLog(partitions = 1, clock?: SimulatedClock): Promise<Log> {
  const log = await openSqliteLog({ directory: ":memory:", ...(clock && { clock }) });
  await log.createTopics([
    { name: "names", partitions, cleanup: "compact" },
    { name: "sales", partitions },
    { name: "totals", partitions: 1 },
  ]);
  return log;
}

async function append(
  log: Log,
  topic: string,
  { time, partition = 0, key, value }: {
    readonly time: number;
    readonly partition?: number;
    readonly key: string | null;
    readonly value: string | null;
  },
): Promise<void> {
  const builder = new RecordBatchBuilder();
  builder.appendText(time, key, value);
  await log.append([{ topic, partition, batch: builder.finish() }]);
}

const name = (log: Log, time: number, name: string | null, key = "a") =>
  append(log, "names", { time, key, value: name === null ? null : JSON.stringify(name) });
const sell = (log: Log, time: number, sum: number) =>
  append(log, "sales", { time, key: null, value: JSON.stringify({ shop: "a", sum }) });

const run = (log: Log, settings: Settings, options: JobOptions = untilEnd()) =>
  runJob(log, { applicationId, topology: topologyOf(settings) }, options);

/** What came out: `7 "3 Ann"`. */
const found = async (log: Log) => (await read(log, "totals")).map((one) => one.trim());

Deno.test("semantics 7: a backlog meets the rows as of its time, be they behind a repartition topic or not", async () => {
  for (const isKeyed of [false, true]) {
    for (const isPlaced of [false, true]) {
      const log = await openLog();
      const key = isKeyed ? "key:a" : "a";
      for (const time of [9, 10, 20, 30, 40]) await sell(log, time, time);
      for (const [time, own] of [[10, "Ann"], [21, "Bea"], [30, null], [50, "Cleo"]] as const) {
        await name(log, time, own, key);
      }
      await run(log, { isKeyed, isPlaced });
      assert.deepEqual(await found(log), [
        '9 "9 nobody"',
        '10 "10 Ann"',
        '20 "20 Ann"',
        '30 "30 nobody"',
        '40 "40 nobody"',
      ], JSON.stringify({ isKeyed, isPlaced }));
      await log.close();
    }
  }
});

Deno.test("semantics 14: the rows of a table are kept in the job's state, and not read again", async () => {
  for (const isKeyed of [false, true]) {
    const log = await openLog();
    await name(log, 10, "Ann", isKeyed ? "key:a" : "a");
    await sell(log, 10, 1);
    await run(log, { isKeyed });
    await sell(log, 20, 2);
    const resumed: ResumedInput[] = [];
    const status = await run(log, { isKeyed }, {
      ...untilEnd(),
      observer: { resumed: (inputs) => void resumed.push(...inputs) },
    });
    assert.deepEqual(await found(log), ['10 "1 Ann"', '20 "2 Ann"']);
    const names = resumed.find(({ topic }) => topic === "names")!;
    assert.deepEqual(names.resume.kind === "committed" && names.resume.offset, 1);
    const outcomes = status.tasks.map(({ outcomes }) => outcomes.used);
    assert.equal(outcomes.reduce((sum, used) => sum + used, 0), isKeyed ? 4 : 3);
    await log.close();
  }
});

Deno.test("semantics 18: a table is read whole, wherever the job's first start begins", async () => {
  const log = await openLog();
  await name(log, 10, "Ann");
  await sell(log, 10, 1);
  const resumed: ResumedInput[] = [];
  await run(log, {}, {
    ...untilEnd(),
    from: "latest",
    observer: { resumed: (inputs) => void resumed.push(...inputs) },
  });
  assert.deepEqual(
    resumed.map((
      { topic, resume, isReadWhole },
    ) => [topic, "offset" in resume && resume.offset, isReadWhole]),
    [["names", 0, true], ["sales", 1, false]],
  );
  await sell(log, 20, 2);
  await run(log, {});
  assert.deepEqual(await found(log), ['20 "2 Ann"']);
  await log.close();
});

Deno.test("a job with a table has a dead-letter topic for it, and none for what comes late", async () => {
  const log = await openLog();
  await append(log, "names", { time: 0, key: null, value: '"Ann"' });
  await runJob(
    log,
    { applicationId, topology: topologyOf({ isKeyed: true, isJoined: true }) },
    untilEnd(),
  );
  const topics = (await log.describeTopics()).map(({ name }) => name);
  assert.deepEqual(topics, [
    "named-changelog-repartition-names-sales",
    "named-repartition-names",
    "named-repartition-names.dead-letter",
    "named-repartition-names.watermarks",
    "names",
    "names.dead-letter",
    "sales",
    "sales.dead-letter",
    "sales.late",
    "totals",
    "totals.watermarks",
  ]);
  assert.equal((await read(log, "names.dead-letter")).length, 1);
  await log.close();
});

Deno.test("semantics 23: a row that does not lie where its key places it stops the job", async () => {
  const log = await openLog(2);
  const partition = 1 - partitionForText("a", 2);
  await append(log, "names", { time: 0, partition, key: "a", value: '"Ann"' });
  await fails("misplaced-key", run(log, {}));
  await log.close();
});

Deno.test("semantics 17: a table that was created anew stops the job until somebody decides", async () => {
  const log = await openLog();
  await name(log, 10, "Ann");
  await run(log, {});
  await log.deleteTopics(["names"]);
  await log.createTopics([{ name: "names", partitions: 1, cleanup: "compact" }]);
  await fails("topic-changed", run(log, {}));
  await sell(log, 10, 1);
  await run(log, {}, { ...untilEnd(), onDataLoss: "earliest" });
  assert.deepEqual(await found(log), ['10 "1 nobody"']);
  await log.close();
});

Deno.test("a live job meets the rows that have come, and a table in silence holds nothing back", async () => {
  for (const isKeyed of [false, true]) {
    const log = await openLog();
    const stop = new AbortController();
    let watermark = Number.NEGATIVE_INFINITY;
    const running = run(log, { isKeyed }, {
      commitInterval: 1,
      signal: stop.signal,
      observer: { status: ({ tasks }) => void (watermark = tasks.at(-1)?.watermark ?? watermark) },
    });
    const key = isKeyed ? "key:a" : "a";
    const reads = isKeyed ? "named-repartition-names" : "names";
    await name(log, 10, "Ann", key);
    await until(async () => {
      const { offsets } = await log.describeGroup(applicationId);
      return offsets.some(({ topic, offset }) => topic === reads && offset > 0);
    });
    await sell(log, 1_000, 1);
    await sell(log, 2_000, 2);
    await until(() => watermark === 1_999);
    stop.abort();
    await running;
    assert.deepEqual(await found(log), ['1000 "1 Ann"', '2000 "2 Ann"']);
    await log.close();
  }
});

Deno.test("semantics 24: what the writers of a table report is not followed, of what else the job reads it is", () => {
  const through = { isRepartition: true, isTable: false };
  const stream = { isRepartition: false, isTable: false };
  const follows = (source: { isRepartition: boolean; isTable: boolean }, isAsked = true) =>
    followsReports({ followsReports: isAsked }, { ...topologyOf().sources[0]!, ...source });
  assert.deepEqual([follows(stream), follows(through), follows(through, false)], [
    true,
    true,
    true,
  ]);
  const never = [
    follows(stream, false),
    follows({ ...stream, isTable: true }),
    follows({ ...through, isTable: true }),
  ];
  assert.deepEqual(never, [false, false, false]);
});

/** One thing that is appended, at a time of its own. */
interface Appended {
  readonly isRow: boolean;
  readonly shop: string;
  readonly name: string | null;
  readonly partition: number;
}

interface Plan {
  readonly partitions: number;
  readonly settings: Required<Pick<Settings, "isKeyed" | "isPlaced">>;
  readonly steps: readonly {
    readonly appended: readonly Appended[];
    readonly fault: Fault | null;
  }[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  settings: fc.record({ isKeyed: fc.boolean(), isPlaced: fc.boolean() }),
  steps: fc.array(
    fc.record({
      appended: fc.array(
        fc.record({
          isRow: fc.boolean(),
          shop: fc.constantFrom("ann", "bob", "cid"),
          name: fc.option(fc.constantFrom("x", "y", "z"), { nil: null }),
          partition: fc.nat(2),
        }),
        { maxLength: 12 },
      ),
      fault: faults,
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

Deno.test("semantics 7, 15 and 23: however bounded runs are broken, each sale meets the row of its time once", async () => {
  const property = fc.asyncProperty(plans, async ({ partitions, settings, steps }) => {
    const leaseClock = new SimulatedClock();
    const log = await openLog(partitions, leaseClock);
    const all: (Appended & { readonly time: number })[] = [];
    const options = { clock: new SimulatedClock(), commitInterval: 1 };
    const pace: Clock = {
      now: systemClock.now,
      sleep: (_, signal) => systemClock.sleep(1, signal),
    };
    for (const step of steps) {
      for (const one of step.appended) {
        const { isRow, shop, name } = one;
        const time = all.length;
        all.push({ ...one, time });
        const home = partitionForText(shop, partitions);
        if (isRow) {
          const key = settings.isKeyed ? `key:${shop}` : shop;
          const value = name === null ? null : JSON.stringify(name);
          await append(log, "names", {
            time,
            partition: partitionForText(key, partitions),
            key,
            value,
          });
        } else {
          const partition = settings.isPlaced ? home : one.partition % partitions;
          const value = JSON.stringify({ shop, sum: time });
          await append(log, "sales", { time, partition, key: null, value });
        }
      }
      leaseClock.advance(60_000);
      const broken = run(faultyLog(log, step.fault === null ? [] : [step.fault]), settings, {
        ...untilEnd(),
        ...options,
        pace,
      });
      await broken.catch((error) =>
        assert.ok(hasCode(error, "log-full", "log-unreachable"), error)
      );
      // What a run left undone is older than what is sold next.
      leaseClock.advance(60_000);
      await run(log, settings, { ...draining, ...options, pace });
    }
    const wanted = all.filter(({ isRow }) => !isRow).map(({ shop, time }) => {
      const row = all.findLast((one) => one.isRow && one.shop === shop && one.time < time);
      return `${time} "${time} ${row?.name ?? "nobody"}"`;
    });
    assert.deepEqual((await found(log)).toSorted(), wanted.toSorted());
    await log.close();
  });
  await fc.assert(property, { seed: 20_261_125, numRuns: 60 });
});

/**
 * A job that sums up sales which lie on any partition, run in random ways: bounded and live, with one to
 * three members, some of which die, or commit with an outcome that is not told. What it gives out must be
 * what a plain sum over all that was ever sold says, whatever the partitions' skew.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Clock, SimulatedClock, systemClock } from "../base/clock.ts";
import { hasCode } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { totalOf } from "../stream/task/counts.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import type { Topology } from "../stream/topology.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/windows/window.ts";
import { runJob } from "./job.ts";
import type { JobOptions } from "./job_options.ts";
import type { JobStatus } from "./job_status.ts";
import { type Fault, faults, faultyLog } from "./test_faults.ts";
import { draining, read, type Sale, until, untilEnd } from "./test_sales.ts";

const applicationId = "sums";
const throughTopic = "sums-repartition-sales";
const shops = ["ann", "bob", "cid", "dee", "eve"];

/** A sale: how many seconds it moves its partition's time, and how many it lies behind that. */
interface PlannedSale {
  readonly partition: number;
  readonly shop: string;
  readonly advance: number;
  readonly behind: number;
  readonly sum: number;
}

type Step =
  | { readonly kind: "bounded"; readonly drain: boolean; readonly fault: Fault | null }
  | {
    readonly kind: "live";
    readonly sales: readonly PlannedSale[];
    /** One for each member. */
    readonly faults: readonly (Fault | null)[];
    readonly catchesUp: boolean;
  };

interface Plan {
  readonly partitions: number;
  readonly isRunning: boolean;
  /** Seconds. */
  readonly outOfOrderness: number;
  readonly first: readonly PlannedSale[];
  readonly steps: readonly Step[];
}

const plannedSales = fc.array(
  fc.record({
    partition: fc.nat(2),
    shop: fc.constantFrom(...shops),
    advance: fc.nat(90),
    behind: fc.nat(10),
    sum: fc.integer({ min: 1, max: 99 }),
  }),
  { maxLength: 12 },
);
const plans: fc.Arbitrary<Plan> = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  isRunning: fc.boolean(),
  outOfOrderness: fc.constantFrom(0, 10),
  first: plannedSales,
  steps: fc.array(
    fc.oneof<fc.Arbitrary<Step>[]>(
      fc.record({ kind: fc.constant("bounded"), drain: fc.constant(false), fault: faults }),
      fc.record({
        kind: fc.constant("live"),
        sales: plannedSales,
        faults: fc.array(faults, { minLength: 1, maxLength: 3 }),
        catchesUp: fc.boolean(),
      }),
    ),
    { minLength: 1, maxLength: 5 },
  ),
});

function topologyOf({ isRunning, outOfOrderness }: Plan): Topology {
  const env = new StreamEnvironment();
  const windows = env.fromSource<Sale>(
    { topic: "sales", deserializer: json((value) => value as Sale) },
    WatermarkStrategy.forBoundedOutOfOrderness(outOfOrderness * 1_000),
  ).keyBy("shop").window(TumblingEventTimeWindows.of("1m"));
  const add = (a: Sale, b: Sale) => ({ shop: a.shop, sum: a.sum + b.sum });
  const sums = isRunning ? windows.runningReduce(add) : windows.reduce(add);
  sums.sinkTo({ topic: "totals", key: ({ shop }) => shop });
  return env.topology;
}

/** What the job is to give out in all, recomputed from the list of sales. */
function expectedTotals(
  sold: readonly (Sale & { readonly time: number })[],
  isRunning: boolean,
): string[] {
  const lines: string[] = [];
  for (const shop of new Set(sold.map((sale) => sale.shop))) {
    const own = sold.filter((sale) => sale.shop === shop);
    const minutes = [...new Set(own.map(({ time }) => Math.floor(time / 60_000)))];
    for (const minute of minutes) {
      const from = isRunning ? Math.min(...minutes) : minute;
      const sum = own.filter(({ time }) => time >= from * 60_000 && time < (minute + 1) * 60_000)
        .reduce((sum, sale) => sum + sale.sum, 0);
      lines.push(`${(minute + 1) * 60_000 - 1} ${JSON.stringify({ shop, sum })} `);
    }
  }
  return lines.sort();
}

/** A job under a plan: sells, runs, and remembers what was sold. */
class Trial {
  readonly #sold: (Sale & { readonly time: number })[] = [];
  readonly #newest = new Map<number, number>();
  /** What a retry waits for goes by in no time. */
  readonly #pace: Clock = {
    now: systemClock.now,
    sleep: (_, signal) => systemClock.sleep(1, signal),
  };

  constructor(
    readonly plan: Plan,
    readonly log: Log,
    /** Of the members' leases; the job's own clock stands still, so that no clock decides. */
    readonly leaseClock: SimulatedClock,
  ) {}

  /** Puts a first record into each partition: from then on each holds back what it has to. */
  async begin(): Promise<void> {
    const { partitions, first } = this.plan;
    await this.log.createTopics([{ name: "sales", partitions }, { name: "totals", partitions: 2 }]);
    const opening = Array.from({ length: partitions }, (_, partition): PlannedSale => ({
      partition,
      shop: "ann",
      advance: 0,
      behind: 0,
      sum: 1,
    }));
    await this.sell([...opening, ...first]);
  }

  async sell(sales: readonly PlannedSale[]): Promise<void> {
    const { outOfOrderness, partitions } = this.plan;
    for (const { partition: planned, shop, advance, behind, sum } of sales) {
      const partition = planned % partitions;
      const newest = (this.#newest.get(partition) ?? 600_000) + advance * 1_000;
      this.#newest.set(partition, newest);
      const time = newest - Math.min(behind, outOfOrderness) * 1_000;
      this.#sold.push({ shop, sum, time });
      const builder = new RecordBatchBuilder();
      builder.appendText(time, null, JSON.stringify({ shop, sum }));
      await this.log.append([{ topic: "sales", partition, batch: builder.finish() }]);
    }
  }

  /** A run; the planned fault may end it. */
  async run(options: JobOptions, fault: Fault | null = null): Promise<JobStatus | null> {
    const job = { applicationId, topology: topologyOf(this.plan) };
    try {
      return await runJob(faultyLog(this.log, fault === null ? [] : [fault]), job, {
        clock: new SimulatedClock(),
        pace: this.#pace,
        commitInterval: 1,
        ...options,
      });
    } catch (error) {
      const codes = ["log-full", "log-unreachable"] as const;
      if (fault === null || !codes.some((code) => hasCode(error, code))) throw error;
      return null;
    }
  }

  /** Whether all that was sold has come through both stages. */
  async #hasCaughtUp(): Promise<boolean> {
    const { offsets } = await this.log.describeGroup(applicationId);
    const read = (topic: string) =>
      offsets.filter((one) => one.topic === topic).reduce((sum, { offset }) => sum + offset, 0);
    return read("sales") >= this.#sold.length && read(throughTopic) >= this.#sold.length;
  }

  async take(step: Step): Promise<void> {
    // Who died is gone.
    this.leaseClock.advance(60_000);
    if (step.kind === "bounded") return void await this.run(untilEnd(), step.fault);
    const stop = new AbortController();
    let running = step.faults.length;
    const members = step.faults.map((fault) =>
      this.run({ signal: stop.signal }, fault).finally(() => running--)
    );
    await this.sell(step.sales);
    if (step.catchesUp) {
      await until(async () => {
        this.leaseClock.advance(1_000);
        return running === 0 || await this.#hasCaughtUp();
      });
    }
    stop.abort();
    await Promise.all(members);
  }

  /** Drains the job and compares what it gave out. */
  async judge(): Promise<void> {
    this.leaseClock.advance(60_000);
    const status = await this.run(draining);
    assert.deepEqual(
      (await read(this.log, "totals")).sort(),
      expectedTotals(this.#sold, this.plan.isRunning),
    );
    for (
      const topic of ["sales.dead-letter", `${throughTopic}.dead-letter`, `${throughTopic}.late`]
    ) {
      assert.deepEqual(await read(this.log, topic), [], topic);
    }
    const stages = Map.groupBy(status!.tasks, ({ stage }) => stage);
    assert.deepEqual([...stages.keys()], ["sales", "repartition-sales"]);
    for (const [stage, tasks] of stages) {
      const records = tasks.reduce((sum, { outcomes }) => sum + totalOf(outcomes), 0);
      assert.equal(records, this.#sold.length, stage);
      assert.deepEqual(tasks.filter((task) => task.held > 0), []);
    }
  }
}

Deno.test("semantics 15, 23 and 24: however a job that repartitions is run and broken, it gives out each sum once, none late", async () => {
  const property = fc.asyncProperty(plans, async (plan) => {
    const leaseClock = new SimulatedClock();
    const log = await openSqliteLog({ directory: ":memory:", clock: leaseClock });
    try {
      const trial = new Trial(plan, log, leaseClock);
      await trial.begin();
      for (const step of plan.steps) await trial.take(step);
      await trial.judge();
    } finally {
      await log.close();
    }
  });
  await fc.assert(property, { seed: 20_261_125, numRuns: 60 });
});

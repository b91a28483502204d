/**
 * Random jobs, fed and run in random ways: bounded and live, stopped, with commits that fail or whose
 * outcome is not told, and taken over by another member. What they give out must be what a plain sum
 * over all that was ever sold says.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Clock, SimulatedClock, systemClock } from "../base/clock.ts";
import { FlightsError, hasCode } from "../base/errors.ts";
import { partitionForText } from "../base/murmur2.ts";
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
import { draining, overlay, read, type Sale, until, untilEnd, withMembers } from "./test_sales.ts";

const sources = ["shops", "web"];
const shops = ["ann", "bob", "cid", "dee", "eve"];

/** A sale: how many seconds it moves its partition's time, and how many it lies behind that. */
interface PlannedSale {
  readonly source: number;
  readonly shop: number;
  readonly advance: number;
  readonly behind: number;
  readonly sum: number;
}

/** A commit that goes wrong: written or not, and what the member is told. */
interface Fault {
  readonly atCommit: number;
  readonly code: "log-full" | "fenced" | "log-unreachable";
}

type Step =
  | { readonly kind: "sell"; readonly sales: readonly PlannedSale[] }
  | { readonly kind: "bounded"; readonly fault: Fault | null }
  | {
    readonly kind: "live";
    readonly sales: readonly PlannedSale[];
    readonly fault: Fault | null;
    readonly catchesUp: boolean;
  }
  | {
    readonly kind: "take-over";
    readonly sales: readonly PlannedSale[];
    readonly leaseRunsOut: boolean;
  };

interface Plan {
  readonly partitions: number;
  readonly isRunning: boolean;
  /** Seconds. */
  readonly outOfOrderness: number;
  readonly steps: readonly Step[];
}

const plannedSales = fc.array(
  fc.record({
    source: fc.nat(1),
    shop: fc.nat(shops.length - 1),
    advance: fc.nat(45),
    behind: fc.nat(10),
    sum: fc.integer({ min: 1, max: 99 }),
  }),
  { maxLength: 12 },
);
const fault = fc.option(
  fc.record({
    atCommit: fc.integer({ min: 1, max: 3 }),
    code: fc.constantFrom("log-full", "fenced", "log-unreachable"),
  }),
  { nil: null },
) as fc.Arbitrary<Fault | null>;
const plans: fc.Arbitrary<Plan> = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  isRunning: fc.boolean(),
  outOfOrderness: fc.constantFrom(0, 10),
  steps: fc.array(
    fc.oneof<fc.Arbitrary<Step>[]>(
      fc.record({ kind: fc.constant("sell"), sales: plannedSales }),
      fc.record({ kind: fc.constant("bounded"), fault }),
      fc.record({
        kind: fc.constant("live"),
        sales: plannedSales,
        fault,
        catchesUp: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant("take-over"),
        sales: plannedSales,
        leaseRunsOut: fc.boolean(),
      }),
    ),
    { minLength: 2, maxLength: 7 },
  ),
});

function topologyOf({ isRunning, outOfOrderness }: Plan): Topology {
  const env = new StreamEnvironment();
  const [first, second] = sources.map((topic) =>
    env.fromSource<Sale>(
      { topic, deserializer: json((value) => value as Sale), partitionedBy: "shop" },
      WatermarkStrategy.forBoundedOutOfOrderness(outOfOrderness * 1_000),
    )
  );
  const windows = first!.union(second!).keyBy("shop").window(TumblingEventTimeWindows.of("1m"));
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

/** A log on which one commit goes wrong; each fetch takes one batch of a partition. */
function faultyLog(log: Log, fault: Fault | null): Log {
  let commits = 0;
  return withMembers(log, (member) => ({
    poll: (positions, options) => member.poll(positions, { ...options, maxPartitionBytes: 1 }),
    begin: () => {
      const transaction = member.begin();
      return overlay(transaction, {
        commit: async (...args) => {
          commits++;
          const goesWrong = commits === fault?.atCommit;
          // Of an outcome that is not told it is the worse case that all was written.
          if (!goesWrong || fault?.code === "log-unreachable") await transaction.commit(...args);
          if (goesWrong) throw new FlightsError(fault!.code, "Cannot commit: as planned");
        },
      });
    },
  }));
}

/** A job under a plan: sells, runs, and remembers what was sold. */
class Trial {
  readonly #sold: (Sale & { readonly time: number })[] = [];
  readonly #newest = new Map<string, number>();
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
    const { partitions } = this.plan;
    const topics = sources.map((name) => ({ name, partitions }));
    await this.log.createTopics([...topics, { name: "totals", partitions: 2 }]);
    for (const source of sources.keys()) {
      for (let partition = 0; partition < partitions; partition++) {
        const shop = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i))
          .find((name) => partitionForText(name, partitions) === partition)!;
        await this.#append(source, { shop, sum: 1, time: this.#time(source, partition, 0) });
      }
    }
  }

  async sell(sales: readonly PlannedSale[]): Promise<void> {
    const { outOfOrderness, partitions } = this.plan;
    for (const { source, shop: index, advance, behind, sum } of sales) {
      const shop = shops[index]!;
      const newest = this.#time(source, partitionForText(shop, partitions), advance);
      const time = newest - Math.min(behind, outOfOrderness) * 1_000;
      await this.#append(source, { shop, sum, time });
    }
  }

  #time(source: number, partition: number, advance: number): number {
    const name = `${source} ${partition}`;
    const time = (this.#newest.get(name) ?? 600_000) + advance * 1_000;
    this.#newest.set(name, time);
    return time;
  }

  async #append(source: number, sale: Sale & { readonly time: number }): Promise<void> {
    this.#sold.push(sale);
    const { shop, sum, time } = sale;
    const builder = new RecordBatchBuilder();
    builder.appendText(time, null, JSON.stringify({ shop, sum }));
    const partition = partitionForText(shop, this.plan.partitions);
    await this.log.append([{ topic: sources[source]!, partition, batch: builder.finish() }]);
  }

  /** A run; the planned faults may end it. */
  async run(options: JobOptions, fault: Fault | null = null): Promise<JobStatus | null> {
    const job = { applicationId: "sums", topology: topologyOf(this.plan) };
    try {
      return await runJob(faultyLog(this.log, fault), job, {
        clock: new SimulatedClock(),
        pace: this.#pace,
        commitInterval: 1,
        ...options,
      });
    } catch (error) {
      if (fault === null || !hasCode(error, fault.code)) throw error;
      // A member that was replaced joins again; so does a live one whose log was out of reach.
      const ends = fault.code === "log-full" ||
        (fault.code === "log-unreachable" && options.untilEnd !== undefined);
      if (!ends) throw error;
      return null;
    }
  }

  /** A run that goes on until it is stopped. */
  start(fault: Fault | null = null) {
    const stop = new AbortController();
    const live = {
      status: null as JobStatus | null,
      isOver: false,
      hasCaughtUp: () => this.#haveCaughtUp(live),
      stop: () => {
        stop.abort();
        return ended;
      },
    };
    const observer = { status: (status: JobStatus) => void (live.status = status) };
    const ended = this.run({ signal: stop.signal, observer }, fault)
      .finally(() => live.isOver = true);
    return live;
  }

  /** Whether members have read all that was sold, each its own partitions. */
  #haveCaughtUp(...members: readonly { readonly status: JobStatus | null }[]): boolean {
    const read = new Map<string, number>();
    for (const { partition, inputs } of members.flatMap(({ status }) => status?.tasks ?? [])) {
      for (const { topic, position } of inputs) {
        const name = `${topic} ${partition}`;
        read.set(name, Math.max(read.get(name) ?? 0, position));
      }
    }
    return [...read.values()].reduce((sum, one) => sum + one, 0) >= this.#sold.length;
  }

  async take(step: Step): Promise<void> {
    if (step.kind === "sell") return await this.sell(step.sales);
    if (step.kind === "bounded") return void await this.run(untilEnd(), step.fault);
    const first = this.start(step.kind === "live" ? step.fault : null);
    await this.sell(step.sales);
    if (step.kind === "live") {
      if (step.catchesUp) await until(() => first.isOver || first.hasCaughtUp());
      return void await first.stop();
    }
    await until(() => first.hasCaughtUp());
    const second = this.start();
    // With one partition it stands by, else they share them.
    await until(() => second.status !== null);
    if (step.leaseRunsOut) this.leaseClock.advance(60_000);
    else await first.stop();
    await this.sell(step.sales);
    await until(() => this.#haveCaughtUp(first, second));
    await Promise.all([first.stop(), second.stop()]);
  }

  /** Drains the job and compares what it gave out. */
  async judge(): Promise<void> {
    const status = await this.run(draining);
    assert.deepEqual(
      (await read(this.log, "totals")).sort(),
      expectedTotals(this.#sold, this.plan.isRunning),
    );
    for (const topic of sources) {
      assert.deepEqual(await read(this.log, `${topic}.late`), []);
      assert.deepEqual(await read(this.log, `${topic}.dead-letter`), []);
    }
    const records = status!.tasks.map((task) => totalOf(task.outcomes));
    assert.equal(records.reduce((sum, one) => sum + one, 0), this.#sold.length);
    assert.deepEqual(status!.tasks.filter((task) => task.held > 0), []);
  }
}

Deno.test("semantics 15 and 16: however a job is run, stopped and broken, it gives out each sum once", async () => {
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
  await fc.assert(property, { seed: 20_261_123, numRuns: 60 });
});

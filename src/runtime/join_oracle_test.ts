/**
 * Jobs that join two topics whose records lie on any partition, run in random ways: bounded and live, with
 * one to three members, some of which die, or commit with an outcome that is not told. What they give out
 * must be each pair once that going through all pairs finds, whatever the partitions' skew.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { SimulatedClock, systemClock } from "../base/clock.ts";
import { hasCode } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import type { Topology } from "../stream/topology.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/windows/window.ts";
import { runJob } from "./job.ts";
import type { JobOptions } from "./job_options.ts";
import { type Fault, faults, faultyLog } from "./test_faults.ts";
import { draining, read, until, untilEnd } from "./test_sales.ts";

const applicationId = "pairs";
const sides = ["left", "right"] as const;

interface Event {
  readonly key: string;
  readonly id: number;
}

/** An event: how many seconds it moves the time of its partition. */
interface Planned {
  readonly side: typeof sides[number];
  readonly partition: number;
  readonly key: string;
  readonly advance: number;
}

interface Plan {
  readonly partitions: number;
  /** Seconds between which pairs lie; null: they are joined by the minute. */
  readonly bounds: readonly [lower: number, upper: number] | null;
  readonly steps: readonly {
    readonly events: readonly Planned[];
    /** One for each member. */
    readonly faults: readonly (Fault | null)[];
    readonly isLive: boolean;
  }[];
}

const bound = fc.integer({ min: -90, max: 90 });
const plans: fc.Arbitrary<Plan> = fc.record({
  partitions: fc.integer({ min: 1, max: 3 }),
  bounds: fc.option(
    fc.tuple(bound, bound).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
    { nil: null },
  ),
  steps: fc.array(
    fc.record({
      events: fc.array(
        fc.record({
          side: fc.constantFrom(...sides),
          partition: fc.nat(2),
          key: fc.constantFrom("ann", "bob", "cid"),
          advance: fc.nat(60),
        }),
        { maxLength: 15 },
      ),
      faults: fc.array(faults, { minLength: 1, maxLength: 3 }),
      isLive: fc.boolean(),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

function topologyOf({ bounds }: Plan): Topology {
  const env = new StreamEnvironment();
  const [left, right] = sides.map((topic) =>
    env.fromSource<Event>(
      { topic, deserializer: json((value) => value as Event) },
      WatermarkStrategy.forMonotonousTimestamps(),
    )
  );
  const pair = (a: Event, b: Event) => `${a.id} ${b.id}`;
  const pairs = bounds === null
    ? left!.join(right!).where("key").equalTo("key").window(TumblingEventTimeWindows.of("1m"))
      .apply(pair)
    : left!.keyBy("key").intervalJoin(right!.keyBy("key"))
      .between(bounds[0] * 1_000, bounds[1] * 1_000).process<string>(() => ({
        processElement: (a, b, _, out) => out.collect(pair(a, b)),
      }));
  pairs.sinkTo({ topic: "out", value: (pair) => pair });
  return env.topology;
}

/** A job under a plan: appends, runs, and remembers what was appended. */
class Trial {
  readonly #all: (Planned & { readonly id: number; readonly time: number })[] = [];
  readonly #times = new Map<string, number>();

  constructor(readonly plan: Plan, readonly log: Log, readonly leaseClock: SimulatedClock) {}

  async append(events: readonly Planned[]): Promise<void> {
    for (const event of events) {
      const { side: topic, key } = event;
      const partition = event.partition % this.plan.partitions;
      const lane = `${topic} ${partition}`;
      const time = (this.#times.get(lane) ?? 600_000) + event.advance * 1_000;
      this.#times.set(lane, time);
      const id = this.#all.length;
      this.#all.push({ ...event, id, time });
      const builder = new RecordBatchBuilder();
      builder.appendText(time, null, JSON.stringify({ key, id }));
      await this.log.append([{ topic, partition, batch: builder.finish() }]);
    }
  }

  async run(options: JobOptions, fault: Fault | null = null): Promise<void> {
    // Who died is gone.
    this.leaseClock.advance(60_000);
    const job = { applicationId, topology: topologyOf(this.plan) };
    const running = runJob(faultyLog(this.log, fault === null ? [] : [fault]), job, {
      clock: new SimulatedClock(),
      pace: { now: systemClock.now, sleep: (_, signal) => systemClock.sleep(1, signal) },
      commitInterval: 1,
      ...options,
    });
    await running.catch((error) => {
      assert.ok(fault !== null && hasCode(error, "log-full", "log-unreachable"), error);
    });
  }

  /** Whether all that was appended has come through both stages. */
  async #hasCaughtUp(): Promise<boolean> {
    const { offsets } = await this.log.describeGroup(applicationId);
    const read = (topics: readonly string[]) =>
      offsets.filter(({ topic }) => topics.includes(topic))
        .reduce((sum, { offset }) => sum + offset, 0);
    const through = sides.map((side) => `${applicationId}-repartition-${side}`);
    return read(sides) >= this.#all.length && read(through) >= this.#all.length;
  }

  async take({ events, faults, isLive }: Plan["steps"][number]): Promise<void> {
    if (!isLive) {
      await this.append(events);
      return await this.run(untilEnd(), faults[0]!);
    }
    const stop = new AbortController();
    let running = faults.length;
    const members = faults.map((fault) =>
      this.run({ signal: stop.signal }, fault).finally(() => running--)
    );
    await this.append(events);
    await until(async () => {
      this.leaseClock.advance(1_000);
      return running === 0 || await this.#hasCaughtUp();
    });
    stop.abort();
    await Promise.all(members);
  }

  /** Drains the job and compares what it gave out. */
  async judge(): Promise<void> {
    await this.run(draining);
    const { bounds } = this.plan;
    const wanted: string[] = [];
    for (const left of this.#all.filter(({ side }) => side === "left")) {
      for (const right of this.#all.filter(({ side }) => side === "right")) {
        if (left.key !== right.key) continue;
        const distance = right.time - left.time;
        const minute = Math.floor(left.time / 60_000);
        const isPair = bounds === null
          ? Math.floor(right.time / 60_000) === minute
          : distance >= bounds[0] * 1_000 && distance <= bounds[1] * 1_000;
        if (!isPair) continue;
        const time = bounds === null ? (minute + 1) * 60_000 - 1 : Math.max(left.time, right.time);
        wanted.push(`${time} ${left.id} ${right.id} `);
      }
    }
    assert.deepEqual((await read(this.log, "out")).toSorted(), wanted.toSorted());
    for (const side of sides) {
      assert.deepEqual(await read(this.log, `${applicationId}-repartition-${side}.late`), []);
    }
  }
}

Deno.test("semantics 15, 23 and 24: however a job that joins is run and broken, it gives out each pair once", async () => {
  const property = fc.asyncProperty(plans, async (plan) => {
    const leaseClock = new SimulatedClock();
    const log = await openSqliteLog({ directory: ":memory:", clock: leaseClock });
    try {
      const { partitions } = plan;
      await log.createTopics([...sides, "out"].map((name) => ({ name, partitions })));
      const trial = new Trial(plan, log, leaseClock);
      // From a first record on each partition holds back what it has to.
      await trial.append(
        sides.flatMap((side) =>
          Array.from(
            { length: partitions },
            (_, partition) => ({ side, partition, key: "ann", advance: 0 }),
          )
        ),
      );
      for (const step of plan.steps) await trial.take(step);
      await trial.judge();
    } finally {
      await log.close();
    }
  });
  await fc.assert(property, { seed: 20_261_125, numRuns: 50 });
});

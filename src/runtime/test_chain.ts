/**
 * Jobs chained over topics on one embedded log, with members that can be held up, failed, stopped and
 * started, on a clock that is moved by hand: what the tests of rule 24 share.
 */

import { type Clock, ScaledClock, SimulatedClock, systemClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import { partitionForText } from "../base/murmur2.ts";
import type { FetchedPartition, Log, Position } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import type { Topology } from "../stream/topology.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/windows/window.ts";
import { runJob } from "./job.ts";
import type { Job, JobOptions } from "./job_options.ts";
import type { JobStatus } from "./job_status.ts";
import { overlay, type Sale, until, withMembers } from "./test_sales.ts";

/** What a stage makes of the sales that it reads. */
export type Stage = "double" | "odd" | "1m" | "2m";

/** A sale with its event time, in milliseconds. */
export interface TimedSale extends Sale {
  readonly time: number;
}

/** The topic that stage `index` reads; the one behind the last stage has the results. */
export const topicOf = (index: number): string => `topic-${index}`;

/** How a chain is made. */
export interface ChainOptions {
  readonly stages: readonly Stage[];
  /** Of the topic of each stage. */
  readonly partitions: readonly number[];
  /** Of the first stage, in seconds. */
  readonly outOfOrderness: number;
  readonly watermarks?: "auto" | "record";
}

/** A commit that goes wrong: whether it is written all the same, and what the member is told. */
export interface Fault {
  readonly code: "fenced" | "log-unreachable";
  readonly isWritten: boolean;
}

/** Whose answers come late to a member. */
export type Lag = "none" | "reports" | "records";

function topologyOf(stage: Stage, index: number, outOfOrderness: number): Topology {
  const env = new StreamEnvironment();
  const sales = env.fromSource<Sale>(
    { topic: topicOf(index), deserializer: json((value) => value as Sale), partitionedBy: "shop" },
    WatermarkStrategy.forBoundedOutOfOrderness(outOfOrderness * 1_000),
  );
  const out = () => {
    switch (stage) {
      case "double":
        return sales.map(({ shop, sum }) => ({ shop, sum: sum * 2 }));
      case "odd":
        return sales.filter(({ sum }) => sum % 3 !== 0);
      default:
        return sales.keyBy("shop").window(TumblingEventTimeWindows.of(stage))
          .reduce((a, b) => ({ shop: a.shop, sum: a.sum + b.sum }));
    }
  };
  out().sinkTo({ topic: topicOf(index + 1), key: ({ shop }) => shop });
  return env.topology;
}

/** One member of a stage. */
export class Runner {
  readonly stage: number;
  readonly ended: Promise<void>;
  status: JobStatus | null = null;
  /** How often it has asked for records. */
  polls = 0;
  lag: Lag = "none";
  /** What its next commit meets. */
  fault: Fault | null = null;
  isOver = false;
  readonly #stop = new AbortController();
  #gate: { readonly opened: Promise<void>; readonly open: () => void } | null = null;

  constructor(log: Log, job: Job, { stage, ...options }: JobOptions & { readonly stage: number }) {
    this.stage = stage;
    this.ended = runJob(this.#held(log), job, {
      ...options,
      signal: this.#stop.signal,
      observer: { status: (status) => void (this.status = status) },
    }).then(() => {}).finally(() => this.isOver = true);
    // Whoever waits for its end is told; before that nobody may be listening.
    this.ended.catch(() => {});
  }

  /** Whether it does not come to fetch. */
  get isHeld(): boolean {
    return this.#gate !== null;
  }

  hold(): void {
    if (this.#gate !== null) return;
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    this.#gate = { opened, open };
  }

  release(): void {
    this.#gate?.open();
    this.#gate = null;
  }

  stop(): Promise<void> {
    this.release();
    this.#stop.abort();
    return this.ended;
  }

  #held(log: Log): Log {
    return withMembers(log, (member) => ({
      poll: async (positions, options) => {
        await this.#gate?.opened;
        this.polls++;
        const maxWaitMs = Math.min(options?.maxWaitMs ?? 0, 5);
        const fetched = await member.poll(positions, { ...options, maxWaitMs });
        return this.#late(positions, fetched);
      },
      begin: () => {
        const transaction = member.begin();
        return overlay(transaction, {
          commit: async (...args) => {
            const { fault } = this;
            this.fault = null;
            // Meanwhile the next records are processed.
            await systemClock.sleep(1);
            if (fault === null || fault.isWritten) await transaction.commit(...args);
            if (fault !== null) throw new FlightsError(fault.code, "Cannot commit: as planned");
          },
        });
      },
    }));
  }

  /** Leaves answers out, three times out of four. */
  #late(positions: readonly Position[], fetched: readonly FetchedPartition[]) {
    if (this.lag === "none" || this.polls % 4 === 0 || positions.length === 0) return fetched;
    const areReports = ({ topic }: { topic: string }) => topic.endsWith(".watermarks");
    return fetched.filter((one) => areReports(one) !== (this.lag === "reports"));
  }
}

/** A chain of jobs, and what was sold to the first of them. */
export class Chain {
  readonly options: ChainOptions;
  readonly log: Log;
  /** Judges idleness and silence, in all jobs. */
  readonly clock = new SimulatedClock(1_000_000);
  readonly leaseClock: SimulatedClock;
  readonly sold: TimedSale[] = [];
  readonly runners: Runner[] = [];
  /** A second goes by in ten milliseconds. */
  readonly #pace: Clock = new ScaledClock(0, 100);

  private constructor(options: ChainOptions, log: Log, leaseClock: SimulatedClock) {
    this.options = options;
    this.log = log;
    this.leaseClock = leaseClock;
  }

  /** Opens a log with the topics of a chain. */
  static async open(options: ChainOptions): Promise<Chain> {
    const leaseClock = new SimulatedClock();
    const log = await openSqliteLog({ directory: ":memory:", clock: leaseClock });
    const topics = options.partitions.map((partitions, i) => ({ name: topicOf(i), partitions }));
    await log.createTopics([...topics, { name: topicOf(options.stages.length), partitions: 1 }]);
    return new Chain(options, log, leaseClock);
  }

  job(stage: number): Job {
    const { stages, outOfOrderness } = this.options;
    const bound = stage === 0 ? outOfOrderness : 0;
    return { applicationId: `stage-${stage}`, topology: topologyOf(stages[stage]!, stage, bound) };
  }

  #settings(): JobOptions {
    const { watermarks = "auto" } = this.options;
    return { clock: this.clock, pace: this.#pace, commitInterval: 1, watermarks };
  }

  /** Starts a member of a stage. */
  start(stage: number, options: JobOptions = {}): Runner {
    const settings = { ...this.#settings(), ...options, stage };
    const runner = new Runner(this.log, this.job(stage), settings);
    this.runners.push(runner);
    return runner;
  }

  /** The members of a stage that run. */
  members(stage: number): readonly Runner[] {
    return this.runners.filter((runner) => runner.stage === stage && !runner.isOver);
  }

  /** Runs a stage until its end. */
  bounded(stage: number, options: JobOptions & { readonly drain?: boolean } = {}) {
    const { drain = false, ...others } = options;
    const untilEnd = { drain, wait: 100_000 };
    return runJob(this.log, this.job(stage), { ...this.#settings(), untilEnd, ...others });
  }

  /** Appends sales to the first topic, each in a batch of its own. */
  async sell(partition: number, ...sales: readonly TimedSale[]): Promise<void> {
    for (const { shop, sum, time } of sales) {
      this.sold.push({ shop, sum, time });
      await this.append(topicOf(0), partition, { shop, sum, time });
    }
  }

  /** Appends one sale to any topic, as somebody who reports nothing. */
  async append(topic: string, partition: number, { time, ...sale }: TimedSale): Promise<void> {
    const builder = new RecordBatchBuilder();
    builder.appendText(time, sale.shop, JSON.stringify(sale));
    await this.log.append([{ topic, partition, batch: builder.finish() }]);
  }

  /** The offsets that a stage has committed, by partition. */
  async committed(stage: number): Promise<readonly number[]> {
    const { offsets } = await this.log.describeGroup(this.job(stage).applicationId);
    const own = offsets.filter(({ topic }) => topic === topicOf(stage));
    return own.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset);
  }

  /** Waits until a stage has committed all that is on its topic. */
  async passed(stage: number): Promise<void> {
    await until(async () => {
      const [described] = await this.log.describeTopics([topicOf(stage)]);
      const ends = described!.partitions.map(({ endOffset }) => endOffset);
      const offsets = await this.committed(stage);
      return ends.every((end, partition) => (offsets[partition] ?? 0) >= end);
    });
  }

  /**
   * Waits until each member has asked twice more, so that it has seen all there is; but for stages of
   * which a member is held, for the others may have to wait for it.
   */
  async looked(): Promise<void> {
    const isHeld = ({ stage }: Runner) => this.members(stage).some((member) => member.isHeld);
    const before = this.runners.map((runner) => ({ runner, polls: runner.polls }));
    await until(() =>
      before.every(({ runner, polls }) =>
        runner.isOver || runner.polls >= polls + 2 || isHeld(runner)
      )
    );
  }

  /** Stops all members. */
  async stopAll(): Promise<void> {
    for (const runner of this.runners) runner.release();
    await Promise.all(this.runners.map((runner) => runner.stop()));
  }

  async close(): Promise<void> {
    await this.stopAll().finally(() => this.log.close());
  }
}

/** A shop of each partition, so that `partitionedBy` holds. */
export function shopOn(partition: number, partitions: number): string {
  return Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i))
    .find((name) => partitionForText(name, partitions) === partition)!;
}

/**
 * Runs a topology with all it needs: feeds its sources that are no topics, runs the job, and taps what
 * it gives out for its sinks that are none. Inside all is topics, so that every rule of the engine holds.
 */

import { type Clock, systemClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { runJob } from "../runtime/job.ts";
import type { Job, JobOptions, UntilEnd } from "../runtime/job_options.ts";
import type { JobStatus } from "../runtime/job_status.ts";
import { overOwnTopics } from "../runtime/stages.ts";
import { ensureTopics, sinkTopic, sourceTopic, topicsMissing } from "../runtime/topics.ts";
import { waitFor } from "../runtime/wait_for.ts";
import type { StreamEnvironment } from "../stream/environment.ts";
import { isBounded } from "../stream/sources.ts";
import { withoutRepartitions } from "../stream/stages.ts";
import type { Topology } from "../stream/topology.ts";
import { Feeder } from "./feeder.ts";
import { Tapper } from "./tapper.ts";

/** Settings of {@linkcode execute}. */
export interface ExecuteOptions extends Omit<JobOptions, "untilEnd"> {
  /**
   * Runs to the end offsets that its topics have once all other sources are fed. Default: only where
   * all sources are bounded, with `drain`, and 10 seconds to wait.
   */
  readonly untilEnd?: Omit<UntilEnd, "stops">;
  /** The name by which the log knows the job; needed with a log. Default `job`. */
  readonly applicationId?: string;
  /**
   * Where its topics are, which stays open. Default: an embedded log in memory, whose end is that of
   * the run; there a record that cannot be read ends it (`onError` is `fail`).
   */
  readonly log?: Log;
}

const toTheEnd = { drain: true, wait: 10_000 };
const defaultInterval = 100;
/** How long sinks may take, in milliseconds, once a run was stopped or has failed. */
const grace = 10_000;

/**
 * Runs the job of `env` and returns its last status.
 *
 * Where all sources are bounded (collections, files), or with `untilEnd`, all of them are fed to their
 * end, then the job runs to the end of its input and its open windows and event-time timers fire
 * (semantics 11). Otherwise it runs while its sources are fed, until `signal`; where no source is a
 * topic, until all of them have ended, then to the end of its input.
 *
 * @throws {FlightsError} with the code of what stopped it; what was committed stays.
 */
export async function execute(
  env: StreamEnvironment,
  options: ExecuteOptions = {},
): Promise<JobStatus> {
  const { applicationId, log } = options;
  if (log !== undefined) {
    if (applicationId !== undefined) return await new Execution(env, log, options).run();
    throw new FlightsError(
      "invalid-argument",
      "Cannot execute on a log: the job must have an application id, by which the log knows it, it " +
        "has none",
    );
  }
  checkFeedsOnly(env);
  const memory = await openSqliteLog({ directory: ":memory:" });
  try {
    return await new Execution(env, memory, { onError: "fail", ...options }).run();
  } finally {
    await memory.close();
  }
}

/** In a log of its own nobody else can read and write topics. */
function checkFeedsOnly({ topology }: StreamEnvironment): void {
  const { sources, sinkTopics } = foreignTopics(topology);
  const names = [...sources, ...sinkTopics];
  if (names.length === 0) return;
  throw new FlightsError(
    "invalid-argument",
    `Cannot execute without a log: it must hold the topics ${names.join(", ")}, none was given`,
  );
}

/** The topics of others that a topology reads and writes. */
function foreignTopics({ sources, sinkTopics, taps }: Topology) {
  return {
    sources: sources.filter(({ feed }) => feed === undefined).map(({ topic }) => topic),
    sinkTopics: sinkTopics.filter((topic) => !taps.some(({ name }) => name === topic)),
  };
}

/** One run. */
class Execution {
  readonly #log: Log;
  readonly #job: Job;
  readonly #topology: Topology;
  readonly #options: ExecuteOptions;
  readonly #pace: Clock;
  /** Aborted by the first failure of any part; then the others stop. */
  readonly #failed = new AbortController();
  readonly #signal: AbortSignal;
  /** Ends taps that have had their time. */
  readonly #tapsOver = new AbortController();

  constructor({ topology }: StreamEnvironment, log: Log, options: ExecuteOptions) {
    const { applicationId = "job", pace = systemClock, signal } = options;
    this.#log = log;
    // What is fed and nothing else has one partition.
    this.#topology = foreignTopics(topology).sources.length === 0
      ? withoutRepartitions(topology)
      : topology;
    this.#options = options;
    this.#pace = pace;
    this.#job = overOwnTopics({ applicationId, topology: this.#topology });
    this.#signal = AbortSignal.any([this.#failed.signal, ...signal === undefined ? [] : [signal]]);
  }

  /** Runs it; all parts of it have ended when the promise settles. */
  async run(): Promise<JobStatus> {
    if (!(await this.#createTopics())) return await this.#runJob({});
    const done = new AbortController();
    this.#limitTaps(done.signal);
    const tappers = this.#newTappers();
    const tapping = Promise.all(tappers.map((one) => this.#watched(one.run())));
    const status = await this.#watched(this.#isToEnd ? this.#runToEnd() : this.#runLive());
    await this.#watched(this.#endTaps(tappers));
    await tapping;
    done.abort();
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason;
    return status!;
  }

  /** The result; null after a failure, which stops the other parts. */
  async #watched<T>(work: Promise<T>): Promise<T | null> {
    try {
      return await work;
    } catch (error) {
      // Of several failures the first one is told.
      this.#failed.abort(error);
      return null;
    }
  }

  /** Whether it runs to an end that is known once all is fed. */
  get #isToEnd(): boolean {
    const { feeds, sources } = this.#topology;
    return this.#options.untilEnd !== undefined ||
      (this.#isAllFed && feeds.every(({ feed }) => isBounded(feed)) && sources.length > 0);
  }

  get #isAllFed(): boolean {
    return foreignTopics(this.#topology).sources.length === 0;
  }

  async #runToEnd(): Promise<JobStatus> {
    await this.#feedAll();
    return await this.#runJob({ untilEnd: this.#options.untilEnd ?? toTheEnd });
  }

  async #runLive(): Promise<JobStatus | null> {
    const fed = new AbortController();
    const feeding = this.#feedAll().then(() => {
      if (this.#isAllFed) fed.abort();
    });
    const status = await this.#watched(
      this.#runJob({ signal: AbortSignal.any([this.#signal, fed.signal]) }),
    );
    await feeding;
    if (!this.#isAllFed || this.#signal.aborted) return status;
    return await this.#runJob({ untilEnd: toTheEnd });
  }

  #runJob(options: Pick<JobOptions, "untilEnd" | "signal">): Promise<JobStatus> {
    const { applicationId: _, log: __, untilEnd: ___, ...own } = this.#options;
    return runJob(this.#log, this.#job, { ...own, signal: this.#signal, ...options });
  }

  async #feedAll(): Promise<void> {
    const { clock = systemClock, commitInterval: interval = defaultInterval } = this.#options;
    const feeders = this.#topology.feeds.map(({ topic: name, feed }) => {
      const topic = sourceTopic(this.#job.applicationId, name);
      return new Feeder(this.#log, {
        ...this.#placeOf(topic),
        name,
        feed,
        clock,
        interval,
        signal: this.#signal,
      });
    });
    await Promise.all(feeders.map((one) => this.#watched(one.run())));
  }

  #newTappers(): readonly Tapper[] {
    const { commitInterval: interval = defaultInterval } = this.#options;
    const { signal } = this.#tapsOver;
    return this.#topology.taps.map(({ name, tap }) => {
      const topic = sinkTopic(this.#job.applicationId, name);
      return new Tapper(this.#log, { ...this.#placeOf(topic), tap, interval, signal });
    });
  }

  #placeOf(topic: string) {
    const { description = this.#job.applicationId } = this.#options;
    const wait = this.#isToEnd ? this.#options.untilEnd?.wait ?? toTheEnd.wait : null;
    return { topic, description, pace: this.#pace, wait };
  }

  /** Once the run is stopped or has failed, sinks have so long to take what is there. */
  #limitTaps(done: AbortSignal): void {
    const limit = async () => {
      await this.#pace.sleep(grace, done);
      this.#tapsOver.abort();
    };
    if (this.#signal.aborted) void limit();
    else this.#signal.addEventListener("abort", () => void limit(), { once: true, signal: done });
  }

  /** Lets sinks take what the job has put out. */
  async #endTaps(tappers: readonly Tapper[]): Promise<void> {
    const topics = await this.#log.describeTopics(tappers.map(({ topic }) => topic));
    for (const tapper of tappers) {
      const topic = topics.find(({ name }) => name === tapper.topic)!;
      tapper.endAt(topic.partitions[0]!.endOffset);
    }
  }

  /** Creates the topics between job and outside; false when it was stopped before. */
  async #createTopics(): Promise<boolean> {
    const partitions = await this.#partitions();
    if (partitions === null) return false;
    const { applicationId } = this.#job;
    const fed = this.#topology.feeds.map(({ topic }) => sourceTopic(applicationId, topic));
    const tapped = this.#topology.taps.map(({ name }) => sinkTopic(applicationId, name));
    await ensureTopics(this.#log, [
      ...fed.map((name) => ({ name, partitions })),
      ...tapped.map((name) => ({ name, partitions: 1 })),
    ]);
    return true;
  }

  /**
   * How many partitions a fed topic has: as many as the topics that are read beside it, for a job's
   * inputs go together partition by partition. Elements are fed into the first one, in their order.
   * Null when it was stopped before these were there.
   */
  async #partitions(): Promise<number | null> {
    const names = foreignTopics(this.#topology).sources;
    if (names.length === 0 || this.#topology.feeds.length === 0) return 1;
    const { observer, untilEnd } = this.#options;
    const topics = await waitFor({
      wait: untilEnd?.wait ?? null,
      clock: this.#pace,
      signal: this.#signal,
      waiting: (reason) => observer?.waiting?.(reason),
    }, async (isLast) => {
      const topics = await this.#log.describeTopics(names);
      const missing = names.filter((name) => !topics.some((topic) => topic.name === name));
      if (missing.length === 0) return topics;
      if (isLast) throw topicsMissing(this.#job.applicationId, missing);
      return `the log has no topic ${missing.join(", ")} yet`;
    });
    return topics === null ? null : topics[0]!.partitions.length;
  }
}

/**
 * Lives of a job on an embedded log: what the common recovery test of all operators lets happen to
 * them, and what came out in the end. Only tests use it.
 */

import { textOf } from "../base/bytes.ts";
import { type Clock, SimulatedClock, systemClock } from "../base/clock.ts";
import { hasCode } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import type { RecordBatch } from "../log/records/batch.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import type { OperatorCase } from "../stream/tests/test_operator_case.ts";
import { runJob } from "./job.ts";
import type { Job, JobOptions } from "./job_options.ts";
import { jobStages } from "./stages.ts";
import { changelogTopic } from "./topics.ts";
import { type Fault, faultyLog } from "./test_faults.ts";
import { draining, until, untilEnd, withMembers } from "./test_sales.ts";
import { layInput } from "./test_cases.ts";

/** How long a member without a sign of life is taken to live, in milliseconds. */
const leaseMs = 10_000;

/** A millisecond goes by at each look, so that it does not depend on the machine what is committed. */
function steps(): Clock {
  let time = 0;
  return { now: () => time++, sleep: (_, signal) => systemClock.sleep(1, signal) };
}

/** One job on a log of its own. */
export class RecoveryTrial {
  /** How many of the planned faults have come. */
  faults = 0;
  readonly #case: OperatorCase;
  readonly #log: Log;
  /** Of the members' leases; the job's own clock stands still, so that no clock decides. */
  readonly #leases: SimulatedClock;
  /** When the leases of all who died have run out. */
  #deadUntil = 0;

  private constructor(operatorCase: OperatorCase, log: Log, leases: SimulatedClock) {
    this.#case = operatorCase;
    this.#log = log;
    this.#leases = leases;
  }

  /** Opens a log on which all the input lies, a batch a record. */
  static async open(operatorCase: OperatorCase): Promise<RecoveryTrial> {
    const leases = new SimulatedClock();
    const log = await openSqliteLog({
      directory: ":memory:",
      clock: leases,
      sessionTimeoutMs: leaseMs,
    });
    await layInput(log, operatorCase);
    return new RecoveryTrial(operatorCase, log, leases);
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #job(): Job {
    return { applicationId: "recovered", topology: this.#case.topology() };
  }

  /** Runs a member on its own to the end of the input, or until it dies. */
  async toEnd(faults: readonly Fault[] = []): Promise<void> {
    this.#leases.advanceTo(this.#deadUntil);
    await this.#run(untilEnd(), faults);
  }

  /** The same, lets the clock decide what it has to, and fires at the end what is open. */
  async drains(faults: readonly Fault[] = []): Promise<void> {
    this.#leases.advanceTo(this.#deadUntil);
    if (this.#case.clockAtEnd !== undefined) {
      await this.toEnd();
      await this.#looksAt(this.#case.clockAtEnd);
    }
    await this.#run(draining, faults);
  }

  /** Runs a member on its own until it has committed so often. */
  async commits(count: number): Promise<void> {
    this.#leases.advanceTo(this.#deadUntil);
    const stop = new AbortController();
    const observer: JobOptions["observer"] = {
      status: ({ commits }) => commits.count >= count && stop.abort(),
    };
    await this.#run({ ...untilEnd(), signal: stop.signal, observer });
  }

  /**
   * Runs members together, until the group has committed a share of what there is to be read.
   *
   * @param faults of each member.
   */
  async together(faults: readonly (readonly Fault[])[], share: number): Promise<void> {
    const stop = new AbortController();
    let running = faults.length;
    const members = faults.map((own) =>
      this.#run({ signal: stop.signal }, own).finally(() => running--)
    );
    try {
      await until(async () => {
        this.#outliveTheDead();
        return running === 0 || await this.#share() >= share;
      });
    } finally {
      stop.abort();
      await Promise.all(members);
    }
  }

  /** Runs a member until it has looked at a clock that stands at `time`. */
  async #looksAt(time: number): Promise<void> {
    const stop = new AbortController();
    let isRunning = false;
    let looks = 0;
    const observer: JobOptions["observer"] = {
      status: ({ state }) => isRunning = state === "running",
    };
    const counted = withMembers(this.#log, (member) => ({
      poll: (...args) => {
        // It looks at the clock each time before it asks again.
        if (isRunning && ++looks > 2) stop.abort();
        return member.poll(...args);
      },
    }));
    const clock = new SimulatedClock(time);
    await runJob(counted, this.#job(), { clock, pace: steps(), signal: stop.signal, observer });
  }

  /**
   * Lets the leases of the dead run out, in steps in which the living renew theirs; no further, or who
   * is only slow would be taken for dead again and again.
   */
  #outliveTheDead(): void {
    if (this.#leases.now() < this.#deadUntil) this.#leases.advance(500);
  }

  async #run(options: JobOptions, faults: readonly Fault[] = []): Promise<void> {
    const came = ({ kind }: Fault) => {
      this.faults++;
      if (kind.startsWith("dies")) this.#deadUntil = this.#leases.now() + leaseMs + 1;
    };
    const until = options.untilEnd && { untilEnd: { ...options.untilEnd, wait: 1_000_000 } };
    try {
      await runJob(faultyLog(this.#log, faults, came), this.#job(), {
        clock: new SimulatedClock(),
        pace: steps(),
        commitInterval: 1,
        maxFuture: null,
        ...options,
        ...until,
      });
    } catch (error) {
      // Of who dies; the other faults are got over.
      if (!hasCode(error, "log-full")) throw error;
    }
  }

  /** How much of what there is to be read the group has committed, 0 to 1. */
  async #share(): Promise<number> {
    const inputs = jobStages(this.#job()).flatMap(({ topology }) => topology.sources);
    const names = inputs.map(({ topic }) => topic);
    const described = await this.#log.describeTopics(names);
    if (described.length < names.length) return 0;
    const all = described.flatMap(({ partitions }) => partitions.map(({ endOffset }) => endOffset));
    const { offsets } = await this.#log.describeGroup(this.#job().applicationId);
    const read = offsets.filter(({ topic }) => names.includes(topic)).map(({ offset }) => offset);
    const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
    return sum(read) / sum(all);
  }

  /** All that came out, late and refused records too, a line each, in no order. */
  async outputs(): Promise<readonly string[]> {
    const sources = jobStages(this.#job()).flatMap(({ topology }) => topology.sources);
    const strays = sources.flatMap(({ topic }) => [`${topic}.late`, `${topic}.dead-letter`]);
    const records = await this.#read([...this.#job().topology.sinkTopics, ...strays]);
    return records.map(({ place, timestamp, key, value, headers }) =>
      [place, timestamp, key, value, ...headers].join(" ")
    ).sort();
  }

  /** How many entries each table has in the state that is saved. */
  async stateEntries(): Promise<Readonly<Record<string, number>>> {
    const { applicationId } = this.#job();
    const stages = jobStages(this.#job());
    const live = new Map<string, string>();
    for (
      const { place, key, value } of await this.#read(
        stages.map(({ name }) => changelogTopic(applicationId, name)),
      )
    ) {
      const entry = `${place} ${key}`;
      if (value === null) live.delete(entry);
      else live.set(entry, String((JSON.parse(key!) as readonly unknown[])[0]));
    }
    const tables = Map.groupBy(live.values(), (table) => table);
    return Object.fromEntries([...tables].map(([table, own]) => [table, own.length]).sort());
  }

  /** All records of those topics that are there. */
  async #read(topics: readonly string[]): Promise<readonly ReadRecord[]> {
    const records: ReadRecord[] = [];
    for (const { name: topic, partitions } of await this.#log.describeTopics(topics)) {
      for (const [partition, { endOffset }] of partitions.entries()) {
        for (let offset = 0; offset < endOffset;) {
          const [fetched] = await this.#log.fetch([{ topic, partition, offset }]);
          for (const batch of fetched!.batches) {
            for (let i = batch.firstAt(offset); i < batch.count; i++) {
              records.push(recordOf(batch, i, `${topic}[${partition}]`));
            }
          }
          offset = fetched!.nextOffset;
        }
      }
    }
    return records;
  }
}

/** A record as text. */
interface ReadRecord {
  readonly place: string;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly string[];
}

function recordOf(batch: RecordBatch, index: number, place: string): ReadRecord {
  const key = batch.key(index);
  return {
    place,
    timestamp: batch.timestamp(index),
    key: key === null ? null : textOf(key),
    value: batch.valueText(index),
    headers: batch.headers(index).map(({ name, value }) =>
      `${name}=${value === null ? null : textOf(value)}`
    ),
  };
}

/**
 * The exactly-once suite: two jobs with one to four members each, on three brokers, while datagen
 * writes and members, brokers and connections fail as a script says; then all of it is judged, record
 * by record (semantics 15).
 */

import { systemClock } from "../../../src/base/clock.ts";
import type { Envelope } from "../../crash/oracle.ts";
import { dataFolder, flights } from "../../flights.ts";
import { Brokers } from "./brokers.ts";
import { Fleet, type MemorySample } from "./fleet.ts";
import { readWithKafka } from "./kafka_reader.ts";
import { type Fault, type FaultKind, faultScript, firstMembers, jobOf } from "./script.ts";
import { type Contents, verify } from "./verifier.ts";

/** A run. */
export interface SuiteOptions {
  readonly seed: number;
  /** For how long faults come. */
  readonly seconds: number;
  /** Milliseconds between two faults, on average; default 2,500. */
  readonly every?: number;
  /** Bookings of each airline a second; default 100. */
  readonly rate?: number;
  /** Bookings of each airline that are there at the start; default 10,000. */
  readonly before?: number;
  /** Whether the first member of each job lives through all of it; default false. */
  readonly sparesFirst?: boolean;
  /** Is told what happens; default: nobody. */
  readonly tell?: (line: string) => void;
}

/** What a run has come to. */
export interface SuiteReport {
  /** What was lost, is there twice, or is wrong; and what failed. None: exactly once. */
  readonly findings: readonly string[];
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly records: Readonly<Record<string, number>>;
  readonly starts: number;
  readonly joinedAgain: number;
  /** Transactions that were to be ended, in each five seconds. */
  readonly commits: readonly number[];
  readonly memory: readonly MemorySample[];
}

/** Event time runs this much faster than the clock: windows of a minute close each second. */
const speed = 60;
/** No matter which: no clock decides anything. */
const firstEventTime = Date.UTC(2026, 0, 31);
/** Results of each partition must come again within this time after the last fault. */
const recoversWithin = 60_000;
const sampleInterval = 5_000;

const timeless = ["--no-close-on-silence", "--max-future", "off"];
const statsOptions = ["--out-of-orderness", "2m"];
const optionsOf = {
  merge: ["merge", ...timeless],
  stats: ["stats", ...timeless, ...statsOptions],
};

/**
 * Runs the script of a seed and judges what is there at its end.
 *
 * @throws when the brokers do not start or do not come back: that is not the program's fault.
 */
export async function runSuite(options: SuiteOptions): Promise<SuiteReport> {
  await using brokers = await Brokers.start();
  using folder = dataFolder();
  const run = new Run(options, brokers, folder.path);
  return await run.run();
}

class Run {
  readonly #options: SuiteOptions;
  readonly #brokers: Brokers;
  readonly #data: string;
  readonly #fleet: Fleet;
  readonly #failed = new AbortController();
  readonly #findings: string[] = [];
  readonly #faults = new Map<FaultKind, number>();
  /** How many there have been at each sample. */
  readonly #commits: number[] = [];
  #startedAt = 0;
  #writers = 0;

  constructor(options: SuiteOptions, brokers: Brokers, data: string) {
    this.#options = options;
    this.#brokers = brokers;
    this.#data = data;
    const fail = (reason: string) => {
      this.#tell(reason);
      this.#findings.push(reason);
      this.#failed.abort();
    };
    this.#fleet = new Fleet({ data, env: this.#env(brokers.proxied), fail });
  }

  async run(): Promise<SuiteReport> {
    const { seed, before = 10_000 } = this.#options;
    const start = ["--start", new Date(firstEventTime).toISOString()];
    const backlog = ["--create", "--count", String(before), "--rate", "max", "--seed", `${seed}`];
    await this.#command("datagen", ...backlog, ...start, ...shares);
    this.#startedAt = systemClock.now();
    const sampling = this.#sample();
    try {
      this.#startWriter();
      for (const member of firstMembers()) this.#start(member);
      await this.#play();
      if (!this.#failed.signal.aborted) await this.#recover();
      for (const name of this.#fleet.names) this.#fleet.signal(name, "SIGCONT");
      await Promise.all(this.#fleet.names.map((name) => this.#fleet.end(name, "SIGTERM")));
    } finally {
      this.#failed.abort();
      await sampling;
      await this.#fleet.killAll();
    }
    const contents = await this.#finish();
    return {
      findings: this.#findings,
      faults: this.#faults,
      records: Object.fromEntries(
        Object.entries(contents ?? {}).map(([name, records]) => [name, records.length]),
      ),
      starts: this.#fleet.starts,
      joinedAgain: this.#fleet.joinedAgain,
      commits: this.#commits.map((count, i) => count - (this.#commits[i - 1] ?? 0)),
      memory: this.#fleet.memory,
    };
  }

  /** Lets the faults come, each at its time whatever the others still do. */
  async #play(): Promise<void> {
    const { signal } = this.#failed;
    const failing: Promise<void>[] = [];
    for (const fault of faultScript(this.#options.seed, this.#options)) {
      await systemClock.sleep(this.#startedAt + fault.at - systemClock.now(), signal);
      if (signal.aborted) break;
      const { at: _, kind, lasts, ...whom } = fault;
      const what = lasts > 0 ? `${kind} (${lasts} ms)` : kind;
      this.#tell([what, ...Object.values(whom)].join(" "));
      this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
      failing.push(this.#befall(fault));
    }
    await Promise.all(failing);
  }

  async #befall(fault: Fault): Promise<void> {
    const { kind, lasts, member = "", victim = "", broker = 0, request = "EndTxn", times = 1 } =
      fault;
    const [brokers, fleet] = [this.#brokers, this.#fleet];
    const meet = (act: Parameters<Brokers["meet"]>[1]["fault"]) =>
      brokers.meet(request, { times, lasts, fault: act });
    switch (kind) {
      case "kill":
      case "lose":
        return await this.#restart(member, "SIGKILL", lasts);
      case "terminate":
        return await this.#restart(member, "SIGTERM", lasts);
      case "freeze":
      case "zombie":
        fleet.signal(member, "SIGSTOP");
        await systemClock.sleep(lasts);
        return fleet.signal(member, "SIGCONT");
      case "join":
        return this.#start(member);
      case "leave":
        return await fleet.end(member, "SIGTERM");
      case "join and kill":
        this.#start(member);
        await fleet.told(member, "starts on");
        await systemClock.sleep(lasts);
        return await this.#restart(victim, "SIGKILL", 0);
      case "kill broker":
        return await brokers.bringDown(broker, { how: "kill", lasts });
      case "stop broker":
        return await brokers.bringDown(broker, { how: "stop", lasts });
      case "move leaders":
        return await brokers.moveLeaders(this.#options.seed + fault.at);
      case "cut":
      case "refuse":
      case "isolate":
        return await brokers.refuse(broker, lasts);
      case "stall":
        return await brokers.stall(broker, lasts);
      case "cut request":
        return void await meet((proxy, options) => proxy.cut({ at: "request", ...options }));
      case "cut answer":
        return void await meet((proxy, options) => proxy.cut({ at: "answer", ...options }));
      case "delay answer":
        return void await meet((proxy, options) =>
          proxy.delay(lasts, { at: "answer", ...options })
        );
      case "kill datagen":
        await fleet.end("datagen", "SIGKILL");
        await systemClock.sleep(lasts);
        return this.#startWriter();
    }
  }

  async #restart(member: string, signal: "SIGKILL" | "SIGTERM", after: number): Promise<void> {
    await this.#fleet.end(member, signal);
    await systemClock.sleep(after);
    this.#start(member);
  }

  #start(member: string): void {
    if (!this.#failed.signal.aborted) this.#fleet.start(member, optionsOf[jobOf(member)]);
  }

  /** Starts datagen where event time has come to, with other bookings than before. */
  #startWriter(): void {
    if (this.#failed.signal.aborted) return;
    const { seed, rate = 100, before = 10_000 } = this.#options;
    const writer = ++this.#writers;
    // The backlog has two bookings a second of event time, on average.
    const began = firstEventTime + before * 500;
    const now = began + (systemClock.now() - this.#startedAt + 1_000 * writer) * speed;
    this.#fleet.start("datagen", [
      ...["datagen", "--rate", String(rate / speed), "--speed", String(speed)],
      ...["--start", new Date(now).toISOString(), "--seed", String(seed + writer), ...shares],
    ]);
  }

  /** Without faults, results must come again on each partition. */
  async #recover(): Promise<void> {
    await this.#brokers.inSync();
    const giveUp = systemClock.now() + recoversWithin;
    const before = await this.#ends("userstatistics");
    for (;;) {
      await systemClock.sleep(1_000);
      const now = await this.#ends("userstatistics");
      if (now.every((end, partition) => end > before[partition]!)) return;
      if (systemClock.now() < giveUp) continue;
      this.#findings.push(
        `No results came within ${recoversWithin / 1_000} s after the last fault: userstatistics ` +
          `ended at ${before}, it ends at ${now}`,
      );
      return;
    }
  }

  async #ends(topic: string): Promise<readonly number[]> {
    const described = JSON.parse(await this.#command("topics", "describe", topic, "--json"));
    return described.partitions.map(({ endOffset }: { endOffset: number }) => endOffset);
  }

  /** Lets both jobs come to their ends, reads all topics, and judges. */
  async #finish(): Promise<Contents | null> {
    if (this.#findings.length > 0) return null;
    this.#tell("the jobs are run to their ends");
    await this.#brokers.inSync();
    await this.#command(...optionsOf.merge, "--until-end", "--wait", "60s");
    await this.#command(...optionsOf.stats, "--until-end", "--drain", "--wait", "60s");
    this.#tell("all topics are read");
    const [flightdata, late, statistics] = [
      await this.#consume("flightdata"),
      await this.#consume("flightdata.late"),
      await this.#consume("userstatistics"),
    ];
    const contents: Contents = {
      bookings: [...await this.#consume("skyone"), ...await this.#consume("sunset")],
      deadLetters: [
        ...await this.#consume("skyone.dead-letter"),
        ...await this.#consume("sunset.dead-letter"),
      ],
      flights: flightdata,
      late,
      statistics,
    };
    for (const ours of [flightdata, late, statistics]) await this.#compareWithKafka(ours);
    this.#findings.push(...verify(contents));
    return contents;
  }

  /** What our own consumer reads must be what Kafka's does. */
  async #compareWithKafka(ours: readonly Envelope[]): Promise<void> {
    const [first] = ours;
    if (first === undefined) return;
    const theirs = await readWithKafka(this.#brokers.direct, first.topic);
    const places = new Map(theirs.map((record) => [placeOf(record), wholeText(record)]));
    const differ = ours.filter((record) => places.get(placeOf(record)) !== wholeText(record));
    if (differ.length === 0 && theirs.length === ours.length) return;
    this.#findings.push(
      `Kafka's consumer reads ${theirs.length} records of ${first.topic}, ours ${ours.length}; ` +
        `${differ.length} differ, such as ${differ[0] && wholeText(differ[0])}`,
    );
  }

  async #consume(topic: string): Promise<readonly Envelope[]> {
    const text = await this.#command("consume", topic, "--until-end", "--json");
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Runs the command line to its end, directly at the brokers. */
  async #command(...args: readonly string[]): Promise<string> {
    const env = this.#env(this.#brokers.direct);
    const { code, stdout, stderr } = await flights(args, { data: this.#data, env });
    if (code === 0) return stdout;
    this.#findings.push(`flights ${args.join(" ")} ended with ${code}; it said:\n${stderr}`);
    throw new Error(this.#findings.at(-1));
  }

  #env(bootstrap: string): Readonly<Record<string, string>> {
    return { BOOTSTRAP_SERVERS: bootstrap, XDG_STATE_HOME: this.#data };
  }

  async #sample(): Promise<void> {
    while (!this.#failed.signal.aborted) {
      this.#fleet.sample();
      this.#commits.push(this.#brokers.requests("EndTxn"));
      await systemClock.sleep(sampleInterval, this.#failed.signal);
    }
  }

  #tell(line: string): void {
    const seconds = this.#startedAt === 0 ? 0 : (systemClock.now() - this.#startedAt) / 1_000;
    this.#options.tell?.(`${seconds.toFixed(1).padStart(7)} s  ${line}`);
  }
}

/** Some bookings come late, some cannot be read. */
const shares = ["--late-share", "0.02", "--bad-share", "0.01"];

function placeOf({ partition, offset }: Envelope): string {
  return `${partition} ${offset}`;
}

function wholeText({ topic, partition, offset, ts, headers, key, payload }: Envelope): string {
  return JSON.stringify([topic, partition, offset, ts, headers, key, payload]);
}

/** Where a scenario of silence takes place: a log of its own, and processes that end with it. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Log } from "../../src/log/log.ts";
import { RecordBatchBuilder } from "../../src/log/records/builder.ts";
import { openSqliteLog } from "../../src/log/sqlite/sqlite_log.ts";
import type { Finding } from "../../src/status/why/finding.ts";
import { dataFolder, flights, type FlightsProcess, startFlights } from "../flights.ts";

/** How long a cause may take to show, in milliseconds: some need a silence of ten seconds. */
const patience = 40_000;
/** How often is looked, in milliseconds. */
const lookInterval = 100;

/** A record. */
export interface Line {
  readonly payload: unknown;
  readonly key: string;
  /** Its event time, in milliseconds since the Unix epoch. */
  readonly ts: number;
}

/** A log, and what runs on it. */
export class Stage implements AsyncDisposable {
  readonly #folder = dataFolder();
  readonly #processes: FlightsProcess[] = [];
  #address = "";

  /** Where one of its processes answers, the job's that was started last; or one that looks on. */
  get address(): string {
    return this.#address;
  }

  /** Runs a command to its end, which must be a good one. */
  async run(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await flights(args, { data: this.#folder.path });
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Starts a process that answers. */
  async start(args: readonly string[]): Promise<FlightsProcess> {
    const process = this.#start(args);
    this.#address = await process.address();
    return process;
  }

  /** Starts one that only looks on, for who asks when no job does. */
  async lookOn(): Promise<void> {
    await this.start(["ui", "--http", "0"]);
  }

  #start(args: readonly string[]): FlightsProcess {
    const process = startFlights(args, { data: this.#folder.path });
    this.#processes.push(process);
    return process;
  }

  /** Creates topics. */
  async create(names: readonly string[], partitions = 1): Promise<void> {
    await this.withLog((log) => log.createTopics(names.map((name) => ({ name, partitions }))));
  }

  /** Works with the log itself. */
  async withLog<T>(body: (log: Log) => Promise<T>): Promise<T> {
    const log = await openSqliteLog({ directory: this.#folder.path });
    try {
      return await body(log);
    } finally {
      await log.close();
    }
  }

  /** Changes the file of the log behind everybody's back. */
  changeFile(sql: string): void {
    const file = new DatabaseSync(`${this.#folder.path}/flights.db`);
    file.exec(sql);
    file.close();
  }

  /** Appends records to partition 0 of a topic. A payload that is no text is written as JSON. */
  async append(topic: string, lines: readonly Line[]): Promise<void> {
    const batch = new RecordBatchBuilder();
    for (const { ts, key, payload } of lines) {
      batch.appendText(ts, key, typeof payload === "string" ? payload : JSON.stringify(payload));
    }
    const append = { topic, partition: 0, batch: batch.finish() };
    await this.withLog((log) => log.append([append]));
  }

  /** What `/why` says of a job, as soon as `isNamed` holds for one of the findings. */
  async findings(
    job: string,
    isNamed: (finding: Finding) => boolean,
    about = "",
  ): Promise<readonly Finding[]> {
    const deadline = Date.now() + patience;
    for (;;) {
      const found = await this.#why(job, about);
      if (found.some(isNamed)) return found;
      if (Date.now() > deadline) {
        throw new Error(
          `${job}: the cause was never named, only ${JSON.stringify(found, null, 2)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, lookInterval));
    }
  }

  async #why(job: string, about: string): Promise<readonly Finding[]> {
    const response = await fetch(`${this.address}/why?job=${job}${about}`);
    assert.equal(response.status, 200);
    return (await response.json()).findings;
  }

  /** All of its processes end at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) process.kill("SIGKILL");
    await Promise.all(this.#processes.map(({ result }) => result));
    this.#folder[Symbol.dispose]();
  }
}

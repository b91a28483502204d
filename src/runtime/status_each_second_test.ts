/** Whatever a run does or waits for, it tells a status each second, and says what it waits for. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import type { Log } from "../log/log.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { findStops, runJob } from "./job.ts";
import type { JobOptions, Stops } from "./job_options.ts";
import type { JobStatus } from "./job_status.ts";
import { faultyLog } from "./test_faults.ts";
import { openLog, overlay, sales, sell, until, untilEnd } from "./test_sales.ts";

/** A run whose seconds the test lets go by. */
class PacedRun {
  readonly pace = new SimulatedClock();
  readonly seen: JobStatus[] = [];
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;

  constructor(run: (options: JobOptions) => Promise<unknown>) {
    this.#ended = run({
      pace: this.pace,
      commitInterval: 0,
      signal: this.#stop.signal,
      observer: { status: (status) => this.seen.push(status) },
    });
    this.#ended.catch(() => {});
  }

  get last(): JobStatus {
    return this.seen.at(-1)!;
  }

  /** Waits for a status that is so. */
  async comesTo(condition: (status: JobStatus) => boolean): Promise<JobStatus> {
    await until(() => this.seen.some(condition));
    return this.seen.findLast(condition)!;
  }

  /** Lets three seconds go by: each has a status, which says the same of what it does. */
  async staysFor3s(): Promise<void> {
    const { state, waitingFor } = this.last;
    for (let second = 0; second < 3; second++) {
      const before = this.seen.length;
      this.pace.advance(1_000);
      await until(() => this.seen.length > before);
      assert.deepEqual([this.last.state, this.last.waitingFor], [state, waitingFor]);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.pace.advance(10_000);
    await this.#ended;
  }
}

/** The same log, but it does not answer what is asked by `name` before it is opened. */
function held(log: Log, name: "describeTopics" | "join" | "createTopics") {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const ask = async (...args: never[]) => {
    await opened;
    return await (log[name] as (...args: never[]) => unknown)(...args);
  };
  return { log: overlay(log, { [name]: ask }), open };
}

for (
  const [name, waitingFor] of [
    ["describeTopics", "the log has not answered yet"],
    ["createTopics", "the log has not made the job's own topics yet"],
    ["join", "the group has not let it in yet"],
  ] as const
) {
  Deno.test(`a status each second: while the log does not answer ${name}`, async () => {
    const real = await openLog();
    const { log, open } = held(real, name);
    const run = new PacedRun((options) => runJob(log, sales(), options));
    const told = run.comesTo((status) => status.waitingFor === waitingFor);
    if (name !== "describeTopics") {
      await until(() => {
        if (run.last.waitingFor !== waitingFor) run.pace.advance(1_000);
        return run.last.waitingFor === waitingFor;
      });
    }
    assert.equal((await told).state, "waiting");
    await run.staysFor3s();
    open();
    await run.comesTo(({ state }) => state === "running");
    await run.stop();
    await real.close();
  });
}

Deno.test("a status each second: while topics are missing, of a bounded run's members too", async () => {
  const log = await openSqliteLog({ directory: ":memory:" });
  const isMissing = ({ waitingFor }: JobStatus) =>
    waitingFor === "the log has no topic sales, totals yet";
  const single = new PacedRun((options) => runJob(log, sales(), options));
  const several = new PacedRun((options) =>
    findStops(log, sales(), { ...options, untilEnd: { drain: false, wait: 60_000 } })
  );
  for (const run of [single, several]) {
    await run.comesTo(isMissing);
    await run.staysFor3s();
    assert.deepEqual([run.last.state, run.last.member], ["waiting", null]);
    await run.stop();
  }
  await log.close();
});

Deno.test("a status each second: while another member holds the partitions", async () => {
  const log = await openLog();
  const first = new PacedRun((options) => runJob(log, sales(), { ...options, description: "one" }));
  await first.comesTo(({ state }) => state === "running");
  const second = new PacedRun((options) => runJob(log, sales(), options));
  const { waitingFor } = await second.comesTo(({ state }) => state === "standing-by");
  assert.match(waitingFor!, /holds the partitions/);
  await second.staysFor3s();
  await first.staysFor3s();
  await first.stop();
  const { waitingFor: none } = await second.comesTo(({ tasks }) => tasks.length > 0);
  assert.equal(none, null);
  await second.stop();
  await log.close();
});

Deno.test("a status each second: while a run is quiet, and while one is at its end and others are not", async () => {
  const log = await openLog();
  await sell(log, [0, 1]);
  const quiet = new PacedRun((options) => runJob(log, sales(), options));
  await quiet.comesTo(({ tasks }) => tasks[0]?.inputs[0]?.lag === 0);
  await quiet.staysFor3s();
  await quiet.stop();
  const stops: Stops = new Map([["sales", [1]]]);
  const ended = new PacedRun((options) =>
    runJob(log, sales(), { ...options, untilEnd: { drain: false, wait: 50, stops } })
  );
  await ended.comesTo(({ state }) => state === "at-end");
  await ended.staysFor3s();
  await ended.stop();
  await log.close();
});

Deno.test("a status each second: while the log is out of reach, with what it said", async () => {
  const log = await openLog();
  await sell(log, [0, 1], [61, 2], [130, 4]);
  const faulty = faultyLog(log, [{ atCommit: 2, kind: "log-unreachable" }]);
  // Once it is lost it does not answer before it is opened again.
  let isLost = false;
  const { log: lost, open } = held(faulty, "join");
  const real = overlay(faulty, {
    join: (...args) => isLost ? lost.join(...args) : faulty.join(...args),
  });
  const run = new PacedRun((options) =>
    runJob(real, sales(), {
      ...options,
      observer: { ...options.observer, replaced: () => void (isLost = true) },
    })
  );
  const { commits, members: [member] } = await run.comesTo(({ state, waitingFor }) =>
    state === "waiting" && waitingFor === "Cannot commit: as planned"
  );
  assert.deepEqual([commits.lastOutcome, member!.fences], ["failed", 1]);
  await until(() => {
    if (run.last.waitingFor === "Cannot commit: as planned") run.pace.advance(1_000);
    return run.last.waitingFor === "the group has not let it in yet";
  });
  await run.staysFor3s();
  open();
  await run.comesTo(({ tasks }) => tasks[0]?.inputs[0]?.position === 3);
  await run.stop();
  await log.close();
});

Deno.test("a status each second: while state is restored, with how much there is and how long it takes", async () => {
  const log = await openLog();
  for (let second = 0; second < 8; second++) {
    await sell(log, [second, 1, `shop ${second}`]);
    await runJob(log, sales(), untilEnd());
  }
  const seen: JobStatus[] = [];
  const pace = new SimulatedClock();
  // Of the changelog a fetch gives a batch, which takes a second.
  const slower = overlay(log, {
    fetch: (positions, options) => {
      if (positions.some(({ topic }) => topic.includes("changelog"))) pace.advance(1_000);
      return log.fetch(positions, { ...options, maxPartitionBytes: 1 });
    },
  });
  await runJob(slower, sales(), untilEnd({ pace, observer: { status: (one) => seen.push(one) } }));
  const restores = seen.filter(({ state }) => state === "restoring")
    .map(({ members }) => members[0]!.restore!);
  assert.ok(restores.length > 4, `${restores.length} were told`);
  const { total } = restores.at(-1)!;
  restores.slice(1).forEach(({ done, total: planned, leftMs }, i) => {
    assert.equal(planned, total);
    const elapsed = (i + 1) * 1_000;
    assert.equal(leftMs, Math.round(elapsed * (total - done) / done));
    assert.ok(i === 0 || done > restores[i]!.done, "it comes on");
  });
  assert.deepEqual([restores.at(-1)!.done, restores.at(-1)!.leftMs], [total, 0]);
  const others = seen.filter(({ state }) => state !== "restoring");
  assert.ok(others.every(({ members }) => members[0]!.restore === null));
  await log.close();
});

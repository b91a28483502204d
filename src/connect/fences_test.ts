import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { needs } from "../../tests/permissions.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import type { Tap } from "../stream/sinks.ts";
import type { Feed } from "../stream/sources.ts";
import { Feeder } from "./feeder.ts";
import { Tapper } from "./tapper.ts";
import { failingLog, type Fate } from "./testdata/failing_log.ts";

/** Waits are over at once. */
const hasty: Clock = {
  now: () => systemClock.now(),
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

const place = { topic: "t", description: "test", pace: hasty, wait: null, interval: 0 };
const never = new AbortController().signal;
/** Of a size at which a few fill a commit. */
const elements = Array.from({ length: 14 }, (_, i) => `${i}`.padEnd(300_000, "."));

const fates = (...some: Fate[]) =>
  fc.array(fc.constantFrom<Fate>("done", ...some), { maxLength: 6 });

async function withTopic(work: (log: Log) => Promise<void>): Promise<void> {
  const log = await openSqliteLog({ directory: ":memory:" });
  try {
    await log.createTopics([{ name: "t", partitions: 1 }]);
    await work(log);
  } finally {
    await log.close();
  }
}

async function numbersIn(log: Log): Promise<readonly number[]> {
  const [fetched] = await log.fetch([{ topic: "t", partition: 0, offset: 0 }], {
    maxPartitionBytes: 2 ** 30,
  });
  return fetched!.batches.flatMap((batch) =>
    Array.from({ length: batch.count }, (_, i) => Number.parseInt(JSON.parse(batch.valueText(i)!)))
  );
}

function feed(log: Log, source: Feed): Promise<void> {
  const own = { name: "numbers", feed: source, clock: systemClock, signal: never };
  return new Feeder(log, { ...place, ...own }).run();
}

const all = elements.map((_, i) => i);

Deno.test("Feeder: whatever becomes of its commits, a collection is in the topic once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fates("fenced", "unknown", "overtaken"),
      fc.nat(14),
      (fates, count) =>
        withTopic(async (log) => {
          // Another process that feeds a part of it while this one is away.
          const feedSome = async () => {
            const some = elements.slice(0, Math.max(count, (await numbersIn(log)).length));
            await feed(log, { kind: "collection", elements: some });
          };
          await feed(failingLog(log, fates.values(), feedSome), { kind: "collection", elements });
          assert.deepEqual(await numbersIn(log), all);
        }),
    ),
    { numRuns: 60 },
  );
});

Deno.test("Feeder: whatever becomes of its commits, what cannot be read again is in the topic once", async () => {
  await fc.assert(
    fc.asyncProperty(fates("fenced", "unknown"), (fates) =>
      withTopic(async (log) => {
        let opened = 0;
        async function* open() {
          opened++;
          yield* elements;
        }
        await feed(failingLog(log, fates.values()), { kind: "iterable", open });
        assert.equal(opened, 1);
        assert.deepEqual(await numbersIn(log), all);
      })),
    { numRuns: 60 },
  );
});

/** Taps a topic of lines, in batches of some, to its end. */
async function tap(log: Log, to: Tap, fates: readonly Fate[]): Promise<void> {
  for (let start = 0; start < 12; start += 3) {
    const builder = new RecordBatchBuilder();
    for (let i = start; i < start + 3; i++) builder.appendText(i, null, `${i}`);
    await log.append([{ topic: "t", partition: 0, batch: builder.finish() }]);
  }
  const tapper = new Tapper(failingLog(log, fates.values()), { ...place, tap: to, signal: never });
  tapper.endAt(12);
  await tapper.run();
}

Deno.test("Tapper: whatever becomes of its commits, a callback is given all in order, and some again", async () => {
  await fc.assert(
    fc.asyncProperty(
      fates("fenced", "unknown"),
      fc.boolean(),
      (fates, isSlow) =>
        withTopic(async (log) => {
          const taken: number[] = [];
          let end = 0;
          await tap(log, {
            kind: "callback",
            take: (value, { offset, timestamp }) => {
              assert.deepEqual([value, timestamp], [offset, offset]);
              assert.ok(offset <= end, `${offset} is not left out`);
              end = Math.max(end, offset + 1);
              taken.push(offset);
              if (isSlow) return Promise.resolve();
            },
          }, fates);
          assert.equal(end, 12);
          if (!fates.includes("fenced")) assert.equal(taken.length, 12);
        }),
    ),
    { numRuns: 60 },
  );
});

Deno.test({
  ...needs("read", "write", "env", "sys"),
  name: "Tapper: whatever becomes of its commits, a file has each line once",
  fn: async () => {
    const folder = await mkdtemp(`${tmpdir()}/flights-tapper-`);
    let files = 0;
    await fc.assert(
      fc.asyncProperty(fates("fenced", "unknown"), (fates) =>
        withTopic(async (log) => {
          const path = `${folder}/${files++}`;
          await tap(log, { kind: "file", path, existing: "fail" }, fates);
          const lines = Array.from({ length: 12 }, (_, i) => `${i}\n`);
          assert.equal(await readFile(path, "utf8"), lines.join(""));
        })),
      { numRuns: 60 },
    );
    await rm(folder, { recursive: true });
  },
});

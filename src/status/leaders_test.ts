import assert from "node:assert/strict";
import fc from "fast-check";
import { topics } from "../flights/topics.ts";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { overlay } from "../runtime/test_sales.ts";
import { Leaders } from "./leaders.ts";

const topic = topics.userStatistics;

type Result = readonly [traveller: string, minutes: number];

async function openLog(partitions = 1): Promise<Log> {
  const log = await openSqliteLog({ directory: ":memory:" });
  await log.createTopics([{ name: topic, partitions }]);
  return log;
}

async function append(log: Log, values: readonly string[], partition = 0): Promise<void> {
  const batch = new RecordBatchBuilder();
  for (const value of values) batch.appendText(0, null, value);
  await log.append([{ topic, partition, batch: batch.finish() }]);
}

function resultsOf(results: readonly Result[]): readonly string[] {
  return results.map(([email_address, total_flight_duration]) =>
    JSON.stringify({ email_address, total_flight_duration, number_of_flights: 1 })
  );
}

async function seen(leaders: Leaders, limit: number): Promise<readonly Result[]> {
  return (await leaders.look({ limit }))
    .map(({ email_address, total_flight_duration }) => [email_address, total_flight_duration]);
}

const results = fc.array(
  fc.tuple(fc.constantFrom("A@e.com", "B@e.com", "C@e.com", "D@e.com"), fc.nat({ max: 50 })),
  { minLength: 1, maxLength: 8 },
);

Deno.test("the leaders are the newest results by flight time, however they come in", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(results, { maxLength: 5 }), async (looks) => {
      const log = await openLog();
      const leaders = new Leaders(log);
      const all: Result[] = [];
      assert.deepEqual(await seen(leaders, 3), []);
      for (const some of looks) {
        await append(log, resultsOf(some));
        all.push(...some);
        // The last of each traveller; by minutes, then by name.
        const expected = all
          .filter(([name], i) => all.findLastIndex(([other]) => other === name) === i)
          .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
          .slice(0, 3);
        assert.deepEqual(await seen(leaders, 3), expected);
      }
      await log.close();
    }),
    { numRuns: 30 },
  );
});

Deno.test("somebody else's records among the results are passed over", async () => {
  const log = await openLog();
  await append(log, ["{", "7", '{"email_address":3}', ...resultsOf([["A@e.com", 5]]), "null"]);
  assert.deepEqual(await seen(new Leaders(log), 10), [["A@e.com", 5]]);
  await log.close();
});

Deno.test("what was read is not read again", async () => {
  const log = await openLog(2);
  await append(log, resultsOf([["A@e.com", 5]]));
  await append(log, resultsOf([["B@e.com", 7]]), 1);
  let fetches = 0;
  const counting = overlay(log, {
    fetch: (...args) => {
      fetches++;
      return log.fetch(...args);
    },
  });
  const leaders = new Leaders(counting);
  await leaders.look({ limit: 1 });
  assert.equal(fetches, 2);
  await leaders.look({ limit: 1 });
  assert.equal(fetches, 2);
  await append(log, resultsOf([["B@e.com", 9]]), 1);
  assert.deepEqual(await seen(leaders, 1), [["B@e.com", 9]]);
  assert.equal(fetches, 3);
  await log.close();
});

Deno.test("of a long topic the newest 5,000 are read, of a replay the newest 1,000 a look", async () => {
  const log = await openLog();
  const many = (from: number, count: number) =>
    resultsOf(Array.from({ length: count }, (_, i) => [`${from + i}@e.com`, from + i]));
  // Who flew the most is the oldest.
  await append(log, resultsOf([["old@e.com", 1e6], ["edge@e.com", 1e5]]));
  await append(log, many(0, 4_999));
  const leaders = new Leaders(log);
  assert.equal((await seen(leaders, 1))[0]![0], "edge@e.com");
  await append(log, resultsOf([["skipped@e.com", 1e7]]));
  await append(log, many(10_000, 1_000));
  assert.equal((await seen(leaders, 1))[0]![0], "edge@e.com");
  await log.close();
});

Deno.test("however many travellers there are, no more than two thousand are remembered", async () => {
  const log = await openLog();
  const leaders = new Leaders(log);
  for (let look = 0; look < 8; look++) {
    const some = Array.from({ length: 1_000 }, (_, i): Result => [`${look}-${i}@e.com`, i]);
    await append(log, resultsOf(some));
    const kept = await leaders.look({ limit: 10_000 });
    assert.ok(kept.length <= 2_000, `${kept.length}`);
    assert.equal(kept[0]!.total_flight_duration, 999);
  }
  await log.close();
});

Deno.test("a topic that was deleted and made again begins anew", async () => {
  const log = await openLog();
  const leaders = new Leaders(log);
  await append(log, resultsOf([["A@e.com", 5], ["A@e.com", 6]]));
  await leaders.look({ limit: 1 });
  await log.deleteTopics([topic]);
  assert.deepEqual(await seen(leaders, 1), []);
  await log.createTopics([{ name: topic, partitions: 1 }]);
  await append(log, resultsOf([["B@e.com", 1]]));
  assert.deepEqual(await seen(leaders, 5), [["B@e.com", 1]]);
  await log.close();
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { textOf, utf8 } from "../base/bytes.ts";
import type { FetchOptions, Log, Position } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { OldestFirstReader, type PartitionRange } from "./oldest_first_reader.ts";

const never = new AbortController().signal;

/** Writes batches of timestamps to each partition of the topic `t`; a value tells its place. */
async function logOf(partitions: readonly (readonly (readonly number[])[])[]): Promise<Log> {
  const log = await openSqliteLog({ directory: ":memory:" });
  await log.createTopics([{ name: "t", partitions: partitions.length }]);
  for (const [partition, batches] of partitions.entries()) {
    let offset = 0;
    for (const timestamps of batches) {
      const builder = new RecordBatchBuilder();
      for (const timestamp of timestamps) {
        builder.append(timestamp, null, utf8(`${partition}:${offset++}`));
      }
      await log.append([{ topic: "t", partition, batch: builder.finish() }]);
    }
  }
  return log;
}

async function readAll(
  log: Log,
  ranges: readonly PartitionRange[],
  source: Pick<Log, "fetch"> = log,
): Promise<readonly string[]> {
  const [topic] = await log.describeTopics(["t"]);
  const values: string[] = [];
  for await (const run of new OldestFirstReader(source, topic!, ranges).read(never)) {
    for (const { cursor } of run) values.push(textOf(cursor.value()!));
  }
  return values;
}

Deno.test("OldestFirstReader gives the oldest record of all partitions first, ties by partition", async () => {
  const log = await logOf([[[10, 30], [20]], [[10], [15, 40]], []]);
  const ranges = [
    { partition: 0, from: 0, to: 3 },
    { partition: 1, from: 0, to: 3 },
    { partition: 2, from: 0, to: 0 },
  ];
  // 0:2 is older than 0:1, but a partition's own order stays.
  assert.deepEqual(await readAll(log, ranges), ["0:0", "1:0", "1:1", "0:1", "0:2", "1:2"]);
  await log.close();
});

Deno.test("OldestFirstReader keeps to its ranges, within batches too", async () => {
  const log = await logOf([[[1, 2, 3], [4, 5, 6]]]);
  const read = (from: number, to: number) => readAll(log, [{ partition: 0, from, to }]);
  assert.deepEqual(await read(1, 5), ["0:1", "0:2", "0:3", "0:4"]);
  assert.deepEqual(await read(0, 1), ["0:0"]);
  assert.deepEqual(await read(3, 3), []);
  await log.close();
});

Deno.test("OldestFirstReader gives the same order however little a fetch brings", async () => {
  const timestamps = fc.array(fc.nat(20), { minLength: 1, maxLength: 4 });
  const layout = fc.array(fc.array(timestamps, { maxLength: 5 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(layout, async (partitions) => {
      const log = await logOf(partitions);
      const ranges = partitions.map((batches, partition) => {
        return { partition, from: 0, to: batches.flat().length };
      });
      const small = {
        fetch: (positions: readonly Position[], options?: FetchOptions) =>
          log.fetch(positions, { ...options, maxPartitionBytes: 1 }),
      };
      const values = await readAll(log, ranges);
      assert.equal(values.length, partitions.flat(2).length);
      assert.deepEqual(await readAll(log, ranges, small), values);
      await log.close();
    }),
    { numRuns: 30 },
  );
});

Deno.test("OldestFirstReader without an end waits for records from its offset on, until it is stopped", async () => {
  const log = await logOf([[[1]]]);
  const [topic] = await log.describeTopics(["t"]);
  const stop = new AbortController();
  const reader = new OldestFirstReader(log, topic!, [{ partition: 0, from: 2, to: null }]);
  const runs = reader.read(stop.signal);
  const builder = new RecordBatchBuilder();
  builder.append(2, null, utf8("passed over"));
  builder.append(3, null, utf8("wanted"));
  await log.append([{ topic: "t", partition: 0, batch: builder.finish() }]);
  const { value: run } = await runs.next();
  const values: string[] = [];
  for (const { cursor } of run!) values.push(textOf(cursor.value()!));
  assert.deepEqual(values, ["wanted"]);
  stop.abort();
  assert.equal((await runs.next()).done, true);
  await log.close();
});

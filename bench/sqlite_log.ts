/**
 * The embedded log: appending and reading in large batches, and commits of one record, each synced
 * to disk. Times depend on the disk that holds the temporary folder.
 */

import process from "node:process";
import type { Log, Member } from "../src/log/log.ts";
import { RecordBatchBuilder } from "../src/log/records/builder.ts";
import { openSqliteLog } from "../src/log/sqlite/sqlite_log.ts";
import { isSmall, type Measurement, quantile, report, reportHash } from "./measure.ts";

const small = isSmall(Deno.args);
const batchRecords = 1_000;
const batches = small ? 20 : 300;
const commits = small ? 50 : 1_000;
const rounds = small ? 3 : 7;
const records = batches * batchRecords;
const value = '{"flight":"LX1234","from":"ZRH","to":"LIS","bookedSeats":117,"status":"on-time"}';

function encode(count: number, from: number) {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < count; i++) builder.appendText(from + i, `passenger-${i % 997}`, value);
  return builder.finish();
}

/** Appends batches of many records; returns the offset behind the last one. */
async function append(log: Log): Promise<number> {
  let end = 0;
  for (let i = 0; i < batches; i++) {
    const batch = encode(batchRecords, i * batchRecords);
    const [offset] = await log.append([{ topic: "large", partition: 0, batch }]);
    end = offset! + batchRecords;
  }
  return end % records;
}

/** Reads as many records as were appended, and looks at each. */
async function read(log: Log): Promise<number> {
  let sum = 0;
  for (let offset = 0; offset < records;) {
    const [fetched] = await log.fetch([{ topic: "large", partition: 0, offset }]);
    for (const batch of fetched!.batches) {
      for (let i = 0; i < batch.count; i++) {
        sum = (sum + batch.timestamp(i) + batch.valueText(i)!.length) % 1_000_003;
      }
    }
    offset = fetched!.nextOffset;
  }
  return sum;
}

/** Commits one record and an offset at a time; notes how long each took. */
async function commit(member: Member, latencies: number[]): Promise<number> {
  for (let i = 0; i < commits; i++) {
    const start = performance.now();
    const transaction = member.begin();
    await transaction.append([{ topic: "small", partition: 0, batch: encode(1, i) }]);
    await transaction.commit((endOf) => {
      const offset = endOf({ topic: "small", partition: 0 });
      return [{ topic: "small", partition: 0, offset, metadata: '{"watermark":1700000000000}' }];
    });
    latencies.push(performance.now() - start);
  }
  return commits;
}

/** As `measure`, for work that waits; the note tells the processor time. */
async function measureWaiting(
  name: string,
  work: () => Promise<number>,
  items: number,
): Promise<Measurement> {
  const times: number[] = [];
  let result = await work();
  const cpu = process.cpuUsage();
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    result = await work();
    times.push((performance.now() - start) * 1e6 / items);
  }
  const { user, system } = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  const median = times[times.length >>> 1]!;
  const measurement = { name, median, min: times[0]!, max: times.at(-1)!, result };
  const cpuTime = (user + system) * 1e3 / (rounds * items);
  report(
    measurement,
    `${Math.round(1e9 / median).toLocaleString("en")} a second, ${cpuTime.toFixed(0)} ns CPU each`,
  );
  return measurement;
}

const directory = await Deno.makeTempDir();
try {
  const log = await openSqliteLog({ directory });
  await log.createTopics(["large", "small"].map((name) => ({ name, partitions: 1 })));
  const member = await log.join("bench", { description: "bench", topics: ["small"], version: "1" });
  while (member.assignment.partitions.length === 0) await member.poll([], { maxWaitMs: 1_000 });
  const latencies: number[] = [];
  const measurements = [
    await measureWaiting(`append, ${batchRecords} records a commit`, () => append(log), records),
    await measureWaiting("read", () => read(log), records),
    await measureWaiting("commit of one record", () => commit(member, latencies), commits),
  ];
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => quantile(latencies, share).toFixed(2);
  console.log(`commit of one record: p50 ${percentile(0.5)} ms, p99 ${percentile(0.99)} ms`);
  reportHash(measurements);
  await log.close();
} finally {
  await Deno.remove(directory, { recursive: true });
}

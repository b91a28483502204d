import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import type { FetchedPartition, Position } from "../log/log.ts";
import { RecordBatch } from "../log/records/batch.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { Task } from "../stream/task/task.ts";
import { InputLane } from "./input_lane.ts";
import { MemberInputs } from "./member_inputs.ts";
import { encodeProgress } from "./progress_records.ts";
import { ReportLane } from "./report_lane.ts";
import { salesTopology } from "./test_sales.ts";

const topicId = "id-of-sales";

/** The only input of a task, with a lane of reports. */
function inputs() {
  const topology = salesTopology();
  const outputs = { write: () => {}, forward: () => {} };
  const clock = new SimulatedClock();
  const task = new Task(topology, { partition: 0, partitions: 1, clock, outputs });
  const lane = new InputLane({
    task,
    source: topology.sources[0]!,
    sourceIndex: 0,
    rank: 0,
    topicId,
    stopOffset: null,
    followsReports: true,
  });
  lane.reports = new ReportLane({
    task,
    sourceIndex: 0,
    topic: "sales.watermarks",
    topicId: "id-of-reports",
    aboutId: topicId,
    position: 0,
    stopOffset: null,
  });
  const member = new MemberInputs(clock);
  member.hold([lane]);
  return { task, lane, member };
}

type Row = readonly [time: number, key: string | null, value: string | null];

function fetched(topic: string, offset: number, rows: readonly Row[]): FetchedPartition {
  const nextOffset = offset + rows.length;
  const batches = rows.length === 0 ? [] : [batchOf(offset, rows)];
  return { topic, partition: 0, topicId: "", batches, nextOffset, endOffset: nextOffset };
}

function batchOf(offset: number, rows: readonly Row[]): RecordBatch {
  const builder = new RecordBatchBuilder();
  for (const row of rows) builder.appendText(...row);
  const { bytes } = builder.finish();
  new DataView(bytes.buffer, bytes.byteOffset).setBigInt64(0, BigInt(offset));
  return RecordBatch.decode(bytes);
}

/** Answers with sales at these seconds. */
const sold = (offset: number, ...seconds: readonly number[]) =>
  fetched("sales", offset, seconds.map((second) => [second * 1_000, null, '{"shop":"a","sum":1}']));

/** Answers with reports of one task: its watermark, and from which offset it counts. */
const told = (
  offset: number,
  ...reports: readonly (readonly [watermark: number, next: number])[]
) =>
  fetched(
    "sales.watermarks",
    offset,
    reports.map(([watermark, nextOffset]) => {
      const report = {
        job: "w",
        task: 0,
        tasks: 1,
        producerId: 5,
        idle: false,
        watermark,
        nextOffset,
      };
      const { key, value } = encodeProgress({ kind: "report", topicId, report });
      return [0, key, value];
    }),
  );

const wantedOf = (wanted: readonly Position[]) =>
  wanted.map(({ topic, offset }) => `${topic} ${offset}`);

Deno.test("semantics 24: reports are asked for with the records, and not while any wait to count", () => {
  const { member, task } = inputs();
  assert.deepEqual(wantedOf(member.wanted), ["sales 0", "sales.watermarks 0"]);
  member.feed([told(0, [1_000, 2])]);
  assert.deepEqual(wantedOf(member.wanted), ["sales 0"]);
  member.feed([sold(0, 1, 2, 3)]);
  assert.deepEqual(wantedOf(member.wanted), []);
  member.processSlice();
  assert.equal(task.watermark, 1_000);
  assert.deepEqual(wantedOf(member.wanted), ["sales 3", "sales.watermarks 1"]);
});

Deno.test("semantics 24: a report counts at its place, neither a record before nor one after it", () => {
  const { member, lane, task } = inputs();
  member.feed([told(0, [10, 0], [1_000, 2], [2_000, 3]), sold(0, 1, 2, 3, 4)]);
  const seen = [task.watermark];
  for (let i = 0; i < 4; i++) {
    lane.processNext();
    seen.push(task.watermark);
  }
  assert.deepEqual(seen, [10, 10, 1_000, 2_000, 2_000]);
});

Deno.test("semantics 24: a report about offsets that hold no record counts when they are stepped over", () => {
  const { member, task } = inputs();
  member.feed([told(0, [1_000, 5])]);
  member.feed([{ ...sold(0), nextOffset: 5, endOffset: 5 }]);
  assert.deepEqual([task.inputs[0]!.position, task.watermark], [5, 1_000]);
});

Deno.test("semantics 24: who is registered is known before what came with it is taken", () => {
  const { member, lane, task } = inputs();
  member.feed([sold(0, 500), told(0, [1_000, 1])]);
  member.processSlice();
  assert.deepEqual([task.inputs[0]!.position, task.watermark, lane.unreported], [1, 1_000, 1]);
});

Deno.test("semantics 24: nothing is taken while it has to be found out who wrote it", () => {
  const { member, lane, task } = inputs();
  member.feed([sold(0, 500)]);
  assert.deepEqual([member.isHeldUp, member.canProcess, member.asking], [true, false, [lane]]);
  member.processSlice();
  assert.equal(task.inputs[0]!.position, 0);
  lane.endLookUp();
  assert.deepEqual([member.isHeldUp, member.canProcess], [false, true]);
  member.processSlice();
  assert.deepEqual([task.inputs[0]!.position, task.watermark], [1, 499_999]);
});

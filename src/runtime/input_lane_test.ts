import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import { RecordBatch } from "../log/records/batch.ts";
import { RecordBatchBuilder, setBaseOffset } from "../log/records/builder.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { text } from "../stream/json.ts";
import { Task } from "../stream/task/task.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { InputLane } from "./input_lane.ts";

/** A lane from offset 0 on, and what its task is handed. */
function openLane(stopOffset: number | null) {
  const taken: string[] = [];
  const env = new StreamEnvironment();
  env.fromSource({ topic: "in", deserializer: text }, WatermarkStrategy.forMonotonousTimestamps())
    .map((value) => void taken.push(value));
  const outputs = { write: () => {}, forward: () => {} };
  const clock = new SimulatedClock();
  const task = new Task(env.topology, { partition: 0, partitions: 1, clock, outputs });
  task.startInput(0, 0);
  const [source] = env.topology.sources;
  const lane = new InputLane({
    task,
    source: source!,
    sourceIndex: 0,
    rank: 0,
    topicId: "id",
    stopOffset,
    followsReports: true,
  });
  return { lane, taken };
}

/** A batch of records that hold their offsets. */
function batchOf(baseOffset: number, count: number): RecordBatch {
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < count; i++) builder.appendText(1_000, null, String(baseOffset + i));
  const { bytes } = builder.finish();
  setBaseOffset(bytes, baseOffset);
  return RecordBatch.decode(bytes);
}

/** Offsets 0 to 2 and 6 to 7 hold records; 3 to 5 and 8 to 9 are gaps; the log ends at 12. */
const fetched = {
  topic: "in",
  partition: 0,
  topicId: "id",
  batches: [batchOf(0, 3), batchOf(6, 2)],
  nextOffset: 10,
  endOffset: 12,
};

const cases: readonly [stop: number | null, taken: string, position: number][] = [
  [null, "0 1 2 6 7", 10],
  [0, "", 0],
  [2, "0 1", 2],
  [3, "0 1 2", 3],
  [5, "0 1 2", 5],
  [7, "0 1 2 6", 7],
  [9, "0 1 2 6 7", 9],
  [12, "0 1 2 6 7", 10],
];

for (const [stop, expected, position] of cases) {
  Deno.test(`semantics 11: InputLane with stop ${stop} takes "${expected}" and comes to ${position}`, () => {
    const { lane, taken } = openLane(stop);
    assert.equal(lane.isCaughtUp, stop === 0);
    lane.feed(fetched);
    while (!lane.isEmpty) lane.processNext();
    assert.equal(taken.join(" "), expected);
    assert.equal(lane.position, position);
    assert.equal(lane.isAtStop, stop === position);
    assert.equal(lane.isCaughtUp, stop === position);
  });
}

Deno.test("InputLane goes on in the middle of a batch, and behind what it was fed", () => {
  const { lane, taken } = openLane(null);
  lane.task.skipTo(0, 2);
  lane.feed(fetched);
  while (!lane.isEmpty) lane.processNext();
  assert.equal(taken.join(" "), "2 6 7");
  assert.equal(lane.fetchPosition.offset, 10);
  lane.feed({ ...fetched, batches: [], nextOffset: 12 });
  assert.equal(lane.position, 12);
  assert.ok(lane.isCaughtUp);
});

import assert from "node:assert/strict";
import { FlightsError } from "../base/errors.ts";
import { Upstream } from "../stream/task/upstream.ts";
import {
  decodeMetadata,
  encodeMetadata,
  maxWritesLength,
  type SavedProgress,
} from "./saved_progress.ts";

const saved: SavedProgress = {
  offset: 7,
  topicId: "0c0b7f7e-7f3f-4a2e-9d5d-0d3f9c1f7a11",
  partitions: 5,
  newest: 1_700_000_000_000,
  watermark: 1_699_999_999_999,
  idle: true,
  taskWatermark: null,
  outcomes: { used: 1, filtered: 2, windowed: 3, late: 4, deadLetter: 5, skipped: 6 },
  changelog: { from: 8, to: 9 },
  reports: 10,
  upstream: { merge: "lb1x2k3m:7d ~7e" },
  repartitions: ["job-repartition-sales"],
  ended: "drain",
  place: { stage: 1, input: 2 },
  held: 11,
  writes: ["totals"],
};

Deno.test("semantics 13: what belongs to a partition comes back from its metadata as it was", () => {
  assert.deepEqual(decodeMetadata(7, encodeMetadata(saved)), saved);
  const stateless = {
    ...saved,
    changelog: null,
    newest: null,
    watermark: null,
    reports: 0,
    upstream: {},
    repartitions: [],
    ended: null,
    held: 0,
    writes: [],
  };
  assert.deepEqual(decodeMetadata(7, encodeMetadata(stateless)), stateless);
  const reset = { ...stateless, repartitions: null, place: null };
  assert.deepEqual(decodeMetadata(7, encodeMetadata(reset)), reset);
});

Deno.test("semantics 13: metadata with the largest numbers and 100 upstream tasks is below Kafka's 4,096 bytes", () => {
  const most = Number.MAX_SAFE_INTEGER;
  const outcomes = {
    used: most,
    filtered: most,
    windowed: most,
    late: most,
    deadLetter: most,
    skipped: most,
  };
  const largest = {
    ...saved,
    newest: most,
    watermark: most,
    taskWatermark: most,
    outcomes,
    changelog: { from: most, to: most },
    reports: most,
    held: most,
    writes: ["w".repeat(maxWritesLength - 4)],
  };
  const upstream = new Upstream();
  for (let task = 0; task < 100; task++) {
    const [job, idle, nextOffset] = ["a-job-of-some-length", true, most];
    const [watermark, producerId] = [-8_640_000_000_000_000, 2 ** 40];
    upstream.apply({ job, task, tasks: 100, producerId, watermark, idle, nextOffset });
  }
  assert.match(encodeMetadata(largest), /wwww/);
  const longer = { ...largest, writes: [...largest.writes, "w"] };
  assert.doesNotMatch(encodeMetadata(longer), /wwww/);
  assert.ok(encodeMetadata({ ...largest, upstream: upstream.save() }).length < 4_096);
});

Deno.test("decodeMetadata refuses what this program did not write", () => {
  for (const text of ["", "{}", '{"v":2}', "null", "by another client"]) {
    assert.throws(
      () => decodeMetadata(7, text),
      (error) => error instanceof FlightsError && error.code === "state-incompatible",
    );
  }
});

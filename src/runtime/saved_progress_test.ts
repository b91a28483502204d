import assert from "node:assert/strict";
import { FlightsError } from "../base/errors.ts";
import { decodeMetadata, encodeMetadata, type SavedProgress } from "./saved_progress.ts";

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
};

Deno.test("semantics 13: what belongs to a partition comes back from its metadata as it was", () => {
  assert.deepEqual(decodeMetadata(7, encodeMetadata(saved)), saved);
  const stateless = { ...saved, changelog: null, newest: null, watermark: null };
  assert.deepEqual(decodeMetadata(7, encodeMetadata(stateless)), stateless);
});

Deno.test("semantics 13: metadata with the largest numbers is far below Kafka's 4,096 bytes", () => {
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
  };
  assert.ok(encodeMetadata(largest).length < 1_024);
});

Deno.test("decodeMetadata refuses what this program did not write", () => {
  for (const text of ["", "{}", '{"v":2}', "null", "by another client"]) {
    assert.throws(
      () => decodeMetadata(7, text),
      (error) => error instanceof FlightsError && error.code === "state-incompatible",
    );
  }
});

import assert from "node:assert/strict";
import { StreamEnvironment } from "../environment.ts";
import { InputProgress } from "./input_progress.ts";
import { json } from "../json.ts";
import { noWatermark } from "./progress.ts";
import type { ProgressReport } from "./upstream.ts";
import { WatermarkStrategy } from "../watermark_strategy.ts";

/** An input that waits for records of up to a second ago, and ten seconds until it is idle. */
function inputOf(outOfOrderness: "0s" | "1s" = "0s"): InputProgress {
  const env = new StreamEnvironment();
  env.fromSource(
    { topic: "sales", deserializer: json((value) => value) },
    WatermarkStrategy.forBoundedOutOfOrderness(outOfOrderness),
  );
  return new InputProgress(env.topology.sources[0]!, 0);
}

const report = (own: Partial<ProgressReport>): ProgressReport => ({
  job: "merge",
  task: 0,
  tasks: 1,
  producerId: 7,
  watermark: noWatermark,
  idle: false,
  nextOffset: 0,
  ...own,
});

function told(input: InputProgress, own: Partial<ProgressReport>): void {
  input.upstream.apply(report(own));
  input.carry();
}

Deno.test("semantics 24: without a writer the records move the watermark, with one only its reports", () => {
  const input = inputOf();
  assert.equal(input.observe(5_000, 1), true);
  assert.equal(input.watermark, 4_999);
  input.upstream.register(report({}));
  assert.equal(input.observe(9_000, 2), false);
  assert.deepEqual([input.watermark, input.newest], [4_999, 9_000]);
  told(input, { watermark: 8_000 });
  assert.equal(input.watermark, 8_000);
});

Deno.test("semantics 24: a carried watermark is less the reader's own out-of-orderness, and never goes back", () => {
  const input = inputOf("1s");
  told(input, { watermark: 8_000 });
  assert.equal(input.watermark, 7_000);
  told(input, { watermark: 5_000 });
  assert.equal(input.watermark, 7_000);
});

Deno.test("semantics 24: an input is idle when all its writers are and nothing of theirs is left", () => {
  const input = inputOf();
  told(input, { idle: true });
  assert.equal(input.idle, false, "it may have more to read");
  input.caughtUp = true;
  input.wake();
  assert.equal(input.idle, true);
  input.caughtUp = false;
  input.wake();
  assert.equal(input.idle, false);
  input.caughtUp = true;
  told(input, { idle: true });
  told(input, { watermark: 1_000 });
  assert.equal(input.idle, false, "a writer has woken up");
});

Deno.test("semantics 24: where idleness is carried no clock judges it", () => {
  const input = inputOf();
  input.caughtUp = true;
  assert.equal(input.idleSince(9_999), null);
  assert.equal(input.idleSince(10_000), 10_000);
  input.upstream.register(report({}));
  assert.equal(input.idleSince(1_000_000), null);
});

Deno.test("semantics 24: silence counts when it is known that no writer is registered", () => {
  const input = inputOf();
  input.caughtUp = true;
  input.writersKnown = false;
  assert.deepEqual([input.asksForWriters(9_999), input.asksForWriters(10_000)], [false, true]);
  assert.equal(input.idleSince(10_000), null);
  input.writersKnown = true;
  assert.deepEqual([input.asksForWriters(10_000), input.idleSince(10_000)], [false, 10_000]);
  input.upstream.register(report({}));
  input.writersKnown = false;
  assert.equal(input.asksForWriters(10_000), false);
});

Deno.test("semantics 24: what was left idle holds back until it is known that no writer is registered", () => {
  const before = inputOf();
  before.idle = true;
  const input = inputOf();
  input.restore(before.save(noWatermark));
  input.caughtUp = true;
  input.writersKnown = false;
  assert.equal(input.asksForWriters(0), true);
  input.wake();
  assert.equal(input.idle, false);
});

Deno.test("semantics 24: what the writers told comes back with the rest", () => {
  const before = inputOf("1s");
  told(before, { watermark: 8_000 });
  before.observe(8_500, 1);
  const input = inputOf("1s");
  input.restore(JSON.parse(JSON.stringify(before.save(7_000))));
  assert.deepEqual(input.save(7_000), before.save(7_000));
  assert.equal(input.upstream.isCarried, true);
  assert.equal(input.observe(20_000, 2), false);
});

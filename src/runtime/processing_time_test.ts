/** What the clock alone brings about in a job on a log: nothing is read, and it is committed. */

import assert from "node:assert/strict";
import { type Clock, SimulatedClock } from "../base/clock.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json } from "../stream/json.ts";
import { type StateTtl, ValueStateDescriptor } from "../stream/operators/functions.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { runJob } from "./job.ts";
import { openLog, overlay, read, type Sale, sell, until, untilEnd } from "./test_sales.ts";

/** Tells what was sold last in a shop, 1,000 ms after by the clock, unless that is over by then. */
function lastSale(ttl: StateTtl) {
  const env = new StreamEnvironment();
  env.fromSource<Sale>(
    { topic: "sales", deserializer: json((value) => value as Sale), partitionedBy: "shop" },
    WatermarkStrategy.forMonotonousTimestamps(),
  ).keyBy("shop").process<number>((runtime) => {
    const last = runtime.getState(new ValueStateDescriptor<number>("last", { ttl }));
    return {
      processElement: ({ sum }, context) => {
        const timers = context.timerService();
        timers.registerProcessingTimeTimer(timers.currentProcessingTime() + 1_000);
        last.update(sum);
      },
      onTimer: (_, __, out) => out.collect(last.value() ?? -1),
    };
  }).sinkTo({ topic: "totals" });
  return { applicationId: "last-sale", topology: env.topology };
}

for (const [lives, told] of [["1h", 7], ["500ms", -1]] as const) {
  Deno.test(`semantics 12: a processing-time timer is called and committed while nothing comes in: ${lives}`, async () => {
    const log = await openLog();
    const clock = new SimulatedClock(50_000);
    const job = lastSale({ duration: lives, time: "processing" });
    await sell(log, [20, 7]);
    // A run to the end calls none.
    await runJob(log, job, untilEnd({ clock }));
    clock.advance(999);
    let looks = 0;
    const looking = overlay<Clock>(clock, { now: () => (looks++, clock.now()) });
    /** Waits until the job has looked at its clock some more times. */
    const looked = () => {
      const before = looks;
      return until(() => looks > before + 10);
    };
    const run = () => {
      const stop = new AbortController();
      const ended = runJob(log, job, { clock: looking, signal: stop.signal, commitInterval: 1 });
      return () => (stop.abort(), ended);
    };
    const stopFirst = run();
    await looked();
    assert.deepEqual(await read(log, "totals"), []);
    clock.advance(1);
    await until(async () => (await read(log, "totals")).length > 0);
    await stopFirst();
    assert.deepEqual(await read(log, "totals"), [`51000 ${told} `]);
    // It is gone from the state that the next start takes up.
    clock.advance(60_000);
    const stopSecond = run();
    await looked();
    const status = await stopSecond();
    assert.deepEqual(await read(log, "totals"), [`51000 ${told} `]);
    assert.equal(status.tasks[0]!.stateEntries, told === 7 ? 1 : 0);
    await log.close();
  });
}

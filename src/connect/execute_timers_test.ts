import assert from "node:assert/strict";
import { StreamEnvironment } from "../stream/environment.ts";
import { Sinks } from "../stream/sinks.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { execute } from "./execute.ts";

const monotonous = WatermarkStrategy.forMonotonousTimestamps;

Deno.test("execute calls timers between the elements of what is fed, whatever they are keyed by", async () => {
  const env = new StreamEnvironment();
  const out: unknown[] = [];
  env.fromCollection([0, 30, 90, 95], monotonous<number>().withTimestampAssigner((time) => time))
    .keyBy(() => "all")
    .process<string>(() => ({
      processElement: (time, context, collector) => {
        context.timerService().registerEventTimeTimer(time + 2);
        collector.collect(String(time));
      },
      onTimer: (time, _, collector) => collector.collect(`${time}!`),
    }))
    .sinkTo(Sinks.callback((value) => void out.push(value)));
  await execute(env);
  assert.deepEqual(out, ["0", "30", "2!", "90", "32!", "95", "92!", "97!"]);
});

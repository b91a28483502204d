import {
  type DataStream,
  type KeyedProcessFunction,
  TumblingEventTimeWindows,
  ValueStateDescriptor,
  WatermarkStrategy,
} from "flights";
import { z } from "zod";

/** What a sensor of a greenhouse reports. */
export const Reading = z.object({
  sensor: z.string().min(1),
  at: z.iso.datetime(),
  celsius: z.number(),
});
export type Reading = z.infer<typeof Reading>;

/** The time in the reading counts, and readings may come 10 seconds out of order. */
export const watermarks = WatermarkStrategy.forBoundedOutOfOrderness<Reading>("10s")
  .withTimestampAssigner(({ at }) => Date.parse(at));

/** The hottest reading of each sensor in each minute. */
export function hottest(readings: DataStream<Reading>): DataStream<Reading> {
  return readings.keyBy("sensor")
    .window(TumblingEventTimeWindows.of("1m"))
    .reduce((a, b) => b.celsius > a.celsius ? b : a);
}

/** A sensor that stayed above the limit for as long as it may. */
export interface Alarm {
  readonly sensor: string;
  readonly hotSince: string;
}

const limit = 30;
const patience = 120_000;

/** An alarm for each two minutes that a sensor stays above 30 degrees. */
export function alarms(readings: DataStream<Reading>): DataStream<Alarm> {
  return readings.keyBy("sensor").process(watch, { id: "alarms" });
}

const watch: KeyedProcessFunction<Reading, string, Alarm> = (runtime) => {
  const hotSince = runtime.getState(new ValueStateDescriptor<number>("hot since"));
  const alarm = (sensor: string, since: number): Alarm => {
    hotSince.clear();
    return { sensor, hotSince: new Date(since).toISOString() };
  };
  return {
    processElement: ({ sensor, celsius }, context, out) => {
      const timers = context.timerService();
      const since = hotSince.value();
      if (since !== undefined) {
        // A reading may come before the watermark that fires the timer: then the alarm is due now.
        const isDue = context.timestamp() >= since + patience;
        if (isDue) out.collect(alarm(sensor, since));
        else if (celsius <= limit) hotSince.clear();
        if (hotSince.value() === undefined) timers.deleteEventTimeTimer(since + patience);
      }
      if (celsius > limit && hotSince.value() === undefined) {
        hotSince.update(context.timestamp());
        timers.registerEventTimeTimer(context.timestamp() + patience);
      }
    },
    onTimer: (timestamp, context, out) =>
      out.collect(alarm(context.getCurrentKey(), timestamp - patience)),
  };
};

import assert from "node:assert/strict";
import { hasCode } from "../base/errors.ts";
import { EventTimeSessionWindows, ProcessingTimeSessionWindows } from "./session_windows.ts";
import {
  ContinuousEventTimeTrigger,
  ContinuousProcessingTimeTrigger,
  CountTrigger,
} from "./triggers.ts";
import {
  SlidingEventTimeWindows,
  SlidingProcessingTimeWindows,
  TumblingProcessingTimeWindows,
} from "./window.ts";

Deno.test("assigners and triggers refuse what cannot be", () => {
  const refused: readonly (() => unknown)[] = [
    () => SlidingEventTimeWindows.of(0, 5),
    () => SlidingEventTimeWindows.of(5, 0),
    () => SlidingEventTimeWindows.of(10, 5, 5),
    () => TumblingProcessingTimeWindows.of(0),
    () => SlidingProcessingTimeWindows.of(5, 5, "1m"),
    () => EventTimeSessionWindows.withGap(0),
    () => ProcessingTimeSessionWindows.withGap("0s"),
    () => EventTimeSessionWindows.withDynamicGap(() => 0.5).assign(0, null),
    () => CountTrigger.of(0),
    () => CountTrigger.of(1.5),
    () => ContinuousEventTimeTrigger.of(0),
    () => ContinuousProcessingTimeTrigger.of("0s"),
  ];
  for (const make of refused) {
    assert.throws(make, (error) => hasCode(error, "invalid-argument"), String(make));
  }
  assert.doesNotThrow(() => SlidingEventTimeWindows.of(10, 5, 4));
  assert.equal(
    SlidingEventTimeWindows.of("1m", "30s", "5s").description,
    "sliding 1m every 30s offset 5s",
  );
});

/** The jobs of `reference/.../TriggerScenarios.java`, in our words. */

import { EventTimeSessionWindows, GlobalWindows } from "../../src/stream/session_windows.ts";
import type { Trigger } from "../../src/stream/trigger.ts";
import {
  ContinuousEventTimeTrigger,
  CountTrigger,
  EventTimeTrigger,
  PurgingTrigger,
} from "../../src/stream/triggers.ts";
import {
  SlidingEventTimeWindows,
  TumblingEventTimeWindows,
  type WindowAssigner,
} from "../../src/stream/window.ts";
import type { Element, Program } from "./reference.ts";
import { values, windowProgram } from "./window_programs.ts";

function triggered(
  windows: { readonly assigner: WindowAssigner<Element>; readonly lateness?: number },
  trigger: Trigger,
): Program {
  return windowProgram(windows, (stream) => stream.trigger(trigger).process(values));
}

function global(trigger: Trigger): Program {
  return (stream, collect) =>
    collect(
      stream.keyBy("key").window(GlobalWindows.create()).trigger(trigger).process(values),
      "out",
    );
}

const tumbling = TumblingEventTimeWindows.of(100);
const session = EventTimeSessionWindows.withGap(40);

/** By scenario. */
export const triggerPrograms: Readonly<Record<string, Program>> = {
  "global-count": global(CountTrigger.of(3)),
  "global-purging-count": global(PurgingTrigger.of(CountTrigger.of(3))),
  "count-window": (stream, collect) =>
    collect(stream.keyBy("key").countWindow(2).process(values), "out"),
  "event-time-trigger": triggered(
    { assigner: tumbling, lateness: 50 },
    EventTimeTrigger.create(),
  ),
  "tumbling-purging": triggered(
    { assigner: tumbling, lateness: 50 },
    PurgingTrigger.of(EventTimeTrigger.create()),
  ),
  "tumbling-count": triggered({ assigner: tumbling, lateness: 50 }, CountTrigger.of(2)),
  "tumbling-purging-count": triggered(
    { assigner: tumbling },
    PurgingTrigger.of(CountTrigger.of(2)),
  ),
  "tumbling-continuous": triggered(
    { assigner: tumbling, lateness: 40 },
    ContinuousEventTimeTrigger.of(30),
  ),
  "sliding-count": triggered(
    { assigner: SlidingEventTimeWindows.of(100, 50) },
    CountTrigger.of(2),
  ),
  "session-count": triggered({ assigner: session, lateness: 30 }, CountTrigger.of(3)),
  "session-continuous": triggered(
    { assigner: session, lateness: 30 },
    ContinuousEventTimeTrigger.of(30),
  ),
  "session-purging": triggered(
    { assigner: session, lateness: 60 },
    PurgingTrigger.of(EventTimeTrigger.create()),
  ),
};

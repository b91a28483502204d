/** What each kind of keyed state says of itself; that they agree with an oracle is told elsewhere. */

import assert from "node:assert/strict";
import { SimulatedClock } from "../../base/clock.ts";
import { hasCode } from "../../base/errors.ts";
import { StreamEnvironment } from "../environment.ts";
import { StateTables } from "../state/tables.ts";
import { at, type Reading, readingStream } from "../test_jobs.ts";
import { TestDriver } from "../test_driver.ts";
import { TumblingEventTimeWindows } from "../window.ts";
import {
  AggregatingStateDescriptor,
  type KeyedContext,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  type RuntimeContext,
  type StateTtl,
  ValueStateDescriptor,
} from "./functions.ts";
import { KeyedStates } from "./keyed_states.ts";

/** Called with an element; what it returns is what is looked at. */
type Look = (reading: Reading, context: KeyedContext<string>) => unknown;

/** A job that calls `open` at its start and what that returns with each element. */
function driverOf(open: (runtime: RuntimeContext) => Look, clock = new SimulatedClock()) {
  const env = new StreamEnvironment();
  readingStream(env, { closesOnSilence: false }).keyBy("key").process<unknown>((runtime) => {
    const look = open(runtime);
    return {
      processElement: (reading, context, out) => out.collect(look(reading, context) ?? null),
    };
  }).sinkTo({ topic: "out" });
  const driver = new TestDriver(env.topology, { clock });
  /** Sends one element, after a restart, and tells what was looked at. */
  const look = (timestamp: number, reading: Partial<Reading> = {}) => {
    driver.restart();
    driver.send("in", [at(timestamp, reading)]);
    return driver.outputs("out").at(-1)!.value;
  };
  return { driver, look };
}

Deno.test("ListState keeps elements in the order in which they were added, for each key", () => {
  const { look } = driverOf((runtime) => {
    const list = runtime.getListState(new ListStateDescriptor<number>("list"));
    return ({ value }) => {
      if (value === 0) list.clear();
      else if (value < 0) list.update([...list.get(), value].reverse());
      else list.add(value), list.addAll([value * 10]);
      return list.get();
    };
  });
  assert.deepEqual(look(1, { value: 1 }), [1, 10]);
  assert.deepEqual(look(2, { value: 2 }), [1, 10, 2, 20]);
  assert.deepEqual(look(3, { key: "b", value: 3 }), [3, 30]);
  assert.deepEqual(look(4, { value: -5 }), [-5, 20, 2, 10, 1]);
  assert.deepEqual(look(5, { value: 6 }), [-5, 20, 2, 10, 1, 6, 60]);
  assert.deepEqual(look(6, { value: 0 }), []);
  assert.deepEqual(look(7, { key: "b", value: 1 }), [3, 30, 1, 10]);
});

Deno.test("ListState.get gives what was there, whatever is done afterwards", () => {
  const { look } = driverOf((runtime) => {
    const list = runtime.getListState(new ListStateDescriptor<number>("list"));
    return () => {
      list.add(1);
      const before = list.get();
      list.add(2);
      list.clear();
      return before;
    };
  });
  assert.deepEqual(look(1), [1]);
});

Deno.test("MapState tells numbers from texts, and its entries in order", () => {
  const { look } = driverOf((runtime) => {
    const map = runtime.getMapState(new MapStateDescriptor<string | number, number>("map"));
    return ({ value }) => {
      if (value === 0) map.clear();
      else if (value === 1) {
        for (const [i, name] of ["b", "a", "1", 10, 9, 1, -1].entries()) map.put(name, i);
      } else map.remove(value === 2 ? 1 : "1");
      return [map.isEmpty(), map.has(1), map.get("1") ?? null, map.keys(), map.values()];
    };
  });
  assert.deepEqual(look(1, { value: 1 }), [
    false,
    true,
    2,
    [-1, 1, 9, 10, "1", "a", "b"],
    [6, 5, 4, 3, 2, 1, 0],
  ]);
  const keys = [-1, 9, 10, "1", "a", "b"];
  assert.deepEqual(look(2, { value: 2 }), [false, false, 2, keys, [6, 4, 3, 2, 1, 0]]);
  assert.deepEqual(look(3, { value: 0 }), [true, false, null, [], []]);
});

Deno.test("MapState refuses a key that is not finite", () => {
  for (const name of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const { look } = driverOf((runtime) => {
      const map = runtime.getMapState(new MapStateDescriptor<number, number>("map"));
      return () => map.put(name, 1);
    });
    assert.throws(() => look(1), (error) => {
      assert.ok(hasCode(error, "operator-failed") && hasCode(error.cause, "invalid-argument"));
      assert.match(
        error.cause.message,
        /^Cannot put into the state "map": .* it is (NaN|Infinity)$/,
      );
      return true;
    });
  }
});

Deno.test("ReducingState and AggregatingState tell what was added, undefined before", () => {
  const { look } = driverOf((runtime) => {
    const largest = runtime.getReducingState(
      new ReducingStateDescriptor<number>("largest", (a, b) => Math.max(a, b)),
    );
    const mean = runtime.getAggregatingState(
      new AggregatingStateDescriptor("mean", {
        createAccumulator: () => [0, 0] as readonly [sum: number, count: number],
        add: (value: number, [sum, count]) => [sum + value, count + 1] as const,
        getResult: ([sum, count]) => sum / count,
        merge: (a, b) => [a[0] + b[0], a[1] + b[1]] as const,
      }),
    );
    return ({ value }) => {
      const before: readonly (number | undefined)[] = [largest.get(), mean.get()];
      largest.add(value);
      mean.add(value);
      if (value === 0) largest.clear(), mean.clear();
      return before.map((one) => one ?? null);
    };
  });
  assert.deepEqual(look(1, { value: 4 }), [null, null]);
  assert.deepEqual(look(2, { value: 2 }), [4, 4]);
  assert.deepEqual(look(3, { value: 0 }), [4, 3]);
  assert.deepEqual(look(4, { value: 1 }), [null, null]);
  assert.deepEqual(look(5, { value: 1, key: "b" }), [null, null]);
});

Deno.test("a state's name is one state, whatever its kind, and asked for twice the same", () => {
  const open = (runtime: RuntimeContext) => {
    runtime.getState(new ValueStateDescriptor<number>("one"));
    runtime.getListState(new ListStateDescriptor<number>("one"));
  };
  assert.throws(() => driverOf((runtime) => (open(runtime), () => {})).look(1), (error) => {
    assert.ok(hasCode(error, "invalid-argument"));
    assert.equal(
      error.message,
      'Cannot get the state "one": a name must be one state, it is (value) and (list)',
    );
    return true;
  });
  const { look } = driverOf((runtime) => {
    const lists = [1, 2].map(() => runtime.getListState(new ListStateDescriptor<number>("one")));
    return ({ value }) => (lists[0]!.add(value), lists[1]!.get());
  });
  assert.deepEqual(look(1, { value: 7 }), [7]);
});

Deno.test("semantics 14: a state that is asked for when the task has begun is refused", () => {
  const known = new ValueStateDescriptor<number>("known");
  const { look } = driverOf((runtime) => {
    runtime.getState(known);
    return ({ value }) => {
      runtime.getState(value === 1 ? known : new ValueStateDescriptor<number>("new"));
      return "fine";
    };
  });
  assert.equal(look(1, { value: 1 }), "fine");
  assert.throws(() => look(2, { value: 2 }), (error) => {
    assert.ok(hasCode(error, "operator-failed") && hasCode(error.cause, "invalid-argument"));
    assert.match(error.cause.message, /^Cannot get the state "new": it must be taken hold of when/);
    return true;
  });
});

Deno.test("a time-to-live must be a duration of more than 0", () => {
  for (const duration of [0, "0s", -1, 0.5, "soon"]) {
    assert.throws(
      () => new ValueStateDescriptor("state", { ttl: { duration } }),
      (error) => hasCode(error, "invalid-argument"),
    );
  }
  assert.deepEqual(new ListStateDescriptor("state", { ttl: { duration: "1m" } }).ttl, {
    duration: 60_000,
    updateOn: "write",
    time: "event",
  });
  assert.equal(new MapStateDescriptor("state").ttl, null);
});

/** Writes a value of 1 or more, and looks. */
function agingDriver(ttl: StateTtl, clock?: SimulatedClock) {
  return driverOf((runtime) => {
    const state = runtime.getState(new ValueStateDescriptor<number>("state", { ttl }));
    return ({ value }) => {
      if (value > 0) state.update(value);
      return state.value();
    };
  }, clock);
}

Deno.test("semantics 14: a value is over for an element of its write + duration, and gone with the watermark there", () => {
  const { driver, look } = agingDriver({ duration: 10 });
  assert.equal(look(100, { value: 7 }), 7);
  assert.equal(look(109, { value: 0 }), 7);
  // The watermark is right behind each element: at 109 now.
  assert.equal(look(110, { value: 0 }), null);
  assert.equal(driver.stateEntries, 1);
  assert.equal(look(109, { value: 0 }), 7);
  look(111, { key: "b", value: 0 });
  assert.equal(driver.stateEntries, 0);
  assert.equal(look(109, { value: 0 }), null);
});

Deno.test("semantics 14: only writes prolong a life, or reads as well", () => {
  for (const [updateOn, expected] of [["write", null], ["read-and-write", 7]] as const) {
    const { look } = agingDriver({ duration: 10, updateOn });
    look(100, { value: 7 });
    assert.equal(look(105, { value: 0 }), 7 as unknown);
    look(112, { key: "b" });
    assert.equal(look(112, { value: 0 }), expected);
  }
});

Deno.test("semantics 14: an element that comes late never shortens a life", () => {
  const { look } = agingDriver({ duration: 10, updateOn: "read-and-write" });
  look(100, { value: 7 });
  assert.equal(look(92, { value: 0 }), 7);
  assert.equal(look(93, { value: 8 }), 8);
  look(109, { key: "b" });
  assert.equal(look(109, { value: 0 }), 8);
});

Deno.test("semantics 14: what an element writes so late that it is over at once is not seen", () => {
  const { driver, look } = agingDriver({ duration: 10 });
  look(100, { key: "b", value: 0 });
  assert.equal(look(89, { value: 7 }), null);
  assert.equal(look(90, { value: 8 }), 8);
  assert.equal(driver.stateEntries, 1);
});

Deno.test("semantics 14: by processing time a value is over by the clock, also while the job stood", () => {
  const clock = new SimulatedClock(1_000);
  const { driver, look } = agingDriver({ duration: 10, time: "processing" }, clock);
  look(100, { value: 7 });
  clock.advance(9);
  assert.equal(look(1_000_000, { value: 0 }), 7);
  assert.equal(driver.stateEntries, 1);
  clock.advance(1);
  driver.restart();
  assert.equal(driver.stateEntries, 0);
  assert.equal(look(100, { value: 0 }), null);
});

Deno.test("semantics 14: a timer sees what is not over at its own time, however far the watermark moves", () => {
  for (const steps of [[131], [111, 121, 131], [109, 110, 112, 131]]) {
    const env = new StreamEnvironment();
    readingStream(env).keyBy("key").process<unknown>((runtime) => {
      const ttl = { duration: 10 };
      const state = runtime.getState(new ValueStateDescriptor<string>("state", { ttl }));
      return {
        processElement: ({ value }, context) => {
          if (value === 0) return;
          state.update("there");
          for (const time of [109, 110, 120]) context.timerService().registerEventTimeTimer(time);
        },
        onTimer: (time, _, out) => out.collect([time, state.value() ?? "gone"]),
      };
    }).sinkTo({ topic: "out" });
    const driver = new TestDriver(env.topology);
    driver.send("in", [at(100), ...steps.map((time) => at(time, { value: 0 }))]);
    assert.deepEqual(
      driver.outputs("out").map(({ value }) => value),
      [[109, "there"], [110, "gone"], [120, "gone"]],
    );
  }
});

Deno.test("semantics 14: what a window function keeps for a time goes in time", () => {
  for (const time of ["event", "processing"] as const) {
    const clock = new SimulatedClock();
    const env = new StreamEnvironment();
    readingStream(env, { closesOnSilence: false }).keyBy("key")
      .window(TumblingEventTimeWindows.of(10))
      .reduce<number>((a) => a, (runtime) => {
        const ttl = { duration: 15, time };
        const seen = runtime.getListState(new ListStateDescriptor<number>("seen", { ttl }));
        return {
          process: (_, { window }, __, out) => {
            seen.add(window.start);
            out.collect(seen.get().length);
          },
        };
      }).sinkTo({ topic: "out" });
    const driver = new TestDriver(env.topology, { clock });
    const entries = () => {
      driver.restart();
      // Without how many records windows have given out, and what an open window holds of a key.
      return driver.stateEntries - 1 - driver.held;
    };
    // Windows fire at 9 and 19, and what they keep is over at 24 and 34, or 15 later by the clock.
    driver.send("in", [at(0), at(10), at(20)]);
    assert.deepEqual(driver.outputs("out").map(({ value }) => value), [1, 2]);
    assert.equal(entries(), 2);
    clock.advance(14);
    driver.send("in", [at(24, { key: "b" })]);
    assert.equal(entries(), 2);
    driver.send("in", [at(25, { key: "c" })]);
    assert.equal(entries(), time === "event" ? 1 : 2);
    driver.advance(1);
    assert.equal(entries(), time === "event" ? 1 : 0);
  }
});

/** What the changelog says that the state means. */
function shapeOf(ttl?: StateTtl): string {
  const tables = new StateTables();
  const scope = { key: "a", time: 0, eventTime: 0, processingTime: 0 };
  const states = new KeyedStates({ id: "node", tables, scope });
  states.value(new ValueStateDescriptor<number>("state", ttl === undefined ? {} : { ttl }));
  return tables.shapes["node/state/state"]!;
}

Deno.test("semantics 14: what is saved goes on under another duration, not under another time", () => {
  const hour = shapeOf({ duration: "1h", updateOn: "read-and-write" });
  assert.equal(hour, shapeOf({ duration: 10, time: "event" }));
  assert.notEqual(hour, shapeOf({ duration: "1h", time: "processing" }));
  assert.notEqual(hour, shapeOf());
});

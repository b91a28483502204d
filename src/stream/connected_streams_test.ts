import assert from "node:assert/strict";
import fc from "fast-check";
import { hasCode } from "../base/errors.ts";
import { partitionForText } from "../base/murmur2.ts";
import type { KeyedConnectedStreams } from "./connected_streams.ts";
import type { DataStream, KeyedStream } from "./data_stream.ts";
import { StreamEnvironment } from "./environment.ts";
import { json } from "./json.ts";
import type { KeyedCoProcessFunction } from "./operators/co_process.ts";
import {
  ListStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from "./operators/functions.ts";
import { OutputTag } from "./output_tag.ts";
import { TestDriver, type TestRecord } from "./test_driver.ts";
import { happeningsOf, runSteps, type Step, stepsOf, type Timed } from "./test_steps.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";

/** An element of the first stream. */
interface Order {
  readonly id: string;
  readonly price: number;
}

/** An element of the second, of another type. */
interface Payment {
  readonly order: string;
  readonly paid: number;
}

function streamOf<T>(
  env: StreamEnvironment,
  topic: string,
  partitionedBy?: keyof T & string,
): DataStream<T> {
  return env.fromSource(
    {
      topic,
      deserializer: json((value) => value as T),
      ...(partitionedBy !== undefined && { partitionedBy }),
    },
    WatermarkStrategy.forMonotonousTimestamps<T>().withIdleness("1d").withoutClosingOnSilence(),
  );
}

/** The two streams, and what to do with them. */
function driverOf(
  job: (orders: DataStream<Order>, payments: DataStream<Payment>) => void,
  { partitions = 1, placed = true } = {},
): TestDriver {
  const env = new StreamEnvironment();
  const orders = streamOf<Order>(env, "orders", placed ? "id" : undefined);
  job(orders, streamOf<Payment>(env, "payments", placed ? "order" : undefined));
  return new TestDriver(env.topology, { partitions });
}

const order = (timestamp: number, id: string, price: number): TestRecord => ({
  timestamp,
  value: { id, price },
});
const payment = (timestamp: number, order: string, paid: number): TestRecord => ({
  timestamp,
  value: { order, paid },
});

const stamped = (driver: TestDriver, topic = "out") =>
  driver.outputs(topic).map(({ value, timestamp }) => `${value} @${timestamp}`);

Deno.test("ConnectedStreams.map makes one type of two, each element at its time", () => {
  const driver = driverOf((orders, payments) =>
    orders.connect(payments).map<string>({
      map1: ({ id, price }) => `${id} costs ${price}`,
      map2: ({ order, paid }) => `${order} paid ${paid}`,
    }).sinkTo({ topic: "out" })
  );
  driver.send("orders", [order(1, "a", 5)]);
  driver.send("payments", [payment(2, "a", 3)]);
  assert.deepEqual(stamped(driver), ["a costs 5 @1", "a paid 3 @2"]);
});

Deno.test("ConnectedStreams.flatMap gives any number of elements for each", () => {
  const driver = driverOf((orders, payments) =>
    orders.connect(payments).flatMap<number>({
      flatMap1: ({ price }) => Array.from({ length: price }, (_, i) => i),
      flatMap2: ({ paid }) => paid > 0 ? [-paid] : [],
    }).sinkTo({ topic: "out" })
  );
  driver.send("orders", [order(1, "a", 2), order(2, "a", 0)]);
  driver.send("payments", [payment(3, "a", 0), payment(4, "a", 7)]);
  assert.deepEqual(stamped(driver), ["0 @1", "1 @1", "-7 @4"]);
  assert.deepEqual([driver.outcomes.used, driver.outcomes.filtered], [2, 2]);
});

Deno.test("ConnectedStreams.process gives elements and puts some of either stream aside", () => {
  const large = new OutputTag<number>("large");
  const driver = driverOf((orders, payments) => {
    const processed = orders.connect(payments).process<string>(() => ({
      processElement1: ({ id, price }, context, out) => {
        if (price > 10) context.output(large, price);
        else out.collect(`${id} ${context.timestamp()}`);
      },
      processElement2: ({ order, paid }, context, out) => {
        if (paid > 10) context.output(large, -paid);
        else out.collect(`${order} ${context.timerService().currentWatermark()}`);
      },
    }));
    processed.sinkTo({ topic: "out" });
    processed.getSideOutput(large).sinkTo({ topic: "large" });
  });
  driver.send("orders", [order(1, "a", 1), order(2, "a", 11)]);
  driver.send("payments", [payment(3, "b", 12), payment(4, "b", 2)]);
  assert.deepEqual(stamped(driver), ["a 1 @1", "b 1 @4"]);
  assert.deepEqual(stamped(driver, "large"), ["11 @2", "-12 @3"]);
});

Deno.test("connect tells a stream from itself", () => {
  const driver = driverOf((orders) =>
    orders.connect(orders).map<string>({ map1: ({ id }) => `1${id}`, map2: ({ id }) => `2${id}` })
      .sinkTo({ topic: "out" })
  );
  driver.send("orders", [order(1, "a", 1)]);
  assert.deepEqual(stamped(driver), ["1a @1", "2a @1"]);
});

/** What is owed for each order: both streams work on one state, in either order. */
const balance: KeyedCoProcessFunction<Order, Payment, string, string> = (runtime) => {
  const owed = runtime.getState(new ValueStateDescriptor<number>("owed"));
  return {
    processElement1: ({ price }, context, out) => {
      owed.update((owed.value() ?? 0) + price);
      out.collect(`${context.getCurrentKey()} owes ${owed.value()}`);
    },
    processElement2: ({ paid }, context, out) => {
      owed.update((owed.value() ?? 0) - paid);
      out.collect(`${context.getCurrentKey()} owes ${owed.value()}`);
    },
  };
};

/** The ways to connect two streams by key. */
const ways: Record<
  string,
  (a: DataStream<Order>, b: DataStream<Payment>) => KeyedConnectedStreams<Order, Payment, string>
> = {
  "keyBy of fields on both": (a, b) => a.connect(b).keyBy("id", "order"),
  "keyBy of functions on both": (a, b) => a.connect(b).keyBy(({ id }) => id, ({ order }) => order),
  "two keyed streams": (a, b) => a.keyBy("id").connect(b.keyBy("order")),
};

for (const [name, connect] of Object.entries(ways)) {
  for (const placed of [true, false]) {
    const via = placed ? "streams that are placed" : "repartition topics";
    Deno.test(`semantics 23: ${name} share the state of a key, over ${via}`, () => {
      const driver = driverOf(
        (orders, payments) => connect(orders, payments).process(balance).sinkTo({ topic: "out" }),
        {
          placed,
          partitions: 3,
        },
      );
      const keys = ["a", "b", "c", "d"];
      const home = (key: string, i: number) => placed ? partitionForText(key, 3) : i % 3;
      for (const [i, key] of keys.entries()) {
        driver.send("orders", [{ ...order(i, key, 5), partition: home(key, i) }]);
        driver.restart();
        driver.send("payments", [{ ...payment(10 + i, key, i), partition: home(key, i + 1) }]);
      }
      assert.deepEqual(
        [...stamped(driver)].sort(),
        keys.flatMap((key, i) => [`${key} owes 5 @${i}`, `${key} owes ${5 - i} @${10 + i}`]).sort(),
      );
    });
  }
}

Deno.test("semantics 23: a connected stream whose key lies elsewhere stops the job", () => {
  const driver = driverOf(
    (orders, payments) =>
      orders.connect(payments).keyBy("id", "order").process(balance).sinkTo({ topic: "out" }),
    {
      partitions: 2,
    },
  );
  const elsewhere = 1 - partitionForText("a", 2);
  assert.throws(
    () => driver.send("payments", [{ ...payment(1, "a", 1), partition: elsewhere }]),
    (error) => hasCode(error, "misplaced-key"),
  );
});

Deno.test("a keyed stream that is connected with one without keys has no shared state", () => {
  const driver = driverOf((orders, payments) =>
    orders.keyBy("id").connect(payments).process<string>(() => ({
      processElement1: ({ id }, _, out) => out.collect(id),
      processElement2: ({ order }, _, out) => out.collect(order),
    })).sinkTo({ topic: "out" })
  );
  driver.send("orders", [order(1, "a", 1)]);
  driver.send("payments", [payment(2, "b", 1)]);
  assert.deepEqual(stamped(driver), ["a @1", "b @2"]);
});

Deno.test("KeyedConnectedStreams.process counts what it takes as used, whatever it gives", () => {
  const driver = driverOf((orders, payments) => {
    orders.connect(payments).keyBy("id", "order").process(() => ({
      processElement1: () => {},
      processElement2: () => {},
    }));
  });
  driver.send("orders", [order(1, "a", 1)]);
  driver.send("payments", [payment(2, "a", 1), payment(3, "a", 1)]);
  assert.deepEqual([driver.outcomes.used, driver.outcomes.filtered], [3, 0]);
});

Deno.test("KeyedConnectedStreams.map and flatMap are those of streams without keys", () => {
  const driver = driverOf((orders, payments) => {
    const keyed = orders.connect(payments).keyBy("id", "order");
    keyed.map<number>({ map1: ({ price }) => price, map2: ({ paid }) => -paid })
      .sinkTo({ topic: "mapped" });
    keyed.flatMap<number>({ flatMap1: ({ price }) => [price], flatMap2: ({ paid }) => [-paid] })
      .sinkTo({ topic: "flat-mapped" });
  });
  driver.send("orders", [order(1, "a", 5)]);
  driver.send("payments", [payment(2, "b", 3)]);
  for (const topic of ["mapped", "flat-mapped"]) {
    assert.deepEqual(stamped(driver, topic), ["5 @1", "-3 @2"]);
  }
});

Deno.test("KeyedConnectedStreams.process keeps its state under the id it is given", () => {
  for (const id of [undefined, "balance"]) {
    const env = new StreamEnvironment();
    streamOf<Order>(env, "orders", "id")
      .connect(streamOf<Payment>(env, "payments", "order")).keyBy("id", "order")
      .process(balance, id === undefined ? {} : { id });
    assert.equal(env.topology.nodes.at(-1)!.id, id ?? "keyedCoProcess");
    assert.equal(env.topology.isStateful, true);
  }
});

Deno.test("connected streams keep the types of their elements and keys", () => {
  const env = new StreamEnvironment();
  const orders = streamOf<Order>(env, "orders", "id");
  const payments = streamOf<Payment>(env, "payments", "order");
  const keyed: KeyedConnectedStreams<Order, Payment, string> = orders.connect(payments)
    .keyBy("id", "order");
  // @ts-expect-error: the first stream has no such field
  orders.connect(payments).keyBy("order", "order");
  // @ts-expect-error: keys of two types
  orders.connect(payments).keyBy(({ price }) => price, ({ order }) => order);
  const byPrice: KeyedStream<Order, number> = orders.keyBy("price");
  // @ts-expect-error: keys of two types share nothing
  byPrice.connect(payments.keyBy("order")).process(balance);
  const out: DataStream<string> = keyed.process(balance);
  // @ts-expect-error: what comes out is text
  const wrong: DataStream<number> = out;
  assert.equal(wrong, out);
});

/** An element of either source of the oracle's job. */
interface Part extends Timed {
  readonly key: string;
  readonly value: number;
}

const part: fc.Arbitrary<Part> = fc.record({
  time: fc.nat({ max: 100 }),
  key: fc.constantFrom("x", "y", "é"),
  value: fc.nat(9),
});

/** How long a key's first elements wait for second ones. */
const patience = 20;

/**
 * First elements wait in a list; a second one takes them all. Each is told with what the key's elements
 * of both streams have come to; a timer, which a second element takes back, gives up waiting.
 */
function joinJob() {
  const env = new StreamEnvironment();
  const gaveUp = new OutputTag<readonly unknown[]>("gave up");
  const open: KeyedCoProcessFunction<Part, Part, string, readonly unknown[]> = (runtime) => {
    const waiting = runtime.getListState(new ListStateDescriptor<number>("waiting"));
    const total = runtime.getReducingState(
      new ReducingStateDescriptor<number>("total", (a, b) => a + b),
    );
    const alarm = runtime.getState(new ValueStateDescriptor<number>("alarm"));
    return {
      processElement1: ({ value, time }, context) => {
        total.add(value);
        waiting.add(value);
        if (alarm.value() !== undefined) return;
        alarm.update(time + patience);
        context.timerService().registerEventTimeTimer(time + patience);
      },
      processElement2: ({ value, key }, context, out) => {
        total.add(value);
        out.collect([key, value, waiting.get(), total.get()]);
        waiting.clear();
        const due = alarm.value();
        if (due !== undefined) context.timerService().deleteEventTimeTimer(due);
        alarm.clear();
      },
      onTimer: (time, context) => {
        context.output(gaveUp, [context.getCurrentKey(), time, waiting.get(), total.get()]);
        waiting.clear();
        alarm.clear();
      },
    };
  };
  const [first, second] = ["in-0", "in-1"].map((topic) => streamOf<Part>(env, topic, "key"));
  const joined = first!.connect(second!).keyBy("key", "key").process(open);
  joined.sinkTo({ topic: "out" });
  joined.getSideOutput(gaveUp).sinkTo({ topic: "gave-up" });
  return env.topology;
}

function expectedOf(steps: readonly Step<Part>[]) {
  const out: unknown[] = [];
  const gaveUp: unknown[] = [];
  const keys = ["x", "y", "é"];
  const waiting: Record<string, Part[]> = { x: [], y: [], é: [] };
  const totals: Record<string, number> = { x: 0, y: 0, é: 0 };
  for (const one of happeningsOf(steps, { sources: 2 })) {
    if (one.kind === "tick") continue;
    const { key, value } = one.element;
    totals[key]! += value;
    if (one.source === 0) waiting[key]!.push(one.element);
    else {
      out.push([key, value, waiting[key]!.map((part) => part.value), totals[key]]);
      waiting[key] = [];
    }
    if (one.watermark === one.before) continue;
    const over = keys.flatMap((key) => {
      const first = waiting[key]![0];
      return first !== undefined && first.time + patience <= one.watermark ? [{ key, first }] : [];
    });
    over.sort((a, b) => a.first.time - b.first.time);
    for (const { key, first } of over) {
      const values = waiting[key]!.map((part) => part.value);
      gaveUp.push([key, first.time + patience, values, totals[key]]);
      waiting[key] = [];
    }
  }
  return { out, gaveUp };
}

Deno.test("semantics 14: two streams that share state are those of the oracle, wherever a run is cut", () => {
  fc.assert(
    fc.property(stepsOf(part, 2), (steps) => {
      const driver = new TestDriver(joinJob());
      runSteps(driver, steps);
      const { out, gaveUp } = expectedOf(steps);
      assert.deepEqual(driver.outputs("out").map(({ value }) => value), out);
      assert.deepEqual(driver.outputs("gave-up").map(({ value }) => value), gaveUp);
    }),
    { numRuns: 1_000 },
  );
});

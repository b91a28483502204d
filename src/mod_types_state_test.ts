/**
 * The public API as the type checker sees it, for state, windows and joins: what is inferred, and what is refused.
 * `deno check` is the judge; the tests build the streams as well, so that what is typed also runs.
 */

import assert from "node:assert/strict";
import {
  type AggregateFunction,
  type AggregatingState,
  AggregatingStateDescriptor,
  type ClosedBy,
  type Collector,
  type ConnectedStreams,
  CountTrigger,
  type DataStream,
  EventTimeSessionWindows,
  GlobalWindows,
  type IntervalJoined,
  json,
  type KeyedConnectedStreams,
  type KeyedCoProcessFunction,
  type KeyedProcessFunction,
  ListStateDescriptor,
  type LookupTable,
  MapStateDescriptor,
  OutputTag,
  type ProcessFunction,
  type ProcessWindowFunction,
  PurgingTrigger,
  ReducingStateDescriptor,
  type RuntimeContext,
  SlidingEventTimeWindows,
  StreamEnvironment,
  text,
  type TimerService,
  type Trigger,
  TumblingEventTimeWindows,
  type ValueState,
  ValueStateDescriptor,
  type Window,
  type WindowedStream,
} from "./mod.ts";
import {
  type Click,
  is,
  parseSale,
  type Refund,
  type Sale,
  sales,
  type Same,
} from "../tests/type_assertions.ts";

Deno.test("types: windows keep elements and key", () => {
  const { sales: stream } = sales();
  const windows = stream.keyBy("shop").window(TumblingEventTimeWindows.of("1m"));
  is<Same<typeof windows, WindowedStream<Sale, string>>>();
  const total = windows.allowedLateness("5s").reduce((a, b) => ({ ...a, sum: a.sum + b.sum }));
  is<Same<typeof total, DataStream<Sale>>>();
  // @ts-expect-error a reduce gives what it takes
  windows.reduce((a, b) => a.sum + b.sum);
  // @ts-expect-error so does a running one
  windows.runningReduce((a, b) => [a, b]);
  // @ts-expect-error windows are of keyed streams
  assert.throws(() => stream.window(TumblingEventTimeWindows.of("1m")));
});

Deno.test("types: keyed state has the type of its descriptor, timers and context the stream's key", () => {
  const { test, sales: stream } = sales();
  const count = new ValueStateDescriptor<number>("count");
  const counting: KeyedProcessFunction<Sale, string, string> = (runtime) => {
    is<Same<typeof runtime, RuntimeContext>>();
    const state = runtime.getState(count);
    is<Same<typeof state, ValueState<number>>>();
    return {
      processElement: (sale, context, out) => {
        is<Same<typeof out, Collector<string>>>();
        is<Same<ReturnType<typeof context.getCurrentKey>, string>>();
        const value = state.value();
        is<Same<typeof value, number | undefined>>();
        state.update((value ?? 0) + sale.sum);
        // @ts-expect-error the state is a number
        if (value === undefined) state.update("none");
      },
      onTimer: (timestamp, context, out) => out.collect(`${context.getCurrentKey()} ${timestamp}`),
    };
  };
  const results = stream.keyBy("shop").process(counting);
  is<Same<typeof results, DataStream<string>>>();
  // @ts-expect-error the function is of texts as keys, the stream of truth values
  stream.keyBy("paid").process(counting);
  const plain: ProcessFunction<Refund, string> = () => ({ processElement: () => {} });
  // @ts-expect-error the function is of refunds
  stream.process(plain);
  const looked = test.state("keyedProcess", "a").getState(count).value();
  is<Same<typeof looked, number | undefined>>();
});

Deno.test("types: a window function takes what was reduced and says what comes of it", () => {
  const { sales: stream } = sales();
  const describe: ProcessWindowFunction<Sale, string, string> = () => ({
    process: (key, context, sales, out) => {
      is<Same<typeof key, string>>();
      is<Same<typeof sales, readonly Sale[]>>();
      is<Same<typeof context.window, Window>>();
      is<Same<typeof context.closedBy, ClosedBy>>();
      out.collect(`${key} ${sales[0]?.sum}`);
    },
  });
  const windows = stream.keyBy("shop").window(TumblingEventTimeWindows.of("1m"));
  const results = windows.reduce((a) => a, describe);
  is<Same<typeof results, DataStream<string>>>();
  // @ts-expect-error the function is of texts as keys
  stream.keyBy("paid").window(TumblingEventTimeWindows.of("1m")).reduce((a) => a, describe);
});

Deno.test("types: state of each kind has the types of its descriptor", () => {
  const { sales: stream } = sales();
  const list = new ListStateDescriptor<string>("list");
  const map = new MapStateDescriptor<string, number>("map", { ttl: { duration: "1h" } });
  const most = new ReducingStateDescriptor<number>("most", Math.max);
  const mean = new AggregatingStateDescriptor("mean", {
    createAccumulator: () => ({ sum: 0, count: 0 }),
    add: (value: number, { sum, count }) => ({ sum: sum + value, count: count + 1 }),
    getResult: ({ sum, count }) => String(sum / count),
    merge: (a, b) => ({ sum: a.sum + b.sum, count: a.count + b.count }),
  });
  stream.keyBy("shop").process<string>((runtime) => {
    const lines = runtime.getListState(list);
    is<Same<ReturnType<typeof lines.get>, readonly string[]>>();
    const sums = runtime.getMapState(map);
    is<Same<ReturnType<typeof sums.entries>, readonly (readonly [string, number])[]>>();
    is<
      Same<
        ReturnType<ReturnType<typeof runtime.getReducingState<number>>["get"]>,
        number | undefined
      >
    >();
    const average = runtime.getAggregatingState(mean);
    is<Same<typeof average, AggregatingState<number, string>>>();
    runtime.getReducingState(most);
    // @ts-expect-error a list is no value
    const wrong: ValueState<string> | false = runtime.taskPartition < 0 && runtime.getState(list);
    return {
      processElement: (sale, context) => {
        is<Same<ReturnType<typeof context.timerService>, TimerService>>();
        lines.addAll(sale.lines);
        sums.put(sale.shop, sale.sum);
        average.add(sale.sum);
        // @ts-expect-error the names of the map are texts
        sums.put(sale.sum, sale.sum);
        // @ts-expect-error numbers are averaged
        if (wrong) average.add(sale.shop);
      },
    };
  });
  // @ts-expect-error a map is keyed by texts or numbers
  type _Map = MapStateDescriptor<boolean, number>;
});

Deno.test("types: connected streams tell their elements apart and share a key", () => {
  const { test, sales: stream } = sales();
  const clicks = test.source<Click>("clicks", { partitionedBy: "page" }).stream;
  const both = stream.connect(clicks);
  is<Same<typeof both, ConnectedStreams<Sale, Click>>>();
  const mapped = both.map({ map1: (sale) => sale.shop, map2: (click) => click.page });
  is<Same<typeof mapped, DataStream<string>>>();
  // @ts-expect-error a click has no shop
  both.map({ map1: (sale) => sale.shop, map2: (click) => click.shop });
  const flat = both.flatMap<string | number>({
    flatMap1: (sale) => sale.lines,
    flatMap2: (click) => [click.at],
  });
  is<Same<typeof flat, DataStream<string | number>>>();
  const keyed = stream.keyBy("shop").connect(clicks.keyBy("page"));
  is<Same<typeof keyed, KeyedConnectedStreams<Sale, Click, string>>>();
  const byField = both.keyBy("shop", "page");
  is<Same<typeof byField, KeyedConnectedStreams<Sale, Click, string>>>();
  const apart = stream.keyBy("shop").connect(clicks.keyBy("at"));
  is<Same<typeof apart, ConnectedStreams<Sale, Click>>>();
  const open: KeyedCoProcessFunction<Sale, Click, string, number> = () => ({
    processElement1: (sale, context, out) => {
      is<Same<ReturnType<typeof context.getCurrentKey>, string>>();
      out.collect(sale.sum);
    },
    processElement2: (click, _, out) => out.collect(click.at),
  });
  is<Same<ReturnType<typeof keyed.process<number>>, DataStream<number>>>();
  keyed.process(open);
  // @ts-expect-error the streams are the other way round
  clicks.keyBy("page").connect(stream.keyBy("shop")).process(open);
});

Deno.test("types: an aggregate gives its result, and its function takes it", () => {
  const { sales: stream } = sales();
  const windows = stream.keyBy("shop").window(SlidingEventTimeWindows.of("1m", "10s"));
  const counting: AggregateFunction<Sale, number, string> = {
    createAccumulator: () => 0,
    add: (_, count) => count + 1,
    getResult: String,
    merge: (a, b) => a + b,
  };
  const counts = windows.aggregate(counting);
  is<Same<typeof counts, DataStream<string>>>();
  const measured = windows.aggregate<number, string, number>(counting, () => ({
    process: (key, _, elements, out) => {
      is<Same<typeof elements, readonly string[]>>();
      out.collect(key.length + elements[0]!.length);
    },
  }));
  is<Same<typeof measured, DataStream<number>>>();
  const all = windows.process<Sale>(() => ({
    process: (_, __, elements, out) => elements.forEach((sale) => out.collect(sale)),
  }));
  is<Same<typeof all, DataStream<Sale>>>();
  const running = stream.keyBy("shop").reduce((a, b) => ({ ...b, sum: a.sum + b.sum }));
  is<Same<typeof running, DataStream<Sale>>>();
  // @ts-expect-error the function aggregates sales
  stream.map(({ sum }) => sum).keyBy((sum) => sum).countWindow(2).aggregate(counting);
  // @ts-expect-error a session's gap is taken from sales
  stream.keyBy("shop").window(EventTimeSessionWindows.withDynamicGap((click: Click) => click.at));
  // @ts-expect-error a rolling reduce gives what it takes
  stream.keyBy("shop").reduce((a) => a.sum);
});

Deno.test("types: windows, triggers and aggregates are of the stream's elements", () => {
  const { sales: stream } = sales();
  const byShop = stream.keyBy("shop");
  byShop.window(EventTimeSessionWindows.withDynamicGap(({ sum }: Sale) => sum));
  // @ts-expect-error a sale has no reason
  byShop.window(EventTimeSessionWindows.withDynamicGap(({ reason }: Refund) => reason.length));
  const windows = byShop.window(EventTimeSessionWindows.withGap("1m"));
  windows.trigger(PurgingTrigger.of(CountTrigger.of(2)));
  const refunded: Trigger<Refund> = {
    description: "refunded",
    open: () => ({
      onElement: ({ reason }) => reason === "" ? "CONTINUE" : "FIRE",
      onEventTime: () => "CONTINUE",
      onProcessingTime: () => "CONTINUE",
    }),
  };
  // @ts-expect-error a sale is no refund
  windows.trigger(refunded);
  const mean: AggregateFunction<Sale, readonly [number, number], number> = {
    createAccumulator: () => [0, 0],
    add: ({ sum }, [total, count]) => [total + sum, count + 1],
    getResult: ([total, count]) => total / count,
    merge: ([a, m], [b, n]) => [a + b, m + n],
  };
  const means = windows.aggregate(mean);
  is<Same<typeof means, DataStream<number>>>();
  const told = windows.aggregate(mean, () => ({
    process: (key: string, _, [value], out: Collector<string>) => {
      is<Same<typeof value, number | undefined>>();
      out.collect(`${key} ${value}`);
    },
  }));
  is<Same<typeof told, DataStream<string>>>();
  // @ts-expect-error an aggregate of sales is none of numbers
  stream.map(({ sum }) => sum).keyBy((sum) => sum).window(GlobalWindows.create()).aggregate(mean);
});

Deno.test("types: joins pair elements of one key, tables have rows of their key", () => {
  const { test, sales: stream } = sales();
  const clicks = test.source<Click>("clicks", { partitionedBy: "page" }).stream.keyBy("page");
  const pairs = stream.keyBy("shop").intervalJoin(clicks).between("-10s", "5s");
  is<Same<typeof pairs, IntervalJoined<Sale, Click>>>();
  const joined = pairs.process<string>(() => ({
    processElement: (sale, click, context, out) => {
      is<Same<ReturnType<typeof context.timestamp>, number>>();
      out.collect(sale.shop + click.page);
    },
  }));
  is<Same<typeof joined, DataStream<string>>>();
  pairs.sideOutputLeftLateData(new OutputTag<Sale>("late"));
  // @ts-expect-error late elements on the right are clicks
  pairs.sideOutputRightLateData(new OutputTag<Sale>("late"));
  // @ts-expect-error the keys are texts here and truth values there
  stream.keyBy("paid").intervalJoin(clicks);

  const env = new StreamEnvironment();
  const table = env.fromTable({ topic: "shops", deserializer: json(parseSale) });
  is<Same<typeof table, LookupTable<string, Sale>>>();
  const rows = stream.keyBy("shop").lookupJoin(table, (sale, row) => {
    is<Same<typeof row, Sale | undefined>>();
    return row === undefined ? sale.sum : row.sum;
  });
  is<Same<typeof rows, DataStream<number>>>();
  const found = stream.keyBy("shop")
    .lookupJoin(table, (_, row) => row.shop, { type: "inner", id: "found" });
  is<Same<typeof found, DataStream<string>>>();
  // @ts-expect-error without a row there is no shop
  stream.keyBy("shop").lookupJoin(table, (_, row) => row.shop);
  // @ts-expect-error the table is keyed by texts
  stream.keyBy("paid").lookupJoin(table, (sale) => sale);
  const byNumber = env.fromTable({ topic: "n", deserializer: text, key: Number });
  is<Same<typeof byNumber, LookupTable<number, string>>>();
});

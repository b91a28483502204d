/**
 * The public API as the type checker sees it, for streams: what is inferred, and what is refused.
 * `deno check` is the judge; the tests build the streams as well, so that what is typed also runs.
 */

import {
  type BadRecordError,
  type DataStream,
  type Deserializer,
  type explain,
  json,
  type Key,
  type KeyedStream,
  OutputTag,
  StreamEnvironment,
  TestDriver,
  type TestResult,
  type TestSink,
  type TestSource,
  text,
  TumblingEventTimeWindows,
  WatermarkStrategy,
} from "./mod.ts";
import {
  is,
  parseSale,
  type Refund,
  type Sale,
  sales,
  type Same,
} from "../tests/type_assertions.ts";

Deno.test("types: a source has the type of its deserializer and declares fields of that alone", () => {
  const env = new StreamEnvironment();
  const watermarks = WatermarkStrategy.forMonotonousTimestamps<Sale>();
  const stream = env.fromSource({ topic: "a", deserializer: json(parseSale) }, watermarks);
  is<Same<typeof stream, DataStream<Sale>>>();
  const anyTime = WatermarkStrategy.forMonotonousTimestamps();
  const unnamed = env.fromSource({ topic: "e", deserializer: json(parseSale) }, anyTime);
  is<Same<typeof unnamed, DataStream<Sale>>>();
  const words = env.fromSource(
    { topic: "b", deserializer: text },
    WatermarkStrategy.forBoundedOutOfOrderness("5s"),
  );
  is<Same<typeof words, DataStream<string>>>();
  env.fromSource(
    // @ts-expect-error a sale has no field "store"
    { topic: "c", deserializer: json(parseSale), partitionedBy: "store" },
    watermarks,
  );
  env.fromSource(
    // @ts-expect-error the event time is taken from a number, the source has sales
    { topic: "d", deserializer: json(parseSale) },
    WatermarkStrategy.forMonotonousTimestamps<number>().withTimestampAssigner((time) => time),
  );
  is<Same<typeof text, Deserializer<string>>>();
});

Deno.test("types: map, flatMap and filter infer what they give out", () => {
  const { sales: stream } = sales();
  const sums = stream.map((sale) => sale.sum);
  is<Same<typeof sums, DataStream<number>>>();
  const lines = stream.flatMap((sale) => sale.lines);
  is<Same<typeof lines, DataStream<string>>>();
  const paid = stream.filter((sale) => sale.paid);
  is<Same<typeof paid, DataStream<Sale>>>();
  const refunds = stream.filter((sale): sale is Refund => "reason" in sale);
  is<Same<typeof refunds, DataStream<Refund>>>();
  // @ts-expect-error a sale has no field "price"
  stream.map((sale) => sale.price);
  // @ts-expect-error a filter says yes or no
  stream.filter((sale) => sale.sum);
  // @ts-expect-error a flatMap gives out any number of elements
  stream.flatMap((sale) => sale.sum);
});

Deno.test("types: union takes streams of its own elements", () => {
  const { test, sales: stream } = sales();
  const refunds = test.source<Refund>("refunds").stream;
  const all = stream.union(refunds, stream);
  is<Same<typeof all, DataStream<Sale>>>();
  // @ts-expect-error a sale is no refund
  refunds.union(stream);
  // @ts-expect-error a number is no sale
  stream.union(stream.map((sale) => sale.sum));
});

Deno.test("types: keyBy infers the key from the field or the function", () => {
  const { sales: stream } = sales();
  const byShop = stream.keyBy("shop");
  is<Same<typeof byShop, KeyedStream<Sale, string>>>();
  const byPaid = stream.keyBy("paid");
  is<Same<typeof byPaid, KeyedStream<Sale, boolean>>>();
  const bySum = stream.keyBy((sale) => sale.sum);
  is<Same<typeof bySum, KeyedStream<Sale, number>>>();
  const byBoth = stream.keyBy(({ shop, paid }) => ({ shop, paid }));
  is<Same<typeof byBoth, KeyedStream<Sale, { shop: string; paid: boolean }>>>();
  // @ts-expect-error a sale has no field "store"
  stream.keyBy("store");
  // @ts-expect-error undefined is no key
  stream.keyBy(() => undefined);
  // @ts-expect-error a function is no key
  stream.keyBy((sale) => () => sale);
});

Deno.test("types: a side output has the type of its tag, and late elements that of the stream", () => {
  const { sales: stream } = sales();
  const unpaid = new OutputTag<number>("unpaid");
  const late = new OutputTag<Sale>("late");
  const results = stream.process<string>(() => ({
    processElement: (sale, context, out) => {
      context.output(unpaid, sale.sum);
      // @ts-expect-error the tag is of numbers
      context.output(unpaid, sale.shop);
      out.collect(sale.shop);
      // @ts-expect-error the function gives out texts
      out.collect(sale.sum);
    },
  }));
  is<Same<typeof results, DataStream<string>>>();
  const side = results.getSideOutput(unpaid);
  is<Same<typeof side, DataStream<number>>>();
  const windows = stream.keyBy("shop").window(TumblingEventTimeWindows.of("1m"));
  windows.sideOutputLateData(late);
  // @ts-expect-error late elements are sales
  windows.sideOutputLateData(unpaid);
});

Deno.test("types: a sink takes the elements of its stream", () => {
  const { sales: stream } = sales();
  stream.sinkTo({ topic: "a", key: (sale) => sale.shop, partitionBy: ({ shop }) => shop });
  stream.sinkTo({ topic: "b", headers: (_, { window }) => window === null ? [] : [] });
  // @ts-expect-error a key is text
  stream.sinkTo({ topic: "c", key: (sale) => sale.sum });
});

Deno.test("types: a test sends and sees the elements of its streams", () => {
  const test = new TestDriver();
  const source = test.source<Sale>("sales", { partitionedBy: "shop" });
  is<Same<typeof source, TestSource<Sale>>>();
  const sink = test.collect(source.stream.map((sale) => sale.shop));
  is<Same<typeof sink, TestSink<string>>>();
  is<Same<ReturnType<typeof sink.values>, readonly string[]>>();
  is<Same<ReturnType<typeof sink.records>, readonly TestResult<string>[]>>();
  // @ts-expect-error a sale has no field "store"
  test.source<Sale>("others", { partitionedBy: "store" });
  source.send({ shop: "a", sum: 1, paid: true, lines: [] }, 0);
  // @ts-expect-error a sale has more than a shop
  source.send({ shop: "a" }, 0);
  is<Same<Parameters<typeof test.timers>, [id: string]>>();
});

Deno.test("types: nothing that is public is any", () => {
  is<Same<ReturnType<typeof explain>, string>>();
  is<Same<BadRecordError["reason"] & "schema", "schema">>();
  is<Same<0 extends 1 & Key ? true : false, false>>();
});

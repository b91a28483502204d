/**
 * The stream language: nanoseconds a record for a task's operators, its records being decoded
 * already, beside JSON's own share. A round is the whole life of a task and a commit every 10,000
 * records, so the figures hold what the state costs, and its changelog.
 *
 * ```sh
 * deno run bench/chain.ts            # 200,000 records, 7 rounds
 * deno run bench/chain.ts --small    # 20,000 records, 3 rounds
 * ```
 */

import { SimulatedClock } from "../src/base/clock.ts";
import { Random } from "../src/base/random.ts";
import type { RawRecord } from "../src/base/record.ts";
import type { DataStream } from "../src/stream/data_stream.ts";
import { StreamEnvironment } from "../src/stream/environment.ts";
import type { KeyedProcessFunction } from "../src/stream/operators/functions.ts";
import { Task } from "../src/stream/task/task.ts";
import type { Outputs } from "../src/stream/task/task_context.ts";
import { WatermarkStrategy } from "../src/stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../src/stream/windows/window.ts";
import { isSmall, measure, type Measurement, report, reportHash } from "./measure.ts";

const small = isSmall(Deno.args);
const count = small ? 20_000 : 200_000;
const recordsACommit = 10_000;
const start = 1_767_225_600_000;
/** The event time between two records: a window of a minute holds 60,000 of them. */
const spacing = 1;
const options = { items: count, ...(small ? { rounds: 3, warmUp: 1 } : { rounds: 7 }) };
const measurements: Measurement[] = [];

/** The element: about as large as a flight. */
interface Sale {
  readonly key: string;
  readonly amount: number;
  readonly shop: string;
  readonly city: string;
  readonly article: string;
  readonly soldAt: string;
}

/** A record whose value has been decoded. */
class DecodedRecord implements RawRecord {
  constructor(readonly sale: Sale, readonly timestamp: number, readonly offset: number) {}
  key = () => null;
  value = () => null;
  valueText = () => null;
  headers = () => [];
}

function makeRecords(keys: number): readonly DecodedRecord[] {
  const random = new Random(7);
  return Array.from({ length: count }, (_, i) => {
    const timestamp = start + i * spacing;
    const sale: Sale = {
      key: `customer-${random.below(keys)}@example.com`,
      amount: random.below(10_000),
      shop: random.letters(6),
      city: random.letters(12),
      article: random.letters(20),
      soldAt: new Date(timestamp).toISOString(),
    };
    // As from a log: each text its own, its hash not yet known.
    return new DecodedRecord(JSON.parse(JSON.stringify(sale)), timestamp, i);
  });
}

/** Adds up what a task writes, and makes no text of it. */
class Sum implements Outputs {
  total = 0;

  write(_topic: string, record: { readonly timestamp: number; readonly value: string | null }) {
    this.total = (this.total + record.timestamp + Number(record.value)) % 1_000_003;
  }

  forward(): void {
    this.total++;
  }
}

/** Builds the part of a job between its sources and its sink. */
type Job = (sources: readonly DataStream<Sale>[]) => DataStream<Sale>;

function bench(
  name: string,
  job: Job,
  { records, sources = 1 }: { records: readonly DecodedRecord[]; sources?: number },
): void {
  const measurement = measure(name, () => run(job, records, sources), options);
  measurements.push(measurement);
  report(measurement, `${(measurement.median / floor).toFixed(2)} x floor`);
}

/** Runs a task from its first record to its last commit. */
function run(job: Job, records: readonly DecodedRecord[], sources: number): number {
  const environment = new StreamEnvironment();
  const streams = Array.from({ length: sources }, (_, i) =>
    environment.fromSource<Sale>({
      topic: `sales-${i}`,
      deserializer: (record) => (record as DecodedRecord).sale,
      partitionedBy: "key",
    }, WatermarkStrategy.forMonotonousTimestamps()));
  job(streams).sinkTo({ topic: "out", value: ({ amount }) => String(amount) });
  const clock = new SimulatedClock(start);
  const outputs = new Sum();
  const task = new Task(environment.topology, { partition: 0, partitions: 1, clock, outputs });
  let changed = 0;
  for (let i = 0; i < records.length; i++) {
    task.process(i % sources, records[i]!);
    if ((i + 1) % recordsACommit === 0) changed += task.takeChanges().length;
  }
  task.endInputs();
  task.drain();
  changed += task.takeChanges().length;
  return outputs.total + changed + task.stateEntries;
}

const few = makeRecords(200);
const many = makeRecords(100_000);
const texts = few.map(({ sale }) => JSON.stringify(sale));
const parsed = measure(
  "JSON.parse + JSON.stringify",
  () => texts.reduce((sum, text) => sum + JSON.stringify(JSON.parse(text)).length, 0),
  options,
);
const floor = parsed.median;
measurements.push(parsed);
report(parsed, `the floor, ${texts[0]!.length} characters a record`);

const add = (a: Sale, b: Sale): Sale => ({ ...b, amount: a.amount + b.amount });
const windowed = ([sales]: readonly DataStream<Sale>[]) =>
  sales!.keyBy("key").window(TumblingEventTimeWindows.of("1m"));

/** Sets a timer for each record's key a minute ahead, and gives out the last record when it comes. */
const remindLater: KeyedProcessFunction<Sale, string, Sale> = () => ({
  processElement: (_, context) => {
    const minute = Math.floor(context.timestamp() / 60_000) * 60_000;
    context.timerService().registerEventTimeTimer(minute + 60_000);
  },
  onTimer: (timestamp, context, out) =>
    out.collect({
      key: context.getCurrentKey(),
      amount: timestamp % 1_000,
      shop: "",
      city: "",
      article: "",
      soldAt: "",
    }),
});

bench("source to sink", ([sales]) => sales!, { records: few });
bench(
  "map, filter, union of two",
  ([first, second]) =>
    first!.map((sale) => ({ ...sale, amount: sale.amount + 1 }))
      .union(second!.map((sale) => ({ ...sale, amount: sale.amount * 2 })))
      .filter(({ amount }) => amount % 10 !== 0),
  { records: few, sources: 2 },
);
for (const [keys, records] of [["200", few], ["100,000", many]] as const) {
  bench(`window reduce, ${keys} keys`, (sales) => windowed(sales).reduce(add), { records });
  bench(
    `running totals, ${keys} keys`,
    (sales) => windowed(sales).runningReduce(add),
    { records },
  );
  bench(
    `timers, ${keys} keys`,
    ([sales]) => sales!.keyBy("key").process(remindLater),
    { records },
  );
}
reportHash(measurements);

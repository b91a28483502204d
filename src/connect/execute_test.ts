import assert from "node:assert/strict";
import { FlightsError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { explain } from "../runtime/explain.ts";
import { runJob } from "../runtime/job.ts";
import { resetJob } from "../runtime/reset.ts";
import { StreamEnvironment } from "../stream/environment.ts";
import { json, text } from "../stream/json.ts";
import { Sinks } from "../stream/sinks.ts";
import { Sources } from "../stream/sources.ts";
import { TestDriver } from "../stream/testing/test_driver.ts";
import { WatermarkStrategy } from "../stream/watermark_strategy.ts";
import { TumblingEventTimeWindows } from "../stream/windows/window.ts";
import { execute } from "./execute.ts";
import { behind } from "./testdata/failing_log.ts";

const monotonous = WatermarkStrategy.forMonotonousTimestamps;

interface Sale {
  readonly shop: string;
  readonly sum: number;
  readonly at: number;
}

const sales: readonly Sale[] = [
  { shop: "a", sum: 1, at: 0 },
  { shop: "b", sum: 2, at: 10 },
  { shop: "a", sum: 4, at: 999 },
  { shop: "a", sum: 8, at: 1_000 },
];

/** Sums of each shop in windows of a second. */
function sums(env: StreamEnvironment, elements: readonly Sale[] = sales) {
  return env.fromCollection(elements, monotonous<Sale>().withTimestampAssigner(({ at }) => at))
    .keyBy("shop")
    .window(TumblingEventTimeWindows.of("1s"))
    .reduce((a, b) => ({ ...a, sum: a.sum + b.sum }))
    .map(({ shop, sum }) => `${shop} ${sum}`);
}

/** Values of a topic, in offset order. */
async function valuesOf(log: Log, topic: string): Promise<readonly string[]> {
  const fetched = await log.fetch([{ topic, partition: 0, offset: 0 }]);
  return fetched.flatMap(({ batches }) =>
    batches.flatMap((batch) => Array.from({ length: batch.count }, (_, i) => batch.valueText(i)!))
  );
}

async function withLog(work: (log: Log) => Promise<void>): Promise<void> {
  const log = await openSqliteLog({ directory: ":memory:" });
  try {
    await work(log);
  } finally {
    await log.close();
  }
}

Deno.test("execute: a collection goes through the job to a callback, in order, with its places as times", async () => {
  const env = new StreamEnvironment();
  const taken: unknown[] = [];
  env.fromCollection([1, 2, 3, 4, 5])
    .map((n) => n * 2)
    .sinkTo(Sinks.callback((n, { timestamp, offset }) => void taken.push([n, timestamp, offset])));
  const status = await execute(env);
  assert.deepEqual(taken, [[2, 0, 0], [4, 1, 1], [6, 2, 2], [8, 3, 3], [10, 4, 4]]);
  assert.equal(status.state, "stopped");
  assert.equal(status.outputs["job-sink-callback"], 5);
});

Deno.test("execute: at the end of all collections open windows fire", async () => {
  const env = new StreamEnvironment();
  const taken: string[] = [];
  sums(env).sinkTo(Sinks.callback((line) => void taken.push(line)));
  await execute(env);
  assert.deepEqual(taken, ["a 5", "b 2", "a 8"]);
});

Deno.test("execute: an iterable's elements come out while it goes on, and at its end windows fire", async () => {
  const env = new StreamEnvironment();
  const taken: number[] = [];
  let wake = () => {};
  async function* numbers() {
    for (const n of [1, 2, 3]) {
      const came = new Promise<void>((resolve) => wake = resolve);
      yield n;
      // The next comes only once this one has gone through.
      await came;
    }
  }
  const stream = env.fromSource(Sources.asyncIterable(numbers), monotonous());
  stream.sinkTo(Sinks.callback((n) => {
    taken.push(n);
    wake();
  }));
  const windows: number[] = [];
  stream.keyBy(() => "all")
    .window(TumblingEventTimeWindows.of("1d"))
    .reduce((a, b) => a + b)
    .sinkTo(Sinks.callback((sum) => void windows.push(sum)));
  await execute(env);
  assert.deepEqual(taken, [1, 2, 3]);
  assert.equal(windows.reduce((a, b) => a + b), 6);
});

Deno.test("execute: what was not put out when the job ended is put out all the same", async () => {
  await withLog(async (log) => {
    const env = new StreamEnvironment();
    const taken: number[] = [];
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    env.fromSource(
      Sources.asyncIterable(async function* () {
        yield 1;
        await begun.promise;
        yield* [2, 3];
      }),
      monotonous(),
    ).sinkTo(Sinks.callback(async (n) => {
      begun.resolve();
      await ended.promise;
      taken.push(n);
    }));
    let stops = 0;
    // The job stops when all is fed, and when all that was fed is processed; then its end is looked at.
    const describeTopics = async (names?: readonly string[]) => {
      const topics = await log.describeTopics(names);
      if (stops === 2) ended.resolve();
      return topics;
    };
    await execute(env, {
      applicationId: "slow",
      log: behind(log, { describeTopics }),
      observer: { status: ({ state }) => void (state === "stopped" && stops++) },
    });
    assert.deepEqual(taken, [1, 2, 3]);
  });
});

Deno.test("execute: a signal ends a run over a topic, and what was committed has been put out", async () => {
  await withLog(async (log) => {
    await log.createTopics([{ name: "lines", partitions: 2 }]);
    const stop = new AbortController();
    const builder = new RecordBatchBuilder();
    for (const line of ["one", "two", "three"]) builder.appendText(0, null, line);
    await log.append([{ topic: "lines", partition: 0, batch: builder.finish() }]);
    const env = new StreamEnvironment();
    const taken: string[] = [];
    env.fromSource({ topic: "lines", deserializer: text }, monotonous())
      .union(env.fromCollection(["four"]))
      .sinkTo(Sinks.callback((line) => {
        taken.push(line);
        if (taken.length === 4) stop.abort();
      }));
    const status = await execute(env, { applicationId: "lines", log, signal: stop.signal });
    assert.deepEqual(taken.toSorted(), ["four", "one", "three", "two"]);
    assert.equal(status.state, "stopped");
  });
});

Deno.test("execute: a second run on a kept log feeds and puts out only what is new", async () => {
  await withLog(async (log) => {
    const taken: string[] = [];
    const run = async (elements: readonly string[]) => {
      const env = new StreamEnvironment();
      env.fromCollection(elements).sinkTo(Sinks.callback((one) => void taken.push(one)));
      await execute(env, { applicationId: "twice", log });
    };
    await run(["a", "b"]);
    await run(["a", "b"]);
    await run(["a", "b", "c"]);
    assert.deepEqual(taken, ["a", "b", "c"]);
    await assert.rejects(run(["a"]), { code: "state-incompatible", message: /flights reset/ });
    assert.deepEqual(taken, ["a", "b", "c"]);
  });
});

Deno.test("execute: of two runs of a job at once one feeds and one puts out each element", async () => {
  await withLog(async (log) => {
    const taken: number[][] = [[], []];
    const run = async (mine: number[]) => {
      const env = new StreamEnvironment();
      env.fromCollection(Array.from({ length: 50 }, (_, i) => i))
        .keyBy((n) => n % 3)
        .sinkTo(Sinks.callback((n) => void mine.push(n)));
      await execute(env, { applicationId: "both", log });
    };
    await Promise.all(taken.map(run));
    assert.deepEqual(
      taken.flat().toSorted((a, b) => a - b),
      Array.from({ length: 50 }, (_, i) => i),
    );
  });
});

Deno.test("execute: a reset is refused while a feed of the job lives", async () => {
  await withLog(async (log) => {
    await log.createTopics([{ name: "sums-source-lines", partitions: 1 }]);
    const feed = await log.join("sums-source-lines", {
      description: "feed (process 1)",
      topics: ["sums-source-lines"],
      version: "1",
    });
    await assert.rejects(resetJob(log, "sums"), {
      code: "members-alive",
      message: /feed \(process 1\)/,
    });
    await feed.close();
    await resetJob(log, "sums");
  });
});

Deno.test("execute: a reset takes back what was fed and put out", async () => {
  await withLog(async (log) => {
    const taken: string[] = [];
    const run = async () => {
      const env = new StreamEnvironment();
      sums(env).sinkTo(Sinks.callback((one) => void taken.push(one)));
      await execute(env, { applicationId: "sums", log });
    };
    await run();
    const { deletedTopics } = await resetJob(log, "sums");
    assert.ok(deletedTopics.includes("sums-source-collection"));
    assert.ok(deletedTopics.includes("sums-sink-callback"));
    assert.deepEqual(await log.describeTopics(), []);
    assert.deepEqual(await log.listGroups(), []);
    await run();
    assert.deepEqual(taken, ["a 5", "b 2", "a 8", "a 5", "b 2", "a 8"]);
  });
});

Deno.test("execute: a record that cannot be read ends a run without a log, and is put aside on one", async () => {
  const build = () => {
    const env = new StreamEnvironment();
    const source = {
      ...Sources.collection<unknown>([1, "two", 3]),
      deserializer: json((value) => {
        if (typeof value !== "number") throw new Error("it must be a number");
        return value;
      }),
    };
    const taken: number[] = [];
    env.fromSource(source, monotonous()).sinkTo(Sinks.callback((n) => void taken.push(n)));
    return { env, taken };
  };
  await assert.rejects(execute(build().env), { code: "bad-record" });
  await withLog(async (log) => {
    const { env, taken } = build();
    await execute(env, { applicationId: "numbers", log });
    assert.deepEqual(taken, [1, 3]);
    assert.deepEqual(await valuesOf(log, "numbers-source-collection.dead-letter"), ['"two"']);
  });
});

Deno.test("execute: what one part throws ends the run, and all others have put out what is committed", async () => {
  await withLog(async (log) => {
    const env = new StreamEnvironment();
    const taken: number[] = [];
    const numbers = env.fromCollection([1, 2, 3]);
    numbers.sinkTo(Sinks.callback((n) => void taken.push(n), { name: "good" }));
    numbers.sinkTo(Sinks.callback((n) => {
      if (n === 2) throw new Error("no twos");
    }, { name: "bad" }));
    await assert.rejects(execute(env, { applicationId: "parts", log }), {
      code: "operator-failed",
      message: /no twos/,
    });
    assert.deepEqual(taken, [1, 2, 3]);
  });
});

Deno.test("execute: what an iterable throws ends the run once what came before is put out", async () => {
  const env = new StreamEnvironment();
  const taken: number[] = [];
  async function* numbers() {
    yield 1;
    yield 2;
    throw new Error("no more");
  }
  env.fromSource(Sources.asyncIterable(numbers), monotonous())
    .sinkTo(Sinks.callback((n) => void taken.push(n)));
  await withLog(async (log) => {
    const run = () => execute(env, { applicationId: "numbers", log });
    await assert.rejects(run(), { code: "operator-failed", message: /no more/ });
    assert.deepEqual(await valuesOf(log, "numbers-source-iterable"), ["1", "2"]);
  });
});

Deno.test("execute: two sinks of one place are one, and each name is one place", () => {
  const env = new StreamEnvironment();
  const numbers = env.fromCollection([1]);
  numbers.print("a");
  numbers.sinkTo(Sinks.stdout());
  numbers.sinkTo(Sinks.file("x/lines"));
  numbers.sinkTo(Sinks.file("x/lines"));
  assert.deepEqual(env.topology.taps.map(({ name }) => name), ["stdout", "lines"]);
  const code = { code: "invalid-topology" };
  assert.throws(() => numbers.sinkTo(Sinks.file("y/lines")), code);
  assert.throws(() => numbers.sinkTo(Sinks.file("x/lines", { existing: "append" })), code);
  numbers.sinkTo(Sinks.callback(() => {}, { name: "mine" }));
  assert.throws(() => numbers.sinkTo(Sinks.callback(() => {}, { name: "mine" })), code);
  assert.throws(
    () => env.fromSource(Sources.collection([2], { name: "collection" }), monotonous()),
    code,
  );
  env.fromCollection([2]);
  assert.deepEqual(env.topology.feeds.map(({ topic }) => topic), ["collection", "collection-2"]);
});

Deno.test("execute: an element that is no line stops the job", async () => {
  const env = new StreamEnvironment();
  env.fromCollection(["one\ntwo"]).sinkTo(Sinks.stdout({ value: (one) => one }));
  await assert.rejects(execute(env), { code: "operator-failed", message: /no line feed/ });
});

Deno.test("execute: the elements' types go from end to end", () => {
  const env = new StreamEnvironment();
  env.fromCollection([{ shop: "a", sum: 1 }]).sinkTo(Sinks.callback((sale, { offset }) => {
    const shop: string = sale.shop;
    const sum: number = sale.sum + offset;
    // @ts-expect-error: there is no such field.
    return void [shop, sum, sale.none];
  }));
  env.fromSource(Sources.stdin(text), monotonous()).map((line) => line.toUpperCase()).print();
  // @ts-expect-error: the sink takes numbers.
  env.fromCollection(["a"]).sinkTo(Sinks.callback((n: number) => void n));
  env.fromSource(
    Sources.asyncIterable(async function* () {
      yield 1;
      await Promise.resolve();
    }),
    monotonous(),
  ).sinkTo(Sinks.file("numbers", { value: (n) => n.toFixed() }));
  // @ts-expect-error: the assigner is for another element.
  env.fromCollection([1], monotonous<string>().withTimestampAssigner((line) => line.length));
});

Deno.test("explain: names what is fed and what is tapped, and their topics", () => {
  const env = new StreamEnvironment();
  env.fromSource(Sources.file("x/lines", text), monotonous())
    .union(env.fromCollection(["a"]))
    .print();
  const told = explain(env.topology, { applicationId: "job" });
  for (
    const part of [
      /source job-source-lines +fed from: the file x\/lines/,
      /source job-source-collection +fed from: a collection of 1/,
      /sink stdout +goes on to: standard output\n.* to: job-sink-stdout/,
    ]
  ) assert.match(told, part);
});

Deno.test("execute: elements that are no JSON values are refused with their place", async () => {
  const env = new StreamEnvironment();
  env.fromCollection([{ when: [new Date(0)] }]).print();
  await assert.rejects(execute(env), {
    code: "invalid-argument",
    message: "Cannot write an element as JSON: it must be a JSON value, .when[0] is a Date",
  });
});

Deno.test("execute: topics need a log, a log needs an application id", async () => {
  const env = new StreamEnvironment();
  env.fromCollection([1]).sinkTo({ topic: "numbers" });
  await assert.rejects(execute(env), { code: "invalid-argument", message: /topics numbers/ });
  await withLog((log) => assert.rejects(execute(env, { log }), { code: "invalid-argument" }));
});

Deno.test("runJob: refuses a topology whose sources or sinks are no topics", async () => {
  const env = new StreamEnvironment();
  env.fromCollection([1]).print();
  await withLog(async (log) => {
    const running = runJob(log, { applicationId: "one", topology: env.topology });
    await assert.rejects(running, (error) => {
      assert.ok(error instanceof FlightsError);
      assert.equal(error.code, "invalid-topology");
      assert.match(error.message, /collection, stdout/);
      return true;
    });
  });
});

Deno.test("TestDriver: sources and sinks that are no topics go by their names within the job", () => {
  const env = new StreamEnvironment();
  env.fromCollection([1, 2]).map((n) => n + 1).print("next");
  const driver = new TestDriver(env.topology);
  driver.send("collection", [{ value: 5, timestamp: 0 }]);
  assert.deepEqual(driver.outputs("stdout").map(({ value }) => value), ["next> 6"]);
});

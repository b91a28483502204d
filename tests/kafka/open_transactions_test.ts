/** What a real Kafka tells of transactions that hold back readers; they are librdkafka's. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import { retrying } from "../../src/log/kafka/retry.ts";
import { Reader, Writer } from "../../src/log/kafka/protocol/wire.ts";
import type { Log, OpenTransaction } from "../../src/log/log.ts";
import { needs } from "../permissions.ts";
import { startCluster } from "./broker.ts";
import { carryOut, type ConfluentStep } from "./confluent.ts";
import { type ProxiedBroker, startProxiedBroker } from "./proxied_broker.ts";
import { apiKeys } from "./proxy.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");

function openLog(bootstrap: string): Log {
  const [host, port] = bootstrap.split(",")[0]!.split(":");
  return openKafkaLog({
    bootstrap: [{ host: host!, port: Number(port) }],
    clientId: "onlooker",
  });
}

/** Begins a transaction, whatever its writer has open ends before. */
function begin(by: string, ...places: readonly (readonly [topic: string, partition: number])[]) {
  return [
    { producer: by, settings: { "transactional.id": by } },
    { do: "begin", by },
    ...places.map(([topic, partition]) => ({ send: recordFor(topic, partition), by })),
    { do: "flush", by },
  ] as const satisfies readonly ConfluentStep[];
}

function recordFor(topic: string, partition: number) {
  // Event time of long ago: an age must not be told by it.
  const value = utf8("some").toBase64();
  return { topic, partition, ts: 1_500_000_000_000, key: null, value, headers: [] };
}

/** Asks until it is told what is expected: markers are written a moment after a transaction has ended. */
async function isTold(
  log: Log,
  topics: readonly string[],
  expected: readonly Omit<OpenTransaction, "startedAt" | "producerId">[],
): Promise<readonly OpenTransaction[]> {
  let told: readonly OpenTransaction[] = [];
  await retrying(async () => {
    told = await log.openTransactions(topics);
    assert.deepEqual(told.map(({ startedAt: _, producerId: __, ...rest }) => rest), expected);
  }, {
    clock: systemClock,
    timeoutMs: 10_000,
    shouldRetry: (error) => error instanceof assert.AssertionError,
  });
  return told;
}

Deno.test({
  ...permissions,
  name: "openTransactions names who holds back readers, where and since when, of three brokers",
  fn: async () => {
    await using cluster = await startCluster({ brokers: 3 });
    const log = openLog(cluster.bootstrap());
    const [one, two] = ["one", "two"];
    await log.createTopics([{ name: one, partitions: 4 }, { name: two, partitions: 3 }]);
    const before = systemClock.now();
    // Both end without an end of their transactions.
    await carryOut(cluster.bootstrap(), [
      ...begin("a", [one, 0], [two, 1], [two, 2]),
      { do: "commit", by: "a" },
      { do: "begin", by: "a" },
      ...[0, 1, 3].map((partition) => ({ send: recordFor(one, partition), by: "a" } as const)),
      { do: "flush", by: "a" },
      ...begin("b", [one, 3], [two, 2]),
    ]);
    const of = (transactionalId: string, topic: string, partition: number, startOffset: number) => {
      return { topic, partition, startOffset, transactionalId };
    };
    // A record and the marker of its transaction lie before the second one of a.
    const ofB = [of("b", one, 3, 1), of("b", two, 2, 2)];
    const all = [of("a", one, 0, 2), of("a", one, 1, 0), of("a", one, 3, 0), ...ofB];
    const told = await isTold(log, [two, one, "missing"], all);
    for (const { startedAt, producerId } of told) {
      assert(startedAt! >= before && startedAt! <= systemClock.now(), `${startedAt}`);
      assert(producerId! >= 0);
    }
    const ids = (name: string) =>
      new Set(told.flatMap((one) => one.transactionalId === name ? one.producerId : []));
    assert.deepEqual([ids("a").size, ids("b").size], [1, 1]);
    assert.notDeepEqual(ids("a"), ids("b"));
    await isTold(log, [two], [of("b", two, 2, 2)]);
    await isTold(log, ["missing"], []);
    await isTold(log, [], []);
    // Its next transaction ends the one that it left.
    await carryOut(cluster.bootstrap(), [...begin("a", [two, 0]), { do: "abort", by: "a" }]);
    await isTold(log, [one, two], ofB);
    await carryOut(cluster.bootstrap(), [...begin("b", [two, 0]), { do: "commit", by: "b" }]);
    await isTold(log, [one, two], []);
    await log.close();
  },
});

/** Makes of a broker's answer to ApiVersions that of one which does not know some requests. */
function without(keys: readonly number[]): (answer: Uint8Array) => Uint8Array {
  return (answer) => {
    const reader = new Reader(answer.subarray(8), { flexible: true, what: "ApiVersions" });
    const writer = new Writer(true);
    writer.int16(reader.int16());
    const known = reader.structs(() => [reader.int16(), reader.int16(), reader.int16()] as const);
    writer.structs(known.filter(([key]) => !keys.includes(key)), (numbers) => {
      for (const number of numbers) writer.int16(number);
    });
    writer.raw(reader.raw(reader.rest));
    return new Uint8Array([...answer.subarray(0, 8), ...writer.finish()]);
  };
}

/** What a coordinator tells of a transaction that has no part in any partition, behind the header. */
function completed(transactionalId: string, producerId: number): Uint8Array {
  const writer = new Writer(true);
  writer.tags();
  writer.int32(0);
  writer.structs([transactionalId], (id) => {
    writer.int16(0);
    writer.string(id);
    writer.string("CompleteAbort");
    writer.int32(10_000);
    writer.int64(1_700_000_000_000);
    writer.int64(producerId);
    writer.int16(0);
    writer.structs([], () => {});
  });
  writer.tags();
  return writer.finish();
}

/** What a leader tells of partitions that nobody writes to, behind the header. */
function unwritten(topic: string, partition: number): Uint8Array {
  const writer = new Writer(true);
  writer.tags();
  writer.int32(0);
  writer.structs([topic], (name) => {
    writer.string(name);
    writer.structs([partition], (number) => {
      writer.int32(number);
      writer.int16(0);
      writer.nullableString(null);
      writer.structs([], () => {});
    });
  });
  writer.tags();
  return writer.finish();
}

/** What brokers may leave out of what they tell, or tell too late. */
const parts: Readonly<Record<string, (broker: ProxiedBroker) => Promise<void>>> = {
  "is cheap while no transaction is open, and tells what a broker without KIP-664 knows": async (
    broker,
  ) => {
    const log = broker.openLog("proxied");
    const topics = ["one", "two"];
    await log.createTopics(topics.map((name) => ({ name, partitions: 50 })));
    // Leaders of new topics may not know that they are some yet.
    await log.describeTopics(topics);
    const asked = broker.proxy.requests();
    assert.deepEqual(await log.openTransactions(topics), []);
    assert.equal(broker.proxy.requests() - asked, 3);

    await carryOut(broker.bootstrap, [...begin("a", ["one", 7]), ...begin("b", ["one", 7])]);
    const place = { topic: "one", partition: 7 };
    const all = ["a", "b"].map((transactionalId, startOffset) => {
      return { ...place, startOffset, transactionalId };
    });
    const [{ producerId } = { producerId: null }] = await isTold(log, topics, all);
    const tellers: readonly (readonly [unknown: readonly number[], OpenTransaction[]])[] = [
      [
        [apiKeys.DescribeTransactions],
        all.map((one, i) => {
          return { ...one, producerId: producerId! + i, startedAt: null };
        }),
      ],
      [
        [apiKeys.ListTransactions],
        all.map((one, i) => {
          return { ...one, producerId: producerId! + i, transactionalId: null, startedAt: null };
        }),
      ],
      [[apiKeys.DescribeProducers], [
        { ...place, startOffset: 0, producerId: null, transactionalId: null, startedAt: null },
      ]],
    ];
    for (const [unknown, expected] of tellers) {
      const options = { at: "answer", api: apiKeys.ApiVersions, times: Infinity } as const;
      using _fault = broker.proxy.change(without(unknown), options);
      const older = broker.openLog("proxied");
      assert.deepEqual(await older.openTransactions(topics), expected);
      await older.close();
    }
  },

  "tells of one that its coordinator has forgotten, and not of one that has ended": async (
    broker,
  ) => {
    const log = broker.openLog("proxied");
    const place = { topic: "t", partition: 0, startOffset: 0, transactionalId: "c" };
    await log.createTopics([{ name: "t", partitions: 1 }]);
    await carryOut(broker.bootstrap, begin("c", ["t", 0]));
    const [told] = await isTold(log, ["t"], [place]);
    using _coordinator = broker.proxy.answer(completed("c", told!.producerId!), {
      api: apiKeys.DescribeTransactions,
      times: Infinity,
    });
    assert.deepEqual(await log.openTransactions(["t"]), [{ ...told, startedAt: null }]);
    using _leader = broker.proxy.answer(unwritten("t", 0), {
      api: apiKeys.DescribeProducers,
      skip: 1,
    });
    assert.deepEqual(await log.openTransactions(["t"]), []);
  },
};

Deno.test({
  ...permissions,
  name: "openTransactions, where brokers do not tell all of it",
  fn: async (t) => {
    await using broker = await startProxiedBroker();
    for (const [name, part] of Object.entries(parts)) await t.step(name, () => part(broker));
  },
});

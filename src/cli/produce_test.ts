import assert from "node:assert/strict";
import { textOf, utf8 } from "../base/bytes.ts";
import { SimulatedClock } from "../base/clock.ts";
import { partitionForText } from "../base/murmur2.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { LineProducer } from "./produce.ts";

async function producerOn(partitions: number) {
  const log = await openSqliteLog({ directory: ":memory:" });
  await log.createTopics([{ name: "t", partitions }]);
  const [topic] = await log.describeTopics();
  const producer = new LineProducer(log, topic!, new SimulatedClock(77));
  const read = async (partition: number) => {
    const [fetched] = await log.fetch([{ topic: "t", partition, offset: 0 }]);
    return fetched!.batches.flatMap((batch) =>
      Array.from(
        { length: batch.count },
        (_, i) => `${batch.timestamp(i)} ${textOf(batch.value(i) ?? utf8("null"))}`,
      )
    );
  };
  return { log, producer, read };
}

function linesOf(...records: readonly unknown[]): readonly Uint8Array[] {
  return records.map((record) => utf8(JSON.stringify(record)));
}

Deno.test("LineProducer places records by partition, else by key, else in turn", async () => {
  const { log, producer, read } = await producerOn(3);
  const place = partitionForText("k", 3);
  await producer.write(linesOf(
    { payload: "stated", partition: 2, key: "k", ts: 5 },
    { payload: "first in turn" },
    { payload: "by key", key: "k", ts: 6 },
    { payload: null },
  ));
  assert.equal(producer.written, 4);
  const found = [await read(0), await read(1), await read(2)];
  assert.deepEqual(found[2]![0], "5 stated");
  assert.ok(found[0]!.includes("77 first in turn"));
  assert.ok(found[1]!.includes("77 null"));
  assert.ok(found[place]!.includes("6 by key"));
  await log.close();
});

Deno.test("LineProducer writes all before a malformed line, counts blank ones, and says where", async () => {
  const { log, producer, read } = await producerOn(1);
  await producer.write(linesOf({ payload: "a" }));
  const lines = [utf8(" \r"), ...linesOf({ payload: "b" }, { ts: 1 }, { payload: "c" })];
  await assert.rejects(producer.write(lines), {
    code: "bad-record",
    message: /^Cannot produce line 4 to t: it must have a payload/,
  });
  assert.equal(producer.written, 2);
  assert.deepEqual(await read(0), ["77 a", "77 b"]);
  await log.close();
});

Deno.test("LineProducer refuses a partition that the topic does not have", async () => {
  const { log, producer } = await producerOn(2);
  await producer.write(linesOf({ payload: "", partition: 1 }));
  await assert.rejects(producer.write(linesOf({ payload: "", partition: 2 })), {
    message: "Cannot produce line 2 to t: partition must be 0 to 1, it is 2",
  });
  await log.close();
});

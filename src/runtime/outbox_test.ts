import assert from "node:assert/strict";
import { textOf, utf8 } from "../base/bytes.ts";
import { partitionForText } from "../base/murmur2.ts";
import type { OutputBatch, Transaction } from "../log/log.ts";
import { RecordBatch, RecordCursor } from "../log/records/batch.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";
import { Outbox } from "./outbox.ts";

/** What an outbox moves into a transaction. */
function moved(outbox: Outbox): readonly OutputBatch[] {
  const outputs: OutputBatch[] = [];
  const transaction: Transaction = {
    isFull: false,
    append: (added) => Promise.resolve(void outputs.push(...added)),
    commit: () => Promise.resolve(),
  };
  void outbox.moveTo(transaction);
  return outputs;
}

/** The values, each behind its partition, in the order in which they are written. */
function valuesOf(outputs: readonly OutputBatch[]): readonly string[] {
  return outputs.flatMap(({ partition, batch }) => {
    const decoded = RecordBatch.decode(batch.bytes);
    return Array.from({ length: decoded.count }, (_, i) => `${partition} ${decoded.valueText(i)}`);
  });
}

const record = { timestamp: 1, key: null, headers: [] };

Deno.test("semantics 22: Outbox places a record by its text, and spreads those without one", () => {
  const outbox = new Outbox(new Map([["out", 3]]));
  const port = outbox.portOf(1);
  for (const value of ["a", "b", "c"]) {
    port.write("out", { ...record, value, placement: "ann" });
  }
  const home = partitionForText("ann", 3);
  assert.deepEqual(valuesOf(moved(outbox)), [`${home} a`, `${home} b`, `${home} c`]);
  for (const value of ["a", "b", "c", "d"]) {
    port.write("out", { ...record, value, placement: null });
  }
  assert.deepEqual(valuesOf(moved(outbox)), ["0 c", "1 a", "1 d", "2 b"]);
});

Deno.test("semantics 19: Outbox forwards a record byte for byte, to its own partition or one that is there", () => {
  const builder = new RecordBatchBuilder();
  const header = { name: "own", value: utf8("1") };
  builder.append(7, utf8("key"), Uint8Array.of(0xff, 0xfe), [header]);
  const cursor = new RecordCursor(RecordBatch.decode(builder.finish().bytes), 0);
  const outbox = new Outbox(new Map([["wide", 5], ["narrow", 3]]));
  const why = { name: "why", value: utf8("2") };
  for (const topic of ["wide", "narrow"]) outbox.portOf(4).forward(topic, cursor, [why]);
  const outputs = moved(outbox);
  assert.deepEqual(outputs.map(({ topic, partition }) => [topic, partition]), [
    ["wide", 4],
    ["narrow", 1],
  ]);
  for (const { batch } of outputs) {
    const decoded = RecordBatch.decode(batch.bytes);
    assert.equal(decoded.timestamp(0), 7);
    assert.equal(decoded.keyText(0), "key");
    assert.deepEqual([...decoded.value(0)!], [0xff, 0xfe]);
    const headers = decoded.headers(0).map(({ name, value }) => [name, textOf(value!)]);
    assert.deepEqual(headers, [["own", "1"], ["why", "2"]]);
  }
});

Deno.test("Outbox counts what waits, and keeps the order where it fills several batches", () => {
  const outbox = new Outbox(new Map([["out", 1]]));
  const port = outbox.portOf(0);
  const values = Array.from({ length: 700 }, (_, i) => String(i).padEnd(1_000));
  for (const value of values) port.write("out", { ...record, value, placement: "a" });
  assert.equal(outbox.count, 700);
  assert.ok(outbox.bytes >= 700_000);
  const outputs = moved(outbox);
  assert.ok(outputs.length > 1);
  assert.deepEqual(valuesOf(outputs), values.map((value) => `0 ${value}`));
  assert.deepEqual([outbox.count, outbox.bytes], [0, 0]);
  assert.deepEqual([...outbox.recordsByTopic], [["out", 700]]);
  assert.deepEqual(moved(outbox), []);
});

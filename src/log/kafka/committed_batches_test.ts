import assert from "node:assert/strict";
import fc from "fast-check";
import { RecordBatch } from "../records/batch.ts";
import { encodeControlBatch, RecordBatchBuilder, setBaseOffset } from "../records/builder.ts";
import { committedBatches } from "./committed_batches.ts";
import type { AbortedTransaction } from "./protocol/fetch_v13.ts";

const epoch = { producerEpoch: 0 };

/** A partition as it grows: who wrote what, and how each transaction ended. */
class Partition {
  readonly batches: RecordBatch[] = [];
  readonly aborted: AbortedTransaction[] = [];
  readonly #begun = new Map<number, number>();
  #end = 0;

  write(producerId: number, value: string, transactional: boolean): void {
    const builder = new RecordBatchBuilder({
      producerId,
      ...epoch,
      baseSequence: 0,
      transactional,
    });
    builder.appendText(0, null, value);
    if (transactional && !this.#begun.has(producerId)) this.#begun.set(producerId, this.#end);
    this.#add(builder.finish().bytes);
  }

  finish(producerId: number, type: "commit" | "abort"): void {
    const firstOffset = this.#begun.get(producerId);
    if (firstOffset === undefined) return;
    this.#begun.delete(producerId);
    if (type === "abort") this.aborted.push({ producerId, firstOffset });
    this.#add(encodeControlBatch({ type, producerId, ...epoch, timestamp: 0 }).bytes);
  }

  #add(bytes: Uint8Array): void {
    setBaseOffset(bytes, this.#end);
    const batch = RecordBatch.decode(bytes);
    this.batches.push(batch);
    this.#end = batch.nextOffset;
  }
}

function values(batches: readonly RecordBatch[]): (string | null)[] {
  return batches.map((batch) => batch.valueText(0));
}

Deno.test("committedBatches leaves out aborted records and all markers", () => {
  const partition = new Partition();
  partition.write(1, "a", true);
  partition.finish(1, "commit");
  partition.write(1, "b", true);
  partition.finish(1, "abort");
  partition.write(1, "c", true);
  partition.finish(1, "commit");
  assert.deepEqual(values(committedBatches(partition.batches, partition.aborted)), ["a", "c"]);
});

Deno.test("committedBatches tells overlapping transactions of several producers apart", () => {
  const partition = new Partition();
  partition.write(1, "aborted", true);
  partition.write(2, "committed", true);
  partition.write(3, "plain", false);
  partition.finish(1, "abort");
  partition.write(1, "committed later", true);
  partition.finish(2, "commit");
  partition.finish(1, "commit");
  const found = values(committedBatches(partition.batches, partition.aborted));
  assert.deepEqual(found, ["committed", "plain", "committed later"]);
});

Deno.test("committedBatches leaves plain records of a producer alone whose transaction was aborted", () => {
  const partition = new Partition();
  partition.write(1, "aborted", true);
  partition.write(1, "plain", false);
  partition.finish(1, "abort");
  assert.deepEqual(values(committedBatches(partition.batches, partition.aborted)), ["plain"]);
});

Deno.test("committedBatches agrees with a look at each transaction's end, however they interleave and are cut into fetches", () => {
  const action = fc.record({
    producer: fc.integer({ min: 1, max: 4 }),
    kind: fc.constantFrom("write", "write", "write", "commit", "abort", "plain"),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.nat(), (actions, cut) => {
      const partition = new Partition();
      const open = new Map<number, string[]>();
      const committed = new Set<string>();
      actions.forEach(({ producer, kind }, i) => {
        const value = `${producer}-${i}`;
        if (kind === "plain") committed.add(value);
        if (kind === "write") open.set(producer, [...open.get(producer) ?? [], value]);
        if (kind === "write" || kind === "plain") {
          partition.write(producer, value, kind === "write");
        }
        if (kind === "commit") { for (const one of open.get(producer) ?? []) committed.add(one); }
        if (kind === "commit" || kind === "abort") {
          partition.finish(producer, kind);
          open.delete(producer);
        }
      });
      for (const producer of [1, 2, 3, 4]) partition.finish(producer, "abort");
      const expected = partition.batches.filter((batch) => !batch.isControl)
        .map((batch) => batch.valueText(0)).filter((value) => committed.has(value!));
      // Two fetches: a broker names, with each, the aborted transactions that reach into it.
      const at = partition.batches.length === 0 ? 0 : cut % partition.batches.length;
      const parts = [partition.batches.slice(0, at), partition.batches.slice(at)];
      const found = parts.flatMap((part) => {
        const [first] = part;
        const reaching = partition.aborted.filter(({ producerId, firstOffset }) => {
          const marker = partition.batches.find((batch) =>
            batch.isControl && batch.producerId === producerId && batch.baseOffset > firstOffset
          );
          return first !== undefined && marker!.lastOffset >= first.baseOffset;
        });
        return values(committedBatches(part, reaching));
      });
      assert.deepEqual(found, expected);
    }),
    { numRuns: 500 },
  );
});

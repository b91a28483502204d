/** Fetching ahead, against leaders that answer when they are told to. */

import assert from "node:assert/strict";
import { SimulatedClock, systemClock } from "../../base/clock.ts";
import { FlightsError, hasCode } from "../../base/errors.ts";
import type { Position } from "../log.ts";
import { RecordBatchBuilder } from "../records/builder.ts";
import { RecordBatch } from "../records/batch.ts";
import type { KafkaCluster } from "./cluster.ts";
import type { FetchOutcome, LeaderFetchOptions, Place } from "./fetching.ts";
import { Prefetcher } from "./prefetcher.ts";

/** A request that a leader has not answered yet. */
interface Asked {
  readonly leader: number;
  /** The partitions it asks for, each with its offset. */
  readonly places: readonly string[];
  readonly waitMs: number;
  /** Answers with so many records in the partitions named, and nothing new in the others. */
  answer(records?: Readonly<Record<number, number>>): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** Lets all that can go on do so. */
const settle = () => systemClock.sleep(0);

/** A prefetcher on leaders: partition p is led by broker p modulo 2. */
function world() {
  const asked: Asked[] = [];
  const clock = new SimulatedClock(1_000_000);
  const forgotten: string[] = [];
  const partitions = [0, 1, 2, 3].map((partition) => ({
    partition,
    leaderId: partition % 2,
    leaderEpoch: 0,
  }));
  const cluster = {
    clock,
    patienceMs: 30_000,
    topic: (name: string) => Promise.resolve({ name, topicId: "id", partitions }),
    forget: (names: readonly string[]) => forgotten.push(...names),
    connections: { drop: () => Promise.resolve() },
  } as unknown as KafkaCluster;
  const fetchFrom = (_: KafkaCluster, places: readonly Place[], { waitMs }: LeaderFetchOptions) =>
    new Promise<readonly FetchOutcome[]>((resolve) => {
      const reply = (outcome: (place: Place) => FetchOutcome) => {
        asked.splice(asked.indexOf(one), 1);
        resolve(places.map(outcome));
        return settle();
      };
      const one: Asked = {
        leader: places[0]!.leaderId,
        places: places.map(({ position }) => `${position.partition}@${position.offset}`),
        waitMs,
        answer: (records = {}) =>
          reply((place) => ({
            place,
            found: found(place, records[place.position.partition] ?? 0),
          })),
        fail: (error) => reply((place) => ({ place, error })),
      };
      asked.push(one);
    });
  return { prefetcher: new Prefetcher(cluster, fetchFrom), asked, clock, forgotten };
}

function found({ position: { topic, partition, offset } }: Place, records: number) {
  const batches: RecordBatch[] = [];
  if (records > 0) {
    const builder = new RecordBatchBuilder();
    for (let i = 0; i < records; i++) builder.appendText(i, null, "x");
    batches.push(RecordBatch.decode(builder.finish().bytes));
  }
  const nextOffset = offset + records;
  const ends = { endOffset: nextOffset, stableOffset: nextOffset };
  return { topic, partition, topicId: "id", batches, nextOffset, ...ends };
}

const at = (partition: number, offset = 0): Position => ({ topic: "t", partition, offset });

Deno.test("Prefetcher asks for what comes next once its reader has taken what was there", async () => {
  const { prefetcher, asked } = world();
  assert.deepEqual(await prefetcher.fetch([at(0)], {}), []);
  await settle();
  assert.deepEqual(asked.map(({ places, waitMs }) => [places, waitMs]), [[["0@0"], 0]]);
  await asked[0]!.answer({ 0: 5 });
  const [taken] = await prefetcher.fetch([at(0)], {});
  assert.equal(taken!.nextOffset, 5);
  assert.deepEqual(asked.map(({ places }) => places), [["0@5"]]);
  prefetcher.close();
});

Deno.test("Prefetcher asks each leader once at a time, for all that is wanted of it", async () => {
  const { prefetcher, asked } = world();
  const all = [at(0), at(1), at(2), at(3)];
  await prefetcher.fetch(all, {});
  await settle();
  assert.deepEqual(asked.map(({ leader, places }) => [leader, places]), [
    [0, ["0@0", "2@0"]],
    [1, ["1@0", "3@0"]],
  ]);
  await prefetcher.fetch(all, {});
  assert.equal(asked.length, 2);
  // A leader that is slow holds up no other.
  await asked[0]!.answer({ 0: 1, 2: 1 });
  await prefetcher.fetch(all, {});
  assert.deepEqual(asked.map(({ leader }) => leader), [1, 0]);
  prefetcher.close();
});

Deno.test("Prefetcher has a leader wait for records only when none is here that could be taken", async () => {
  const { prefetcher, asked } = world();
  await prefetcher.fetch([at(0), at(2)], {});
  await settle();
  await asked[0]!.answer({ 0: 3 });
  // Partition 0 would have to wait for partition 2, were the leader to wait for that one now.
  assert.deepEqual(asked, []);
  await prefetcher.fetch([at(0), at(2)], {});
  assert.deepEqual(asked.map(({ places, waitMs }) => [places, waitMs > 0]), [
    [["0@3", "2@0"], true],
  ]);
  prefetcher.close();
});

Deno.test("Prefetcher has a leader wait when its reader does, whatever is here that it does not want", async () => {
  const { prefetcher, asked } = world();
  await prefetcher.fetch([at(0), at(2)], {});
  await settle();
  await asked[0]!.answer({ 0: 3 });
  const waiting = prefetcher.fetch([at(2)], { maxWaitMs: 10_000 });
  await settle();
  assert.deepEqual(asked.map(({ places, waitMs }) => [places, waitMs > 0]), [[["2@0"], true]]);
  await asked[0]!.answer({ 2: 1 });
  assert.equal((await waiting)[0]!.nextOffset, 1);
  prefetcher.close();
});

Deno.test("Prefetcher has no leader wait for others when its reader is about to take what has come", async () => {
  const { prefetcher, asked } = world();
  await prefetcher.fetch([at(0), at(2)], {});
  await settle();
  await asked[0]!.answer();
  const waiting = prefetcher.fetch([at(0)], { maxWaitMs: 10_000 });
  await settle();
  await asked[0]!.answer({ 0: 3 });
  assert.equal((await waiting)[0]!.nextOffset, 3);
  // A leader that waited for partition 2 alone would not be asked for the next of partition 0.
  assert.deepEqual(asked.map(({ places }) => places), [["0@3", "2@0"]]);
  prefetcher.close();
});

Deno.test("Prefetcher answers for a partition that was read to its end, as it was told last", async () => {
  const { prefetcher, asked } = world();
  await prefetcher.fetch([at(0)], {});
  await settle();
  await asked[0]!.answer();
  const [answer] = await prefetcher.fetch([at(0)], {});
  assert.deepEqual([answer!.nextOffset, answer!.endOffset, answer!.batches], [0, 0, []]);
  prefetcher.close();
});

Deno.test("Prefetcher looks a leader up anew that cannot be reached, until its patience ends", async () => {
  const { prefetcher, asked, clock, forgotten } = world();
  const lost = new FlightsError("log-unreachable", "Cannot talk to the broker: as planned");
  await prefetcher.fetch([at(0)], {});
  await settle();
  for (let failures = 1; failures <= 3; failures++) {
    await asked[0]!.fail(lost);
    // What was known of it counts no more.
    assert.deepEqual(await prefetcher.fetch([at(0)], {}), []);
    assert.equal(forgotten.length, failures);
    clock.advance(50);
    await settle();
  }
  clock.advance(30_000);
  await asked[0]!.fail(lost);
  await assert.rejects(prefetcher.fetch([at(0)], {}), (error) => hasCode(error, "log-unreachable"));
  prefetcher.close();
});

Deno.test("Prefetcher fails at once of what asking again does not mend", async () => {
  const { prefetcher, asked } = world();
  const failing = assert.rejects(
    prefetcher.fetch([at(0)], { maxWaitMs: 10_000 }),
    (error) => hasCode(error, "log-corrupt"),
  );
  await settle();
  await asked[0]!.fail(new FlightsError("log-corrupt", "Cannot decode: as planned"));
  await failing;
  prefetcher.close();
});

Deno.test("Prefetcher lets go of all when its member's partitions are others", async () => {
  const { prefetcher, asked } = world();
  await prefetcher.fetch([at(0)], {});
  await settle();
  const [old] = asked;
  await prefetcher.reset();
  await prefetcher.fetch([at(0, 7)], {});
  await settle();
  await old!.answer({ 0: 5 });
  assert.deepEqual(await prefetcher.fetch([at(0, 7)], {}), []);
  await asked[0]!.answer({ 0: 1 });
  assert.equal((await prefetcher.fetch([at(0, 7)], {}))[0]!.nextOffset, 8);
  prefetcher.close();
});

Deno.test("Prefetcher lets go of a reader that has something else to look at", async () => {
  const { prefetcher } = world();
  const waiting = prefetcher.fetch([at(0)], { maxWaitMs: 10_000 });
  await settle();
  prefetcher.interrupt();
  assert.deepEqual(await waiting, []);
  prefetcher.close();
});

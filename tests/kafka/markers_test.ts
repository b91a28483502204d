/**
 * A transaction is over before its markers are written: until then nobody may take what it wrote, or
 * the offsets it committed, for missing.
 */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { commitOffsets, joined, output, readTexts } from "../../src/log/conformance_support.ts";
import type { CommittedOffset, Log } from "../../src/log/log.ts";
import { needs } from "../permissions.ts";
import { startProxiedBroker } from "./proxied_broker.ts";
import { apiKeys } from "./proxy.ts";

const permissions = needs("net", "run", "read", "write", "env");
/** Brokers send markers to each other, and to themselves, by way of this listener. */
const markersByProxy = { "inter.broker.listener.name": "PROXIED" };

/** Who takes over, and what it asks for until the markers are there. */
const successors = {
  "a member of the same host": { host: "tests", asks: "InitProducerId" },
  "a member of another host": { host: "another", asks: "OffsetFetch" },
} as const;

for (const [who, { host, asks }] of Object.entries(successors)) {
  Deno.test({
    ...permissions,
    name: `${who} that takes over while markers are held back waits for them`,
    fn: async () => {
      await using broker = await startProxiedBroker(markersByProxy);
      const log = broker.openLog("direct");
      await log.createTopics(["in", "out"].map((name) => ({ name, partitions: 1 })));
      const first = await joined(log, "group", "in");
      const before: CommittedOffset = { topic: "in", partition: 0, offset: 0, metadata: "before" };
      await commitOffsets(first, before);
      assert.deepEqual(await first.committed(), [before]);

      const held = broker.proxy.hold({
        ...{ at: "request", api: apiKeys.WriteTxnMarkers, times: Infinity },
      });
      const after = { ...before, metadata: "after" };
      const transaction = first.begin();
      await transaction.append([output("out", ["a", "b"])]);
      await transaction.commit(() => [after]);
      await held.met;
      await first.close();

      const second = broker.openLog("proxied", { host });
      const [unread] = await second.fetch([{ topic: "out", partition: 0, offset: 0 }]);
      assert.deepEqual([unread!.nextOffset, unread!.endOffset, unread!.batches.length], [0, 2, 0]);
      let isRead = false;
      const committed = committedOf(second).finally(() => isRead = true);
      await until(() => isRead || broker.proxy.requests(apiKeys[asks]) >= 5);
      assert.equal(isRead, false, "offsets were read whose transaction is open");
      held[Symbol.dispose]();
      assert.deepEqual(await committed, [after]);
      assert.deepEqual(await readTexts(second, "out", 2), ["a", "b"]);
    },
  });
}

/** What a member that joins finds committed. */
async function committedOf(log: Log): Promise<readonly CommittedOffset[]> {
  return await (await joined(log, "group", "in")).committed();
}

async function until(condition: () => boolean): Promise<void> {
  const giveUp = systemClock.now() + 20_000;
  while (!condition()) {
    assert.ok(systemClock.now() < giveUp, "what was waited for did not come");
    await systemClock.sleep(5);
  }
}

Deno.test({
  ...permissions,
  name: "a reader right behind a writer reads its last transaction, however late its markers come",
  fn: async () => {
    await using broker = await startProxiedBroker(markersByProxy);
    const [writing, reading] = [broker.openLog("direct"), broker.openLog("direct")];
    await writing.createTopics(["in", "out"].map((name) => ({ name, partitions: 1 })));
    const member = await joined(writing, "group", "in");
    using _ = broker.proxy.delay(20, {
      at: "request",
      api: apiKeys.WriteTxnMarkers,
      times: Infinity,
    });
    for (let i = 0, offset = 0; i < 50; i++) {
      const transaction = member.begin();
      await transaction.append([output("out", [`${i}`])]);
      await transaction.commit(() => []);
      // As a bounded run does: to the end that the topic has now.
      const [described] = await reading.describeTopics(["out"]);
      const { endOffset } = described!.partitions[0]!;
      const texts: string[] = [];
      while (offset < endOffset) {
        const [fetched] = await reading.fetch([{ topic: "out", partition: 0, offset }], {
          maxWaitMs: 1_000,
        });
        for (const batch of fetched!.batches) {
          for (let n = batch.firstAt(offset); n < batch.count; n++) texts.push(batch.valueText(n)!);
        }
        offset = fetched!.nextOffset;
      }
      assert.deepEqual(texts, [`${i}`]);
    }
  },
});

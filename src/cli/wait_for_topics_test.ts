import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { waitForTopics } from "./wait_for_topics.ts";

async function waiting() {
  const log = await openSqliteLog({ directory: ":memory:" });
  const told: string[] = [];
  const note = (message: string) => void told.push(message);
  const tell = { debug: note, info: note, warning: note, error: note };
  const stop = new AbortController();
  const clock = new SimulatedClock(0);
  const create = (name: string) => log.createTopics([{ name, partitions: 1 }]);
  const wait = (wait: number | null) =>
    waitForTopics({ log, tell, signal: stop.signal }, ["b", "a"], { doing: "read", wait, clock });
  /** Lets time pass in small steps, so that whoever sleeps looks again. */
  const pass = async (milliseconds: number) => {
    for (let at = 0; at < milliseconds; at += 50) {
      clock.advance(50);
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
  return { log, told, stop, create, wait, pass };
}

Deno.test("waitForTopics says each thing once and gives the topics in the order asked for", async () => {
  const { log, told, create, wait, pass } = await waiting();
  const topics = wait(null);
  await pass(60_000);
  await create("a");
  await pass(1_000);
  await create("b");
  await pass(200);
  assert.deepEqual((await topics)!.map(({ name }) => name), ["b", "a"]);
  assert.deepEqual(told, [
    "waiting: the log has no topic b, a yet",
    "waiting: the log has no topic b yet",
  ]);
  await log.close();
});

Deno.test("waitForTopics fails with topic-missing when its time is over, not before", async () => {
  const { log, create, wait, pass } = await waiting();
  await create("a");
  let failed = false;
  const topics = wait(1_000);
  topics.catch(() => failed = true);
  await pass(950);
  assert.equal(failed, false);
  await pass(100);
  await assert.rejects(topics, { code: "topic-missing", message: /the log has no topic b$/ });
  await log.close();
});

Deno.test("waitForTopics looks once when it may not wait, and ends when it is stopped", async () => {
  const { log, stop, wait } = await waiting();
  await assert.rejects(wait(0), { code: "topic-missing" });
  const topics = wait(null);
  stop.abort();
  assert.equal(await topics, null);
  await log.close();
});

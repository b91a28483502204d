import assert from "node:assert/strict";
import { SimulatedClock } from "../base/clock.ts";
import { FlightsError } from "../base/errors.ts";
import { openSqliteLog } from "../log/sqlite/sqlite_log.ts";
import { waitForLog, waitForTopics } from "./wait_for_topics.ts";

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
  const reach = (look: () => Promise<string>, wait: number | null) =>
    waitForLog({ log, tell, signal: stop.signal }, look, { wait, clock });
  /** Lets time pass in small steps, so that whoever sleeps looks again. */
  const pass = async (milliseconds: number) => {
    for (let at = 0; at < milliseconds; at += 50) {
      clock.advance(50);
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
  return { log, told, stop, create, wait, reach, pass };
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

Deno.test("waitForLog waits for a log that cannot be reached, and says once why", async () => {
  const { log, told, reach, pass } = await waiting();
  let looks = 0;
  const found = reach(() => {
    const away = new FlightsError("log-unreachable", "Cannot connect");
    return ++looks < 20 ? Promise.reject(away) : Promise.resolve("there");
  }, null);
  await pass(3_000);
  assert.equal(await found, "there");
  assert.deepEqual(told, ["waiting: Cannot connect"]);
  await log.close();
});

Deno.test("waitForLog gives up when its time is over, also on a log that says nothing", async () => {
  const { log, reach, pass } = await waiting();
  for (
    const look of [
      () => Promise.reject(new FlightsError("log-unreachable", "Cannot connect")),
      () => new Promise<string>(() => {}),
    ]
  ) {
    let failed = false;
    const found = reach(look, 1_000);
    found.catch(() => failed = true);
    await pass(950);
    assert.equal(failed, false);
    await pass(100);
    await assert.rejects(found, { code: "log-unreachable" });
  }
  await log.close();
});

Deno.test("waitForLog does not wait after any other error, and looks once when it may not wait", async () => {
  const { log, reach } = await waiting();
  const forbidden = new FlightsError("log-forbidden", "Cannot look");
  await assert.rejects(reach(() => Promise.reject(forbidden), null), { code: "log-forbidden" });
  const away = new FlightsError("log-unreachable", "Cannot connect");
  await assert.rejects(reach(() => Promise.reject(away), 0), { message: "Cannot connect" });
  assert.equal(await reach(() => Promise.resolve("there"), 0), "there");
  await log.close();
});

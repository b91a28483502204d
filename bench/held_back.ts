/**
 * A chain of jobs in catch-up: two members of merge, of which one is held back again and again, and
 * stats beside them with no out-of-orderness at all. With carried watermarks (semantics 24) no flight
 * is late and every window is right; by the records' own times many are lost.
 *
 * ```sh
 * deno task bench held_back                  # 1,000,000 bookings on the embedded log: minutes
 * deno run -A bench/held_back.ts --kafka     # the same on a broker; needs Java 17 and Maven
 * deno run -A bench/held_back.ts --small     # 4,000 bookings, held back for half a second
 * ```
 */

import { systemClock } from "../src/base/clock.ts";
import { topics } from "../src/flights/topics.ts";
import { openKafkaLog } from "../src/log/kafka/kafka_log.ts";
import type { Log } from "../src/log/log.ts";
import { openSqliteLog } from "../src/log/sqlite/sqlite_log.ts";
import { startCluster } from "../tests/kafka/broker.ts";
import { createAnew, prepareBookings } from "./kafka/input.ts";
import {
  commandLine,
  dataOf,
  type LiveProcess,
  runToEnd,
  type Site,
  startLive,
} from "./kafka/processes.ts";
import { judgeStatistics, lateOf } from "./kafka/results.ts";
import { isSmall } from "./measure.ts";

const small = isSmall(Deno.args);
const onKafka = Deno.args.includes("--kafka");
const count = small ? 4_000 : 1_000_000;
const heldMs = small ? 500 : 10_000;
const freeMs = small ? 100 : 1_000;
const modes = ["auto", "record"] as const;

/** A log with both airlines' bookings, and how processes reach it. */
async function openSite(folder: string): Promise<{ log: Log; site: Site; close(): Promise<void> }> {
  const command = commandLine();
  if (!onKafka) {
    const log = await openSqliteLog({ directory: dataOf(folder) });
    return { log, site: { command, bootstrap: null, folder }, close: () => log.close() };
  }
  const cluster = await startCluster({ heapMiB: 1_024 });
  const bootstrap = cluster.bootstrap();
  const [host, port] = bootstrap.split(":");
  const log = openKafkaLog({
    bootstrap: [{ host: host!, port: Number(port) }],
    clientId: "held back",
    instances: { directory: `${folder}/own`, host: "held back" },
  });
  const close = async () => {
    await log.close();
    await cluster[Symbol.asyncDispose]();
  };
  return { log, site: { command, bootstrap, folder }, close };
}

/** Stops a process and lets it go on, again and again, until merge has read all bookings. */
async function holdBack(log: Log, group: string, victim: LiveProcess): Promise<number> {
  const read = async () =>
    (await log.describeGroup(group)).offsets.reduce((sum, { offset }) => sum + offset, 0);
  let holds = 0;
  while (await read() < count) {
    Deno.kill(victim.pid, "SIGSTOP");
    await systemClock.sleep(heldMs);
    Deno.kill(victim.pid, "SIGCONT");
    holds++;
    await systemClock.sleep(freeMs);
  }
  return holds;
}

async function trial(log: Log, site: Site, mode: typeof modes[number]): Promise<string> {
  const made = [topics.flightData, topics.userStatistics];
  const kept = [...made, topics.skyone, topics.sunset].flatMap((topic) =>
    ["late", "dead-letter", "watermarks"].map((kind) => `${topic}.${kind}`)
  );
  const there = (await log.describeTopics(kept)).map(({ name }) => name);
  if (there.length > 0) await log.deleteTopics(there);
  await createAnew(log, made);
  const job = (name: string) => ["--application-id", `${name}-${mode}`, "--max-future", "off"];
  const stats = ["stats", ...job("stats"), "--watermarks", mode];
  const began = performance.now();
  let holds: number;
  {
    await using _stats = startLive(site, stats);
    await using _first = startLive(site, ["merge", ...job("merge")]);
    await using second = startLive(site, ["merge", ...job("merge")]);
    while ((await log.describeGroup(`merge-${mode}`)).offsets.length < 10) {
      await systemClock.sleep(20);
    }
    holds = await holdBack(log, `merge-${mode}`, second);
  }
  await runToEnd(site, ["merge", ...job("merge"), "--until-end"]);
  await runToEnd(site, [...stats, "--until-end", "--drain"]);
  const late = await lateOf(log, topics.flightData);
  const { isRight, text } = await judgeStatistics(log, late);
  if (mode === "auto" && !isRight) Deno.exitCode = 1;
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  const share = (late / count * 100).toFixed(1);
  return `--watermarks ${mode}: held back ${holds} times, ${seconds} s, late ${share} %; ${text}`;
}

const folder = await Deno.makeTempDir({ prefix: "flights-held-back-" });
const { log, site, close } = await openSite(folder);
try {
  console.log(`${count} bookings on ${onKafka ? "Kafka" : "the embedded log"}`);
  await prepareBookings(log, count);
  for (const mode of modes) console.log(await trial(log, site, mode));
} finally {
  await close();
  await Deno.remove(folder, { recursive: true });
}

/** The brokers of the tests themselves; Kafka's own tools are the clients. */

import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { runDeno } from "../../tools/process.ts";
import { needs } from "../permissions.ts";
import { startCluster } from "./broker.ts";
import { clusterMetadata } from "./metadata.ts";
import { apiKeys, type Proxy, startProxy } from "./proxy.ts";
import { kafkaTool } from "./tool.ts";

const permissions = needs("read", "write", "run", "env", "net");

function createTopic(bootstrap: string, topic: string): Promise<string> {
  const args = ["--create", "--topic", topic, "--partitions", "1"];
  return kafkaTool("TopicCommand", ["--bootstrap-server", bootstrap, ...args]);
}

async function produce(bootstrap: string, topic: string, lines: string): Promise<void> {
  const args = ["--bootstrap-server", bootstrap, "--topic", topic];
  await kafkaTool("ConsoleProducer", args, { input: lines });
}

function consume(bootstrap: string, topic: string, count: number): Promise<string> {
  const args = ["--topic", topic, "--partition", "0", "--offset", "earliest"];
  const limit = ["--max-messages", String(count), "--timeout-ms", "20000"];
  return kafkaTool("ConsoleConsumer", ["--bootstrap-server", bootstrap, ...args, ...limit]);
}

/** Whether a process is there; zero as a signal only asks. */
async function isAlive(pid: number): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", `kill -0 ${pid}`],
    stderr: "null",
  }).output();
  return success;
}

async function until(condition: () => Promise<boolean>, withinMs: number): Promise<void> {
  const giveUp = systemClock.now() + withinMs;
  while (!await condition()) {
    assert.ok(systemClock.now() < giveUp, `not within ${withinMs} ms`);
    await systemClock.sleep(50);
  }
}

Deno.test({
  ...permissions,
  name: "startCluster starts a broker that keeps its data through SIGKILL, and ends with its block",
  fn: async () => {
    let pid: number;
    {
      await using cluster = await startCluster();
      const [broker] = cluster.brokers;
      const bootstrap = cluster.bootstrap();
      await createTopic(bootstrap, "kept");
      await produce(bootstrap, "kept", "one\ntwo\n");
      const killed = broker!.pid;
      await broker!.kill();
      assert.equal(await isAlive(killed), false);
      await broker!.restart();
      assert.equal(cluster.bootstrap(), bootstrap);
      pid = broker!.pid;
      assert.notEqual(pid, killed);
      await produce(bootstrap, "kept", "three\n");
      assert.equal(await consume(bootstrap, "kept", 3), "one\ntwo\nthree\n");
    }
    assert.equal(await isAlive(pid), false);
  },
});

Deno.test({
  ...permissions,
  name: "startCluster lets a proxy stand in front of each broker",
  fn: async () => {
    const proxies: Proxy[] = [];
    const advertise = (address: string) => {
      proxies.push(startProxy(address));
      return proxies.at(-1)!.address;
    };
    try {
      await using cluster = await startCluster({ listeners: [{ name: "PROXIED", advertise }] });
      const [proxy] = proxies;
      const bootstrap = cluster.bootstrap("PROXIED");
      assert.equal(bootstrap, proxy!.address);
      await createTopic(bootstrap, "proxied");
      using fault = proxy!.cut({ at: "answer", api: apiKeys.Produce });
      // The producer is idempotent: it sends again what was cut off, and the broker knows it.
      await produce(bootstrap, "proxied", "one\n");
      assert.equal(fault.hits, 1);
      assert.ok(proxy!.requests(apiKeys.Produce) >= 2);
      await produce(bootstrap, "proxied", "two\n");
      assert.equal(await consume(bootstrap, "proxied", 2), "one\ntwo\n");
    } finally {
      for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
    }
  },
});

Deno.test({
  ...permissions,
  name: "startCluster starts three brokers that elect a new leader when one is killed",
  fn: async () => {
    await using cluster = await startCluster({ brokers: 3 });
    const bootstrap = cluster.bootstrap();
    assert.equal(bootstrap.split(",").length, 3);
    await createTopic(bootstrap, "led");
    const partition = async (address: string) => {
      const { topics } = await clusterMetadata(address, { topics: ["led"] });
      return topics.get("led")![0]!;
    };
    const { leader, replicas, inSync } = await partition(cluster.brokers[0]!.address());
    assert.deepEqual([...replicas].sort(), [1, 2, 3]);
    assert.deepEqual([...inSync].sort(), [1, 2, 3]);
    await produce(bootstrap, "led", "one\n");
    await cluster.brokers[leader - 1]!.kill();
    const [survivor] = cluster.brokers.filter(({ node }) => node !== leader);
    await until(async () => {
      const { leader: next } = await partition(survivor!.address());
      return next !== leader && next !== -1;
    }, 15_000);
    assert.equal(await consume(survivor!.address(), "led", 1), "one\n");
    await cluster.brokers[leader - 1]!.restart();
    await until(
      async () => (await partition(survivor!.address())).inSync.length === 3,
      15_000,
    );
  },
});

Deno.test({
  ...permissions,
  name: "startCluster says what a broker logged that does not start",
  fn: async () => {
    const properties = { "process.roles": "waiter" };
    await assert.rejects(
      startCluster({ properties }),
      /^Error: Cannot start broker 1: it must answer within 60 s, it has ended; .*waiter/s,
    );
  },
});

Deno.test({
  ...permissions,
  name: "startCluster leaves neither process nor folder behind when its own process is killed",
  fn: async () => {
    const code = `
      const { startCluster } = await import(${
      JSON.stringify(new URL("./broker.ts", import.meta.url).href)
    });
      const cluster = await startCluster();
      console.log(cluster.brokers[0].pid, cluster.folder);
      Deno.kill(Deno.pid, "SIGKILL");`;
    const { stdout } = await runDeno(["eval", code], { timeoutMs: 60_000 });
    const [pid, folder] = stdout.trimEnd().split("\n").at(-1)!.split(" ");
    assert.ok(Number(pid) > 0);
    await until(async () => !await isAlive(Number(pid)), 5_000);
    await until(() => Deno.stat(folder!).then(() => false, () => true), 5_000);
  },
});

/** Connections that are cut again and again leave nothing behind. */

import assert from "node:assert/strict";
import { joined, output, readTexts } from "../../src/log/conformance_support.ts";
import { needs } from "../permissions.ts";
import { startProxiedBroker } from "./proxied_broker.ts";

const reconnects = 1_000;
/** The control, write, fetch and join connections of a log and a member: three sockets each here. */
const mostSockets = 3 * 8;

/** How many sockets this process has: those of the log, and both sides of the proxy. */
function sockets(): number {
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith("socket:");
    } catch (error) {
      // The folder's own.
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }).length;
}

const permissions = needs("net", "run", "read", "write", "env", "sys");

// What is still open or under way at the end of a test fails it: sockets, timers, requests.
Deno.test({
  ...permissions,
  ignore: permissions.ignore || Deno.build.os !== "linux",
  name: "a log and a member that are cut off a thousand times leak no socket and no timer",
  fn: async () => {
    await using broker = await startProxiedBroker();
    const before = sockets();
    const log = broker.openLog("proxied");
    await log.createTopics([{ name: "in", partitions: 1 }]);
    const member = await joined(log, "group", "in");
    const { proxy } = broker;
    let offset = 0;
    for (let cut = 0; cut < reconnects; cut++) {
      if (cut % 100 === 0) {
        await log.append([output("in", [`${cut}`])]);
        assert.ok(sockets() <= before + mostSockets, `${sockets()} after ${cut} cuts`);
      }
      proxy.cutAll();
      const [fetched] = await member.poll([{ topic: "in", partition: 0, offset }]);
      if (fetched !== undefined) offset = fetched.nextOffset;
      await log.fetch([{ topic: "in", partition: 0, offset: 0 }]);
    }
    assert.equal((await readTexts(log, "in", 10)).length, 10);
    await member.close();
    await log.close();
    while (proxy.connections > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(sockets(), before);
  },
});

import assert from "node:assert/strict";
import net from "node:net";
import process from "node:process";
import KafkajsConnection from "kafkajs/src/network/connection.js";
import kafkajsErrors from "kafkajs/src/errors.js";
import kafkajsPackage from "kafkajs/package.json" with { type: "json" };
import { needs } from "../../../tests/permissions.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { hasCode } from "../../base/errors.ts";
import type { ConnectionSettings } from "./connection_settings.ts";
import { BrokerConnection } from "./kafkajs_seam.ts";
import { heartbeat } from "./protocol/heartbeat_v3.ts";
import { listGroups } from "./protocol/list_groups_v4.ts";
import { Writer } from "./protocol/wire.ts";

const apiKeys = { saslHandshake: 17, apiVersions: 18, listGroups: 16 };

/** Answers a request of `apiKey` with the bytes behind the correlation id, or not at all. */
type Answer = (apiKey: number, count: number) => Uint8Array | null | "end";

/** A broker that says what it is told to. */
class ScriptedBroker implements AsyncDisposable {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  /** The keys of all requests, in the order they came. */
  readonly requests: number[] = [];

  private constructor(answer: Answer) {
    this.#server = net.createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
      let buffered = Buffer.alloc(0);
      socket.on("data", (data) => {
        buffered = Buffer.concat([buffered, data as Buffer]);
        while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
          const size = 4 + buffered.readInt32BE(0);
          this.#answer(socket, { request: buffered.subarray(0, size), answer });
          buffered = buffered.subarray(size);
        }
      });
    });
  }

  static async start(answer: Answer): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(answer);
    await new Promise<void>((resolve) => broker.#server.listen(0, "127.0.0.1", resolve));
    return broker;
  }

  get endpoint(): { readonly host: string; readonly port: number } {
    return { host: "127.0.0.1", port: (this.#server.address() as net.AddressInfo).port };
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  #answer(
    socket: net.Socket,
    { request, answer }: { request: Buffer; answer: Answer },
  ): void {
    const key = request.readInt16BE(4);
    this.requests.push(key);
    const body = answer(key, this.requests.length);
    if (body === "end") socket.end();
    if (body === null || body === "end") return;
    const frame = Buffer.alloc(8 + body.length);
    frame.writeInt32BE(4 + body.length, 0);
    request.copy(frame, 4, 8, 12);
    frame.set(body, 8);
    socket.write(frame);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A broker's answer to ApiVersions: it knows `apis` up to the version given. */
function versionsAnswer(apis: Readonly<Record<number, number>>): Uint8Array {
  const writer = new Writer(true);
  writer.int16(0);
  writer.structs(Object.entries(apis), ([key, version]) => {
    writer.int16(Number(key));
    writer.int16(0);
    writer.int16(version);
  });
  writer.int32(0);
  writer.tags();
  return writer.finish();
}

/** A broker's answer to ListGroups: none. */
function groupsAnswer({ throttleTimeMs = 0 } = {}): Uint8Array {
  const writer = new Writer(true);
  writer.tags();
  writer.int32(throttleTimeMs);
  writer.int16(0);
  writer.structs([], () => {});
  writer.tags();
  return writer.finish();
}

const versions = versionsAnswer({ [apiKeys.listGroups]: 5, [apiKeys.saslHandshake]: 1, 36: 2 });

/** A broker that is asked for ListGroups, answers ApiVersions and leaves the rest to `answer`. */
function startBroker(answer: Answer): Promise<ScriptedBroker> {
  return ScriptedBroker.start((key, count) =>
    key === apiKeys.apiVersions ? versions : answer(key, count)
  );
}

function connect(
  broker: ScriptedBroker,
  settings: Partial<ConnectionSettings> = {},
): BrokerConnection {
  return new BrokerConnection(broker.endpoint, {
    clientId: "test",
    clock: systemClock,
    ...settings,
  });
}

const timeoutMs = 5000;
const ask = listGroups.call({});
const onLoopback = needs("net", "env");

Deno.test({
  ...needs("env"),
  name: "kafkajs is the version whose inside is known, and has all that is used of it",
  fn: () => {
    assert.equal(kafkajsPackage.version, "2.2.4");
    const none = () => {};
    const logger = { namespace: () => logger, debug: none, info: none, warn: none, error: none };
    const connection = new KafkajsConnection({ host: "localhost", port: 1, logger });
    const methods = {
      connect: 0,
      disconnect: 0,
      isConnected: 0,
      isAuthenticated: 0,
      authenticate: 0,
      setVersions: 1,
      setSupportAuthenticationProtocol: 1,
      nextCorrelationId: 0,
    };
    for (const [name, length] of Object.entries(methods)) {
      assert.equal(connection[name]?.length, length, name);
    }
    for (const [name, length] of Object.entries({ push: 1, rejectAll: 1 })) {
      assert.equal(connection.requestQueue[name]?.length, length, name);
    }
    assert.equal(connection.requestQueue.scheduleCheckPendingRequests.length, 0);
    assert.equal(connection.reauthenticationThreshold, 10_000);
    assert.equal(connection.sessionLifetime.toNumber(), 0);
    assert.equal(connection.nextCorrelationId() + 1, connection.nextCorrelationId());
    for (
      const name of [
        "KafkaJSSASLAuthenticationError",
        "KafkaJSProtocolError",
        "KafkaJSConnectionClosedError",
      ] as const
    ) {
      assert.ok(kafkajsErrors[name].prototype instanceof Error, name);
    }
  },
});

Deno.test({
  ...onLoopback,
  name: "BrokerConnection answers requests in their order, on one connection, without a warning",
  fn: async () => {
    const warnings: unknown[] = [];
    const onWarning = (warning: unknown) => warnings.push(warning);
    process.on("warning", onWarning);
    await using broker = await startBroker(() => groupsAnswer());
    const connection = connect(broker);
    const order: number[] = [];
    await Promise.all(Array.from({ length: 20 }, async (_, i) => {
      assert.deepEqual((await connection.send(ask, { timeoutMs })).groups, []);
      order.push(i);
    }));
    assert.deepEqual(order, Array.from({ length: 20 }, (_, i) => i));
    assert.equal(broker.connections, 1);
    assert.deepEqual(broker.requests.slice(0, 2), [apiKeys.apiVersions, apiKeys.listGroups]);
    await connection.close();
    await connection.close();
    process.off("warning", onWarning);
    assert.deepEqual(warnings, []);
  },
});

Deno.test({
  ...onLoopback,
  name: "BrokerConnection closes when an answer is late, and stays closed",
  fn: async () => {
    await using broker = await startBroker(() => null);
    const connection = connect(broker);
    const late = connection.send(ask, { timeoutMs: 20 });
    const behind = connection.send(ask, { timeoutMs });
    await assert.rejects(late, (error) => hasCode(error, "log-unreachable"));
    await assert.rejects(behind, (error) => hasCode(error, "log-unreachable"));
    assert.ok(connection.isClosed);
    await assert.rejects(
      connection.send(ask, { timeoutMs }),
      (error) => hasCode(error, "log-unreachable"),
    );
  },
});

Deno.test({
  ...onLoopback,
  name: "BrokerConnection fails what is under way when either side closes",
  fn: async () => {
    for (const who of ["broker", "client"] as const) {
      await using broker = await startBroker(() => who === "broker" ? "end" : null);
      const connection = connect(broker);
      const sent = connection.send(ask, { timeoutMs });
      sent.catch(() => {});
      if (who === "client") {
        while (broker.requests.length < 2) await systemClock.sleep(1);
        await connection.close();
      }
      await assert.rejects(sent, (error) => hasCode(error, "log-unreachable"));
      assert.ok(connection.isClosed);
    }
  },
});

Deno.test({
  ...onLoopback,
  name: "BrokerConnection gives up on a broker that takes connections and says nothing",
  fn: async () => {
    await using broker = await ScriptedBroker.start(() => null);
    const connection = connect(broker, { connectTimeoutMs: 20 });
    await assert.rejects(
      connection.send(ask, { timeoutMs }),
      (error) => hasCode(error, "log-unreachable"),
    );
    const closed = connect(broker);
    const sent = closed.send(ask, { timeoutMs });
    sent.catch(() => {});
    await Promise.resolve();
    await closed.close();
    await assert.rejects(sent, (error) => hasCode(error, "log-unreachable"));
  },
});

Deno.test({
  ...onLoopback,
  name: "BrokerConnection says unreachable where nobody listens",
  fn: async () => {
    const gone = new BrokerConnection({ host: "127.0.0.1", port: 1 }, {
      clientId: "test",
      clock: systemClock,
    });
    await assert.rejects(
      gone.send(ask, { timeoutMs }),
      (error) => hasCode(error, "log-unreachable"),
    );
  },
});

Deno.test({
  ...onLoopback,
  name: "BrokerConnection says forbidden when the broker refuses who we are, without the password",
  fn: async () => {
    const refusal = Uint8Array.of(0, 33, 0, 0, 0, 0);
    await using broker = await startBroker((key) => key === apiKeys.saslHandshake ? refusal : null);
    const sasl = { mechanism: "plain", username: "anna", password: "hunter2" } as const;
    await assert.rejects(connect(broker, { sasl }).send(ask, { timeoutMs }), (error) => {
      assert.ok(hasCode(error, "log-forbidden"));
      assert.ok(!error.message.includes("hunter2"));
      return true;
    });
  },
});

Deno.test({
  ...onLoopback,
  name: "BrokerConnection refuses to send what the broker does not know, and stays open",
  fn: async () => {
    await using broker = await startBroker(() => groupsAnswer());
    const connection = connect(broker);
    const member = { groupId: "g", generation: 1, memberId: "m", instanceId: null };
    await assert.rejects(
      connection.send(heartbeat.call(member), { timeoutMs }),
      (error) => hasCode(error, "log-version"),
    );
    await connection.send(ask, { timeoutMs });
    await connection.close();
  },
});

Deno.test({
  ...onLoopback,
  name: "BrokerConnection takes an answer that makes no sense for corrupt",
  fn: async () => {
    await using broker = await startBroker(() => Uint8Array.of(0, 1, 2));
    const connection = connect(broker);
    await assert.rejects(
      connection.send(ask, { timeoutMs }),
      (error) => hasCode(error, "log-corrupt"),
    );
    await connection.close();
  },
});

Deno.test({
  ...onLoopback,
  name: "BrokerConnection leaves a broker alone for as long as it asks to",
  fn: async () => {
    const pause = Promise.withResolvers<void>();
    const clock: Clock = {
      now: () => systemClock.now(),
      sleep: (ms, signal) => ms === 77_000 ? pause.promise : systemClock.sleep(ms, signal),
    };
    await using broker = await startBroker((_, count) =>
      groupsAnswer({ throttleTimeMs: count === 2 ? 77_000 : 0 })
    );
    const connection = connect(broker, { clock });
    await connection.send(ask, { timeoutMs });
    const throttled = connection.send(ask, { timeoutMs });
    // What is sent at once arrives before a second connection is answered.
    const other = connect(broker);
    await other.send(ask, { timeoutMs });
    assert.equal(broker.requests.length, 4);
    pause.resolve();
    await throttled;
    assert.equal(broker.requests.length, 5);
    await connection.close();
    await other.close();
  },
});

Deno.test({
  ...onLoopback,
  name: "BrokerConnection leaves nothing behind after 200 connections",
  fn: async () => {
    await using broker = await startBroker(() => groupsAnswer());
    for (let i = 0; i < 200; i++) {
      const connection = connect(broker);
      await connection.send(ask, { timeoutMs });
      await connection.close();
    }
    while (broker.connections > 0) await systemClock.sleep(1);
  },
});

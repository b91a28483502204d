/** Every way to say who one is, taken and refused; no output of any kind shows a secret. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { BrokerConnection } from "../../src/log/kafka/kafkajs_seam.ts";
import { metadata } from "../../src/log/kafka/protocol/metadata_v12.ts";
import { judge } from "../crash/judge.ts";
import {
  type Envelope,
  expectedFlights,
  expectedStatistics,
  recordText,
  watermarkOfMerge,
} from "../crash/oracle.ts";
import { dataFolder, flights, startFlights } from "../flights.ts";
import { needs } from "../permissions.ts";
import { javaLogin, passwords, type SecuredBroker, startSecuredBroker } from "./secured_broker.ts";
import { makeClientFiles } from "./secured_files.ts";

const permissions = needs("net", "run", "read", "write", "env", "sys");

let broker: SecuredBroker;
let home: ReturnType<typeof dataFolder>;

Deno.test.beforeAll(async () => {
  if (permissions.ignore) return;
  home = dataFolder();
  broker = await startSecuredBroker();
  await makeClientFiles(broker);
});
Deno.test.afterAll(async () => {
  if (permissions.ignore) return;
  await broker[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

type Properties = Readonly<Record<string, string>>;

const file = (name: string) => join(broker.folder, name);
const ssl = (): Properties => ({
  "ssl.truststore.type": "PEM",
  "ssl.truststore.location": broker.authority.certificate,
});
const anna = (): Properties => ({
  "ssl.certificate.location": file("anna.pem"),
  "ssl.key.location": file("anna.key"),
});
const scram = (number: 256 | 512, password: string = passwords.scram): Properties => ({
  "sasl.mechanism": `SCRAM-SHA-${number}`,
  "sasl.username": "scram",
  "sasl.password": password,
});

/** Runs a command with client properties; nothing it says may hold a secret. */
async function run(args: readonly string[], listener: string, properties: Properties) {
  const config = await broker.propertiesFile(listener, properties);
  const result = await flights([...args, "--command-config", config], options());
  assertNoSecret(result.stdout + result.stderr);
  return result;
}

function options() {
  return { data: home.path, env: { XDG_STATE_HOME: home.path, FLIGHTS_LOG_LEVEL: "debug" } };
}

function assertNoSecret(output: string): void {
  for (const [name, secret] of Object.entries(passwords)) {
    assert.ok(!output.includes(secret), `the ${name} password is shown: ${output}`);
  }
}

function flow(listener: string, properties: Properties) {
  const succeed = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(args, listener, properties);
    assert.equal(code, 0, `flights ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const consume = async (topic: string): Promise<readonly Envelope[]> => {
    const text = await succeed("consume", topic, "--until-end", "--json");
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  };
  return { succeed, consume };
}

/** Does what takes a process each, a few at once: most of its time a process waits. */
async function fewAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all([worker(), worker(), worker()]);
}

async function commandsAgree(listener: string, properties: Properties): Promise<void> {
  const { succeed, consume } = flow(listener, properties);
  await succeed("datagen", "--create", "--count", "100", "--rate", "max", "--seed", "3");
  await succeed("merge", "--until-end");
  await succeed("stats", "--until-end", "--drain");
  const bookings = [...await consume("skyone"), ...await consume("sunset")];
  assert.equal(bookings.length, 200);
  const found = await consume("flightdata");
  const nothing = { lost: [], doubled: [] };
  assert.deepEqual(judge(expectedFlights(bookings), found.map(recordText)), nothing);
  const statistics = (await consume("userstatistics")).map(recordText);
  assert.deepEqual(
    judge(expectedStatistics(found, { watermark: watermarkOfMerge(bookings) }), statistics),
    nothing,
  );
}

Deno.test({
  ...permissions,
  name: "the three commands give what the oracle gives over SASL_SSL with SCRAM-SHA-256",
  fn: () => commandsAgree("SASLSSL", { "security.protocol": "SASL_SSL", ...ssl(), ...scram(256) }),
});

Deno.test({
  ...permissions,
  name: "the three commands give what the oracle gives over TLS with a certificate on both sides",
  fn: () => commandsAgree("MTLS", { "security.protocol": "SSL", ...ssl(), ...anna() }),
});

/** By how they say who they are. */
const ways: Readonly<Record<string, () => readonly [listener: string, properties: Properties]>> = {
  "SASL_SSL with SCRAM-SHA-512, as the Java client has it": () => ["SASLSSL", {
    "security.protocol": "SASL_SSL",
    ...ssl(),
    ...javaLogin("SCRAM-SHA-512", "scram", { password: passwords.scram }),
  }],
  "SASL_SSL with PLAIN, as a managed Kafka's file for librdkafka has it": () => ["SASLSSL", {
    "security.protocol": "SASL_SSL",
    "sasl.mechanisms": "PLAIN",
    "sasl.username": "plain",
    "sasl.password": passwords.plain,
    "ssl.ca.location": broker.authority.certificate,
    "session.timeout.ms": "45000",
  }],
  "SASL_SSL with PLAIN, as a managed Kafka's file for the Java client has it": () => ["SASLSSL", {
    "security.protocol": "SASL_SSL",
    ...javaLogin("PLAIN", "plain", { password: passwords.plain }),
    ...ssl(),
    "client.dns.lookup": "use_all_dns_ips",
    "acks": "all",
  }],
  "SASL_PLAINTEXT with SCRAM-SHA-256": () => ["SASLPLAIN", {
    "security.protocol": "SASL_PLAINTEXT",
    ...scram(256),
  }],
  "SASL_SSL with a token file": () => ["SASLSSL", {
    "security.protocol": "SASL_SSL",
    ...ssl(),
    ...tokenOf("otto.token"),
  }],
  "TLS with key and trust store in PKCS12": () => ["MTLS", {
    "security.protocol": "SSL",
    "ssl.truststore.location": file("trust.p12"),
    "ssl.truststore.password": passwords.store,
    "ssl.keystore.type": "PKCS12",
    "ssl.keystore.location": file("anna.p12"),
    "ssl.keystore.password": passwords.store,
  }],
  "TLS with an encrypted key, and no look at the host's name": () => ["MTLS", {
    "security.protocol": "SSL",
    ...ssl(),
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": file("anna-encrypted.pem"),
    "ssl.key.password": passwords.store,
    "ssl.endpoint.identification.algorithm": "",
  }],
};

function tokenOf(name: string): Properties {
  return {
    "sasl.mechanism": "OAUTHBEARER",
    "sasl.oauthbearer.token.endpoint.url": `file://${file(name)}`,
  };
}

Deno.test({
  ...permissions,
  name: "produce and consume work however it is said who one is",
  fn: async () => {
    const [listener, properties] = ways["SASL_PLAINTEXT with SCRAM-SHA-256"]!();
    await flow(listener, properties).succeed("datagen", "--create", "--count", "0");
    await fewAtOnce(Object.entries(ways), async ([way, settings]) => {
      const [listener, properties] = settings();
      const config = await broker.propertiesFile(listener, properties);
      const produced = await flights(["produce", "skyone", "--command-config", config], {
        ...options(),
        stdin: `${JSON.stringify({ payload: way })}\n`,
      });
      assertNoSecret(produced.stdout + produced.stderr);
      assert.equal(produced.code, 0, `${way}: ${produced.stderr}`);
      const text = await flow(listener, properties).succeed("consume", "skyone", "--until-end");
      assert.ok(text.split("\n").includes(way), `${way}: ${text}`);
    });
  },
});

interface Refusal {
  readonly listener: string;
  readonly properties: () => Properties;
  readonly code: number;
  readonly message: RegExp;
}

const refusals: Readonly<Record<string, Refusal>> = {
  "a wrong password by SCRAM": {
    listener: "SASLSSL",
    properties: () => ({
      "security.protocol": "SASL_SSL",
      ...ssl(),
      ...scram(512, passwords.wrong),
    }),
    code: 5,
    message: /the broker must accept user \\"scram\\" and the password by SCRAM-SHA-512/,
  },
  "a wrong password by PLAIN": {
    listener: "SASLPLAIN",
    properties: () => ({
      "security.protocol": "SASL_PLAINTEXT",
      ...javaLogin("PLAIN", "plain", { password: passwords.wrong }),
    }),
    code: 5,
    message: /the broker must accept user \\"plain\\" and the password by PLAIN/,
  },
  "a token that has run out": {
    listener: "SASLPLAIN",
    properties: () => ({ "security.protocol": "SASL_PLAINTEXT", ...tokenOf("old.token") }),
    code: 5,
    message: /the broker must accept the token of sasl\.oauthbearer\.token\.endpoint\.url/,
  },
  "an authority that is not trusted": {
    listener: "SASLSSL",
    properties: () => ({
      "security.protocol": "SASL_SSL",
      "ssl.ca.location": file("others.pem"),
      ...scram(256),
    }),
    code: 5,
    message:
      /the broker's certificate must be valid and signed by who is trusted \(ssl\.truststore/,
  },
  "another host's certificate": {
    listener: "ELSEWHERE",
    properties: () => ({ "security.protocol": "SSL", ...ssl() }),
    code: 5,
    message: /the broker's certificate must be of the host's name \(an empty ssl\.endpoint/,
  },
  "no certificate where one is asked for": {
    listener: "MTLS",
    properties: () => ({ "security.protocol": "SSL", ...ssl() }),
    code: 5,
    message: /a certificate of our own must be set \(ssl\.keystore\.\*/,
  },
  "a certificate of an unknown authority": {
    listener: "MTLS",
    properties: () => ({
      "security.protocol": "SSL",
      ...ssl(),
      "ssl.certificate.location": file("mallory.pem"),
      "ssl.key.location": file("mallory.key"),
    }),
    code: 5,
    message: /the broker must accept our certificate \(ssl\.keystore\.\*\)/,
  },
  "a store's wrong password": {
    listener: "MTLS",
    properties: () => ({
      "security.protocol": "SSL",
      "ssl.truststore.location": file("trust.p12"),
      "ssl.truststore.password": passwords.wrong,
    }),
    code: 2,
    message: /trust\.p12: it must be a PKCS12 store of the password that is set/,
  },
  "no TLS on a port that speaks TLS": {
    listener: "MTLS",
    properties: () => ({}),
    code: 4,
    message: /security\.protocol must be what this port speaks, it is PLAINTEXT/,
  },
  "TLS on a port that speaks none": {
    listener: "PLAINTEXT",
    properties: () => ({ "security.protocol": "SSL", ...ssl() }),
    code: 4,
    message: /security\.protocol must be what this port speaks, it is SSL/,
  },
  "no login on a port that asks for one": {
    listener: "SASLPLAIN",
    properties: () => ({}),
    code: 4,
    message: /security\.protocol must be what this port speaks, it is PLAINTEXT/,
  },
  "a login on a port that asks for none": {
    listener: "PLAINTEXT",
    properties: () => ({ "security.protocol": "SASL_PLAINTEXT", ...scram(256) }),
    code: 5,
    message: /the broker must accept user \\"scram\\".* current SASL state/,
  },
};

Deno.test({
  ...permissions,
  name: "who is refused is told what is needed, and no secret",
  fn: () =>
    fewAtOnce(Object.entries(refusals), async ([what, { listener, properties, code, message }]) => {
      const result = await run(["topics", "list", "--wait", "0s"], listener, properties());
      assert.equal(result.code, code, `${what}: ${result.stderr}`);
      assert.match(result.stderr, message, what);
    }),
});

Deno.test({
  ...permissions,
  name: "a refusal that comes before the first request is heard, it is no silence",
  fn: async () => {
    const [host, port] = broker.cluster.bootstrap("MTLS").split(":");
    const tls = { ca: await Deno.readTextFile(broker.authority.certificate) };
    // The broker's alert comes before, with or after our request; each of them many times.
    for (let i = 0; i < 60; i++) {
      const settings = { clientId: "test", clock: systemClock, tls, connectTimeoutMs: 5_000 };
      const connection = new BrokerConnection({ host: host!, port: Number(port) }, settings);
      const sent = connection.send(metadata.call({ topics: [] }), { timeoutMs: 5_000 });
      await assert.rejects(sent, { code: "log-forbidden", message: /a certificate of our own/ });
      await connection.close();
    }
  },
});

Deno.test({
  ...permissions,
  name: "a job that is refused ends with exit code 5, it does not wait",
  fn: async () => {
    const { listener, properties } = refusals["a wrong password by SCRAM"]!;
    const { code, stderr } = await run(["merge"], listener, properties());
    assert.equal(code, 5, stderr);
  },
});

Deno.test({
  ...permissions,
  name: "topics and reset wait for a broker as long as --wait says, then exit with 4",
  fn: async () => {
    const nobody = { "bootstrap.servers": "127.0.0.1:1" };
    // Takes connections and says nothing.
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const quiet = { "bootstrap.servers": `127.0.0.1:${(silent.addr as Deno.NetAddr).port}` };
    const commands = [["topics", "list"], ["topics", "describe"], ["reset", "merge"]];
    const cases = commands.flatMap((args) => [nobody, quiet].map((where) => ({ args, where })));
    await fewAtOnce(cases, async ({ args, where }) => {
      const before = systemClock.now();
      const { code, stderr } = await run([...args, "--wait", "700ms"], "PLAINTEXT", where);
      assert.equal(code, 4, stderr);
      const took = systemClock.now() - before;
      // A broker that says nothing is given up by itself after ten seconds.
      assert.ok(took >= 700 && took < 9_000, `${args.join(" ")} took ${took} ms`);
    });
  },
});

Deno.test({
  ...permissions,
  name: "a job goes on while its sessions are renewed, every two seconds",
  fn: async () => {
    const way = { "security.protocol": "SASL_PLAINTEXT", ...scram(256) };
    const { succeed, consume } = flow("REAUTH", way);
    await succeed("datagen", "--create", "--count", "10", "--rate", "max");
    const config = ["--command-config", await broker.propertiesFile("REAUTH", way)];
    const merge = startFlights(["merge", ...config], options());
    await merge.told("resumes sunset");
    // Five seconds at their own pace: each connection is renewed three times.
    await succeed("datagen", "--count", "50", "--rate", "10");
    const bookings = [...await consume("skyone"), ...await consume("sunset")];
    const expected = expectedFlights(bookings).length;
    const deadline = systemClock.now() + 10_000;
    let found = await consume("flightdata");
    while (found.length < expected && systemClock.now() < deadline) {
      found = await consume("flightdata");
    }
    merge.kill("SIGTERM");
    const { code, stderr } = await merge.result;
    assertNoSecret(stderr);
    assert.equal(code, 143, stderr);
    assert.ok(!stderr.includes("joining again"), stderr);
    const nothing = { lost: [], doubled: [] };
    assert.deepEqual(judge(expectedFlights(bookings), found.map(recordText)), nothing);
  },
});

/** A real Flink that reads and writes a Kafka which asks who it is, by the client properties given here. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { dataFolder, flights } from "../flights.ts";
import { isFull } from "../full.ts";
import { makeClientFiles } from "../kafka/secured_files.ts";
import { javaLogin, passwords, startSecuredBroker } from "../kafka/secured_broker.ts";
import { needs } from "../permissions.ts";
import { startFlink } from "./cluster.ts";

const permitted = needs("net", "run", "read", "write", "env", "sys");

Deno.test({
  ignore: permitted.ignore || !isFull(),
  name: "passwords, certificates and keys go along to Flink, and are shown nowhere",
  fn: async () => {
    await using broker = await startSecuredBroker();
    await using flink = await startFlink();
    using folder = dataFolder();
    await makeClientFiles(broker);
    const file = (name: string) => join(broker.folder, name);
    const trust = {
      "ssl.truststore.type": "PEM",
      "ssl.truststore.location": broker.authority.certificate,
    };
    const keys = {
      "ssl.keystore.type": "PKCS12",
      "ssl.keystore.location": file("anna.p12"),
      "ssl.keystore.password": passwords.store,
    };
    const login = (password: string) => javaLogin("SCRAM-SHA-512", "scram", { password });
    const plain = javaLogin("PLAIN", "plain", { password: passwords.plain });
    const ways = {
      scram: await broker.propertiesFile("SASLSSL", {
        ...{ "security.protocol": "SASL_SSL", ...trust },
        ...login(passwords.scram),
      }),
      plain: await broker.propertiesFile("SASLPLAIN", {
        ...{ "security.protocol": "SASL_PLAINTEXT", ...plain },
      }),
      mtls: await broker.propertiesFile("MTLS", { "security.protocol": "SSL", ...trust, ...keys }),
    };
    const env = { XDG_STATE_HOME: folder.path, FLIGHTS_FLINK_GATEWAY: flink.gateway };
    const run = async (line: string) => {
      const result = await flights(line.split(" "), { data: folder.path, env });
      const said = result.stdout + result.stderr;
      for (const password of Object.values(passwords)) assert.ok(!said.includes(password), said);
      assert.ok(!said.includes("PRIVATE KEY"), said);
      return result;
    };
    const bootstrap = `--bootstrap-server ${broker.cluster.bootstrap()}`;
    await run(`datagen --create --count 500 --rate max ${bootstrap}`);
    for (const [name, config] of Object.entries(ways)) {
      const sql = await run(`flink sql merge --command-config ${config}`);
      assert.equal(sql.code, 0, sql.stderr);
      const line = `flink submit merge --until-end --command-config ${config}`;
      const { code, stderr } = await run(`${line} --application-id ${name}`);
      assert.equal(code, 0, stderr);
      await untilFinished(name, () => run(`flink status ${name}`));
    }
    const wrong = await broker.propertiesFile("SASLSSL", {
      ...{ "security.protocol": "SASL_SSL", ...trust },
      ...login(passwords.wrong),
    });
    const refused = await run(`flink submit merge --command-config ${wrong}`);
    assert.equal(refused.code, 5, refused.stderr);
    assert.match(refused.stderr, /Kafka must let it in/);
    // Each of the three has written all of it.
    const flown = await run(`consume flightdata --until-end ${bootstrap}`);
    const lines = flown.stdout.trimEnd().split("\n").sort();
    assert.equal(lines.length % 3, 0);
    assert.ok(lines.length > 1_500 && lines.every((one, at) => one === lines[at - at % 3]));
  },
});

async function untilFinished(
  name: string,
  status: () => Promise<{ readonly stdout: string }>,
): Promise<void> {
  for (const deadline = systemClock.now() + 60_000; systemClock.now() < deadline;) {
    if (JSON.parse((await status()).stdout).status === "FINISHED") return;
    await systemClock.sleep(250);
  }
  assert.fail(`${name} must finish, it did not within a minute`);
}

import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { fileURLToPath } from "node:url";
import { needs } from "../../tests/permissions.ts";
import type { Pem, TlsProperties } from "../log/kafka/client_properties.ts";
import { Secret } from "../log/kafka/secret.ts";
import { readTlsFiles } from "./tls_files.ts";

const permissions = needs("read", "env");
const password = new Secret("changeit");
const fileOf = (name: string) =>
  fileURLToPath(new URL(`../log/kafka/testdata/${name}`, import.meta.url));
const nothing: TlsProperties = { ca: null, identity: null, verifyHostName: true };

/** A key of nobody, in PEM. */
function newKey(passphrase?: string): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const cipher = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return String(privateKey.export({ type: "pkcs8", format: "pem", ...cipher }));
}

function refused(tls: Partial<TlsProperties>, message: RegExp): Promise<void> {
  return assert.rejects(readTlsFiles({ ...nothing, ...tls }), (error: Error & { code: string }) => {
    assert.equal(error.code, "invalid-argument");
    assert.match(error.message, message);
    assert.ok(!error.message.includes("s3cret"));
    return true;
  });
}

Deno.test({
  ...permissions,
  name: "readTlsFiles reads stores of PEM and of Java, and gives the key without its password",
  fn: async () => {
    assert.deepEqual(await readTlsFiles(nothing), { verifyHostName: true });
    const trusted = await readTlsFiles({ ...nothing, ca: { file: fileOf("ca.pem") } });
    const fromJava = await readTlsFiles({
      ca: { store: fileOf("trust_keytool.p12"), password },
      identity: { store: fileOf("key_openssl.p12"), password },
      verifyHostName: false,
    });
    assert.equal(fromJava.ca, trusted.ca);
    assert.equal(fromJava.verifyHostName, false);
    const { certificate, key } = fromJava;
    assert.ok(new X509Certificate(certificate!).checkPrivateKey(createPrivateKey(key!)));
    const inPem = await readTlsFiles({
      ...nothing,
      identity: {
        certificate: { text: new Secret(certificate!) },
        key: { text: new Secret(`text before\n${key}${certificate}`) },
        keyPassword: null,
      },
    });
    assert.deepEqual(inPem, { certificate, key, verifyHostName: true });
  },
});

Deno.test({
  ...permissions,
  name: "readTlsFiles refuses what a connection would pass over in silence",
  fn: async () => {
    const certificate: Pem = { file: fileOf("me.pem") };
    const identity = (key: string, keyPassword: string | null = null) => ({
      certificate,
      key: { text: new Secret(key) },
      keyPassword: keyPassword === null ? null : new Secret(keyPassword),
    });
    const block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    await refused({ ca: { file: "/no/such" } }, /^Cannot use \/no\/such: it must be a file that/);
    await refused({ ca: { file: fileOf("README.md") } }, /must hold a certificate, there is/);
    await refused({ ca: { text: new Secret(block) } }, /all of its certificates must be such/);
    await refused({ identity: identity(block) }, /must hold a private key in PEM, there is none$/);
    await refused(
      { identity: identity(newKey()) },
      /key of the first certificate, it is of another/,
    );
    const encrypted = newKey("s3cret");
    await refused({ identity: identity(encrypted) }, /ssl\.key\.password must .*, none is set$/);
    await refused(
      { identity: identity(encrypted, "x") },
      /ssl\.key\.password .*, it does not fit$/,
    );
    await refused(
      { identity: { store: fileOf("trust_keytool.p12"), password } },
      /must hold a key and its certificate$/,
    );
    await refused(
      { ca: { store: fileOf("key_keytool.p12"), password } },
      /must hold a certificate, there is none$/,
    );
    await refused({ ca: { store: fileOf("trust.jks"), password: null } }, /Java's own JKS/);
  },
});

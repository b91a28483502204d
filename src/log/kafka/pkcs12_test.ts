import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { needs } from "../../../tests/permissions.ts";
import { readPkcs12 } from "./pkcs12.ts";

const permissions = needs("read", "env");
const password = "changeit";

function bytesOf(name: string): Uint8Array {
  return Deno.readFileSync(new URL(`testdata/${name}`, import.meta.url));
}

function certificateOf(name: string): X509Certificate {
  return new X509Certificate(new TextDecoder().decode(bytesOf(name)));
}

Deno.test({
  ...permissions,
  name: "readPkcs12 reads the certificates of a trust store that keytool wrote",
  fn: async () => {
    const { others, identity } = await readPkcs12(bytesOf("trust_keytool.p12"), {
      name: "a store",
      password,
    });
    assert.equal(identity, null);
    assert.equal(
      new X509Certificate(others).fingerprint256,
      certificateOf("ca.pem").fingerprint256,
    );
  },
});

Deno.test({
  ...permissions,
  name: "readPkcs12 reads key, certificate and chain, of any kind of key and encryption",
  fn: async () => {
    for (const name of ["key_keytool.p12", "key_openssl.p12", "key_openssl_legacy.p12"]) {
      const { others, identity } = await readPkcs12(bytesOf(name), { name, password });
      assert.ok(identity !== null, name);
      const certificate = new X509Certificate(identity.certificate);
      assert.equal(certificate.subject, "CN=me");
      assert.ok(certificate.checkPrivateKey(createPrivateKey(identity.key)), name);
      if (name === "key_keytool.p12") {
        assert.equal(others, "");
        continue;
      }
      assert.equal(certificate.fingerprint256, certificateOf("me.pem").fingerprint256);
      assert.equal(
        new X509Certificate(others).fingerprint256,
        certificateOf("ca.pem").fingerprint256,
      );
    }
  },
});

Deno.test({
  ...permissions,
  name: "readPkcs12 refuses another password, what is no store, and JKS with what to do",
  fn: async () => {
    const refused = (bytes: Uint8Array, password: string, message: RegExp) =>
      assert.rejects(readPkcs12(bytes, { name: "my.store", password }), (error: Error) => {
        assert.match(error.message, message);
        assert.ok(!error.message.includes("s3cret"));
        return true;
      });
    await refused(bytesOf("trust_keytool.p12"), "s3cret", /^Cannot read my\.store: .* password/);
    await refused(bytesOf("ca.pem"), "s3cret", /^Cannot read my\.store: it must be a PKCS12 store/);
    await refused(new Uint8Array(), "s3cret", /^Cannot read my\.store: it must be a PKCS12 store/);
    await refused(bytesOf("trust.jks"), "s3cret", /Java's own JKS \(keytool -importkeystore/);
  },
});

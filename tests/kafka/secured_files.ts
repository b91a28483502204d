/** Certificates, stores and tokens of the clients of a secured broker. */

import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { keytool, newAuthority, openssl } from "./certificates.ts";
import { passwords, type SecuredBroker, unsignedToken } from "./secured_broker.ts";

const hour = 3_600_000;

/**
 * Makes what clients of a secured broker say who they are with: certificate and key of `anna` in PEM
 * (anna.pem, anna.key), encrypted (anna-encrypted.pem) and in PKCS12 (anna.p12, trust.p12); a token that
 * is good and one that has run out (otto.token, old.token); and `mallory` of another authority
 * (others.pem).
 */
export async function makeClientFiles(broker: SecuredBroker): Promise<void> {
  const file = (name: string) => join(broker.folder, name);
  await broker.authority.issue("anna");
  const now = systemClock.now();
  await Deno.writeTextFile(file("otto.token"), unsignedToken("otto", { now, validMs: hour }));
  const before = { now: now - 2 * hour, validMs: hour };
  await Deno.writeTextFile(file("old.token"), unsignedToken("otto", before));
  const { certificate } = broker.authority;
  const [cert, key] = [file("anna.pem"), file("anna.key")];
  await keytool(
    ...["-importcert", "-noprompt", "-alias", "authority", "-file", certificate],
    ...["-keystore", file("trust.p12"), "-storepass", passwords.store],
  );
  await openssl(
    ...["pkcs12", "-export", "-in", cert, "-inkey", key, "-certfile", certificate],
    ...["-out", file("anna.p12"), "-passout", `pass:${passwords.store}`],
  );
  const encrypted = file("anna-encrypted.pem");
  await openssl(
    ...["pkcs8", "-topk8", "-in", key, "-out", encrypted],
    ...["-passout", `pass:${passwords.store}`],
  );
  await Deno.writeTextFile(encrypted, await Deno.readTextFile(cert), { append: true });
  const others = await newAuthority(broker.folder, "others");
  await others.issue("mallory");
}

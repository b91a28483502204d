/** Certificates and keys as the client properties name them, read and looked at before they are used. */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { FlightsError, messageOf } from "../base/errors.ts";
import type { JavaStore, Pem, PemIdentity, TlsProperties } from "../log/kafka/client_properties.ts";
import type { TlsSettings } from "../log/kafka/connection_settings.ts";
import { type Pkcs12Content, readPkcs12 } from "../log/kafka/pkcs12.ts";

/**
 * Reads what the properties name. A connection would go on without a certificate, authority or key
 * that cannot be read, and fail with a word that says nothing: so they are looked at here.
 *
 * @throws {FlightsError} `invalid-argument` when a file cannot be read, holds something else, is
 * encrypted with another password, or a key is not of its certificate.
 */
export async function readTlsFiles(tls: TlsProperties): Promise<TlsSettings> {
  const { ca, identity, verifyHostName } = tls;
  return {
    verifyHostName,
    ...(ca && { ca: await readAuthorities(ca) }),
    ...(identity && await readIdentity(identity)),
  };
}

async function readAuthorities(ca: Pem | JavaStore): Promise<string> {
  if (!("store" in ca)) return certificatesOf(await readPem(ca), nameOf(ca));
  const { others } = await readStore(ca);
  return certificatesOf(others, ca.store);
}

async function readIdentity(identity: PemIdentity | JavaStore) {
  if ("store" in identity) {
    const { identity: own, others } = await readStore(identity);
    if (own === null) throw refuse(identity.store, "it must hold a key and its certificate");
    return { certificate: own.certificate + others, key: own.key };
  }
  const name = nameOf(identity.key);
  const certificate = certificatesOf(
    await readPem(identity.certificate),
    nameOf(identity.certificate),
  );
  const key = keyOf(await readPem(identity.key), name, identity.keyPassword?.reveal());
  if (!new X509Certificate(blocksOf(certificate, /CERTIFICATE/)[0]!).checkPrivateKey(key)) {
    throw refuse(name, "it must be the key of the first certificate, it is of another");
  }
  return { certificate, key: String(key.export({ type: "pkcs8", format: "pem" })) };
}

async function readStore({ store, password }: JavaStore): Promise<Pkcs12Content> {
  const bytes = await reading(store, () => Deno.readFile(store));
  return await readPkcs12(bytes, { name: store, password: password?.reveal() ?? "" });
}

async function readPem(pem: Pem): Promise<string> {
  if ("text" in pem) return pem.text.reveal();
  return await reading(pem.file, () => Deno.readTextFile(pem.file));
}

async function reading<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw refuse(file, `it must be a file that can be read, ${messageOf(error)}`, error);
  }
}

/** The certificates of a text, and nothing else of it. */
function certificatesOf(text: string, name: string): string {
  const blocks = blocksOf(text, /CERTIFICATE/);
  if (blocks.length === 0) throw refuse(name, "it must hold a certificate, there is none");
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch (error) {
      throw refuse(name, `all of its certificates must be such, ${messageOf(error)}`, error);
    }
  }
  return blocks.join("");
}

function keyOf(text: string, name: string, passphrase: string | undefined) {
  const [block] = blocksOf(text, /(?:[A-Z]+ )?PRIVATE KEY/);
  if (block === undefined) throw refuse(name, "it must hold a private key in PEM, there is none");
  try {
    return createPrivateKey({ key: block, ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    const found = passphrase === undefined ? "none is set" : "it does not fit";
    // The library's own word may tell of the key.
    throw refuse(
      name,
      block.includes("ENCRYPTED")
        ? `ssl.key.password must be what the key is encrypted with, ${found}`
        : "its private key must be whole and of a known kind",
      error,
    );
  }
}

/** The blocks of PEM of one kind, each with a line end. */
function blocksOf(text: string, kind: RegExp): readonly string[] {
  const { source } = kind;
  const block = new RegExp(`-----BEGIN (${source})-----[^]*?-----END \\1-----`, "g");
  return [...text.matchAll(block)].map(([found]) => `${found}\n`);
}

function nameOf(pem: Pem): string {
  return "file" in pem ? pem.file : "the PEM text of the client properties";
}

function refuse(name: string, what: string, cause?: unknown): FlightsError {
  return new FlightsError("invalid-argument", `Cannot use ${name}: ${what}`, { cause });
}

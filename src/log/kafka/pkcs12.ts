/**
 * PKCS#12: the key and trust stores that Java's keytool and `openssl pkcs12` write. node-forge reads
 * them, and no more of it is used; it is loaded when there is a store to read.
 */

import { FlightsError, messageOf } from "../../base/errors.ts";

/** What a store holds, in PEM. */
export interface Pkcs12Content {
  /** All certificates that are not of its key's owner, one after the other; empty when there are none. */
  readonly others: string;
  /** Its key, not encrypted, and the certificate of its owner; null when it holds no key. */
  readonly identity: { readonly certificate: string; readonly key: string } | null;
}

/** How a store is read. */
export interface Pkcs12Options {
  /** For messages: the file. */
  readonly name: string;
  readonly password: string;
}

/** What is used of node-forge's nodes of ASN.1. */
type Asn1 = Readonly<Record<string, unknown>>;

/** What is used of node-forge's bags. */
interface Bag {
  readonly type: string;
  readonly attributes: { readonly localKeyId?: readonly string[] };
  /** Where forge understands it. */
  readonly cert?: unknown;
  readonly key?: unknown;
  /** Where forge does not: keys and certificates that are not RSA. */
  readonly asn1?: Asn1;
}

/** The first bytes of Java's two other kinds of stores, JKS and JCEKS. */
const javaMagics: readonly string[] = ["feedfeed", "cececece"];

/**
 * Reads a store.
 *
 * @throws {FlightsError} `invalid-argument` when it is no PKCS#12 store or its password is another.
 */
export async function readPkcs12(
  bytes: Uint8Array,
  { name, password }: Pkcs12Options,
): Promise<Pkcs12Content> {
  if (javaMagics.includes(bytes.subarray(0, 4).toHex())) {
    throw new FlightsError(
      "invalid-argument",
      `Cannot read ${name}: it must be a PKCS12 store, it is Java's own JKS (keytool ` +
        `-importkeystore -srckeystore ${name} -destkeystore store.p12 -deststoretype PKCS12 turns it ` +
        "into one)",
    );
  }
  const [asn1, pki, pkcs12, util] = (await Promise.all([
    import("node-forge/lib/asn1.js"),
    import("node-forge/lib/pki.js"),
    import("node-forge/lib/pkcs12.js"),
    import("node-forge/lib/util.js"),
    // For stores whose integrity is by SHA-384 or SHA-512.
    import("node-forge/lib/sha512.js"),
  ])).map((module) => module.default);
  const pem = (kind: string, node: Asn1) => pemOf(kind, asn1.toDer(node).getBytes());
  const certificateOf = ({ cert, asn1: node }: Bag) =>
    pem("CERTIFICATE", node ?? pki.certificateToAsn1(cert));
  const keyOf = ({ key, asn1: node }: Bag) =>
    pem("PRIVATE KEY", node ?? pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(key)));
  try {
    const der = util.createBuffer(new Uint8Array(bytes).buffer);
    const { safeContents } = pkcs12.pkcs12FromAsn1(asn1.fromDer(der), true, password);
    const bags: Bag[] = safeContents.flatMap(({ safeBags }: { safeBags: Bag[] }) => safeBags);
    const { certBag, keyBag, pkcs8ShroudedKeyBag } = pki.oids;
    const certificates = bags.filter(({ type }) => type === certBag);
    const key = bags.find(({ type }) => type === keyBag || type === pkcs8ShroudedKeyBag);
    const id = key?.attributes.localKeyId?.[0];
    const own = certificates.find(({ attributes }) =>
      id !== undefined && attributes.localKeyId?.[0] === id
    );
    return {
      others: certificates.filter((one) => one !== own).map(certificateOf).join(""),
      identity: key === undefined || own === undefined
        ? null
        : { certificate: certificateOf(own), key: keyOf(key) },
    };
  } catch (error) {
    throw new FlightsError(
      "invalid-argument",
      `Cannot read ${name}: it must be a PKCS12 store of the password that is set, ${
        messageOf(error)
      }`,
      { cause: error },
    );
  }
}

/** @param der as a string of bytes. */
function pemOf(kind: string, der: string): string {
  const lines = btoa(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`, ""].join("\n");
}

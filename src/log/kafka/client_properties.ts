/**
 * Client properties: the files that Kafka's tools take by `--command-config`, as they and managed
 * services write them. The names are those of the Java client, and those of librdkafka where the
 * Java client has none for PEM files. What is ignored is named; what is secret is shown nowhere.
 */

import { fileURLToPath } from "node:url";
import { FlightsError } from "../../base/errors.ts";
import { isKnownName, nearestName, type UsedName } from "./client_property_names.ts";
import { jaasLogin } from "./jaas.ts";
import { type JavaProperty, parseJavaProperties } from "./java_properties.ts";
import { Secret } from "./secret.ts";

/** How to reach a cluster, as a file says it. */
export interface ClientProperties {
  /** Where to begin; null when the file does not say. */
  readonly bootstrapServers: string | null;
  /** Null: no TLS. */
  readonly tls: TlsProperties | null;
  /** Null: no SASL. */
  readonly sasl: SaslProperties | null;
  /** Names that are known and have no effect, in the order of the file. */
  readonly ignored: readonly string[];
}

/** Something in PEM: in a file of its own, or as text. */
export type Pem = { readonly file: string } | { readonly text: Secret };

/** A store of Java's kind: PKCS#12, unless the file turns out to be JKS. */
export interface JavaStore {
  readonly store: string;
  /** Null: none is set. */
  readonly password: Secret | null;
}

/** A certificate with its chain, and its key. */
export interface PemIdentity {
  readonly certificate: Pem;
  readonly key: Pem;
  /** What the key is encrypted with; null: it is not. */
  readonly keyPassword: Secret | null;
}

/** How a broker is known to be the right one, and how we are known to it. */
export interface TlsProperties {
  /** The certificates that are trusted; null: the machine's. */
  readonly ca: Pem | JavaStore | null;
  /** Our own certificate and key; null: we show none. */
  readonly identity: PemIdentity | JavaStore | null;
  /** Whether the broker's certificate must be of its host's name. */
  readonly verifyHostName: boolean;
}

/** Who we are. */
export type SaslProperties =
  | {
    readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
    readonly username: string;
    readonly password: Secret;
  }
  | {
    readonly mechanism: "OAUTHBEARER";
    /** The file that holds the token of the moment. */
    readonly tokenFile: string;
  };

const protocols = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
const mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] as const;

/**
 * Reads client properties; no file is opened.
 *
 * @param text in the syntax of Java's properties.
 * @throws {FlightsError} `invalid-argument` for unknown names (with the nearest known one), for what
 * must not stand together, and for what is missing.
 */
export function parseClientProperties(text: string): ClientProperties {
  const settings = new Settings(parseJavaProperties(text));
  const protocol = settings.choice("security.protocol", protocols) ?? "PLAINTEXT";
  const tls = protocol.endsWith("SSL") ? readTls(settings) : null;
  const sasl = protocol.startsWith("SASL_") ? readSasl(settings) : null;
  const bootstrapServers = settings.text("bootstrap.servers");
  return { bootstrapServers, tls, sasl, ignored: settings.unread() };
}

function refuse(what: string): FlightsError {
  return new FlightsError("invalid-argument", `Cannot read the client properties: ${what}`);
}

/** The values by name; remembers which of them were asked for. */
class Settings {
  readonly #values = new Map<string, string>();
  readonly #read = new Set<string>();

  constructor(properties: readonly JavaProperty[]) {
    const unknown = properties.filter(({ key }) => !isKnownName(key));
    if (unknown.length > 0) {
      throw refuse(`all names must be known, ${unknown.map(describeUnknown).join(", ")}`);
    }
    // As Kafka does: the last one counts, and white space around it does not.
    for (const { key, value } of properties) this.#values.set(key, value.trim());
  }

  /** The value; null where there is none, or an empty one. */
  text(name: UsedName): string | null {
    return this.raw(name) || null;
  }

  /** The value, empty where it is; null where there is none. */
  raw(name: UsedName): string | null {
    this.#read.add(name);
    return this.#values.get(name) ?? null;
  }

  secret(name: UsedName): Secret | null {
    const value = this.text(name);
    return value === null ? null : new Secret(value);
  }

  /** The value in capitals, which must be one of `choices`. */
  choice<T extends string>(name: UsedName, choices: readonly T[]): T | null {
    const value = this.text(name);
    const found = choices.find((choice) => choice === value?.toUpperCase()) ?? null;
    if (value === null || found !== null) return found;
    throw refuse(`${name} must be one of ${choices.join(", ")}, it is "${value}"`);
  }

  /** Which one of names that mean the same is set; null when none is. */
  only<T extends UsedName>(names: readonly T[]): T | null {
    const found = names.filter((name) => this.text(name) !== null);
    if (found.length > 1) {
      throw refuse(`only one of ${found.join(", ")} may be set, there are ${found.length}`);
    }
    return found[0] ?? null;
  }

  /** The names that were never asked for. */
  unread(): string[] {
    return [...this.#values.keys()].filter((name) => !this.#read.has(name));
  }
}

/** What does not look like a name may be a line of a key that was broken: it is not shown. */
function describeUnknown({ key, line }: JavaProperty): string {
  if (!/^[a-z]+([._-][a-z0-9]+)*$/.test(key) || key.length > 80) {
    return `line ${line} begins with none`;
  }
  const nearest = nearestName(key);
  return `${key} is not` + (nearest === null ? "" : ` (did you mean ${nearest}?)`);
}

function readTls(settings: Settings): TlsProperties {
  const verification = settings.raw("ssl.endpoint.identification.algorithm") ?? "https";
  if (!["https", "none", ""].includes(verification.toLowerCase())) {
    const what = `must be https, or empty for no look at host names, it is "${verification}"`;
    throw refuse(`ssl.endpoint.identification.algorithm ${what}`);
  }
  return {
    ca: readJavaStore(settings, "ssl.truststore") ?? readPem(settings, {
      files: ["ssl.truststore.location", "ssl.ca.location"],
      texts: ["ssl.truststore.certificates", "ssl.ca.pem"],
    }),
    identity: readJavaStore(settings, "ssl.keystore") ?? readIdentity(settings),
    verifyHostName: verification.toLowerCase() === "https",
  };
}

const storeTypes = ["PEM", "PKCS12", "JKS"] as const;

/**
 * The store, where there is one and it is not PEM. Java takes a PKCS#12 store for one that is said to
 * be JKS, which is also what holds when nothing is said: the file tells what it is.
 */
function readJavaStore(
  settings: Settings,
  name: "ssl.truststore" | "ssl.keystore",
): JavaStore | null {
  const type = settings.choice(`${name}.type`, storeTypes);
  const store = settings.text(`${name}.location`);
  if (type === "PEM" || (type === null && store === null)) return null;
  const alike = name === "ssl.truststore"
    ? ["ssl.truststore.certificates", "ssl.ca.location", "ssl.ca.pem"] as const
    : [
      "ssl.keystore.certificate.chain",
      "ssl.keystore.key",
      "ssl.certificate.location",
      "ssl.certificate.pem",
      "ssl.key.location",
      "ssl.key.pem",
    ] as const;
  const besides = alike.find((one) => settings.text(one) !== null);
  if (besides !== undefined) {
    throw refuse(
      store === null
        ? `${name}.type must be PEM for ${besides}, it is ${type}`
        : `only one of ${name}.location, ${besides} may be set, there are 2`,
    );
  }
  if (store === null) throw refuse(`${name}.location must be set, ${name}.type is ${type}`);
  return { store, password: settings.secret(`${name}.password`) };
}

function readIdentity(settings: Settings): PemIdentity | null {
  const certificate = readPem(settings, {
    files: ["ssl.keystore.location", "ssl.certificate.location"],
    texts: ["ssl.keystore.certificate.chain", "ssl.certificate.pem"],
  });
  const key = readPem(settings, {
    files: ["ssl.keystore.location", "ssl.key.location"],
    texts: ["ssl.keystore.key", "ssl.key.pem"],
  });
  if (certificate === null && key === null) return null;
  if (certificate !== null && key !== null) {
    return { certificate, key, keyPassword: settings.secret("ssl.key.password") };
  }
  const found = certificate === null ? "the key" : "the certificate";
  throw refuse(`a certificate and its key must be set together, there is only ${found}`);
}

function readPem(
  settings: Settings,
  { files, texts }: { readonly files: readonly UsedName[]; readonly texts: readonly UsedName[] },
): Pem | null {
  const name = settings.only([...files, ...texts]);
  if (name === null) return null;
  const value = settings.text(name)!;
  if (files.includes(name)) return { file: value };
  if (value.includes("-----BEGIN ")) return { text: new Secret(withLines(value)) };
  throw refuse(`${name} must be PEM text with its BEGIN and END lines, there are none`);
}

/** Continued lines of a property come without their line ends; PEM needs them. */
function withLines(pem: string): string {
  return pem.replace(
    /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----\s*/g,
    (_, kind: string, body: string) => {
      const lines = body.replace(/\s/g, "").match(/.{1,64}/g) ?? [];
      return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`, ""].join("\n");
    },
  );
}

function readSasl(settings: Settings): SaslProperties {
  const name = settings.only(["sasl.mechanism", "sasl.mechanisms"]);
  const mechanism = name === null ? null : settings.choice(name, mechanisms);
  if (mechanism === null) {
    throw refuse(`sasl.mechanism must be one of ${mechanisms.join(", ")}, it is not set`);
  }
  const jaas = settings.text("sasl.jaas.config");
  const login = jaas === null ? null : jaasLogin(jaas, mechanism);
  if (mechanism === "OAUTHBEARER") return { mechanism, tokenFile: readTokenFile(settings) };
  const username = settings.text("sasl.username");
  const password = settings.secret("sasl.password");
  if (login !== null) {
    if (username === null && password === null) return { mechanism, ...login };
    throw refuse(
      "sasl.jaas.config must stand alone, sasl.username or sasl.password is set besides",
    );
  }
  if (username !== null && password !== null) return { mechanism, username, password };
  const found = username !== null
    ? "only the name"
    : password !== null
    ? "only the password"
    : "none";
  throw refuse(
    "a user's name and password must be set, by sasl.jaas.config or by sasl.username and " +
      `sasl.password, there is ${found}`,
  );
}

function readTokenFile(settings: Settings): string {
  const url = settings.text("sasl.oauthbearer.token.endpoint.url");
  if (url !== null && /^file:\/\/\//i.test(url)) return fileURLToPath(url);
  const found = url === null ? "it is not set" : "it is another";
  throw refuse(`sasl.oauthbearer.token.endpoint.url must be a file:/// URL, ${found}`);
}

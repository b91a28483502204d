/** A broker that asks who its clients are, in each of the ways that Kafka knows, and what they may do. */

import { join } from "node:path";
import { type Authority, newAuthority } from "./certificates.ts";
import { type Cluster, type Listener, startCluster } from "./broker.ts";

/** No message may hold any of them. */
export const passwords = {
  scram: "Pw-scram-8d1",
  plain: "Pw-plain-8d1",
  store: "Pw-store-8d1",
  wrong: "Pw-wrong-8d1",
} as const;

/** The broker with what its clients need. */
export interface SecuredBroker extends AsyncDisposable {
  readonly cluster: Cluster;
  /** Signed the broker's certificate, and that of `anna`. */
  readonly authority: Authority;
  /** Where files may be put; goes with it. */
  readonly folder: string;
  /** Writes client properties to a file of their own and returns its path. */
  propertiesFile(listener: string, properties: Readonly<Record<string, string>>): Promise<string>;
}

const security = "org.apache.kafka.common.security";
const scramModule = `${security}.scram.ScramLoginModule`;
const plainModule = `${security}.plain.PlainLoginModule`;
const oauthModule = `${security}.oauthbearer.OAuthBearerLoginModule`;

/**
 * Starts a broker with these listeners besides PLAINTEXT, whose user may do everything:
 *
 * - SASLSSL and SASLPLAIN: `scram` by SCRAM, `plain` and all of `plainUsers` by PLAIN, and
 *   OAUTHBEARER with unsigned tokens;
 * - REAUTH: the same without TLS, each connection for two seconds;
 * - MTLS: TLS with a client's certificate;
 * - ELSEWHERE: TLS with the certificate of another host.
 *
 * @param options `plainUsers`: names with passwords; they may do only what ACLs allow.
 */
export async function startSecuredBroker(
  { plainUsers = {} }: { readonly plainUsers?: Readonly<Record<string, string>> } = {},
): Promise<SecuredBroker> {
  const folder = await Deno.makeTempDir({ prefix: "flights-secured-" });
  try {
    const authority = await newAuthority(folder, "authority");
    const here = "DNS:localhost,IP:127.0.0.1";
    const broker = await keyStore(authority, folder, { name: "broker", alternativeNames: here });
    const elsewhere = await keyStore(authority, folder, {
      name: "elsewhere",
      alternativeNames: "DNS:broker.example.com",
    });
    const trust = {
      "ssl.truststore.type": "PEM",
      "ssl.truststore.location": authority.certificate,
    };
    const sasl = saslProperties({ plain: passwords.plain, ...plainUsers });
    const listeners: readonly Listener[] = [
      { name: "SASLSSL", protocol: "SASL_SSL", properties: { ...sasl, ...broker } },
      { name: "SASLPLAIN", protocol: "SASL_PLAINTEXT", properties: sasl },
      {
        name: "REAUTH",
        protocol: "SASL_PLAINTEXT",
        properties: {
          ...sasl,
          "scram-sha-256.connections.max.reauth.ms": "2000",
          "oauthbearer.connections.max.reauth.ms": "2000",
        },
      },
      {
        name: "MTLS",
        protocol: "SSL",
        properties: { ...broker, ...trust, "ssl.client.auth": "required" },
      },
      { name: "ELSEWHERE", protocol: "SSL", properties: elsewhere },
    ];
    const cluster = await startCluster({
      listeners,
      scramUsers: { scram: passwords.scram },
      properties: {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": ["ANONYMOUS", "scram", "plain", "otto", "CN=anna"]
          .map((name) => `User:${name}`).join(";"),
      },
    });
    return secured(cluster, { authority, folder });
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

function secured(
  cluster: Cluster,
  { authority, folder }: Pick<SecuredBroker, "authority" | "folder">,
): SecuredBroker {
  let files = 0;
  return {
    cluster,
    authority,
    folder,
    propertiesFile: async (listener, properties) => {
      const path = join(folder, `client-${++files}.properties`);
      const all = { "bootstrap.servers": cluster.bootstrap(listener), ...properties };
      const lines = Object.entries(all).map((pair) => pair.join("="));
      await Deno.writeTextFile(path, lines.join("\n"));
      return path;
    },
    [Symbol.asyncDispose]: async () => {
      await cluster[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** A broker's certificate and key, in one PEM file as Kafka wants them. */
async function keyStore(
  authority: Authority,
  folder: string,
  { name, alternativeNames }: { readonly name: string; readonly alternativeNames: string },
): Promise<Record<string, string>> {
  const { certificate, key } = await authority.issue(name, { alternativeNames });
  const store = join(folder, `${name}-store.pem`);
  const parts = await Promise.all([key, certificate].map((file) => Deno.readTextFile(file)));
  await Deno.writeTextFile(store, parts.join(""));
  return { "ssl.keystore.type": "PEM", "ssl.keystore.location": store };
}

function saslProperties(plainUsers: Readonly<Record<string, string>>): Record<string, string> {
  const users = Object.entries(plainUsers).map(([name, password]) => `user_${name}="${password}"`);
  return {
    "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN,OAUTHBEARER",
    "scram-sha-256.sasl.jaas.config": `${scramModule} required;`,
    "scram-sha-512.sasl.jaas.config": `${scramModule} required;`,
    "plain.sasl.jaas.config": `${plainModule} required ${users.join(" ")};`,
    "oauthbearer.sasl.jaas.config": `${oauthModule} required unsecuredLoginStringClaim_sub="none";`,
  };
}

/** The client properties of a user with a password, as the Java client has them. */
export function javaLogin(
  mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512",
  user: string,
  { password }: { readonly password: string },
): Readonly<Record<string, string>> {
  const module = mechanism === "PLAIN" ? plainModule : scramModule;
  const jaas = `${module} required username="${user}" password="${password}";`;
  return { "sasl.mechanism": mechanism, "sasl.jaas.config": jaas };
}

/** An unsigned token that names a user; it ends in `validMs` milliseconds from `now`. */
export function unsignedToken(
  user: string,
  { now, validMs }: { readonly now: number; readonly validMs: number },
): string {
  const [issued, ends] = [now, now + validMs].map((time) => Math.floor(time / 1_000));
  const encode = (part: object) =>
    new TextEncoder().encode(JSON.stringify(part))
      .toBase64({ alphabet: "base64url", omitPadding: true });
  return `${encode({ alg: "none" })}.${encode({ sub: user, iat: issued, exp: ends })}.`;
}

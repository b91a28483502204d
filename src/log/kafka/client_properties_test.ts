import assert from "node:assert/strict";
import { inspect } from "node:util";
import { hasCode } from "../../base/errors.ts";
import {
  type ClientProperties,
  parseClientProperties,
  type PemIdentity,
} from "./client_properties.ts";
import { nearestName } from "./client_property_names.ts";

const secret = "S3cr3t";
const plainModule = "org.apache.kafka.common.security.plain.PlainLoginModule";
const scramModule = "org.apache.kafka.common.security.scram.ScramLoginModule";
const oauthModule = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";

function refused(text: string, message: RegExp): void {
  assert.throws(() => parseClientProperties(text), (error) => {
    assert.ok(hasCode(error, "invalid-argument"), String(error));
    assert.match(error.message, message);
    assert.ok(!inspect(error).includes(secret), "the secret is shown");
    return true;
  });
}

function pemIdentityOf({ tls }: ClientProperties): PemIdentity {
  assert.ok(tls?.identity && "certificate" in tls.identity);
  return tls.identity;
}

function userOf({ sasl }: ClientProperties): readonly [string, string, string] {
  assert.ok(sasl !== null && sasl.mechanism !== "OAUTHBEARER");
  return [sasl.mechanism, sasl.username, sasl.password.reveal()];
}

Deno.test("parseClientProperties takes nothing for a plain connection", () => {
  const nothing = { bootstrapServers: null, tls: null, sasl: null, ignored: [] };
  assert.deepEqual(parseClientProperties(""), nothing);
  assert.deepEqual(parseClientProperties("security.protocol = plaintext \n"), nothing);
});

Deno.test("parseClientProperties reads a managed service's file for the Java client", () => {
  const found = parseClientProperties(`# Required connection configs
bootstrap.servers=pkc-1.example.com:9092
security.protocol=SASL_SSL
sasl.jaas.config=${plainModule} required username='KEY' password='${secret}';
sasl.mechanism=PLAIN
client.dns.lookup=use_all_dns_ips
session.timeout.ms=45000
acks=all
client.id=ccloud-java-client-1
schema.registry.url=https://psrc.example.com
basic.auth.user.info=SR:${secret}
`);
  assert.deepEqual(userOf(found), ["PLAIN", "KEY", secret]);
  assert.deepEqual(found.tls, { ca: null, identity: null, verifyHostName: true });
  assert.equal(found.bootstrapServers, "pkc-1.example.com:9092");
  assert.deepEqual(found.ignored, [
    "client.dns.lookup",
    "session.timeout.ms",
    "acks",
    "client.id",
    "schema.registry.url",
    "basic.auth.user.info",
  ]);
});

Deno.test("parseClientProperties reads a managed service's file for librdkafka", () => {
  const found = parseClientProperties(`bootstrap.servers=a:1,b:2
security.protocol=SASL_SSL
sasl.mechanisms=PLAIN
sasl.username=KEY
sasl.password=${secret}
ssl.ca.location=/etc/ca.pem
`);
  assert.deepEqual(userOf(found), ["PLAIN", "KEY", secret]);
  assert.deepEqual(found.tls!.ca, { file: "/etc/ca.pem" });
  assert.deepEqual(found.ignored, []);
});

Deno.test("parseClientProperties reads SCRAM users, with quotes and escapes as JAAS has them", () => {
  const raw = String.raw;
  const cases: [options: string, username: string, password: string][] = [
    [`username="ann" password="${secret}";`, "ann", secret],
    [raw`${"\n"}  username = "ann" ${"\n"} password="a b;c='\"\\" ;`, "ann", `a b;c='"\\`],
    ["password=pw username=ann;", "ann", "pw"],
    [raw`username="ann" password="\101\t\x" tokenauth=true;`, "ann", "A\tx"],
  ];
  for (const [options, username, password] of cases) {
    const jaas = `${scramModule} required ${options}`;
    const found = parseClientProperties(
      "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config=" +
        jaas.replaceAll("\\", "\\\\").replaceAll("\n", "\\\n"),
    );
    assert.deepEqual(userOf(found), ["SCRAM-SHA-512", username, password], options);
    assert.equal(found.tls, null);
  }
});

Deno.test("parseClientProperties reads where an OAUTHBEARER token is", () => {
  const text = `security.protocol=SASL_SSL
sasl.mechanism=OAUTHBEARER
sasl.jaas.config=${oauthModule} required;
sasl.login.callback.handler.class=org.apache.kafka.Handler
sasl.oauthbearer.token.endpoint.url=`;
  const { sasl, ignored } = parseClientProperties(`${text}file:///run/my%20token`);
  assert.deepEqual(sasl, { mechanism: "OAUTHBEARER", tokenFile: "/run/my token" });
  assert.deepEqual(ignored, ["sasl.login.callback.handler.class"]);
  refused(text, /endpoint\.url must be a file:\/\/\/ URL, it is not set$/);
  refused(`${text}https://${secret}@example.com/`, /must be a file:\/\/\/ URL, it is another$/);
});

Deno.test("parseClientProperties reads PEM stores from files", () => {
  const found = parseClientProperties(`security.protocol=SSL
ssl.truststore.type=PEM
ssl.truststore.location=/ca.pem
ssl.keystore.type=pem
ssl.keystore.location=/me.pem
ssl.key.password=${secret}
ssl.endpoint.identification.algorithm=
`);
  const { tls } = found;
  const identity = pemIdentityOf(found);
  assert.deepEqual(tls!.ca, { file: "/ca.pem" });
  assert.deepEqual(identity.certificate, { file: "/me.pem" });
  assert.deepEqual(identity.key, { file: "/me.pem" });
  assert.equal(identity.keyPassword!.reveal(), secret);
  assert.equal(tls!.verifyHostName, false);
});

Deno.test("parseClientProperties reads a certificate and its key from two files", () => {
  const { tls } = parseClientProperties(`security.protocol=SSL
ssl.certificate.location=/me.crt
ssl.key.location=/me.key
ssl.endpoint.identification.algorithm=HTTPS
`);
  const [certificate, key] = [{ file: "/me.crt" }, { file: "/me.key" }];
  assert.deepEqual(tls!.identity, { certificate, key, keyPassword: null });
  assert.equal(tls!.verifyHostName, true);
});

Deno.test("parseClientProperties gives PEM text its lines back", () => {
  const body = "MIIB+/".repeat(20);
  const pem = (kind: string) =>
    `-----BEGIN ${kind}-----\n${body.slice(0, 64)}\n${body.slice(64)}\n-----END ${kind}-----\n`;
  const continued = (kind: string) =>
    `-----BEGIN ${kind}----- \\\n  ${body.slice(0, 60)} \\\n  ${
      body.slice(60)
    } \\\n -----END ${kind}-----`;
  const escaped = (kind: string) => pem(kind).replaceAll("\n", "\\n");
  const found = parseClientProperties(`security.protocol=SSL
ssl.truststore.type=PEM
ssl.truststore.certificates=${escaped("CERTIFICATE")}${continued("CERTIFICATE")}
ssl.keystore.type=PEM
ssl.keystore.certificate.chain=${continued("CERTIFICATE")}
ssl.keystore.key=${continued("ENCRYPTED PRIVATE KEY")}
`);
  const { ca } = found.tls!;
  const identity = pemIdentityOf(found);
  assert.ok(ca !== null && "text" in ca);
  assert.ok("text" in identity.certificate && "text" in identity.key);
  assert.equal(ca.text.reveal(), pem("CERTIFICATE").repeat(2));
  assert.equal(identity.certificate.text.reveal(), pem("CERTIFICATE"));
  assert.equal(identity.key.text.reveal(), pem("ENCRYPTED PRIVATE KEY"));
});

Deno.test("parseClientProperties takes the last of two values, as Kafka does", () => {
  const { bootstrapServers } = parseClientProperties(
    "bootstrap.servers=a:1\nbootstrap.servers=b:2",
  );
  assert.equal(bootstrapServers, "b:2");
});

Deno.test("parseClientProperties names what the security protocol has no use for", () => {
  const { tls, sasl, ignored } = parseClientProperties(
    `sasl.mechanism=PLAIN\nsasl.password=${secret}\nssl.truststore.type=PKCS12\n` +
      "ssl.truststore.location=/ca.p12\n",
  );
  assert.deepEqual([tls, sasl], [null, null]);
  assert.deepEqual(ignored, [
    "sasl.mechanism",
    "sasl.password",
    "ssl.truststore.type",
    "ssl.truststore.location",
  ]);
});

Deno.test("parseClientProperties names all unknown names, and the nearest known ones", () => {
  refused(
    `security.protocl=SSL\nbootstrap.server=${secret}\nno.such.thing.at.all=${secret}\nacks=1`,
    /^Cannot read the client properties: all names must be known, security\.protocl is not \(did you mean security\.protocol\?\), bootstrap\.server is not \(did you mean bootstrap\.servers\?\), no\.such\.thing\.at\.all is not$/,
  );
});

Deno.test("parseClientProperties shows no line that may be a part of a key", () => {
  refused(
    `ssl.keystore.key=-----BEGIN PRIVATE KEY-----\n${secret}AAAA\n`,
    /line 2 begins with none$/,
  );
});

Deno.test("parseClientProperties refuses values that are none of the choices", () => {
  refused("security.protocol=TLS", /security\.protocol must be one of PLAINTEXT, SSL, .*"TLS"$/);
  refused("security.protocol=SASL_SSL", /sasl\.mechanism must be one of PLAIN, .* not set$/);
  const sasl = "security.protocol=SASL_SSL\nsasl.mechanism=";
  refused(`${sasl}GSSAPI`, /sasl\.mechanism must be one of PLAIN, .*"GSSAPI"$/);
  refused(`${sasl}PLAIN\nsasl.mechanisms=PLAIN`, /only one of sasl\.mechanism, sasl\.mechanisms/);
  refused(
    "security.protocol=SSL\nssl.endpoint.identification.algorithm=ldaps",
    /must be https, or empty .*"ldaps"$/,
  );
});

Deno.test("parseClientProperties refuses a user without name or password, or with two", () => {
  const start = "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n";
  const jaas = `sasl.jaas.config=${plainModule} required username="a" password="${secret}";\n`;
  refused(start, /there is none$/);
  refused(`${start}sasl.username=a`, /there is only the name$/);
  refused(`${start}sasl.password=${secret}`, /there is only the password$/);
  refused(`${start}${jaas}sasl.password=${secret}`, /sasl\.jaas\.config must stand alone/);
});

Deno.test("parseClientProperties refuses a JAAS configuration that is not one, and shows none of it", () => {
  const start = "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=";
  const cases: [jaas: string, message: RegExp][] = [
    [`${plainModule} required username="a" password="${secret}"`, /semicolon, it is different$/],
    [`${plainModule} required username="a" password="${secret};`, /semicolon, it is different$/],
    [`${plainModule} username="a" password="${secret}";`, /semicolon, it is different$/],
    [`password="${secret}" username="a";`, /semicolon, it is different$/],
    [`${plainModule} required password="${secret}";`, /must be set, username is not$/],
    [`${plainModule} required username="a" password="";`, /must be set, password is not$/],
    [
      `${scramModule} required username="a" password="${secret}";`,
      /for PLAIN must be .*it is .*Scram/,
    ],
    [`${secret} required username="a" password="${secret}";`, /for PLAIN must be .*, it is not$/],
  ];
  for (const [jaas, message] of cases) refused(`${start}${jaas}`, message);
});

Deno.test("parseClientProperties reads Java's stores, whatever they are said to be", () => {
  for (const type of ["PKCS12", "jks", null]) {
    const typed = (name: string) => type === null ? "" : `ssl.${name}.type=${type}\n`;
    const { tls, ignored } = parseClientProperties(`security.protocol=SSL
${typed("truststore")}ssl.truststore.location=/trust.p12
ssl.truststore.password=${secret}
${typed("keystore")}ssl.keystore.location=/me.p12
ssl.key.password=${secret}
`);
    assert.ok(tls!.ca !== null && "store" in tls!.ca && tls!.identity !== null);
    assert.equal(tls!.ca.store, "/trust.p12");
    assert.equal(tls!.ca.password!.reveal(), secret);
    assert.deepEqual(tls!.identity, { store: "/me.p12", password: null });
    // A store of Java's has one password for all.
    assert.deepEqual(ignored, ["ssl.key.password"]);
    assert.ok(!inspect(tls, { depth: 9 }).includes(secret));
  }
});

Deno.test("parseClientProperties refuses stores of two kinds at once, and halves of an identity", () => {
  const ssl = "security.protocol=SSL\n";
  refused(
    `${ssl}ssl.truststore.type=BKS`,
    /truststore\.type must be one of PEM, PKCS12, JKS, .*"BKS"$/,
  );
  refused(`${ssl}ssl.keystore.type=PKCS12`, /ssl\.keystore\.location must be set, .* is PKCS12$/);
  refused(
    `${ssl}ssl.keystore.type=JKS\nssl.keystore.key=${secret}`,
    /ssl\.keystore\.type must be PEM for ssl\.keystore\.key, it is JKS$/,
  );
  refused(
    `${ssl}ssl.truststore.location=/a.p12\nssl.ca.location=/b`,
    /only one of ssl\.truststore\.location, ssl\.ca\.location may be set/,
  );
  refused(`${ssl}ssl.ca.location=/a\nssl.ca.pem=x`, /only one of ssl\.ca\.location, ssl\.ca\.pem/);
  refused(`${ssl}ssl.key.location=/k`, /there is only the key$/);
  refused(`${ssl}ssl.certificate.location=/c`, /there is only the certificate$/);
  refused(`${ssl}ssl.keystore.key=${secret}`, /ssl\.keystore\.key must be PEM text .*none$/);
});

Deno.test("parseClientProperties gives secrets that nothing prints", () => {
  const found = parseClientProperties(`security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-256
sasl.username=ann
sasl.password=${secret}
ssl.key.pem=-----BEGIN PRIVATE KEY-----\\n${secret}\\n-----END PRIVATE KEY-----
ssl.certificate.location=/c
ssl.key.password=${secret}
`);
  const shown = [
    JSON.stringify(found),
    inspect(found, { depth: 9 }),
    Deno.inspect(found, { depth: 9 }),
  ];
  for (const text of shown) {
    assert.ok(text.includes("ann") && text.includes("[hidden]"), text);
    assert.ok(!text.includes(secret), text);
  }
  const { sasl } = found;
  assert.ok(sasl !== null && "password" in sasl);
  assert.equal(`${sasl.password}`, "[hidden]");
});

Deno.test("nearestName finds one within a quarter of the letters, else none", () => {
  assert.equal(nearestName("sasl.mechanizm"), "sasl.mechanism");
  assert.equal(nearestName("aks"), "acks");
  assert.equal(nearestName("quite.another.name"), null);
});

import assert from "node:assert/strict";
import type { ErrorCode } from "../../base/errors.ts";
import { type ConnectAttempt, connectError, type ConnectFailure } from "./connect_errors.ts";

const tls = {};
const sasl = { mechanism: "scram-sha-512", username: "ann" };

/** An error as sockets and kafkajs throw it. */
function failed(message: string, code?: string): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

function errorOf(failure: ConnectFailure, settings: Pick<ConnectAttempt, "tls" | "sasl">) {
  return connectError(failure, { doing: "connect", address: "broker:9092", ...settings });
}

const cases: readonly (readonly [
  rule: string,
  failure: ConnectFailure,
  settings: Pick<ConnectAttempt, "tls" | "sasl">,
  code: ErrorCode,
  message: RegExp,
])[] = [
  [
    "a refused user",
    { kind: "refused", error: failed("SASL SCRAM SHA512 authentication failed") },
    { sasl },
    "log-forbidden",
    /^Cannot connect at broker:9092: the broker must accept user "ann" and the password by SCRAM-SHA-512, SASL SCRAM SHA512 authentication failed$/,
  ],
  [
    "a refused token",
    { kind: "refused", error: failed("invalid_token") },
    { sasl: { mechanism: "oauthbearer" } },
    "log-forbidden",
    /the token of sasl\.oauthbearer\.token\.endpoint\.url, invalid_token$/,
  ],
  [
    "an authority that is not trusted",
    { kind: "other", error: failed("Connection error: self-signed", "SELF_SIGNED_CERT_IN_CHAIN") },
    { tls },
    "log-forbidden",
    /signed by who is trusted \(ssl\.truststore\.\* .*\), self-signed$/,
  ],
  [
    "another host's name",
    { kind: "other", error: failed("not in the list: ", "ERR_TLS_CERT_ALTNAME_INVALID") },
    { tls },
    "log-forbidden",
    /must be of the host's name .*identification\.algorithm.*, not in the list$/,
  ],
  [
    "no certificate where one is asked for",
    { kind: "other", error: failed("alert", "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE") },
    { tls },
    "log-forbidden",
    /a certificate of our own must be set \(ssl\.keystore\.\*,.* there is none, alert$/,
  ],
  [
    "a certificate that the broker does not accept",
    { kind: "other", error: failed("alert", "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA") },
    { tls: { certificate: "PEM" } },
    "log-forbidden",
    /the broker must accept our certificate \(ssl\.keystore\.\*\), alert$/,
  ],
  [
    "a broker that closes without a word",
    { kind: "closed", error: failed("Closed connection") },
    {},
    "log-unreachable",
    /security\.protocol must be what this port speaks, it is PLAINTEXT and the broker closed/,
  ],
  [
    "a socket that is reset",
    { kind: "other", error: failed("Connection error: reset", "ECONNRESET") },
    { tls, sasl },
    "log-unreachable",
    /security\.protocol must be what this port speaks, it is SASL_SSL and/,
  ],
  [
    "nobody that listens",
    { kind: "other", error: failed("Connection error: refused", "ECONNREFUSED") },
    { tls },
    "log-unreachable",
    /^Cannot connect at broker:9092: the broker must answer, refused$/,
  ],
  [
    "a TLS alert that is about no certificate",
    { kind: "other", error: failed("alert", "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION") },
    { tls },
    "log-unreachable",
    /the broker must answer, alert$/,
  ],
];

for (const [rule, failure, settings, code, message] of cases) {
  Deno.test(`connectError says what is needed of ${rule}`, () => {
    const error = errorOf(failure, settings);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.equal(error.cause, failure.error);
  });
}

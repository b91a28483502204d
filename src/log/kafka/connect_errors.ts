/** Why a connection did not come about, said so that whoever wrote the client properties can mend it. */

import { FlightsError, messageOf } from "../../base/errors.ts";

/** What went wrong while a connection was made, or at its first request. */
export interface ConnectFailure {
  /**
   * - `refused`: the broker does not accept who we say we are.
   * - `closed`: the broker closed the connection without a word.
   * - `other`: the error's own code tells, if anything does.
   */
  readonly kind: "refused" | "closed" | "other";
  readonly error: unknown;
}

/** What was tried. */
export interface ConnectAttempt {
  /** To follow "Cannot", as in "connect". */
  readonly doing: string;
  /** HOST:PORT. */
  readonly address: string;
  /** Undefined without TLS. */
  readonly tls?: { readonly certificate?: string };
  /** Undefined without SASL. */
  readonly sasl?: { readonly mechanism: string; readonly username?: string };
}

/** The codes of sockets that do not trust the broker's certificate. */
const distrusts: ReadonlySet<string> = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REVOKED",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);
/** The codes of TLS alerts by which a broker refuses our certificate, or that we show none. */
const certificateAlert =
  /^ERR_SSL_\w*ALERT_(ACCESS_DENIED|BAD_CERTIFICATE|CERTIFICATE_\w+|HANDSHAKE_FAILURE|NO_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE)$/;
/** The codes of connections that the other side has closed. */
const closedCodes: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/** The error of a connection that did not come about: `log-forbidden`, or `log-unreachable`. */
export function connectError(failure: ConnectFailure, attempt: ConnectAttempt): FlightsError {
  const { kind, error } = failure;
  const { doing, address, tls } = attempt;
  // What kafkajs puts before a socket's own message says nothing.
  const found = messageOf(error).replace(/^Connection error: /, "").replace(/[:\s]+$/, "");
  const code = codeOf(error);
  const forbidden = (need: string) =>
    new FlightsError(
      "log-forbidden",
      `Cannot ${doing} at ${address}: ${need}, ${found}`,
      { cause: error },
    );
  if (kind === "refused") return forbidden(neededLogin(attempt));
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return forbidden(
      "the broker's certificate must be of the host's name (an empty " +
        "ssl.endpoint.identification.algorithm turns this check off)",
    );
  }
  if (distrusts.has(code)) {
    return forbidden(
      "the broker's certificate must be valid and signed by who is trusted (ssl.truststore.* or " +
        "ssl.ca.*; by default the machine's authorities)",
    );
  }
  if (certificateAlert.test(code)) {
    return forbidden(
      tls?.certificate === undefined
        ? "a certificate of our own must be set (ssl.keystore.*, or ssl.certificate.location and " +
          "ssl.key.location), there is none"
        : "the broker must accept our certificate (ssl.keystore.*)",
    );
  }
  const isClosed = kind === "closed" || closedCodes.has(code);
  return new FlightsError(
    "log-unreachable",
    `Cannot ${doing} at ${address}: ` +
      (isClosed
        ? `security.protocol must be what this port speaks, it is ${protocolOf(attempt)} and the ` +
          "broker closed the connection without a word"
        : `the broker must answer, ${found}`),
    { cause: error },
  );
}

function neededLogin({ sasl }: ConnectAttempt): string {
  if (sasl === undefined) return "the broker must accept who we are";
  if (sasl.mechanism === "oauthbearer") {
    return "the broker must accept the token of sasl.oauthbearer.token.endpoint.url";
  }
  const mechanism = sasl.mechanism.toUpperCase();
  return `the broker must accept user "${sasl.username}" and the password by ${mechanism}`;
}

function protocolOf({ tls, sasl }: ConnectAttempt): string {
  if (sasl === undefined) return tls === undefined ? "PLAINTEXT" : "SSL";
  return tls === undefined ? "SASL_PLAINTEXT" : "SASL_SSL";
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

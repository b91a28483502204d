/** How to reach brokers, and how each side is known to the other. */

import type { Clock } from "../../base/clock.ts";

/** How a broker is known to be the right one, and how we are known to it; all in PEM. */
export interface TlsSettings {
  /** The certificates that are trusted; default: the machine's. */
  readonly ca?: string;
  /** Our own certificate with its chain, where the broker asks for one. */
  readonly certificate?: string;
  /** Our own certificate's key. */
  readonly key?: string;
  /** What the key is encrypted with. */
  readonly keyPassphrase?: string;
  /** Whether the broker's certificate must be of its host's name; default true. */
  readonly verifyHostName?: boolean;
}

/** Who we are. */
export type SaslSettings =
  | {
    /** How the password is proved. */
    readonly mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    /** The user's name. */
    readonly username: string;
    /** The user's password. */
    readonly password: string;
  }
  | {
    /** A token instead of a password. */
    readonly mechanism: "oauthbearer";
    /** Called at every (re-)authentication. */
    readonly token: () => Promise<string>;
  };

/** What all connections have in common. */
export interface ConnectionSettings {
  /** What brokers call us in their logs and quotas. */
  readonly clientId: string;
  /** Default: no TLS. */
  readonly tls?: TlsSettings;
  /** Default: no SASL. */
  readonly sasl?: SaslSettings;
  /** Connecting, handshakes and authentication together take this long at most; default 10 s. */
  readonly connectTimeoutMs?: number;
  readonly clock: Clock;
}

/** Where a broker listens. */
export interface Endpoint {
  /** A name or an address; of an IPv6 address without brackets. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
}

/**
 * Where this program touches kafkajs: connections to brokers, with TLS, SASL and the pairing of
 * requests with responses. Only this file imports it, and from its inside, since kafkajs has no
 * other way to send requests of one's own; the version is pinned, and `kafkajs_seam_test.ts` fails
 * when what is used here changes shape.
 *
 * What is left aside of kafkajs' connection, and why: its timer that looks for late responses ten
 * times a second, and its check of pending requests, which sets a timer again and again (idle, they
 * cost more than all the rest); its waiting at a throttling broker; its logger.
 */

import net from "node:net";
import tls from "node:tls";
import KafkajsConnection from "kafkajs/src/network/connection.js";
import kafkajsErrors from "kafkajs/src/errors.js";
import { FlightsError, hasCode, messageOf } from "../../base/errors.ts";
import { connectError, type ConnectFailure } from "./connect_errors.ts";
import type {
  ConnectionSettings,
  Endpoint,
  SaslSettings,
  TlsSettings,
} from "./connection_settings.ts";
import { checkErrorCode, UnansweredError } from "./errors.ts";
import { authenticateByToken, type SaslAuthenticate } from "./oauth_bearer.ts";
import type { Call, Response } from "./protocol/api.ts";
import { apiVersions } from "./protocol/api_versions_v3.ts";

/** The versions of one request that a broker knows. */
interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** What is used of kafkajs' `src/network/connection.js`. */
interface Connection {
  socket?: net.Socket;
  /** How long before its end a session is renewed, in milliseconds. */
  reauthenticationThreshold: number;
  /** Milliseconds; 0 for ever. */
  readonly sessionLifetime: { toNumber(): number };
  readonly requestQueue: {
    scheduleCheckPendingRequests: () => void;
    push(request: {
      entry: {
        apiKey: number;
        apiName: string;
        apiVersion: number;
        correlationId: number;
        resolve: (response: { payload: Uint8Array }) => void;
        reject: (error: unknown) => void;
      };
      expectResponse: boolean;
      sendRequest: () => void;
    }): void;
    rejectAll(error: Error): void;
  };
  connect(): Promise<true>;
  disconnect(): Promise<true>;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  setVersions(versions: Readonly<Record<number, VersionRange>>): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
  nextCorrelationId(): number;
}

const defaultConnectTimeoutMs = 10_000;
const keepAliveDelayMs = 60_000;
/** A session is renewed so long before its end, or this share of it. */
const longestRenewalMs = 10_000;
const renewalShare = 0.2;
const timedOut = Symbol("timed out");

const ignore = () => {};
const silentLogger = {
  namespace: () => silentLogger,
  ...{ debug: ignore, info: ignore, warn: ignore, error: ignore },
};

/**
 * One connection to one broker, opened by the first request. The broker answers its requests one
 * after the other, in the order they were sent. When anything goes wrong it closes and stays closed.
 */
export class BrokerConnection {
  readonly #endpoint: Endpoint;
  readonly #settings: ConnectionSettings;
  readonly #connection: Connection;
  readonly #closed = new AbortController();
  /** What the socket ended with. */
  #broken: Error | null = null;
  #versions: Readonly<Record<number, VersionRange>> | null = null;
  /** Whether a request was ever answered, but for those that every connection begins with. */
  #wasUsed = false;
  /** The requests' order: each waits for its turn, so that none overtakes another. */
  #turn: Promise<void> = Promise.resolve();
  /** Resolves when the broker wants to hear from us again. */
  #throttled: Promise<unknown> = Promise.resolve();

  constructor(endpoint: Endpoint, settings: ConnectionSettings) {
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#connection = newConnection(endpoint, settings, (error) => this.#broken ??= error);
  }

  /** Whether it is of no more use. */
  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /**
   * Sends a request and waits for its response.
   *
   * @param options `timeoutMs`: counted from when it is sent, so without connecting and throttling.
   * @throws {FlightsError} `log-unreachable` when there is no answer, so that it is not known whether
   * the request was carried out; `log-forbidden` when the broker does not accept us, or we do
   * not trust its certificate; `log-version` when it does not know the request; `log-corrupt` for an
   * answer that makes no sense.
   */
  async send<Answer extends Response>(
    call: Call<Answer>,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<Answer> {
    const turn = this.#turn.then(() => this.#getReady());
    this.#turn = turn;
    await turn;
    this.#checkVersion(call);
    const answer = call.decode(await this.#exchange(call, timeoutMs));
    this.#wasUsed = true;
    if (answer.throttleTimeMs > 0) {
      const pause = this.#settings.clock.sleep(answer.throttleTimeMs, this.#closed.signal);
      this.#throttled = Promise.all([this.#throttled, pause]);
    }
    return answer;
  }

  /** Closes it at once; requests under way fail. Does nothing the second time. */
  async close(): Promise<void> {
    await this.#close(new Error("the connection was closed here"));
  }

  async #getReady(): Promise<void> {
    await this.#throttled;
    if (this.isClosed) throw this.#unreachable("it must be open, it is closed");
    const mayAuthenticate = this.#settings.sasl !== undefined;
    if (this.#versions === null) await this.#bounded("connect", () => this.#open());
    else if (mayAuthenticate && !this.#connection.isAuthenticated()) {
      await this.#bounded("authenticate again", () => this.#authenticate());
    }
  }

  async #open(): Promise<void> {
    const connection = this.#connection;
    await connection.connect();
    const call = apiVersions.call({ softwareName: "flights", softwareVersion: "unknown" });
    const answer = call.decode(await this.#roundTrip(call));
    checkErrorCode(answer.errorCode, `connect to ${this.#name}`);
    const versions = Object.fromEntries(answer.apis.map((api) => [api.key, api]));
    connection.setVersions(versions);
    connection.setSupportAuthenticationProtocol(true);
    await this.#authenticate();
    this.#versions = versions;
  }

  /**
   * Tells the broker who we are. Kafkajs would renew a session ten seconds before its end, which for
   * a short one is at each request, and a broker takes that at most once a second (KIP-368).
   */
  async #authenticate(): Promise<void> {
    const connection = this.#connection;
    await connection.authenticate();
    connection.reauthenticationThreshold = Math.min(
      longestRenewalMs,
      renewalShare * connection.sessionLifetime.toNumber(),
    );
  }

  #checkVersion({ name, key, version }: Call<Response>): void {
    const known = this.#versions?.[key];
    if (known && known.minVersion <= version && version <= known.maxVersion) return;
    throw new FlightsError(
      "log-version",
      `Cannot send ${name} to ${this.#name}: the broker must know its version ${version}, it ` +
        (known ? `knows ${known.minVersion} to ${known.maxVersion}` : "does not know the request"),
    );
  }

  /** A request and its response, within `timeoutMs`. */
  async #exchange(call: Call<Response>, timeoutMs: number): Promise<Uint8Array> {
    try {
      return await this.#within(timeoutMs, this.#roundTrip(call));
    } catch (error) {
      if (error instanceof FlightsError && !hasCode(error, "log-unreachable")) throw error;
      await this.#close(error);
      // Brokers tell their versions to anybody, and close when who has not logged in asks for more.
      const isFirst = !this.#wasUsed && failureOf(error).kind === "closed";
      throw isFirst
        ? this.#connectError("connect", error)
        : new UnansweredError(call.name, this.#name, error);
    }
  }

  #connectError(doing: string, error: unknown): FlightsError {
    const { tls, sasl } = this.#settings;
    const settings = { ...(tls && { tls }), ...(sasl && { sasl }) };
    return connectError(failureOf(error), { doing, address: this.#name, ...settings });
  }

  #roundTrip(call: Call<Response>): Promise<Uint8Array> {
    const connection = this.#connection;
    return new Promise((resolve, reject) => {
      const { name: apiName, key: apiKey, version: apiVersion } = call;
      const correlationId = connection.nextCorrelationId();
      const frame = call.frame(correlationId, this.#settings.clientId);
      // While kafkajs takes a connection down it still takes requests, which nobody would answer.
      if (this.#broken !== null) throw this.#broken;
      if (!connection.isConnected()) throw new Error("the broker has closed the connection");
      connection.requestQueue.push({
        entry: {
          apiKey,
          apiName,
          apiVersion,
          correlationId,
          resolve: ({ payload }) => resolve(payload),
          reject,
        },
        expectResponse: true,
        sendRequest: () => connection.socket?.write(frame),
      });
    });
  }

  /** Connecting or authenticating, within the time for it. */
  async #bounded(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await this.#within(this.#settings.connectTimeoutMs ?? defaultConnectTimeoutMs, work());
    } catch (error) {
      await this.#close(error);
      if (error instanceof FlightsError && !hasCode(error, "log-unreachable")) throw error;
      throw this.#connectError(what, error);
    }
  }

  async #within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
    const done = new AbortController();
    const timeout = this.#settings.clock.sleep(timeoutMs, done.signal);
    try {
      const first = await Promise.race([work, timeout.then(() => timedOut)]);
      if (first === timedOut) throw new Error(`there was no answer for ${timeoutMs} ms`);
      return first as T;
    } finally {
      // With a reason of its own, since the default one costs a stack trace.
      done.abort("answered");
    }
  }

  async #close(reason: unknown): Promise<void> {
    if (this.isClosed) return;
    this.#closed.abort();
    const error = reason instanceof Error ? reason : new Error(messageOf(reason));
    // Else kafkajs would wait for what is under way, a long poll too.
    this.#connection.requestQueue.rejectAll(error);
    await this.#connection.disconnect();
    // Told to the socket, since kafkajs still waits for it when it was connecting.
    this.#connection.socket?.destroy(error);
  }

  get #name(): string {
    return `${this.#endpoint.host}:${this.#endpoint.port}`;
  }

  #unreachable(problem: string, cause?: unknown): FlightsError {
    return new FlightsError(
      "log-unreachable",
      `Cannot talk to the broker at ${this.#name}: ${problem}`,
      { cause },
    );
  }
}

/** @param onBroken called with what the socket ended with, before kafkajs knows of it. */
function newConnection(
  { host, port }: Endpoint,
  settings: ConnectionSettings,
  onBroken: (error: Error) => void,
): Connection {
  const timeoutMs = settings.connectTimeoutMs ?? defaultConnectTimeoutMs;
  const connection = new KafkajsConnection({
    host,
    port,
    logger: silentLogger,
    socketFactory: (options: SocketOptions) => {
      const socket = openSocket(options);
      const closed = () => onBroken(new kafkajsErrors.KafkaJSConnectionClosedError("it is closed"));
      return socket.on("error", onBroken).on("end", closed).on("close", closed);
    },
    clientId: settings.clientId,
    connectionTimeout: timeoutMs,
    requestTimeout: timeoutMs,
    enforceRequestTimeout: false,
    ssl: settings.tls ? tlsOptions(settings.tls) : null,
    sasl: settings.sasl ? saslOptions(settings.sasl) : null,
  }) as Connection;
  // Nothing is ever pending: kafkajs is told of no throttling and has no limit on requests.
  connection.requestQueue.scheduleCheckPendingRequests = () => {};
  return connection;
}

/** What kafkajs says of the socket it wants. */
interface SocketOptions {
  readonly host: string;
  readonly port: number;
  readonly ssl: tls.ConnectionOptions | null;
  readonly onConnect: () => void;
}

/** As kafkajs does it, but without holding small requests back (TCP_NODELAY). */
function openSocket({ host, port, ssl, onConnect }: SocketOptions): net.Socket {
  const serverName = net.isIP(host) === 0 ? { servername: host } : {};
  const socket = ssl
    ? tls.connect({ host, port, ...serverName, ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveDelayMs);
  return socket;
}

function tlsOptions(settings: TlsSettings): tls.ConnectionOptions {
  const { ca, certificate, key, keyPassphrase, verifyHostName = true } = settings;
  return {
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(keyPassphrase !== undefined && { passphrase: keyPassphrase }),
    ...(!verifyHostName && { checkServerIdentity: () => undefined }),
  };
}

function saslOptions(settings: SaslSettings): Readonly<Record<string, unknown>> {
  if (settings.mechanism !== "oauthbearer") return { ...settings };
  const { mechanism, token } = settings;
  const authenticationProvider = (
    { saslAuthenticate }: { readonly saslAuthenticate: SaslAuthenticate },
  ) => ({
    authenticate: async () => {
      const refusal = await authenticateByToken(await token(), saslAuthenticate);
      if (refusal !== null) throw new kafkajsErrors.KafkaJSSASLAuthenticationError(refusal);
    },
  });
  return { mechanism, authenticationProvider };
}

/** What kafkajs' errors say by their classes. */
function failureOf(error: unknown): ConnectFailure {
  const isRefused = error instanceof kafkajsErrors.KafkaJSSASLAuthenticationError ||
    error instanceof kafkajsErrors.KafkaJSProtocolError;
  const isClosed = error instanceof kafkajsErrors.KafkaJSConnectionClosedError;
  return { kind: isRefused ? "refused" : isClosed ? "closed" : "other", error };
}

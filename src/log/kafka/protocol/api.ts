/** What a request of Kafka's protocol is, and how it is framed on a connection. */

import { Reader, Writer } from "./wire.ts";

/** What every response tells. */
export interface Response {
  /** How long the broker wants to be left alone, in milliseconds (KIP-219). */
  readonly throttleTimeMs: number;
}

/** One kind of request in one version: its key, its encoding and its layouts. */
interface Layout<Request, Answer extends Response> {
  /** The name Kafka gives it. */
  readonly name: string;
  readonly key: number;
  readonly version: number;
  /** Whether it has the flexible encoding (KIP-482). */
  readonly flexible: boolean;
  /**
   * Whether the response's header has tagged fields; default: when it is flexible. ApiVersions has
   * none, so that a client of any age can read it.
   */
  readonly responseTags?: boolean;
  readonly encode: (writer: Writer, request: Request) => void;
  readonly decode: (reader: Reader) => Answer;
}

/** A request that is ready to be sent, and how its response is read. */
export interface Call<Answer extends Response> {
  readonly name: string;
  readonly key: number;
  readonly version: number;
  /** The frame as it goes over the wire. */
  frame(correlationId: number, clientId: string): Uint8Array;
  /**
   * Reads the response, from behind its correlation id on.
   *
   * @throws {FlightsError} `log-corrupt` when it is not what the protocol says.
   */
  decode(payload: Uint8Array): Answer;
}

/** One kind of request in one version. */
export class Api<Request, Answer extends Response> {
  readonly #layout: Layout<Request, Answer>;

  constructor(layout: Layout<Request, Answer>) {
    this.#layout = layout;
  }

  /** Its name, such as `Fetch`. */
  get name(): string {
    return this.#layout.name;
  }

  /** Its number. */
  get key(): number {
    return this.#layout.key;
  }

  /** The one version of it that is spoken here. */
  get version(): number {
    return this.#layout.version;
  }

  /** The bytes of a request without its header. */
  encode(request: Request): Uint8Array {
    const writer = new Writer(this.#layout.flexible);
    this.#layout.encode(writer, request);
    writer.tags();
    return writer.finish();
  }

  /**
   * Reads a response without its header.
   *
   * @throws {FlightsError} `log-corrupt` when it is not what the protocol says.
   */
  decode(bytes: Uint8Array): Answer {
    return this.#decode(this.#reader(bytes));
  }

  /** This request with its content. */
  call(request: Request): Call<Answer> {
    const { name, key, version, responseTags = this.#layout.flexible } = this.#layout;
    return {
      name,
      key,
      version,
      frame: (correlationId, clientId) => this.#frame(request, { correlationId, clientId }),
      decode: (payload) => {
        const reader = this.#reader(payload);
        if (responseTags) reader.tags();
        return this.#decode(reader);
      },
    };
  }

  /**
   * ```text
   * size           int32   of what follows
   * apiKey         int16
   * apiVersion     int16
   * correlationId  int32   comes back with the response
   * clientId       string  in the old encoding, whatever the request's is
   * tags                   when flexible
   * the request
   * ```
   */
  #frame(
    request: Request,
    { correlationId, clientId }: { correlationId: number; clientId: string },
  ): Uint8Array {
    const { key, version, flexible, encode } = this.#layout;
    const header = new Writer(false);
    header.int32(0);
    header.int16(key);
    header.int16(version);
    header.int32(correlationId);
    header.string(clientId);
    const writer = new Writer(flexible);
    writer.raw(header.finish());
    writer.tags();
    encode(writer, request);
    writer.tags();
    writer.int32At(0, writer.size - 4);
    return writer.finish();
  }

  #reader(bytes: Uint8Array): Reader {
    const { name, version, flexible } = this.#layout;
    return new Reader(bytes, { flexible, what: `a ${name} v${version} response` });
  }

  #decode(reader: Reader): Answer {
    const answer = this.#layout.decode(reader);
    reader.tags();
    reader.finish();
    return answer;
  }
}

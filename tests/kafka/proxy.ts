/**
 * A TCP proxy between a client and a broker that can cut, hold, delay, change and withhold what
 * passes. It knows of the protocol only the frames and their headers: the API key, version,
 * correlation id and client id of a request, the correlation id of an answer. TLS passes as what it
 * is not: only plain listeners can be judged by API.
 *
 *     const proxy = startProxy(address);
 *     using lost = proxy.cut({ at: "answer", api: apiKeys.EndTxn });
 */

/** Keys of requests, for faults (Kafka's protocol guide). */
export const apiKeys = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  SaslHandshake: 17,
  ApiVersions: 18,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  WriteTxnMarkers: 27,
  TxnOffsetCommit: 28,
  SaslAuthenticate: 36,
  DescribeProducers: 61,
  DescribeTransactions: 65,
  ListTransactions: 66,
} as const;

/** Which frames a fault meets. */
export interface FaultOptions {
  /** On the way to the broker, which then has not seen it, or on the way back. */
  readonly at: "request" | "answer";
  /** Requests of this API and the answers to them, such as `apiKeys.EndTxn`; default all. */
  readonly api?: number;
  /** Only those of clients with this client id; default all. */
  readonly client?: string;
  /** How many frames it meets before it is over; default 1. */
  readonly times?: number;
  /** How many frames pass before the first that it meets; default 0. */
  readonly skip?: number;
}

/** A fault that is set; leaving its block takes it away and lets go what it holds. */
export interface Fault extends Disposable {
  /** How many frames it has met. */
  readonly hits: number;
  /** Resolves when it has met its first frame. */
  readonly met: Promise<void>;
  /** Lets pass what is held, now and from now on. */
  release(): void;
}

/** A proxy that runs. */
export interface Proxy extends AsyncDisposable {
  /** Where it listens: 127.0.0.1 and a port. */
  readonly address: string;
  /** While true, new connections are closed at once. */
  refusing: boolean;
  /** How many connections pass through it now. */
  readonly connections: number;
  /** How many requests of an API have come; default all. */
  requests(api?: number): number;
  /** Closes the connection instead of passing a frame on. */
  cut(options: FaultOptions): Fault;
  /** Holds a frame back, and all behind it on its way, until it is released. */
  hold(options: FaultOptions): Fault;
  /** Passes a frame on this much later, and all behind it. */
  delay(milliseconds: number, options: FaultOptions): Fault;
  /** Passes on what `change` makes of a frame; the size in front is set right after it. */
  change(change: (frame: Uint8Array) => Uint8Array, options: FaultOptions): Fault;
  /** Answers requests itself with a body (what follows the correlation id), or one made of each. */
  answer(
    body: Uint8Array | ((request: Uint8Array) => Uint8Array),
    options: Omit<FaultOptions, "at">,
  ): Fault;
  /** Closes every connection. */
  cutAll(): void;
}

/** Starts a proxy on a free port of 127.0.0.1 before the server at `target`, "host:port". */
export function startProxy(target: string): Proxy {
  return new LoopbackProxy(target);
}

/** What a frame belongs to. */
interface Origin {
  /** The key of its request. */
  readonly api: number | undefined;
  /** Who sent that, by its client id. */
  readonly client: string;
}

/** What becomes of a frame: passed on (changed or not), sent back, or the end of its connection. */
type Fate = { readonly pass: Uint8Array } | { readonly back: Uint8Array } | "cut";

class ActiveFault implements Fault {
  hits = 0;
  readonly met: Promise<void>;
  /** Resolves when nothing is to be held any more. */
  readonly released: Promise<void>;
  readonly release: () => void;
  readonly #options: FaultOptions;
  readonly #act: (frame: Uint8Array, fault: ActiveFault) => Fate | Promise<Fate>;
  readonly #remove: (fault: ActiveFault) => void;
  readonly #meet: () => void;
  #toSkip: number;

  constructor(options: FaultOptions, { act, remove }: {
    act: (frame: Uint8Array, fault: ActiveFault) => Fate | Promise<Fate>;
    remove: (fault: ActiveFault) => void;
  }) {
    this.#options = options;
    this.#toSkip = options.skip ?? 0;
    this.#act = act;
    this.#remove = remove;
    const met = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.met = met.promise;
    this.#meet = met.resolve;
    this.released = released.promise;
    this.release = released.resolve;
  }

  /** Whether it meets a frame; asked once of each. */
  meets(at: FaultOptions["at"], { api, client }: Origin): boolean {
    const wanted = this.#options;
    const fits = at === wanted.at && this.hits < (wanted.times ?? 1) &&
      (wanted.api === undefined || wanted.api === api) &&
      (wanted.client === undefined || wanted.client === client);
    return fits && --this.#toSkip < 0;
  }

  judge(frame: Uint8Array): Fate | Promise<Fate> {
    this.hits++;
    this.#meet();
    return this.#act(frame, this);
  }

  [Symbol.dispose](): void {
    this.#remove(this);
    this.release();
  }
}

class LoopbackProxy implements Proxy {
  refusing = false;
  readonly address: string;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #target: string;
  readonly #links = new Set<Link>();
  readonly #running = new Set<Promise<void>>();
  readonly #faults = new Set<ActiveFault>();
  readonly #requests = new Map<number, number>();

  constructor(target: string) {
    this.#target = target;
    this.address = `127.0.0.1:${this.#listener.addr.port}`;
    this.#run(this.#accept());
  }

  get connections(): number {
    return [...this.#links].filter(({ isOpen }) => isOpen).length;
  }

  requests(api?: number): number {
    if (api !== undefined) return this.#requests.get(api) ?? 0;
    return this.#requests.values().reduce((sum, count) => sum + count, 0);
  }

  cut(options: FaultOptions): Fault {
    return this.#add(options, () => "cut");
  }

  hold(options: FaultOptions): Fault {
    return this.#add(options, async (frame, { released }) => {
      await released;
      return { pass: frame };
    });
  }

  delay(milliseconds: number, options: FaultOptions): Fault {
    return this.#add(options, async (frame, { released }) => {
      const over = Promise.withResolvers<void>();
      const timer = setTimeout(over.resolve, milliseconds);
      await Promise.race([over.promise, released]);
      clearTimeout(timer);
      return { pass: frame };
    });
  }

  change(change: (frame: Uint8Array) => Uint8Array, options: FaultOptions): Fault {
    return this.#add(options, (frame) => ({ pass: withSize(change(frame)) }));
  }

  answer(
    body: Uint8Array | ((request: Uint8Array) => Uint8Array),
    options: Omit<FaultOptions, "at">,
  ): Fault {
    return this.#add({ ...options, at: "request" }, (request) => {
      const bytes = typeof body === "function" ? body(request) : body;
      const frame = new Uint8Array(8 + bytes.length);
      frame.set(request.subarray(8, 12), 4);
      frame.set(bytes, 8);
      return { back: withSize(frame) };
    });
  }

  cutAll(): void {
    for (const link of this.#links) link.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const fault of this.#faults) fault.release();
    this.cutAll();
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #add(
    options: FaultOptions,
    act: (frame: Uint8Array, fault: ActiveFault) => Fate | Promise<Fate>,
  ): Fault {
    const remove = (fault: ActiveFault) => this.#faults.delete(fault);
    const fault = new ActiveFault(options, { act, remove });
    this.#faults.add(fault);
    return fault;
  }

  #run(work: Promise<void>): void {
    const done = work.finally(() => this.#running.delete(done));
    this.#running.add(done);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      if (this.refusing) client.close();
      else this.#run(this.#serve(client));
    }
  }

  async #serve(client: Deno.Conn): Promise<void> {
    const [hostname, port] = this.#target.split(":");
    const server = await Deno.connect({ hostname: hostname!, port: Number(port) })
      .catch(() => null);
    if (server === null) return client.close();
    const link = new Link(client, server);
    this.#links.add(link);
    await link.run((at, frame, origin) => this.#judge(at, frame, origin));
    this.#links.delete(link);
  }

  #judge(
    at: FaultOptions["at"],
    frame: Uint8Array,
    origin: Origin,
  ): Fate | Promise<Fate> {
    const { api } = origin;
    if (at === "request") this.#requests.set(api!, this.requests(api) + 1);
    for (const fault of this.#faults) {
      if (fault.meets(at, origin)) return fault.judge(frame);
    }
    return { pass: frame };
  }
}

type Judge = (
  at: FaultOptions["at"],
  frame: Uint8Array,
  origin: Origin,
) => Fate | Promise<Fate>;

/** A client's connection and the one to the broker that belongs to it. */
class Link {
  readonly #client: Deno.Conn;
  readonly #server: Deno.Conn;
  /** What the answers that are awaited answer to, by correlation id. */
  readonly #apis = new Map<number, number>();
  readonly #closed = Promise.withResolvers<"cut">();
  #open = true;
  #clientId = "";
  /** Answers and what the proxy answers itself must not mix. */
  #lastAnswer: Promise<void> = Promise.resolve();

  constructor(client: Deno.Conn, server: Deno.Conn) {
    this.#client = client;
    this.#server = server;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Passes frames on until one side closes; then both are closed. */
  async run(judge: Judge): Promise<void> {
    await Promise.all([
      this.#pump("request", judge).catch(ignoreClosed).finally(() => this.close()),
      this.#pump("answer", judge).catch(ignoreClosed).finally(() => this.close()),
    ]);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closed.resolve("cut");
    this.#client.close();
    this.#server.close();
  }

  async #pump(at: FaultOptions["at"], judge: Judge): Promise<void> {
    const from = at === "request" ? this.#client : this.#server;
    for await (const frame of framesOf(from)) {
      const judged = judge(at, frame, {
        api: this.#apiOf(at, frame),
        client: this.#clientId,
      });
      // What is held must not outlive the connection.
      const fate = await Promise.race([judged, this.#closed.promise]);
      if (fate === "cut") return;
      if ("back" in fate) await this.#answer(fate.back);
      else if (at === "answer") await this.#answer(fate.pass);
      else await writeAll(this.#server, fate.pass);
    }
  }

  #answer(frame: Uint8Array): Promise<void> {
    this.#lastAnswer = this.#lastAnswer.then(() => writeAll(this.#client, frame));
    return this.#lastAnswer;
  }

  #apiOf(at: FaultOptions["at"], frame: Uint8Array): number | undefined {
    const view = new DataView(frame.buffer);
    if (at === "request") {
      const api = view.getInt16(4);
      // Behind its length, which is -1 for none.
      const length = frame.length < 14 ? 0 : Math.max(view.getInt16(12), 0);
      this.#clientId = new TextDecoder().decode(frame.subarray(14, 14 + length));
      this.#apis.set(view.getInt32(8), api);
      return api;
    }
    const correlationId = view.getInt32(4);
    const api = this.#apis.get(correlationId);
    this.#apis.delete(correlationId);
    return api;
  }
}

/** Frames with their size in front; ends where the connection ends. */
async function* framesOf(connection: Deno.Conn): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const size = new Uint8Array(4);
  while (await readAll(connection, size)) {
    const frame = new Uint8Array(4 + new DataView(size.buffer).getInt32(0));
    frame.set(size);
    if (!await readAll(connection, frame.subarray(4))) return;
    yield frame;
  }
}

/** Fills `bytes`; false when the connection ends before. */
async function readAll(connection: Deno.Conn, bytes: Uint8Array): Promise<boolean> {
  for (let filled = 0; filled < bytes.length;) {
    const count = await connection.read(bytes.subarray(filled));
    if (count === null) return false;
    filled += count;
  }
  return true;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await connection.write(bytes.subarray(written));
  }
}

function withSize(frame: Uint8Array): Uint8Array {
  new DataView(frame.buffer, frame.byteOffset).setInt32(0, frame.length - 4);
  return frame;
}

/** Connections end in many ways, all of them a part of the test. */
function ignoreClosed(error: unknown): void {
  const closed = [
    Deno.errors.BadResource,
    Deno.errors.BrokenPipe,
    Deno.errors.ConnectionReset,
    Deno.errors.Interrupted,
  ];
  if (!closed.some((type) => error instanceof type)) throw error;
}

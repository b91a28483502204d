import assert from "node:assert/strict";
import { needs } from "../permissions.ts";
import { apiKeys, type Proxy, startProxy } from "./proxy.ts";

const permissions = needs("net");

/** A server that answers each request with its body, on every connection. */
class Echo implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly address = `127.0.0.1:${this.#listener.addr.port}`;
  readonly #serving = this.#accept();
  /** The bodies of the requests that have come. */
  readonly seen: string[] = [];

  async #accept(): Promise<void> {
    const connections: Promise<void>[] = [];
    for await (const connection of this.#listener) connections.push(this.#serve(connection));
    await Promise.all(connections);
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    const client = new Client(connection);
    try {
      for (let frame = await client.read(); frame !== null; frame = await client.read()) {
        this.seen.push(new TextDecoder().decode(frame.subarray(12)));
        const answer = new Uint8Array(frame.length - 4);
        answer.set(frame.subarray(8), 4);
        new DataView(answer.buffer).setInt32(0, answer.length - 4);
        await client.write(answer);
      }
    } finally {
      client.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}

class Client {
  readonly #connection: Deno.Conn;
  #correlationId = 0;
  #open = true;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  static async connect(address: string): Promise<Client> {
    const [hostname, port] = address.split(":");
    return new Client(await Deno.connect({ hostname: hostname!, port: Number(port) }));
  }

  async send(api: number, body: string): Promise<void> {
    const frame = new Uint8Array(12 + body.length);
    const view = new DataView(frame.buffer);
    view.setInt32(0, frame.length - 4);
    view.setInt16(4, api);
    view.setInt32(8, this.#correlationId++);
    new TextEncoder().encodeInto(body, frame.subarray(12));
    await this.write(frame);
  }

  /** The correlation id and the body of the next answer; null when the connection is closed. */
  async receive(): Promise<readonly [correlationId: number, body: string] | null> {
    const frame = await this.read();
    if (frame === null) return null;
    return [
      new DataView(frame.buffer).getInt32(4),
      new TextDecoder().decode(frame.subarray(8)),
    ];
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const size = await this.#take(4);
    if (size === null) return null;
    const rest = await this.#take(new DataView(size.buffer).getInt32(0));
    if (rest === null) return null;
    const frame = new Uint8Array(4 + rest.length);
    frame.set(size);
    frame.set(rest, 4);
    return frame;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      done += await this.#connection.write(bytes.subarray(done));
    }
  }

  close(): void {
    if (this.#open) this.#connection.close();
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #take(count: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const bytes = new Uint8Array(count);
    for (let filled = 0; filled < count;) {
      const read = await this.#connection.read(bytes.subarray(filled))
        .catch((error) =>
          error instanceof Deno.errors.ConnectionReset ? null : Promise.reject(error)
        );
      if (read === null) return null;
      filled += read;
    }
    return bytes;
  }
}

function test(
  name: string,
  body: (setting: { proxy: Proxy; echo: Echo; client: Client }) => Promise<void>,
): void {
  Deno.test({
    ...permissions,
    name: `startProxy ${name}`,
    fn: async () => {
      await using echo = new Echo();
      await using proxy = startProxy(echo.address);
      using client = await Client.connect(proxy.address);
      await body({ proxy, echo, client });
    },
  });
}

test("passes requests and answers on, in order, and counts them", async ({ proxy, client }) => {
  const long = "x".repeat(300_000);
  await client.send(apiKeys.Produce, "a");
  await client.send(apiKeys.Fetch, long);
  assert.deepEqual(await client.receive(), [0, "a"]);
  assert.deepEqual(await client.receive(), [1, long]);
  assert.equal(proxy.requests(), 2);
  assert.equal(proxy.requests(apiKeys.Fetch), 1);
  assert.equal(proxy.connections, 1);
});

test("cuts before the request has reached the broker", async ({ proxy, echo, client }) => {
  using fault = proxy.cut({ at: "request", api: apiKeys.EndTxn });
  await client.send(apiKeys.Produce, "a");
  assert.deepEqual(await client.receive(), [0, "a"]);
  await client.send(apiKeys.EndTxn, "b");
  assert.equal(await client.receive(), null);
  using next = await Client.connect(proxy.address);
  await next.send(apiKeys.EndTxn, "c");
  assert.deepEqual(await next.receive(), [0, "c"]);
  assert.deepEqual(echo.seen, ["a", "c"]);
  assert.equal(fault.hits, 1);
});

test("cuts after the request has reached the broker", async ({ proxy, echo, client }) => {
  using fault = proxy.cut({ at: "answer", api: apiKeys.EndTxn });
  await client.send(apiKeys.Produce, "a");
  await client.send(apiKeys.EndTxn, "b");
  assert.deepEqual(await client.receive(), [0, "a"]);
  assert.equal(await client.receive(), null);
  assert.deepEqual(echo.seen, ["a", "b"]);
  assert.equal(fault.hits, 1);
});

test("holds a request until it is released, and what is behind it", async (setting) => {
  const { proxy, echo, client } = setting;
  using fault = proxy.hold({ at: "request", api: apiKeys.EndTxn });
  await client.send(apiKeys.EndTxn, "a");
  await client.send(apiKeys.Produce, "b");
  await fault.met;
  assert.deepEqual(echo.seen, []);
  using other = await Client.connect(proxy.address);
  await other.send(apiKeys.Produce, "c");
  assert.deepEqual(await other.receive(), [0, "c"]);
  fault.release();
  assert.deepEqual(await client.receive(), [0, "a"]);
  assert.deepEqual(await client.receive(), [1, "b"]);
  assert.deepEqual(echo.seen, ["c", "a", "b"]);
});

test("holds an answer while the broker has seen the request", async ({ proxy, echo, client }) => {
  const fault = proxy.hold({ at: "answer", api: apiKeys.Fetch });
  await client.send(apiKeys.Fetch, "a");
  await fault.met;
  assert.deepEqual(echo.seen, ["a"]);
  fault[Symbol.dispose]();
  assert.deepEqual(await client.receive(), [0, "a"]);
});

test("delays by the milliseconds it is told", async ({ proxy, client }) => {
  using _ = proxy.delay(60, { at: "answer", times: 2 });
  const began = performance.now();
  for (let i = 0; i < 3; i++) {
    await client.send(apiKeys.Fetch, "a");
    assert.deepEqual(await client.receive(), [i, "a"]);
  }
  assert.ok(performance.now() - began >= 119);
});

test("changes a frame and mends its size", async ({ proxy, client }) => {
  using _ = proxy.change((frame) => Uint8Array.of(...frame, 33), { at: "answer" });
  await client.send(apiKeys.Fetch, "a");
  assert.deepEqual(await client.receive(), [0, "a!"]);
});

test("answers in the broker's place", async ({ proxy, echo, client }) => {
  using fault = proxy.answer(new TextEncoder().encode("no"), { api: apiKeys.EndTxn, times: 2 });
  for (const [api, body] of [[0, "a"], [26, "b"], [26, "c"], [26, "d"]] as const) {
    await client.send(api, body);
    const own = fault.hits <= 2 && (body === "b" || body === "c");
    assert.equal((await client.receive())![1], own ? "no" : body);
  }
  assert.deepEqual(echo.seen, ["a", "d"]);
});

test("answers with what it makes of a request, and lets pass the first ones", async (setting) => {
  const { proxy, client } = setting;
  using _ = proxy.answer((request) => request.slice(12).reverse(), { skip: 1 });
  for (const expected of ["abc", "cba", "abc"]) {
    await client.send(apiKeys.EndTxn, "abc");
    assert.equal((await client.receive())![1], expected);
  }
});

test("meets the frames of one client alone", async ({ proxy, client }) => {
  using fault = proxy.answer(new TextEncoder().encode("no"), { client: "one", times: 2 });
  using other = await Client.connect(proxy.address);
  for (
    const [from, id, expected] of [[client, "one", "no"], [other, "two", "\0\x03two"]] as const
  ) {
    await from.send(apiKeys.EndTxn, `\0\x03${id}`);
    assert.equal((await from.receive())![1], expected);
  }
  assert.equal(fault.hits, 1);
});

test("cuts all connections, held ones too, and refuses new ones", async ({ proxy, client }) => {
  using fault = proxy.hold({ at: "answer" });
  await client.send(apiKeys.Fetch, "a");
  await fault.met;
  proxy.refusing = true;
  proxy.cutAll();
  assert.equal(await client.receive(), null);
  using refused = await Client.connect(proxy.address);
  assert.equal(await refused.receive(), null);
  assert.equal(proxy.connections, 0);
  proxy.refusing = false;
  using next = await Client.connect(proxy.address);
  await next.send(apiKeys.Fetch, "b");
  assert.deepEqual(await next.receive(), [0, "b"]);
});

test("closes a client whose broker is gone", async () => {
  await using alone = startProxy(`127.0.0.1:${closedPort()}`);
  using client = await Client.connect(alone.address);
  assert.equal(await client.receive(), null);
});

function closedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

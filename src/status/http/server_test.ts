import assert from "node:assert/strict";
import { FlightsError } from "../../base/errors.ts";
import { needs } from "../../../tests/permissions.ts";
import { addressOf, json, mayAnswer, type Routes, serve } from "./server.ts";

const permissions = needs("net");

const routes: Routes = {
  "/one": (_, url) => json({ asked: url.searchParams.get("q")?.length ?? null }),
  "/refused": () => {
    throw new FlightsError("invalid-argument", "Cannot do it: it must be a, it is b");
  },
  "/broken": () => {
    throw new Error("a bug");
  },
};

/** Runs `body` beside a server. */
async function serving(body: (address: URL) => Promise<void>): Promise<void> {
  const server = serve(routes, { port: 0 });
  try {
    await body(new URL(server.address));
  } finally {
    await server.close();
  }
}

/** What comes for bytes that no fetch would send, up to the end of its head. */
async function rawHead({ port }: URL, request: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await connection.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(4_096);
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) break;
    head += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return head;
}

async function rawStatus(address: URL, request: string): Promise<number> {
  return Number((await rawHead(address, request)).split(" ")[1]);
}

Deno.test({
  ...permissions,
  name: "serve answers GET and HEAD, by path, and nothing else",
  fn: () =>
    serving(async (address) => {
      const answer = await fetch(new URL("/one?q=abc", address));
      assert.equal(answer.status, 200);
      assert.deepEqual(await answer.json(), { asked: 3 });
      const head = await fetch(new URL("/one", address), { method: "HEAD" });
      assert.equal(head.status, 200);
      assert.equal(head.headers.get("content-type"), "application/json");
      assert.equal(await head.text(), "");
      for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
        const refused = await fetch(new URL("/one", address), { method });
        assert.equal(refused.status, 405, method);
        assert.equal(refused.headers.get("allow"), "GET, HEAD");
        await refused.body?.cancel();
      }
      const missing = await fetch(new URL("/two", address));
      assert.equal(missing.status, 404);
      assert.deepEqual(await missing.json(), {
        error: "there is /one, /refused, /broken, not /two",
      });
      // A name of Object.prototype is no route.
      for (const path of ["/constructor", "/__proto__", "//evil.test/one", "/%00"]) {
        assert.equal(
          await rawStatus(address, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
          404,
        );
      }
    }),
});

Deno.test({
  ...permissions,
  name: "serve answers for this machine's own names only, when it listens on this machine only",
  fn: () =>
    serving(async (address) => {
      const statusFor = (host: string) =>
        rawStatus(address, `GET /one HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      for (const host of [address.host, "localhost", "127.0.0.2:1", "[::1]:9464"]) {
        assert.equal(await statusFor(host), 200, host);
      }
      for (const host of ["evil.test", "127.0.0.1.evil.test", "localhost.evil.test", "10.0.0.1"]) {
        assert.equal(await statusFor(host), 403, host);
      }
      assert.equal(await statusFor("a b%%"), 400);
      const absolute = "GET http://evil.test/one HTTP/1.1\r\nHost: localhost\r\n\r\n";
      assert.equal(await rawStatus(address, absolute), 403);
    }),
});

Deno.test("who listens on a stated host answers by whatever name it is called", () => {
  assert.equal(mayAnswer("0.0.0.0", "jobs.test"), true);
  assert.equal(mayAnswer("10.0.0.1", "10.0.0.1"), true);
  assert.equal(mayAnswer("127.0.0.1", "jobs.test"), false);
  assert.equal(mayAnswer("::1", "[::1]"), true);
});

Deno.test("the address is one that can be asked from the same machine", () => {
  assert.equal(addressOf("127.0.0.1", 9464), "http://127.0.0.1:9464");
  assert.equal(addressOf("0.0.0.0", 9464), "http://127.0.0.1:9464");
  assert.equal(addressOf("::", 9464), "http://[::1]:9464");
  assert.equal(addressOf("10.0.0.1", 80), "http://10.0.0.1:80");
});

Deno.test({
  ...permissions,
  name: "serve says 400 for what the asker can mend and 500 for what he cannot",
  fn: () =>
    serving(async (address) => {
      const refused = await fetch(new URL("/refused", address));
      assert.equal(refused.status, 400);
      assert.deepEqual(await refused.json(), { error: "Cannot do it: it must be a, it is b" });
      const broken = await fetch(new URL("/broken", address));
      assert.equal(broken.status, 500);
      assert.deepEqual(await broken.json(), { error: "a bug" });
      const long = await fetch(new URL(`/one?q=${"%ff".repeat(10_000)}`, address));
      assert.deepEqual(await long.json(), { asked: 10_000 });
    }),
});

Deno.test({
  ...permissions,
  name: "every answer forbids what is from elsewhere, frames and caches",
  fn: () =>
    serving(async (address) => {
      for (const path of ["/one", "/two", "/broken"]) {
        const answer = await fetch(new URL(path, address));
        await answer.body?.cancel();
        assert.match(answer.headers.get("content-security-policy")!, /default-src 'none'/);
        assert.match(answer.headers.get("content-security-policy")!, /frame-ancestors 'none'/);
        assert.equal(answer.headers.get("cache-control"), "no-store");
        assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
        assert.equal(answer.headers.get("access-control-allow-origin"), null);
      }
    }),
});

Deno.test({
  ...permissions,
  name: "serve refuses an address that is taken or not this machine's, and says which",
  fn: () =>
    serving((address) => {
      const port = Number(address.port);
      assert.throws(() => serve(routes, { port }), {
        code: "invalid-argument",
        message: `Cannot answer at 127.0.0.1:${port}: it must be a free port of this machine's ` +
          "(0: any), another process has it",
      });
      assert.throws(() => serve(routes, { host: "2001:db8::1", port: 0 }), {
        code: "invalid-argument",
        message: /^Cannot answer at \[2001:db8::1\]:0: /,
      });
      return Promise.resolve();
    }),
});

Deno.test({
  ...permissions,
  name: "close ends at once, whoever is still being answered or has not asked to the end",
  fn: async () => {
    let left = 0;
    const server = serve({
      "/endless": () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: (controller) => controller.enqueue(new Uint8Array(8)),
            cancel: () => void left++,
          }),
        ),
    }, { port: 0 });
    const { port } = new URL(server.address);
    using slow = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    await slow.write(new TextEncoder().encode("GET /endless HT"));
    const answer = await fetch(new URL("/endless", server.address));
    const reader = answer.body!.getReader();
    await reader.read();
    await server.close();
    await assert.rejects(reader.read());
    assert.equal(left, 1);
  },
});

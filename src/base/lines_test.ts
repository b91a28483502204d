import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, textOf, utf8 } from "../base/bytes.ts";
import { linesOf } from "./lines.ts";

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(bytes: Uint8Array, size: number): Promise<readonly string[]> {
  const all: Uint8Array[] = [];
  for await (const lines of linesOf(chunked(bytes, size))) all.push(...lines);
  return all.map(textOf);
}

Deno.test("linesOf gives the same lines however the bytes are cut", async () => {
  const texts = fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", "")));
  await fc.assert(fc.asyncProperty(texts, fc.integer({ min: 1, max: 9 }), async (lines, size) => {
    const bytes = concatBytes(lines.map((line) => utf8(`${line}\n`)));
    assert.deepEqual(await collect(bytes, size), lines);
  }));
});

Deno.test("linesOf gives a last line without a line feed, and none behind the last", async () => {
  assert.deepEqual(await collect(utf8("a\nb"), 2), ["a", "b"]);
  assert.deepEqual(await collect(utf8("a\n"), 2), ["a"]);
  assert.deepEqual(await collect(utf8("\n\n"), 1), ["", ""]);
  assert.deepEqual(await collect(utf8(""), 1), []);
});

Deno.test("linesOf gives a line as soon as its end has come", async () => {
  const lines = linesOf(chunked(utf8("a\nb\n"), 2));
  assert.deepEqual((await lines.next()).value, [utf8("a")]);
});

Deno.test("linesOf refuses a line of over 64 MiB", async () => {
  async function* endless() {
    const chunk = new Uint8Array(16 * 1024 * 1024);
    for (let i = 0; i < 4; i++) yield chunk;
    yield Uint8Array.of(1);
  }
  await assert.rejects(async () => {
    for await (const lines of linesOf(endless())) assert.deepEqual(lines, []);
  }, { code: "bad-record" });
});

import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { textOf } from "../base/bytes.ts";
import { needs } from "../../tests/permissions.ts";
import type { FeedPosition } from "./feeds.ts";
import { readFile } from "./file_feed.ts";

const permissions = needs("read", "write", "env", "sys");

async function withFile(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(`${tmpdir()}/flights-feed-`);
  try {
    await work(`${folder}/lines`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Reads on, at most so many chunks; returns lines with their times, and the position behind them. */
async function take(
  path: string,
  from: FeedPosition,
  { chunkSize = 7, chunks = Number.POSITIVE_INFINITY } = {},
) {
  const lines: [number, string][] = [];
  // As it comes back from the log.
  let position = JSON.parse(JSON.stringify(from)) as FeedPosition;
  for await (const chunk of readFile(path, position, { chunkSize })) {
    if (chunks-- <= 0) break;
    for (const { value, timestamp } of chunk.elements) {
      lines.push([timestamp, typeof value === "string" ? value : textOf(value)]);
    }
    ({ position } = chunk);
    assert.equal(position.fed, from.fed + lines.length);
  }
  return { lines, position };
}

const line = fc.string({ unit: fc.constantFrom("a", "é", " ", "\r", "7"), maxLength: 12 });
/** What is added to the file at a time: lines, and whether the last one ends there. */
const addition = fc.record({ lines: fc.array(line, { maxLength: 6 }), ended: fc.boolean() });
const reading = fc.record({
  chunkSize: fc.integer({ min: 1, max: 40 }),
  chunks: fc.option(fc.nat(4), { nil: undefined }),
});

Deno.test({
  ...permissions,
  name: "readFile: a file that grows is read line by line once, however reading is cut into runs",
  fn: async () => {
    const steps = fc.array(fc.tuple(addition, fc.array(reading, { maxLength: 3 })), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(steps, (steps) =>
        withFile(async (path) => {
          await writeFile(path, "");
          let content = "";
          let position: FeedPosition = { fed: 0 };
          const found: [number, string][] = [];
          const read = async (how: { chunkSize?: number; chunks?: number }) => {
            const taken = await take(path, position, how);
            found.push(...taken.lines);
            ({ position } = taken);
          };
          for (const [{ lines, ended }, readings] of steps) {
            // What is not ended is ended by what comes next: a line that was read does not go on.
            const separator = content === "" || content.endsWith("\n") ? "" : "\n";
            const added = separator + lines.join("\n") + (ended ? "\n" : "");
            await appendFile(path, added);
            content += added;
            for (const { chunkSize, chunks } of readings) {
              await read({ chunkSize, ...(chunks !== undefined && { chunks }) });
            }
          }
          await read({});
          const parts = content.split("\n");
          if (parts.at(-1) === "") parts.pop();
          const expected = parts.map((one, i) => [i, one.endsWith("\r") ? one.slice(0, -1) : one]);
          assert.deepEqual(found, expected);
        })),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  ...permissions,
  name: "readFile: a file that is not the one that was fed is told, with the way out",
  fn: async () => {
    await withFile(async (path) => {
      await writeFile(path, "one\ntwo\nthree");
      const { position } = await take(path, { fed: 0 });
      const isTold = (message: RegExp) =>
        assert.rejects(take(path, position), { code: "state-incompatible", message });
      await appendFile(path, "teen\n");
      await isTold(/the line before byte 13 went on.*flights reset/);
      await truncate(path, 12);
      await isTold(/it has 12 bytes, of which 13 were read.*flights reset/);
      await writeFile(path, "one\ntwo\nother\nfour\n");
      await isTold(/before byte 13 it is another.*flights reset/);
      await writeFile(path, "one\ntwo\nthree\nfour\n");
      assert.deepEqual((await take(path, position)).lines, [[3, "four"]]);
    });
  },
});

Deno.test({
  ...permissions,
  name: "readFile: a file that is not there or is none is told",
  fn: async () => {
    await withFile(async (path) => {
      const isTold = { code: "invalid-argument", message: /must be a file that can be read/ };
      await assert.rejects(take(path, { fed: 0 }), isTold);
      await assert.rejects(take(tmpdir(), { fed: 0 }), isTold);
    });
  },
});

import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { needs } from "../../tests/permissions.ts";
import type { ExistingFile } from "../stream/sinks.ts";
import { FileTap } from "./file_tap.ts";

const permissions = needs("read", "write", "env", "sys");

async function withPath(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(`${tmpdir()}/flights-tap-`);
  try {
    await work(`${folder}/lines`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Opens, takes lines and flushes; returns what is kept. */
async function write(
  path: string,
  lines: readonly string[],
  { saved = null, existing = "fail" }: { saved?: string | null; existing?: ExistingFile } = {},
): Promise<string> {
  const tap = await FileTap.open({ path, existing }, saved);
  try {
    for (const line of lines) await tap.take(line);
    return await tap.flush();
  } finally {
    await tap.close();
  }
}

const lines = fc.array(fc.string({ unit: fc.constantFrom("a", "é", "7"), maxLength: 8 }), {
  maxLength: 5,
});
/** Lines that are flushed, and then lines that are not, or come in part, before the crash. */
const life = fc.record({
  flushed: fc.array(lines, { maxLength: 3 }),
  torn: fc.string({ unit: fc.constantFrom("a", "\n", "é"), maxLength: 20 }),
});

Deno.test({
  ...permissions,
  name: "FileTap: whatever a crash leaves behind the last flush, each line is there once",
  fn: async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(life, { minLength: 1, maxLength: 5 }),
        (lives) =>
          withPath(async (path) => {
            let saved: string | null = null;
            const expected: string[] = [];
            for (const { flushed, torn } of lives) {
              const tap: FileTap = await FileTap.open({ path, existing: "fail" }, saved);
              saved ??= await tap.flush();
              for (const some of flushed) {
                for (const one of some) await tap.take(one);
                saved = await tap.flush();
                expected.push(...some);
              }
              await tap.close();
              await appendFile(path, torn);
            }
            await write(path, ["end"], { saved });
            assert.equal(
              await readFile(path, "utf8"),
              [...expected, "end"].map((one) => `${one}\n`).join(""),
            );
          }),
      ),
      { numRuns: 200 },
    );
  },
});

Deno.test({
  ...permissions,
  name:
    "FileTap: lines over the buffer are written before the flush, and cut off by a crash before it",
  fn: async () => {
    await withPath(async (path) => {
      const saved = await write(path, ["first"]);
      const tap = await FileTap.open({ path, existing: "fail" }, saved);
      for (let i = 0; i < 400; i++) await tap.take("x".repeat(1_000));
      await tap.close();
      assert.ok((await stat(path)).size > 200_000);
      await write(path, ["second"], { saved });
      assert.equal(await readFile(path, "utf8"), "first\nsecond\n");
    });
  },
});

Deno.test({
  ...permissions,
  name:
    "FileTap: at the first start a file that holds something is refused, appended to or replaced",
  fn: async () => {
    await withPath(async (path) => {
      await writeFile(path, "old");
      await assert.rejects(write(path, ["new"]), {
        code: "invalid-argument",
        message: /must be empty at the first start, it has 3 bytes/,
      });
      const saved = await write(path, ["new"], { existing: "append" });
      assert.equal(await readFile(path, "utf8"), "old\nnew\n");
      // Later starts go on, whatever was asked for at the first one.
      await write(path, ["newer"], { existing: "replace", saved });
      assert.equal(await readFile(path, "utf8"), "old\nnew\nnewer\n");
      await write(path, ["newest"], { existing: "replace" });
      assert.equal(await readFile(path, "utf8"), "newest\n");
    });
  },
});

Deno.test({
  ...permissions,
  name: "FileTap: a file that is not what was written is told and left as it is",
  fn: async () => {
    await withPath(async (path) => {
      const saved = await write(path, ["one", "two"]);
      const isTold = (message: RegExp) =>
        assert.rejects(write(path, ["three"], { saved }), { code: "state-incompatible", message });
      await truncate(path, 7);
      await isTold(/first 8 bytes must be what was written, it has 7.*flights reset/);
      await writeFile(path, "another\nfile\n");
      await isTold(/they are others/);
      assert.equal(await readFile(path, "utf8"), "another\nfile\n");
      await rm(path);
      await isTold(/it is not there/);
      await assert.rejects(stat(path));
    });
  },
});

Deno.test({
  ...permissions,
  name: "FileTap: a place that takes nothing is told",
  fn: async () => {
    await assert.rejects(write("/dev/full", ["one"], { existing: "append" }), {
      code: "output-failed",
    });
    await withPath((path) =>
      assert.rejects(write(`${path}/none`, ["one"]), {
        code: "output-failed",
        message: /Cannot write the file/,
      })
    );
  },
});

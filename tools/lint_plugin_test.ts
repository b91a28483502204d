import assert from "node:assert/strict";
import plugin from "./lint_plugin.ts";

/** The rules that a file of this name and text breaks, in order. */
function broken(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map(({ id }) => id.replace("flights/", ""));
}

Deno.test("layer-walls reports an import that climbs or crosses", () => {
  const planted: [path: string, specifier: string][] = [
    ["src/base/clock.ts", "../log/log.ts"],
    ["src/log/log.ts", "../stream/task.ts"],
    ["src/log/log.ts", "./sqlite/sqlite_log.ts"],
    ["src/log/records/batch.ts", "../kafka/client.ts"],
    ["src/log/sqlite/sqlite_log.ts", "../kafka/client.ts"],
    ["src/log/kafka/client.ts", "../sqlite/schema.ts"],
    ["src/stream/task.ts", "../log/log.ts"],
    ["src/flights/merge.ts", "../runtime/job.ts"],
    ["src/runtime/job.ts", "../flights/merge.ts"],
    ["src/runtime/job.ts", "../cli/signals.ts"],
    ["src/mod.ts", "./cli/cli.ts"],
    ["src/cli/demo.ts", "../../tests/permissions.ts"],
    ["src/new_floor/x.ts", "../base/time.ts"],
    ["main.ts", "./src/runtime/job.ts"],
    ["examples/hello.ts", "../src/stream/task.ts"],
    ["examples/hello.ts", "../src/flights/merge.ts"],
  ];
  for (const [path, specifier] of planted) {
    for (
      const source of [
        `import "${specifier}";`,
        `import type { A } from "${specifier}";`,
        `export { a } from "${specifier}";`,
        `export * from "${specifier}";`,
        `await import("${specifier}");`,
      ]
    ) assert.deepEqual(broken(path, source), ["layer-walls"], `${path}: ${source}`);
  }
});

Deno.test("layer-walls allows what lies below, assets, and everything to tests and tools", () => {
  const allowed: [path: string, specifier: string][] = [
    ["src/base/clock.ts", "./errors.ts"],
    ["src/log/sqlite/sqlite_log.ts", "../records/batch.ts"],
    ["src/log/conformance.ts", "./log.ts"],
    ["src/stream/task.ts", "../base/clock.ts"],
    ["src/runtime/job.ts", "../log/log.ts"],
    ["src/flights/merge.ts", "../stream/window.ts"],
    ["src/mod.ts", "./runtime/job.ts"],
    ["src/mod.ts", "./flights/mod.ts"],
    ["src/cli/version.ts", "../../deno.json"],
    ["src/cli/demo.ts", "../log/sqlite/sqlite_log.ts"],
    ["src/stream/task_test.ts", "../log/log.ts"],
    ["main.ts", "./src/cli/cli.ts"],
    ["examples/hello.ts", "../src/mod.ts"],
    ["tests/crash.ts", "../src/log/log.ts"],
    ["bench/codec.ts", "../src/log/log.ts"],
    ["tools/ok.ts", "../main.ts"],
  ];
  for (const [path, specifier] of allowed) {
    assert.deepEqual(broken(path, `import "${specifier}";`), [], `${path}: ${specifier}`);
  }
});

Deno.test("npm-only reports other registries and specifiers that pass the import map by", () => {
  for (const name of ["jsr:@std/fmt", "npm:zod@4", "https://deno.land/x/y.ts", "http://a/b.ts"]) {
    assert.deepEqual(broken("tools/a.ts", `import "${name}";`), ["npm-only"], name);
  }
  assert.deepEqual(broken("tools/a.ts", `import "zod"; import "node:fs";`), []);
  assert.deepEqual(broken("src/log/testdata/a.ts", 'import "npm:kafkajs@2.2.4";'), []);
});

Deno.test("error-grammar reports a literal message that does not follow the grammar", () => {
  const message = (text: string) =>
    broken("src/cli/a.ts", `new FlightsError("internal", ${text});`);
  const wrong = ['"failed"', '"Cannot read"', '"Cannot: x"', '"Cannot read: "', "`cannot ${a}: b`"];
  for (const text of [...wrong, '"could not " + a', "`Cannot read ${a}`"]) {
    assert.deepEqual(message(text), ["error-grammar"], text);
  }
  const right = ['"Cannot read x: it is gone"', "`Cannot read ${a}: ${b}`", '"Cannot a: " + "b"'];
  for (const text of [...right, "message", "`${head}: tail`", 'messageOf("x")']) {
    assert.deepEqual(message(text), [], text);
  }
  assert.deepEqual(broken("src/base/a_test.ts", 'new FlightsError("internal", "x")'), []);
});

Deno.test("injected-clock reports wall clock, timers and randomness where they are injected", () => {
  const readings = ["Date.now()", "new Date()", "performance.now()", "Math.random()"];
  for (const source of [...readings, "setTimeout(f, 1)", "setInterval(f, 1)"]) {
    for (const place of ["base", "log/sqlite", "stream", "runtime", "flights"]) {
      assert.deepEqual(broken(`src/${place}/a.ts`, source), ["injected-clock"], source);
    }
    const free = ["src/base/clock.ts", "src/base/random.ts", "src/stream/a_test.ts"];
    for (const path of [...free, "src/cli/a.ts", "tests/a.ts", "bench/a.ts"]) {
      assert.deepEqual(broken(path, source), [], `${path}: ${source}`);
    }
  }
  assert.deepEqual(broken("src/base/time.ts", "new Date(5)"), []);
});

Deno.test("file-length reports a file from 401 lines on unless it says why", () => {
  const lines = (count: number) => "let a;\n".repeat(count);
  assert.deepEqual(broken("src/base/a.ts", lines(400)), []);
  assert.deepEqual(broken("src/base/a.ts", lines(401)), ["file-length"]);
  assert.deepEqual(broken("a.ts", "// Over 400 lines: one table.\n" + lines(401)), []);
  assert.deepEqual(broken("a.ts", "/**\n * Over 400 lines: one table.\n */\n" + lines(401)), []);
});

Deno.test("the plugin judges absolute paths by their place in the repository", () => {
  const path = new URL("../src/base/planted.ts", import.meta.url).pathname;
  assert.deepEqual(broken(path, 'import "../log/log.ts"; Date.now();'), [
    "layer-walls",
    "injected-clock",
  ]);
});

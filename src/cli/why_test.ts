import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dataFolder, flights } from "../../tests/flights.ts";
import { needs } from "../../tests/permissions.ts";

const permissions = needs("read", "write", "run", "env", "sys", "net");

/** A log with a job that ran and does not any more. */
async function merged() {
  const folder = dataFolder();
  const size = ["--count", "5", "--rate", "max", "--start", "2026-01-01", "--partitions", "1"];
  for (const args of [["datagen", "--create", ...size], ["merge", "--until-end"]]) {
    const { code, stderr } = await flights(args, { data: folder.path });
    assert.equal(code, 0, stderr);
  }
  return folder;
}

Deno.test({
  ...permissions,
  name: "unknown-job: why and status answer by those that there are, with exit code 3",
  fn: async () => {
    using folder = await merged();
    const run = (args: readonly string[]) => flights(args, { data: folder.path });
    const [unknown, missing, told, known, shown] = await Promise.all([
      run(["why", "stats"]),
      run(["status", "stats"]),
      run(["why", "merge"]),
      run(["why", "--json"]),
      run(["status", "merge"]),
    ]);
    assert.equal(unknown.code, 3);
    assert.match(
      unknown.stderr,
      /Cannot say why: .* knows no job stats: it never ran there; there is merge/,
    );
    assert.equal(unknown.stdout, "");
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /Cannot show stats: .* it knows merge/);
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stdout, /^no member of merge runs: /);
    // A finding a line, as /why gives it.
    const [first] = known.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    assert.deepEqual(Object.keys(first), ["cause", "severity", "job", "text", "figures"]);
    assert.equal(first.cause, "no-member");
    const status = JSON.parse(shown.stdout);
    assert.equal(status.applicationId, "merge");
    assert.equal(status.toldBy, "log");
  },
});

Deno.test({
  ...permissions,
  name: "status --key shows what is saved of a key, and changes nothing",
  fn: async () => {
    using folder = await merged();
    const run = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await flights(args, { data: folder.path });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    await run("stats", "--until-end");
    const [flight] = (await run("consume", "flightdata", "--until-end")).split("\n");
    const key = JSON.parse(flight!).email_address;
    const shown = await run("status", "stats", "--key", key);
    const { entries, windows, ...rest } = JSON.parse(shown);
    assert.deepEqual(rest, { key, applicationId: "stats", isWhole: true });
    assert.equal(windows.length, 1);
    assert.equal(windows[0].keys, 1);
    assert.deepEqual(entries.map(({ name }: { name: unknown }) => name), [
      [windows[0].start, windows[0].end, key],
    ]);
    assert.equal(await run("status", "stats", "--key", key), shown);
    const none = JSON.parse(await run("status", "stats", "--key", "nobody"));
    assert.deepEqual(none.entries, []);
  },
});

Deno.test({
  ...permissions,
  name: "why and status: where there is no log none is made, with exit code 3",
  fn: async () => {
    using folder = dataFolder();
    const data = `${folder.path}/nowhere`;
    for (const command of ["why", "status"]) {
      const { code, stderr } = await flights([command], { data });
      assert.equal(code, 3, stderr);
      assert.match(stderr, /nowhere/);
      assert.equal(existsSync(data), false);
    }
  },
});

Deno.test({
  ...permissions,
  name: "why: on a log on which no job has run, that is the answer",
  fn: async () => {
    using folder = dataFolder();
    const created = await flights(["datagen", "--create", "--count", "0"], { data: folder.path });
    assert.equal(created.code, 0, created.stderr);
    const { code, stdout } = await flights(["why"], { data: folder.path });
    assert.equal(code, 0);
    assert.match(stdout, /^no job has run on the embedded log .* yet\n$/);
  },
});

import assert from "node:assert/strict";
import { dataFolder } from "../flights.ts";
import { needsTerminal } from "./python.ts";
import { TerminalRun } from "./terminal.ts";

Deno.test({
  ...needsTerminal(),
  name: "demo draws one picture that follows the terminal's size, until q",
  fn: async () => {
    using folder = dataFolder();
    const env = { TMPDIR: folder.path, LC_ALL: "C.UTF-8" };
    const size = { columns: 120, rows: 40 };
    const args = ["demo", "--minutes", "10", "--follow"];
    await using run = new TerminalRun(args, { data: folder.path, ...size, env });
    const fits = () => {
      assert.equal(run.hasWrapped, false);
      assert.equal(run.isOnOtherScreen, true);
      assert.equal(run.isCursorShown, false);
      assert.match(run.screen[0]!, /^flights demo {3}event time {2}\d\d:\d\d:\d\d/);
      assert.match(run.screen[3]!, /^merge {2}running /);
      assert.match(run.screen[4]!, /^stats {2}running /);
      assert.equal(run.screen[5], "");
      assert.equal(run.screen[6], "what stands in the way");
    };
    const hasLeader = (screen: readonly string[]) =>
      screen.some((line) => /^[A-Z]{5}@email\.com +\d+/.test(line));
    await run.shows(hasLeader);
    fits();
    assert.match(run.screen[2]!, /rec\/s {2}last .* held by +windows +members +commits$/);
    assert.ok(run.screen.includes("newest results: userstatistics"));
    assert.ok(run.cells.flat().some(({ color }) => color !== null));

    await run.resize(40, 20);
    await run.shows((screen) => /behind$/.test(screen[2]!));
    fits();
    assert.match(run.screen[2]!, /^job +state +rec\/s +lag +behind$/);
    assert.ok(hasLeader(run.screen), run.screen.join("\n"));

    await run.resize(80, 24);
    await run.shows((screen) => / last .*behind$/.test(screen[2]!));
    fits();
    assert.ok(run.screen.includes("leading travellers"));

    await run.type("xq");
    assert.deepEqual(await run.end(), { code: 0, echo: true, lines: true });
    assert.equal(run.isCursorShown, true);
    assert.match(run.scrollback.join("\n"), /\nEvery record is accounted for\.\n/);
  },
});

Deno.test({
  ...needsTerminal(),
  name: "demo leaves its last picture and the audit behind",
  fn: async () => {
    using folder = dataFolder();
    const size = { columns: 80, rows: 24 };
    const env = { TMPDIR: folder.path };
    const args = ["demo", "--minutes", "10"];
    await using run = new TerminalRun(args, { data: folder.path, ...size, env });
    assert.deepEqual(await run.end(), { code: 0, echo: true, lines: true });
    assert.equal(run.isOnOtherScreen, false);
    assert.equal(run.isCursorShown, true);
    assert.match(
      run.scrollback.join("\n"),
      /^flights demo .*\n[^]*\nleading travellers\n[^]*\nAudit\n[^]*\nEvery record is accounted for\.\n/,
    );
  },
});

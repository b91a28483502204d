import assert from "node:assert/strict";
import { constants } from "node:os";
import { dataFolder, flights, startFlights } from "../flights.ts";
import { needsTerminal } from "./python.ts";
import { TerminalRun } from "./terminal.ts";

/** What a record must not do to a terminal: clear it, name its window, move the cursor, break lines. */
const hostile =
  "\x1b[2J\x1b[3J\x1b]0;owned\x07\x1b[5;5Hhere\r\n\x1b[?25h\u202e<b>日本語\u0301\u0302\x9b31m";

/** A log on which merge runs until `stop`, whose newest result is hostile. */
async function withMerge(test: (data: string, stop: () => Promise<void>) => Promise<void>) {
  using folder = dataFolder();
  const data = folder.path;
  await flights(["datagen", "--create", "--count", "200", "--rate", "max"], { data });
  const stdin = `${JSON.stringify({ payload: hostile, ts: Date.now() + 1_000 })}\n`;
  const merge = startFlights(["merge"], { data });
  let hasStopped = false;
  const stop = async () => {
    if (!hasStopped) merge.kill("SIGTERM");
    hasStopped = true;
    await merge.result;
  };
  try {
    await merge.told("resumes");
    assert.equal((await flights(["produce", "flightdata"], { data, stdin })).code, 0);
    await test(data, stop);
  } finally {
    await stop();
  }
}

function watch(
  data: string,
  { columns, rows, args = [], env = {} }: {
    readonly columns: number;
    readonly rows: number;
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  },
): TerminalRun {
  return new TerminalRun(["status", "--watch", ...args], { data, columns, rows, env });
}

const isRead = (screen: readonly string[]) =>
  screen.some((line) => /^merge {2}running .* 0 /.test(line)) &&
  screen.includes("newest results: flightdata");

Deno.test({
  ...needsTerminal(),
  name: "status --watch",
  fn: (t) =>
    withMerge(async (data, stop) => {
      await t.step(
        "of one job shows its partitions, without colours where none are wanted",
        async () => {
          const plain = async (run: TerminalRun) => {
            await run.shows((screen) => screen.includes("partitions"));
            assert.match(run.screen.join("\n"), /^skyone\[0\] +\d+ +0 /m);
            for (const { color, isBold, isDim } of run.cells.flat()) {
              assert.deepEqual({ color, isBold, isDim }, {
                color: null,
                isBold: false,
                isDim: false,
              });
            }
          };
          const size = { columns: 100, rows: 40 };
          await using byEnvironment = watch(data, {
            ...size,
            args: ["merge"],
            env: { NO_COLOR: "1" },
          });
          await using byOption = watch(data, { ...size, args: ["merge", "--no-color"] });
          await plain(byEnvironment);
          await plain(byOption);
          await byOption.type("q");
          assert.deepEqual(await byOption.end(), { code: 0, echo: true, lines: true });
          await byEnvironment.signal(constants.signals.SIGTERM);
          assert.deepEqual(await byEnvironment.end(), { code: 143, echo: true, lines: true });
          assert.equal(byEnvironment.isCursorShown, true);
          assert.equal(byEnvironment.isOnOtherScreen, false);
        },
      );

      await t.step(
        "writes lines where it cannot draw: on a pipe, on a dumb terminal, as JSON",
        async () => {
          const line = /^\d\d:\d\d:\d\d merge running, .*lag 0, watermark /m;
          const piped = startFlights(["status", "--watch"], { data });
          await piped.printed(", lag 0, watermark ");
          piped.kill("SIGINT");
          const { code, stdout } = await piped.result;
          assert.equal(code, 130);
          assert.match(stdout, line);
          assert.equal(stdout.includes("\x1b"), false);

          const json = startFlights(["status", "--watch", "--json"], { data });
          await json.printed("\n{");
          json.kill("SIGTERM");
          const [first, second] = (await json.result).stdout.split("\n").map((text) =>
            JSON.parse(text || "null")
          );
          assert.deepEqual([first.applicationId, first.toldBy], ["merge", "process"]);
          assert.ok(second.at > first.at);

          const size = { columns: 200, rows: 24 };
          await using dumb = watch(data, { ...size, env: { TERM: "dumb" } });
          await dumb.shows((screen) => line.test(screen.join("\n")));
          assert.equal(dumb.isOnOtherScreen, false);
          assert.equal(dumb.isCursorShown, true);
        },
      );

      await t.step("shows jobs as they are, whatever their records hold", async () => {
        await using run = watch(data, { columns: 100, rows: 30 });
        await run.shows(isRead);
        const shown = run.screen.find((line) => line.includes("owned"))!;
        assert.match(
          shown,
          /^\d\d:\d\d:\d\d \[\d\] ␛\[2J␛\[3J␛\]0;owned␇␛\[5;5Hhere␍␊␛\[\?25h\ufffd<b>日本語/,
        );
        assert.deepEqual(
          { title: run.title, cursor: run.isCursorShown, wrapped: run.hasWrapped },
          { title: null, cursor: false, wrapped: false },
        );
        assert.ok(run.cells.flat().some(({ color }) => color !== null));

        await run.resize(40, 12);
        await run.shows((screen) => /behind$/.test(screen[2]!));
        assert.match(run.screen[3]!, /^merge {2}running/);
        assert.equal(run.hasWrapped, false);

        await run.type("\x1a");
        await run.shows(() => !run.isOnOtherScreen && run.isCursorShown);
        await run.signal(constants.signals.SIGCONT);
        await run.shows((screen) => run.isOnOtherScreen && screen[3]!.startsWith("merge"));
        assert.equal(run.isCursorShown, false);

        // It is live: the state is another as soon as the process is gone.
        await stop();
        await run.shows((screen) => /^merge {2}not running/.test(screen[3]!));

        await run.type("\x03");
        assert.deepEqual(await run.end(), { code: 130, echo: true, lines: true });
        assert.equal(run.isCursorShown, true);
        assert.equal(run.isOnOtherScreen, false);
        assert.match(
          run.scrollback.join("\n"),
          /^flights status .*\n\njob .*\nmerge {2}not running/m,
        );
      });
    }),
});

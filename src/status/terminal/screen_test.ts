import assert from "node:assert/strict";
import type { Line } from "./cells.ts";
import { Screen } from "./screen.ts";
import { shownOn } from "./test_emulator.ts";

const size = { columns: 10, rows: 4 };

/** What stands on a terminal on which a shell has printed a line before. */
async function drawn(
  draw: (screen: Screen, write: (text: string) => void) => void,
  { color = true } = {},
) {
  let text = "$ flights\r\n";
  // The terminal's driver makes a line feed a new line.
  const write = (more: string) => text += more.replaceAll(/\r?\n/g, "\r\n");
  draw(new Screen(write, { color }), write);
  return await shownOn(text, size);
}

function lines(...texts: readonly string[]): readonly Line[] {
  return texts.map((text) => [{ text, style: "red" }]);
}

Deno.test("a picture fills the terminal to its last cell, and scrolls nothing away", async () => {
  const full = lines("1234567890", "b", "", "abcdefghij");
  const { lines: shown, isAlternate } = await drawn((screen) => {
    screen.draw(full);
    screen.draw(full);
  });
  assert.deepEqual(shown, ["1234567890", "b", "", "abcdefghij"]);
  assert.equal(isAlternate, true);
});

Deno.test("a picture leaves nothing of the one before", async () => {
  const { lines: shown } = await drawn((screen) => {
    screen.draw(lines("1234567890", "1234567890", "1234567890"));
    screen.draw(lines("ab"));
  });
  assert.deepEqual(shown, ["ab", "", "", ""]);
});

Deno.test("after a change of size nothing stays that the terminal made of the picture", async () => {
  const { lines: shown } = await drawn((screen, write) => {
    screen.draw(lines("a", "b"));
    write("\x1b[4;1Hfolded");
    screen.resized();
    screen.draw(lines("c", "d"));
  });
  assert.deepEqual(shown, ["c", "d", "", ""]);
});

Deno.test("a line that a terminal finds too long is cut there, and moves no other", async () => {
  const { lines: shown, hasWrapped } = await drawn((screen) =>
    screen.draw(lines("1234567890 more", "b"))
  );
  assert.equal(hasWrapped, false);
  assert.equal(shown[1], "b");
});

Deno.test("the end leaves the last picture under what was there before", async () => {
  const { lines: shown, isAlternate, cursor } = await drawn((screen) => {
    screen.draw(lines("first"));
    screen.draw(lines("last"));
    screen.close();
    screen.close();
  });
  assert.deepEqual(shown, ["$ flights", "last", "", ""]);
  assert.deepEqual({ isAlternate, cursor }, { isAlternate: false, cursor: { column: 0, row: 2 } });
});

Deno.test("a screen on which nothing was drawn leaves the terminal alone", async () => {
  const { lines: shown } = await drawn((screen) => screen.close());
  assert.deepEqual(shown, ["$ flights", "", "", ""]);
});

Deno.test("without colours no cell has a style", async () => {
  const draw = (screen: Screen) => screen.draw(lines("red"));
  assert.equal((await drawn(draw)).isStyled, true);
  assert.equal((await drawn(draw, { color: false })).isStyled, false);
});

import assert from "node:assert/strict";
import { type ScreenCell, terminalSvg } from "./terminal_svg.ts";

function cells(text: string, change: Partial<ScreenCell> = {}): readonly ScreenCell[] {
  return [...text].map((text) => ({ text, color: null, isBold: false, isDim: false, ...change }));
}

function body(...rows: readonly (readonly ScreenCell[])[]): readonly string[] {
  return terminalSvg(rows, { label: "a test" }).split("\n").slice(-2 - rows.length).slice(0, -2);
}

Deno.test("terminalSvg places runs by their columns, so that any font keeps them in line", () => {
  const rows = [[...cells("ab", { isBold: true }), ...cells("  c d", { color: 2 })]];
  assert.deepEqual(terminalSvg(rows, { label: "a test" }).split("\n").slice(-4, -2), [
    '<text x="14" y="27" textLength="16.8" class="b">ab</text>',
    '<text x="47.6" y="27" textLength="25.2" class="c2">c d</text>',
  ]);
});

Deno.test("terminalSvg draws blocks as shapes, by their heights", () => {
  assert.deepEqual(body(cells("▄█", { color: 6 })), [
    '<path style="fill: var(--c6)" d="M14 23h8.4v9h-8.4zM22.4 14h8.4v18h-8.4z"/>',
  ]);
});

Deno.test("terminalSvg writes text as text, whatever it holds", () => {
  assert.deepEqual(body(cells('<b>&"')), [
    '<text x="14" y="27" textLength="42">&lt;b&gt;&amp;&quot;</text>',
  ]);
  assert.match(terminalSvg([cells("a")], { label: '"<x>' }), /aria-label="&quot;&lt;x&gt;"/);
});

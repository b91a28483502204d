/** Text in the cells of a terminal: how wide it is, how it is cut, and what of it is harmless. */

import { eastAsianWidth } from "get-east-asian-width";

/** How a text is shown. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Text in one style. It is {@linkcode harmless}, and one line. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** One line of a picture. */
export type Line = readonly Span[];

/** The text of a line, without its styles. */
export function plainText(line: Line): string {
  return line.map(({ text }) => text).join("");
}

/**
 * Text of somebody else's in a form that moves no cursor, sets no colour, hides nothing and stays one
 * line: control characters as their pictures, what has no agreed width or direction as U+FFFD.
 */
export function harmless(text: string): string {
  // Most values are printable ASCII.
  if (/^[ -~]*$/.test(text)) return text;
  return text.toWellFormed()
    // Terminals disagree on whether these make what is before them wider.
    .replaceAll(/[\ufe00-\ufe0f]/g, "")
    // One mark is a letter's; towers of them reach into other lines.
    .replaceAll(/(\p{M})\p{M}+/gu, "$1")
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
      const code = character.codePointAt(0)!;
      if (code < 0x20) return String.fromCodePoint(0x2400 + code);
      return code === 0x7f ? "\u2421" : "\ufffd";
    });
}

/** The marks that no terminal gives a cell; of those of other scripts some do, so they count as one. */
const mark = /^[\u0300-\u036f]$/;

/** The cells that harmless text takes at most. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (character >= " " && character <= "~") return 1;
  return mark.test(character) ? 0 : eastAsianWidth(character.codePointAt(0)!);
}

/** Text in at most `width` cells; where something had to go, its end is an ellipsis. */
export function cut(text: string, width: number): string {
  if (width <= 0) return "";
  // A cell holds four code units at most, a character and its mark; of a long value no more is read.
  const most = 4 * (width + 1);
  const start = text.length > most ? text.slice(0, most).toWellFormed() : text;
  if (start.length === text.length && widthOf(text) <= width) return text;
  let shown = "";
  let left = width - 1;
  for (const character of start) {
    left -= characterWidth(character);
    if (left < 0) break;
    shown += character;
  }
  return `${shown}…`;
}

/** Text in lines of at most `width` cells, broken between words; a longer word is cut. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = cut(word, width);
  }
  return line === "" ? lines : [...lines, line];
}

/** A line in at most `width` cells. */
export function cutLine(line: Line, width: number): Line {
  let left = width;
  const shown: Span[] = [];
  for (const span of line) {
    const text = cut(span.text, left);
    if (text !== "") shown.push({ ...span, text });
    left -= widthOf(text);
    if (text !== span.text) break;
  }
  return shown;
}

/** Text that fills `width` cells at least. */
export function pad(text: string, width: number, align: "left" | "right"): string {
  const room = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "left" ? text + room : room + text;
}

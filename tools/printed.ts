/**
 * Blocks of Markdown pages that stand for something else: the comment `<!-- flights ARGUMENTS -->` names
 * a command line, the fenced block behind it holds what it prints; `<!-- file PATH -->` names a file of
 * the repository, whose text the block holds.
 */

import type { Page } from "./docs.ts";

/** What a block shows: what the program prints, or a file. */
export type Shown = "flights" | "file";

/** What a block must hold for the words of its comment; null when there is nothing to be had. */
export type Print = (args: readonly string[], shown: Shown) => Promise<string | null>;

/** The comment, and the block's opening fence, text and closing fence. */
const blocks = /^(<!-- (flights|file) (.+?) -->\n+```\w*\n)([^]*?)(^```$)/gm;

/** The blocks of `pages` that are not what they stand for, as lines for people. */
export async function printedProblems(pages: readonly Page[], print: Print): Promise<string[]> {
  const problems: string[] = [];
  for (const { path, text } of pages) {
    for (const [, , shown, args, block] of text.matchAll(blocks)) {
      const printed = await print(args!.split(" "), shown as Shown);
      if (printed === block) continue;
      const what = shown === "file" ? `what ${args} holds` : `what \`flights ${args}\` prints`;
      problems.push(
        printed === null
          ? `${path} shows ${what}, which is ${shown === "file" ? "not there" : "refused"}`
          : `${path} does not show ${what}: run tools/docs.ts --write`,
      );
    }
  }
  return problems;
}

/** The text of a page with its blocks as they should be now. */
export async function withPrinted(text: string, print: Print): Promise<string> {
  const printed = new Map<string, string | null>();
  for (const [, , shown, args] of text.matchAll(blocks)) {
    printed.set(`${shown} ${args}`, await print(args!.split(" "), shown as Shown));
  }
  return text.replace(
    blocks,
    (_, opening, shown, args, block, closing) =>
      opening + (printed.get(`${shown} ${args}`) ?? block) + closing,
  );
}

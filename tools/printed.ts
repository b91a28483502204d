/**
 * Blocks of Markdown pages that the program has printed: the comment `<!-- flights ARGUMENTS -->` names
 * the command line, the fenced block behind it holds what it prints.
 */

import type { Page } from "./docs.ts";

/** What the program prints on stdout for its arguments; null when it refuses them. */
export type Print = (args: readonly string[]) => Promise<string | null>;

/** The comment, and the block's opening fence, text and closing fence. */
const blocks = /^(<!-- flights (.+?) -->\n+```\w*\n)([^]*?)(^```$)/gm;

/** The blocks of `pages` that are not what the program prints, as lines for people. */
export async function printedProblems(pages: readonly Page[], print: Print): Promise<string[]> {
  const problems: string[] = [];
  for (const { path, text } of pages) {
    for (const [, , args, block] of text.matchAll(blocks)) {
      const printed = await print(args!.split(" "));
      if (printed === block) continue;
      problems.push(
        printed === null
          ? `${path} shows what \`flights ${args}\` prints, which is refused`
          : `${path} does not show what \`flights ${args}\` prints: run tools/docs.ts --write`,
      );
    }
  }
  return problems;
}

/** The text of a page with its blocks as the program prints them now. */
export async function withPrinted(text: string, print: Print): Promise<string> {
  const printed = new Map<string, string | null>();
  for (const [, , args] of text.matchAll(blocks)) printed.set(args!, await print(args!.split(" ")));
  return text.replace(
    blocks,
    (_, opening, args, block, closing) => opening + (printed.get(args) ?? block) + closing,
  );
}

/** What a real terminal makes of bytes: it knows nothing of the code that made them. */

import xterm from "@xterm/headless";

/** What stands on a terminal after something was written to it. */
export interface Shown {
  /** The lines, without the spaces behind them. */
  readonly lines: readonly string[];
  readonly cursor: { readonly column: number; readonly row: number };
  /** Whether a line was broken since it was too long. */
  readonly hasWrapped: boolean;
  readonly isAlternate: boolean;
  /** What the window was named; null while it was not. */
  readonly title: string | null;
  /** Whether any cell has a colour or another style. */
  readonly isStyled: boolean;
}

/** Writes to a terminal of `columns` by `rows`, and looks at it. */
export async function shownOn(
  text: string,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): Promise<Shown> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  let title: string | null = null;
  terminal.onTitleChange((name) => title = name);
  await new Promise<void>((resolve) => terminal.write(text, resolve));
  const { active } = terminal.buffer;
  const all = Array.from({ length: rows }, (_, i) => active.getLine(active.viewportY + i)!);
  const shown: Shown = {
    lines: all.map((line) => line.translateToString(true)),
    cursor: { column: active.cursorX, row: active.cursorY },
    hasWrapped: all.some(({ isWrapped }) => isWrapped),
    isAlternate: active.type === "alternate",
    title,
    isStyled: all.some((line) =>
      Array.from({ length: columns }, (_, i) => line.getCell(i)!)
        .some((cell) => !cell.isAttributeDefault())
    ),
  };
  terminal.dispose();
  return shown;
}

/** The syntax of Java's .properties files, as `java.util.Properties.load` reads them. */

import { FlightsError } from "../../base/errors.ts";

/** One key with its value, both with their escapes undone. */
export interface JavaProperty {
  readonly key: string;
  readonly value: string;
  /** The line it begins on, counted from 1. */
  readonly line: number;
}

/**
 * Reads all properties in the order of the text; a key may come more than once. A byte order mark
 * at the start is left out, which Java does not do.
 *
 * @throws {FlightsError} `invalid-argument` for a `\u` without four hexadecimal digits.
 */
export function parseJavaProperties(text: string): JavaProperty[] {
  return [...logicalLines(text.replace(/^\ufeff/, ""))].map(({ content, line }) => {
    const [, key, value] = /^((?:\\.|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*(.*)$/s.exec(content)!;
    return { key: unescape(key!, line), value: unescape(value!, line), line };
  });
}

/** Lines that are neither blank nor comments, each with its continuation lines. */
function* logicalLines(text: string): Generator<{ content: string; line: number }> {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.replace(/^[ \t\f]+/, ""));
  for (let i = 0; i < lines.length; i++) {
    const line = i + 1;
    let content = lines[i]!;
    // What comes after a lone backslash begins anew: it may be a comment.
    if (/^[#!]/.test(content) || content === "\\") continue;
    while (/(?<!\\)(?:\\\\)*\\$/.test(content)) {
      content = content.slice(0, -1) + (lines[++i] ?? "");
    }
    if (content !== "") yield { content, line };
  }
}

const controls: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

function unescape(text: string, line: number): string {
  return text.replace(/\\(u.{0,4}|.)/gs, (_, escaped: string) => {
    if (!escaped.startsWith("u")) return controls[escaped] ?? escaped;
    if (/^u[0-9a-f]{4}$/i.test(escaped)) {
      return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    }
    throw new FlightsError(
      "invalid-argument",
      `Cannot read line ${line} of the properties: four hexadecimal digits must follow \\u, ` +
        "there are others",
    );
  });
}

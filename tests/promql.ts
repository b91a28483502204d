/** Finds what a PromQL expression names. Not its grammar: only what tells names of metrics and labels from the rest. */

import assert from "node:assert/strict";

/** What an expression names. */
export interface PromqlNames {
  /** The metrics, with what their selectors compare. */
  readonly metrics: readonly { readonly name: string; readonly matchers: readonly Matcher[] }[];
  /** Labels in `by (...)`, `on (...)` and their like. */
  readonly labels: readonly string[];
}

/** A comparison of a selector. */
export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

const token =
  /\s*(?:(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?<text>"(?:[^"\\]|\\.)*")|\[[^\]]*\]|(?<number>[0-9][0-9a-z.]*)|(?<sign>=~|!~|!=|==|>=|<=|[-+*/%^=<>(){},]))/y;
const labelWords = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"]);
const words = new Set(["and", "or", "unless", "bool", "offset"]);

type Token = { readonly name?: string; readonly text?: string; readonly sign?: string };

function tokensOf(expression: string): readonly Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  const text = expression.trimEnd();
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const found = token.exec(text);
    assert.ok(found !== null, `what is this: ${text.slice(at)}`);
    tokens.push(found.groups as Token);
  }
  return tokens;
}

/** The names in an expression. */
export function promqlNames(expression: string): PromqlNames {
  const tokens = tokensOf(expression);
  const metrics: { name: string; matchers: Matcher[] }[] = [];
  const labels: string[] = [];
  const until = (sign: string, from: number) => {
    const end = tokens.findIndex((one, at) => at >= from && one.sign === sign);
    assert.ok(end >= 0, `${expression}: ${sign} is missing`);
    return end;
  };
  for (let i = 0; i < tokens.length; i++) {
    const { name, sign } = tokens[i]!;
    const next = tokens[i + 1];
    const isCalled = next?.sign === "(" || next?.name === "by" || next?.name === "without";
    if (sign === "{") {
      const end = until("}", i);
      for (let at = i + 1; at < end; at += 4) {
        const [label, operator, value] = [
          tokens[at]!.name!,
          tokens[at + 1]!.sign!,
          tokens[at + 2]!.text!,
        ];
        assert.ok(label && operator && value, `${expression}: no comparison`);
        metrics.at(-1)!.matchers.push({ label, operator, value: JSON.parse(value) });
      }
      i = end;
    } else if (name === undefined || words.has(name)) continue;
    else if (labelWords.has(name)) {
      const end = until(")", i);
      labels.push(...tokens.slice(i + 2, end).flatMap((one) => one.name ?? []));
      i = end;
    } else if (!isCalled) metrics.push({ name, matchers: [] });
  }
  return { metrics, labels };
}

/** The repository's own lint rules; `deno lint` loads them (deno.json). */

import { fileURLToPath } from "node:url";
import { brokenWall, isTest, isWithin } from "./walls.ts";

const root = fileURLToPath(new URL("..", import.meta.url)).replaceAll("\\", "/");
const longestFile = 400;

/** Where time and randomness are injected, and the two files that hold them. */
const injectedPlaces = ["base", "log", "stream", "runtime", "flights"].map((name) => `src/${name}`);
const sources = ["src/base/clock.ts", "src/base/random.ts"];
const readings = ["Date.now", "performance.now", "Math.random"];
const timers = ["setTimeout", "setInterval"];

/** A linted file's path within the repository. */
function pathOf(context: Deno.lint.RuleContext): string {
  const path = context.filename.replaceAll("\\", "/");
  return path.startsWith(root) ? path.slice(root.length) : path;
}

/** A visitor that calls `judge` for everything a file imports, types and `import()` too. */
function eachImport(
  judge: (specifier: string, node: Deno.lint.Node) => void,
): Deno.lint.LintVisitor {
  const literal = (source: Deno.lint.Node | null) => {
    if (source?.type === "Literal" && typeof source.value === "string") judge(source.value, source);
  };
  return {
    ImportDeclaration: (node) => literal(node.source),
    ExportNamedDeclaration: (node) => literal(node.source),
    ExportAllDeclaration: (node) => literal(node.source),
    ImportExpression: (node) => literal(node.source),
  };
}

const layerWalls: Deno.lint.Rule = {
  create(context) {
    const from = pathOf(context);
    return eachImport((specifier, node) => {
      if (!specifier.startsWith(".")) return;
      const to = new URL(specifier, `file:///${from}`).pathname.slice(1);
      const wall = brokenWall(from, to);
      if (wall !== null) {
        context.report({
          node,
          message: `Cannot import "${specifier}" here: ${wall}`,
          hint: "ARCHITECTURE.md draws the floors; tools/walls.ts is their table.",
        });
      }
    });
  },
};

const npmOnly: Deno.lint.Rule = {
  create(context) {
    // How test data was made is told by programs that run by themselves.
    if (pathOf(context).includes("/testdata/")) return {};
    return eachImport((specifier, node) => {
      const scheme = /^(jsr|npm|https?):/.exec(specifier)?.[1];
      if (scheme === undefined) return;
      context.report({
        node,
        message: `Cannot import "${specifier}": only npm packages of deno.json's import map and ` +
          `node: built-ins may be imported, this is a ${scheme}: specifier`,
      });
    });
  },
};

/** The text of an expression with "…" for what is not literal. */
function textOf(node: Deno.lint.Node): string {
  if (node.type === "Literal" && typeof node.value === "string") return node.value;
  if (node.type === "TemplateLiteral") return node.quasis.map((part) => part.cooked).join("…");
  if (node.type === "BinaryExpression" && node.operator === "+") {
    return textOf(node.left) + textOf(node.right);
  }
  return "…";
}

const errorGrammar: Deno.lint.Rule = {
  create(context) {
    if (isTest(pathOf(context))) return {};
    return {
      NewExpression(node) {
        if (node.callee.type !== "Identifier" || node.callee.name !== "FlightsError") return;
        const message = node.arguments[1];
        if (message === undefined) return;
        const text = textOf(message);
        if (text.startsWith("…") || /^Cannot .+: ./s.test(text)) return;
        context.report({
          node: message,
          message: "Cannot take this error message: it must read " +
            '"Cannot <what was being done>: <what is needed>, <what is there now>"',
        });
      },
    };
  },
};

const injectedClock: Deno.lint.Rule = {
  create(context) {
    const path = pathOf(context);
    const judged = injectedPlaces.some((place) => isWithin(path, place)) &&
      !sources.includes(path) && !isTest(path);
    if (!judged) return {};
    const report = (node: Deno.lint.Node, what: string) =>
      context.report({
        node,
        message: `Cannot use ${what} here: time and randomness are injected (semantics 12)`,
        hint: "Take a Clock or a Random as an argument.",
      });
    return {
      MemberExpression(node) {
        if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
        const name = `${node.object.name}.${node.property.name}`;
        if (readings.includes(name)) report(node, name);
      },
      NewExpression(node) {
        if (node.callee.type !== "Identifier" || node.callee.name !== "Date") return;
        if (node.arguments.length === 0) report(node, "new Date()");
      },
      CallExpression(node) {
        if (node.callee.type !== "Identifier") return;
        if (timers.includes(node.callee.name)) report(node, node.callee.name);
      },
    };
  },
};

const fileLength: Deno.lint.Rule = {
  create(context) {
    return {
      Program(node) {
        const lines = context.sourceCode.text.trimEnd().split("\n");
        if (
          lines.length <= longestFile || lines.some((line) => /^\W*Over 400 lines: ./.test(line))
        ) {
          return;
        }
        context.report({
          range: [node.range[0], node.range[0] + 1],
          message: `Cannot keep this file whole: ${longestFile} lines are the limit, it has ` +
            `${lines.length}`,
          hint: 'Split it, or say why not in a comment "Over 400 lines: ...".',
        });
      },
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "flights",
  rules: {
    "layer-walls": layerWalls,
    "npm-only": npmOnly,
    "error-grammar": errorGrammar,
    "injected-clock": injectedClock,
    "file-length": fileLength,
  },
};

export default plugin;

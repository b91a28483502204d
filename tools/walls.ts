/**
 * The floors of the house (ARCHITECTURE.md) as a table: who may import whom. The lint rule
 * `flights/layer-walls` and `deno task layers` both judge by it. Paths are relative to the
 * repository, with forward slashes.
 */

/** What code of each place may import besides its own place. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "src/base": [],
  "src/log": ["src/base"],
  "src/stream": ["src/base"],
  "src/flights": ["src/base", "src/stream"],
  "src/runtime": ["src/base", "src/stream", "src/log"],
  "src/status": [
    "src/base",
    "src/log/log.ts",
    "src/stream/task/counts.ts",
    "src/stream/stray_topics.ts",
    "src/flights",
    "src/runtime/job_status.ts",
    "src/runtime/saved_status.ts",
    "src/runtime/read_state.ts",
  ],
  "src/flink": ["src/base", "src/flights"],
  "src/connect": ["src/base", "src/stream", "src/log", "src/runtime"],
  "src/mod.ts": [
    "src/base",
    "src/stream",
    "src/log",
    "src/runtime",
    "src/connect",
    "src/flights",
    "src/status",
  ],
  "src/cli": [
    "src/base",
    "src/log",
    "src/stream",
    "src/flights",
    "src/runtime",
    "src/flink",
    "src/status",
    "src/connect",
    "src/mod.ts",
  ],
  "main.ts": ["src/base", "src/cli"],
  "examples": ["src/mod.ts"],
};

/** Walls inside a place: code of the first must not import the second. */
const innerWalls: readonly (readonly [from: string, to: string])[] = [
  ["src/log/log.ts", "src/log/sqlite"],
  ["src/log/log.ts", "src/log/kafka"],
  ["src/log/records", "src/log/sqlite"],
  ["src/log/records", "src/log/kafka"],
  ["src/log/sqlite", "src/log/kafka"],
  ["src/log/kafka", "src/log/sqlite"],
];

/** Places that look at the house from outside: they may import anything. */
const onlookers = ["tests", "bench", "tools"];

/** Whether a file holds tests, or lies in a folder that holds nothing else. */
export function isTest(path: string): boolean {
  return path.endsWith("_test.ts") || path.split("/").includes("tests");
}

/** Whether `path` is `place` or lies below it. */
export function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

/** Why `from` must not import `to`, or null when it may. What is not TypeScript has no walls. */
export function brokenWall(from: string, to: string): string | null {
  if (isTest(from) || onlookers.some((place) => isWithin(from, place))) return null;
  if (!to.endsWith(".ts")) return null;
  const place = placeOf(from);
  if (place === null) return `${from} has no place in the table of tools/walls.ts`;
  for (const [inner, wall] of innerWalls) {
    if (isWithin(from, inner) && isWithin(to, wall)) return `${inner} must not import ${wall}`;
  }
  const allowed = mayImport[place]!;
  if ([place, ...allowed].some((other) => isWithin(to, other))) return null;
  return `${place} may import ${allowed.length === 0 ? "nothing" : allowed.join(", ")}, not ${to}`;
}

function placeOf(path: string): string | null {
  return Object.keys(mayImport).find((place) => isWithin(path, place)) ?? null;
}

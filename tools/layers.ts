/**
 * `deno task layers`: every import of src/, types too, goes down a floor (tools/walls.ts), and no
 * imports go round in a circle. The lint rule sees one file at a time; this sees the whole graph.
 * Types alone may go round within a folder: classes that return each other are one family.
 */

import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { root, runDeno } from "./process.ts";
import { brokenWall } from "./walls.ts";

/** Of each file, the files it imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** One circle of imports through each file that is on any, as the files of the way round. */
export function findCycles(graph: ImportGraph): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (file: string) => {
    const seenAt = way.indexOf(file);
    if (seenAt >= 0) cycles.push(way.slice(seenAt));
    if (seenAt >= 0 || done.has(file)) return;
    way.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    way.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

/**
 * The imports that climb, cross or go round, as lines for people.
 *
 * @param families of each file, the files of its folder of which it imports types only.
 */
export function layerProblems(graph: ImportGraph, families: ImportGraph = new Map()): string[] {
  const apart = new Map(
    [...graph].map(([file, imports]) => {
      const family = families.get(file) ?? [];
      return [file, imports.filter((to) => !family.includes(to))];
    }),
  );
  const problems = findCycles(apart).map((cycle) =>
    `Imports go round: ${[...cycle, cycle[0]].join(" -> ")}`
  );
  for (const [from, imports] of graph) {
    for (const to of imports) {
      const wall = brokenWall(from, to);
      if (wall !== null) problems.push(`${from} imports ${to}: ${wall}`);
    }
  }
  return problems;
}

/** What `deno info --json` tells of a module. */
interface ModuleInfo {
  readonly specifier: string;
  readonly error?: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

/** Reads the import graph of src/, as deno itself resolves it, and the families in it. */
export async function readGraph(): Promise<{ graph: ImportGraph; families: ImportGraph }> {
  const files = [...typeScriptFiles(join(root, "src"))];
  const folder = await Deno.makeTempDir({ prefix: "flights-layers-" });
  try {
    const entry = join(folder, "all.ts");
    const imports = files.map((file) => `import ${JSON.stringify(pathToFileURL(file).href)};`);
    await Deno.writeTextFile(entry, imports.join("\n"));
    const config = `--config=${join(root, "deno.json")}`;
    const { stdout, stderr, success } = await runDeno(["info", "--json", config, entry]);
    if (!success) throw new Error(`Cannot read the import graph: deno info says ${stderr}`);
    return toGraph((JSON.parse(stdout) as { modules: ModuleInfo[] }).modules);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function toGraph(modules: readonly ModuleInfo[]): { graph: ImportGraph; families: ImportGraph } {
  const graph = new Map<string, string[]>();
  const families = new Map<string, string[]>();
  for (const { specifier, error, dependencies = [] } of modules) {
    if (error !== undefined) throw new Error(`Cannot read the import graph: ${error}`);
    const from = repositoryPath(specifier);
    if (!from?.startsWith("src/")) continue;
    const imports = dependencies.flatMap(({ code, type }) => [code?.specifier, type?.specifier])
      .map((target) => target === undefined ? null : repositoryPath(target))
      .filter((target) => target !== null);
    graph.set(from, [...new Set(imports)]);
    const family = dependencies.filter(({ code }) => code === undefined)
      .map(({ type }) => repositoryPath(type?.specifier ?? ""))
      .filter((to) => to !== null && dirname(to) === dirname(from));
    families.set(from, family as string[]);
  }
  return { graph, families };
}

function repositoryPath(specifier: string): string | null {
  if (!specifier.startsWith("file:")) return null;
  return relative(root, fileURLToPath(specifier)).replaceAll("\\", "/");
}

function* typeScriptFiles(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* typeScriptFiles(join(folder, name));
    else if (name.endsWith(".ts")) yield join(folder, name);
  }
}

if (import.meta.main) {
  const { graph, families } = await readGraph();
  const problems = layerProblems(graph, families);
  for (const problem of problems) console.error(problem);
  const imports = [...graph.values()].reduce((sum, list) => sum + list.length, 0);
  console.log(`${graph.size} files, ${imports} imports, ${problems.length} against the floors`);
  if (problems.length > 0) Deno.exitCode = 1;
}

/**
 * `deno task example [LESSON] [OPTION...]`: runs a lesson; without one, lists them all.
 */

import process from "node:process";
import { type Lesson, runLesson } from "./lesson/run.ts";

/** A lesson's file. */
interface LessonFile {
  /** Two digits. */
  readonly number: string;
  readonly name: string;
  /** What it teaches, in a line. */
  readonly teaches: string;
}

const folder = new URL(".", import.meta.url);

/** The lessons in their order; each tells in its first sentences what it teaches. */
function lessonFiles(): readonly LessonFile[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /^\d\d_.*\.ts$/.test(name) && !name.endsWith("_test.ts"));
  return names.sort().map((name) => {
    const text = Deno.readTextFileSync(new URL(name, folder));
    const [, told = ""] = /^\/\*\*\n \* Lesson \d\d: ((?:.+\n)+)/.exec(text) ?? [];
    const line = told.replaceAll(/\s*\n \* ?/g, " ").trim();
    return { number: name.slice(0, 2), name, teaches: /^.*?\./.exec(line)?.[0] ?? line };
  });
}

function list(lessons: readonly LessonFile[]): void {
  console.log("deno task example LESSON [OPTION...]      (--help tells the options)\n");
  for (const { number, teaches } of lessons) console.log(`${number}  ${teaches}`);
}

const [wanted, ...args] = Deno.args;
const lessons = lessonFiles();
const chosen = lessons.find(({ number }) => number === wanted?.padStart(2, "0"));
if (chosen !== undefined) {
  // A lesson that takes no options runs when it is imported.
  const { lesson }: { lesson?: Lesson } = await import(new URL(chosen.name, folder).href);
  if (lesson !== undefined) await runLesson(lesson, args);
} else {
  list(lessons);
  if (wanted !== undefined && wanted !== "--help") {
    const numbers = lessons.map(({ number }) => number).join(", ");
    console.error(`error: the lesson must be one of ${numbers}, it is "${wanted}"`);
    process.exitCode = 2;
  }
}

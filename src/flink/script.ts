/** A job as a file for Flink's SQL client, with what a reader must know. */

import { differencesOf } from "./differences.ts";
import type { FlinkJob } from "./job_options.ts";
import { jobSql } from "./job_sql.ts";
import { setStatement } from "./sql_text.ts";

/** The statements of a job, each ended by a semicolon, under comments. */
export function jobScript(job: FlinkJob): string {
  const { settings, tables, insert } = jobSql(job);
  const { applicationId, transactionTimeout } = job.options;
  const notes = [
    `The job ${job.name} as Flink SQL, made by flights flink sql.`,
    ...differencesOf(job).map((difference) => `differs: ${difference}`),
    `exactly once: outputs are transactions of Kafka that each checkpoint commits. Their ids begin with ` +
    `${applicationId}: no two jobs that run may share it. Kafka ends one that is open for ` +
    `${transactionTimeout} ms, with the results in it: that must be longer than the job is ever ` +
    "away, and no longer than the broker's transaction.max.timeout.ms (15 minutes by default).",
  ];
  const statements = [...settings.map(setStatement), ...tables, insert];
  return `${notes.flatMap(commentLines).join("\n")}\n\n${statements.join(";\n\n")};\n`;
}

const width = 100;

function commentLines(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "--";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > width) {
      lines.push(line);
      line = "--  ";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** Where every record of a demo has gone (semantics 21), by the jobs' counts and by the log itself. */

import { topics } from "../../flights/topics.ts";
import type { Log } from "../../log/log.ts";
import type { JobStatus } from "../../runtime/job_status.ts";
import { type OutcomeCounts, sumOutcomes, totalOf } from "../../stream/task/counts.ts";
import { deadLetterTopic, lateTopic } from "../../stream/stray_topics.ts";

/** One thing that must be equal to another. */
export interface AuditCheck {
  readonly what: string;
  readonly expected: number;
  readonly found: number;
}

/** What an audit has seen. */
export interface Audit {
  readonly merge: OutcomeCounts;
  readonly stats: OutcomeCounts;
  /** Records that wait in open windows of stats. */
  readonly held: number;
  /** How many records each topic has. */
  readonly records: ReadonlyMap<string, number>;
  readonly checks: readonly AuditCheck[];
}

/** What is to be audited. */
export interface AuditSubject {
  readonly log: Log;
  readonly merge: JobStatus;
  readonly stats: JobStatus;
  /** How many bookings were written. */
  readonly written: number;
  /** The sum of all travellers' number of flights, as their last results say. */
  readonly flightsInResults: number;
}

/** Audits a demo whose jobs have stopped. */
export async function audit(subject: AuditSubject): Promise<Audit> {
  const merge = outcomesOf(subject.merge);
  const stats = outcomesOf(subject.stats);
  const held = subject.stats.tasks.reduce((sum, task) => sum + task.held, 0);
  const described = await subject.log.describeTopics();
  const records = new Map(described.map(({ name, partitions }) => [
    name,
    partitions.reduce((sum, { startOffset, endOffset }) => sum + endOffset - startOffset, 0),
  ]));
  const on = (...names: readonly string[]) =>
    names.reduce((sum, name) => sum + (records.get(name) ?? 0), 0);
  const bookings = on(topics.skyone, topics.sunset);
  const checks = [
    { what: "bookings written are on the log", expected: subject.written, found: bookings },
    { what: "merge has counted each booking once", expected: bookings, found: totalOf(merge) },
    {
      what: "flights merge let through are on the log",
      expected: merge.used,
      found: on(topics.flightData),
    },
    {
      what: "bookings merge could not read are dead letters",
      expected: merge.deadLetter,
      found: on(deadLetterTopic(topics.skyone), deadLetterTopic(topics.sunset)),
    },
    {
      what: "stats has counted each flight once",
      expected: on(topics.flightData),
      found: totalOf(stats),
    },
    {
      what: "late flights are on the late topic",
      expected: stats.late,
      found: on(lateTopic(topics.flightData)),
    },
    {
      what: "flights in the results, and in open windows",
      expected: stats.windowed,
      found: subject.flightsInResults + held,
    },
  ];
  return { merge, stats, held, records, checks };
}

function outcomesOf(status: JobStatus): OutcomeCounts {
  return sumOutcomes(status.tasks.map((task) => task.outcomes));
}

/** One picture of everything that a live view shows: made once a look, however many watch. */

import type { UserStatistics } from "../flights/models.ts";
import type { Log } from "../log/log.ts";
import { deadLetterTopic, lateTopic } from "../stream/stray_topics.ts";
import { Leaders } from "./leaders.ts";
import { newestRecords, type ShownRecord } from "./newest_records.ts";
import type { LogOverview } from "./overview.ts";
import type { Finding } from "./why/finding.ts";
import { why } from "./why/why.ts";

/** What a live view shows. */
export interface Frame {
  /** Of the shape of this value. */
  readonly version: 1;
  readonly overview: LogOverview;
  /** What stands in the way, the heaviest first. */
  readonly findings: readonly Finding[];
  /** The newest results of all jobs, newest first. */
  readonly results: readonly ShownRecord[];
  /** The newest late records and dead letters, newest first. */
  readonly strays: readonly ShownRecord[];
  /** The travellers with the most flight time. */
  readonly leaders: readonly UserStatistics[];
}

const shownResults = 40;
const shownStrays = 20;
const shownLeaders = 10;
/** A key, header or value longer than this is shown cut. */
const longestValue = 2_000;

/** Makes frames; topics in which nothing is new are not read again. */
export class Frames {
  readonly #log: Log;
  readonly #observe: () => Promise<LogOverview>;
  readonly #leaders: Leaders;
  /** The newest records of each topic, and the ends it had when they were read. */
  readonly #newest = new Map<string, { readonly ends: string; readonly records: ShownRecord[] }>();

  constructor(log: Log, observe: () => Promise<LogOverview>) {
    this.#log = log;
    this.#observe = observe;
    this.#leaders = new Leaders(log);
  }

  /** Looks at the log. */
  async look(): Promise<Frame> {
    const overview = await this.#observe();
    const jobs = overview.jobs.map(({ status }) => status);
    // What another job reads is no end result.
    const read = new Set(jobs.flatMap(({ reads }) => reads));
    const results = jobs.flatMap(({ writes }) => writes).filter((topic) => !read.has(topic));
    const strays = [...read].flatMap((topic) => [lateTopic(topic), deadLetterTopic(topic)]);
    return {
      version: 1,
      overview,
      findings: why(overview),
      results: await this.#newestOf(results, { overview, limit: shownResults }),
      strays: await this.#newestOf(strays, { overview, limit: shownStrays }),
      leaders: await this.#leaders.look({ limit: shownLeaders }),
    };
  }

  async #newestOf(
    names: readonly string[],
    { overview, limit }: { readonly overview: LogOverview; readonly limit: number },
  ): Promise<readonly ShownRecord[]> {
    const all: ShownRecord[] = [];
    for (const name of new Set(names)) {
      const topic = overview.topics.find((topic) => topic.name === name);
      if (topic === undefined) continue;
      const ends = JSON.stringify([topic.id, topic.partitions.map(({ endOffset }) => endOffset)]);
      let known = this.#newest.get(name);
      if (known?.ends !== ends) {
        const records = (await newestRecords(this.#log, name, { limit })).map(cut);
        known = { ends, records };
        this.#newest.set(name, known);
      }
      all.push(...known.records);
    }
    return all.sort((a, b) => b.timestamp - a.timestamp).slice(0, limit);
  }
}

function cut(record: ShownRecord): ShownRecord {
  const { key, value, headers } = record;
  return {
    ...record,
    key: cutText(key),
    value: cutText(value),
    headers: headers.map(([name, text]) => [cutText(name)!, cutText(text)] as const),
  };
}

function cutText(text: string | null): string | null {
  if (text === null || text.length <= longestValue) return text;
  return `${text.slice(0, longestValue)} ... (${text.length} characters)`;
}

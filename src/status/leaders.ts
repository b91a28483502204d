/** The travellers with the most flight time, from the results of stats. */

import { textOf } from "../base/bytes.ts";
import { parseUserStatistics, type UserStatistics } from "../flights/models.ts";
import { topics } from "../flights/topics.ts";
import type { Log } from "../log/log.ts";

/** So many are kept: totals grow, so who is far behind comes back with a result of its own. */
const kept = 1_000;
/** Of a partition's results no more than these are read at the first look: the newest. */
const backlog = 5_000;
/** And no more than these at each look after it, so that a replay is not slowed by who watches it. */
const mostAtOnce = 1_000;

/** Follows the results; what is there is read once. */
export class Leaders {
  readonly #log: Log;
  #topicId: string | null = null;
  #positions: number[] = [];
  #travellers = new Map<string, UserStatistics>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Reads what is new, and returns the first by flight time; none where there is no such topic. */
  async look({ limit }: { readonly limit: number }): Promise<readonly UserStatistics[]> {
    const [topic] = await this.#log.describeTopics([topics.userStatistics]);
    if (topic === undefined) return [];
    const isFirst = topic.id !== this.#topicId;
    if (isFirst) {
      this.#topicId = topic.id;
      this.#travellers = new Map();
      this.#positions = topic.partitions.map(({ startOffset, endOffset }) =>
        Math.max(startOffset, endOffset - backlog)
      );
    }
    for (const [partition, { startOffset, endOffset }] of topic.partitions.entries()) {
      const skipped = isFirst ? 0 : endOffset - mostAtOnce;
      const from = Math.max(startOffset, skipped, this.#positions[partition] ?? startOffset);
      this.#positions[partition] = await this.#read(partition, { from, to: endOffset });
    }
    return this.#sorted().slice(0, limit);
  }

  async #read(
    partition: number,
    { from, to }: { readonly from: number; readonly to: number },
  ): Promise<number> {
    let offset = from;
    while (offset < to) {
      const place = { topic: topics.userStatistics, partition, offset };
      const [fetched] = await this.#log.fetch([place]);
      if (fetched === undefined || fetched.nextOffset === offset) break;
      for (const batch of fetched.batches) {
        for (let i = batch.firstAt(offset); i < batch.count; i++) this.#take(batch.value(i));
      }
      offset = fetched.nextOffset;
    }
    return offset;
  }

  #take(value: Uint8Array | null): void {
    try {
      const one = parseUserStatistics(JSON.parse(textOf(value!)));
      this.#travellers.set(one.email_address, one);
      if (this.#travellers.size > 2 * kept) {
        const first = this.#sorted().slice(0, kept);
        this.#travellers = new Map(first.map((one) => [one.email_address, one]));
      }
    } catch {
      // Somebody else's record: it is none of these results.
    }
  }

  #sorted(): UserStatistics[] {
    return [...this.#travellers.values()].sort((a, b) =>
      b.total_flight_duration - a.total_flight_duration ||
      (a.email_address < b.email_address ? -1 : 1)
    );
  }
}

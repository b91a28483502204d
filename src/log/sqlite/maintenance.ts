/** What becomes of old records, looked after in the background of who writes new ones. */

import { type Clock, systemClock } from "../../base/clock.ts";
import { hasCode } from "../../base/errors.ts";
import type { TopicPartition } from "../log.ts";
import type { ChangeSignal } from "./change_signal.ts";
import { CompactionPass, isWorthCompacting } from "./compaction.ts";
import type { Database, Row } from "./database.ts";
import { hasRetention, retain } from "./retention.ts";
import { nameOf } from "./topics.ts";

/** A partition's retention is looked after at most this often, in milliseconds. */
const retentionInterval = 1_000;

/** Looks after partitions that have been written to. */
export class Maintenance {
  readonly #db: Database;
  readonly #changes: ChangeSignal;
  readonly #clock: Clock;
  /** When each partition's retention was last looked after. */
  readonly #retainedAt = new Map<string, number>();
  readonly #due = new Map<string, TopicPartition>();
  #work: Promise<void> | null = null;

  constructor(db: Database, changes: ChangeSignal, { clock }: { readonly clock: Clock }) {
    this.#db = db;
    this.#changes = changes;
    this.#clock = clock;
  }

  /** Begins, after this turn, what is worth doing for partitions that have grown. */
  after(outputs: readonly TopicPartition[]): void {
    for (const output of outputs) this.#due.set(nameOf(output), output);
    this.#work ??= this.#workOff();
  }

  /** Waits until nothing is left to do, or, when waits have been ended, until the step is done. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #workOff(): Promise<void> {
    await this.#pause();
    for (const [name, where] of this.#due) {
      this.#due.delete(name);
      try {
        await this.#lookAfter(where);
      } catch (error) {
        // Nobody asked for this work: who writes or reads next is told of the same trouble.
        if (hasCode(error, "internal")) throw error;
      }
    }
    this.#work = null;
  }

  async #lookAfter(where: TopicPartition): Promise<void> {
    if (this.#changes.isClosed) return;
    const row = await this.#db.read("look after", () => partitionRow(this.#db, where));
    if (row === undefined) return;
    const now = this.#clock.now();
    if (row.cleanup === "compact" && isWorthCompacting(row)) {
      const pass = new CompactionPass(this.#db, where, { row, now });
      while (!this.#changes.isClosed && await pass.step()) await this.#pause();
    } else if (hasRetention(row) && this.#isRetentionDue(where, now)) {
      const step = () => this.#db.write("clean up", () => retain(this.#db, row, now));
      while (!this.#changes.isClosed && await step()) await this.#pause();
    }
  }

  #isRetentionDue(where: TopicPartition, now: number): boolean {
    const name = nameOf(where);
    if (now - (this.#retainedAt.get(name) ?? -Infinity) < retentionInterval) return false;
    this.#retainedAt.set(name, now);
    return true;
  }

  /** Lets the work of others have a turn. */
  #pause(): Promise<void> {
    return systemClock.sleep(0);
  }
}

function partitionRow(db: Database, { topic, partition }: TopicPartition): Row | undefined {
  return db.get(
    `SELECT p.*, t.cleanup, t.retention_ms, t.retention_bytes FROM partitions p
     JOIN topics t ON t.id = p.topic WHERE t.name = ? AND p.number = ?`,
    topic,
    partition,
  );
}

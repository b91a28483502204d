/** A transaction on the embedded log: held in memory until its commit. */

import { assert } from "../../base/errors.ts";
import type { CommittedOffset, EndOf, OutputBatch, Transaction } from "../log.ts";

/** At this size a transaction is full. */
const fullBytes = 2 * 1024 * 1024;

/** What a commit is to make durable. */
export interface TransactionWork {
  readonly outputs: readonly OutputBatch[];
  readonly reportsAt: (endOf: EndOf) => readonly OutputBatch[];
  readonly offsetsAt: (endOf: EndOf) => readonly CommittedOffset[];
}

/** Makes records and offsets durable, or throws. */
export type CommitWork = (work: TransactionWork) => Promise<void>;

/** Collects what a commit is to make durable. */
export class SqliteTransaction implements Transaction {
  readonly #outputs: OutputBatch[] = [];
  readonly #commit: CommitWork;
  #bytes = 0;
  #isOver = false;

  constructor(commit: CommitWork) {
    this.#commit = commit;
  }

  /** Whether it was committed, or its commit failed or is under way. */
  get isOver(): boolean {
    return this.#isOver;
  }

  append(outputs: readonly OutputBatch[]): Promise<void> {
    assert(!this.#isOver, "a transaction that is appended to must be under way, it is over");
    for (const output of outputs) {
      this.#outputs.push(output);
      this.#bytes += output.batch.bytes.length;
    }
    return Promise.resolve();
  }

  get isFull(): boolean {
    return this.#bytes >= fullBytes;
  }

  async commit(
    offsetsAt: TransactionWork["offsetsAt"],
    reportsAt: TransactionWork["reportsAt"] = () => [],
  ): Promise<void> {
    assert(!this.#isOver, "a transaction must be committed once, it is over");
    this.#isOver = true;
    await this.#commit({ outputs: this.#outputs, reportsAt, offsetsAt });
  }
}

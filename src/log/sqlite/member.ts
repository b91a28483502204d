/** A member of a group on the embedded log. */

import type { Clock } from "../../base/clock.ts";
import { FlightsError } from "../../base/errors.ts";
import type {
  Assignment,
  CommittedOffset,
  FetchedPartition,
  FetchOptions,
  Member,
  OutputBatch,
  Position,
  Transaction,
} from "../log.ts";
import type { Database } from "./database.ts";
import { fenced, type Groups, type Standing } from "./groups.ts";
import { appendBatch } from "./partitions.ts";
import type { ChangeSignal } from "./waiting.ts";

/**
 * Is called at each named step of a commit, so that a test can end the process there:
 * `commit-begin`, `commit-fence-checked`, `commit-appended`, `commit-offsets-written`,
 * `commit-durable`.
 */
export type FaultPoint = (step: CommitStep) => void;

/** The steps of a commit. */
export type CommitStep =
  | "commit-begin"
  | "commit-fence-checked"
  | "commit-appended"
  | "commit-offsets-written"
  | "commit-durable";

/** What a member needs of its log. */
export interface MemberContext {
  readonly db: Database;
  readonly groups: Groups;
  readonly changes: ChangeSignal;
  readonly clock: Clock;
  readonly sessionTimeout: number;
  readonly faultPoint: FaultPoint;
  readonly fetch: (
    positions: readonly Position[],
    options?: FetchOptions,
  ) => Promise<readonly FetchedPartition[]>;
  /** Looks after what was written. */
  readonly written: (outputs: readonly OutputBatch[]) => Promise<void>;
  /** Takes a member off the log. */
  readonly leave: (member: SqliteMember) => Promise<void>;
}

/** Who a member is. */
export interface MemberIdentity {
  readonly id: string;
  readonly group: string;
  readonly topics: readonly string[];
  /** How many partitions each of the topics has. */
  readonly partitions: number;
}

/** A member that holds all partitions of its group, or stands by. */
export class SqliteMember implements Member {
  readonly id: string;
  readonly #identity: MemberIdentity;
  readonly #context: MemberContext;
  #assignment: Assignment = { generation: 0, partitions: [], waitingFor: null };
  #renewedAt: number;
  #closed = false;

  constructor(identity: MemberIdentity, context: MemberContext) {
    this.id = identity.id;
    this.#identity = identity;
    this.#context = context;
    this.#renewedAt = context.clock.now();
  }

  get assignment(): Assignment {
    return this.#assignment;
  }

  async poll(
    positions: readonly Position[],
    options: FetchOptions = {},
  ): Promise<readonly FetchedPartition[]> {
    const { changes, clock } = this.#context;
    if (this.#closed) throw this.#isClosed("poll");
    if (this.#assignment.partitions.length > 0) {
      await this.#checkIn();
      return this.#context.fetch(positions, options);
    }
    const deadline = clock.now() + (options.maxWaitMs ?? 0);
    for (;;) {
      const mark = changes.mark;
      await this.#tryTakeOver();
      const left = deadline - clock.now();
      if (this.#assignment.partitions.length > 0 || left <= 0 || options.signal?.aborted) return [];
      await changes.wait(mark, Math.min(left, 25), options.signal);
    }
  }

  /** Makes sure that this member still holds the group, and puts off the end of its lease. */
  async #checkIn(): Promise<void> {
    const { db, groups, clock, sessionTimeout } = this.#context;
    const now = clock.now();
    if (now - this.#renewedAt < sessionTimeout / 5) {
      groups.standing(this.#identity.group, this.id, now);
      return;
    }
    await db.write("renew a lease on", () => {
      groups.standing(this.#identity.group, this.id, now);
      groups.renew(this.id, now + sessionTimeout);
    });
    this.#renewedAt = now;
  }

  async #tryTakeOver(): Promise<void> {
    const { db, groups, clock, sessionTimeout } = this.#context;
    const { group, partitions } = this.#identity;
    const now = clock.now();
    const leaseUntil = now + sessionTimeout;
    let standing: Standing = groups.standing(group, this.id, now);
    const renews = now - this.#renewedAt >= sessionTimeout / 5;
    if (standing.heldBy === null || renews) {
      standing = await db.write("join a group on", () => {
        groups.renew(this.id, leaseUntil);
        return groups.takeOver(group, this.id, { now, leaseUntil });
      });
      this.#renewedAt = now;
    }
    const { generation, heldBy } = standing;
    this.#assignment = generation === null ? { ...this.#assignment, waitingFor: heldBy } : {
      generation,
      partitions: Array.from({ length: partitions }, (_, i) => i),
      waitingFor: null,
    };
  }

  committed(): Promise<readonly CommittedOffset[]> {
    const { db, groups } = this.#context;
    const { group, topics } = this.#identity;
    return db.read(
      "read offsets from",
      () => groups.offsets(group).filter(({ topic }) => topics.includes(topic)),
    );
  }

  begin(): Transaction {
    const outputs: OutputBatch[] = [];
    return {
      append: (output) => outputs.push(output),
      commit: (offsets) => this.#commit(outputs, offsets),
    };
  }

  /** One SQL transaction: the fence, the records, the offsets. */
  async #commit(
    outputs: readonly OutputBatch[],
    offsets: Parameters<Transaction["commit"]>[0],
  ): Promise<void> {
    const { db, groups, clock, sessionTimeout, faultPoint } = this.#context;
    const { group } = this.#identity;
    if (this.#closed) throw this.#isClosed("commit");
    const now = clock.now();
    faultPoint("commit-begin");
    await db.write("commit to", () => {
      const { generation } = groups.standing(group, this.id, now);
      if (generation !== this.#assignment.generation) throw fenced(group, "it stands by");
      faultPoint("commit-fence-checked");
      const ends = new Map<string, number>();
      for (const output of outputs) {
        const base = appendBatch(db, output);
        ends.set(`${output.topic} ${output.partition}`, base + output.batch.count);
      }
      faultPoint("commit-appended");
      groups.commit(group, offsets(({ topic, partition }) => ends.get(`${topic} ${partition}`)!));
      groups.renew(this.id, now + sessionTimeout);
      faultPoint("commit-offsets-written");
    });
    faultPoint("commit-durable");
    this.#renewedAt = now;
    await this.#context.written(outputs);
  }

  #isClosed(doing: string): FlightsError {
    return new FlightsError("internal", `Cannot ${doing}: the member must be open, it was closed`);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#context.leave(this);
  }
}

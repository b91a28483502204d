/** A member of a group on the embedded log. */

import { type Clock, systemClock } from "../../base/clock.ts";
import { assert } from "../../base/errors.ts";
import type {
  Assignment,
  CommittedOffset,
  FetchedPartition,
  FetchOptions,
  Member,
  OutputBatch,
  Position,
  TopicPartition,
  Transaction,
} from "../log.ts";
import type { ChangeSignal } from "./change_signal.ts";
import type { Database } from "./database.ts";
import type { FaultPoint } from "./fault_point.ts";
import type { Groups, Lease, MemberIdentity, Standing } from "./groups.ts";
import { appendBatch } from "./partitions.ts";
import { hasMoved, type Reader } from "./reader.ts";
import { nameOf } from "./topics.ts";

/** A member that stands by looks at the holder's process at least this often, in milliseconds. */
const standByInterval = 50;
/** A transaction is held in memory until its commit: at this size it is full. */
const fullBytes = 2 * 1024 * 1024;
/** A lease is renewed when this part of it has passed. */
const renewalShare = 1 / 5;

/** What a member needs of its log. */
export interface MemberContext {
  readonly db: Database;
  readonly groups: Groups;
  readonly reader: Reader;
  readonly changes: ChangeSignal;
  readonly clock: Clock;
  readonly sessionTimeoutMs: number;
  readonly faultPoint: FaultPoint;
  /** Looks after what was written. */
  readonly written: (outputs: readonly OutputBatch[]) => void;
  /** Takes a member off the log. */
  readonly leave: (member: SqliteMember) => Promise<void>;
}

/** What tells where a transaction's records ended, and answers with offsets. */
type OffsetsAt = Parameters<Transaction["commit"]>[0];

/** A member that holds all partitions of its group, or stands by. */
export class SqliteMember implements Member {
  readonly id: string;
  readonly #identity: MemberIdentity;
  readonly #context: MemberContext;
  #assignment: Assignment = { generation: 0, partitions: [], waitingFor: null };
  #renewedAt: number;
  #transaction: SqliteTransaction | null = null;
  #isClosed = false;

  constructor(identity: MemberIdentity, context: MemberContext) {
    this.id = identity.id;
    this.#identity = identity;
    this.#context = context;
    this.#renewedAt = context.clock.now();
  }

  get assignment(): Assignment {
    return this.#assignment;
  }

  get isRebalancing(): boolean {
    return false;
  }

  async poll(
    positions: readonly Position[],
    options: FetchOptions = {},
  ): Promise<readonly FetchedPartition[]> {
    this.#checkOpen();
    try {
      if (this.#assignment.partitions.length > 0) return await this.#fetch(positions, options);
      await this.#standBy(options);
    } catch (error) {
      // Closing takes the member off the log before its waits have ended: that is no fence.
      if (!this.#isClosed) throw error;
    }
    return [];
  }

  /** Fetches in waits short enough to renew the lease between them. */
  async #fetch(
    positions: readonly Position[],
    options: FetchOptions,
  ): Promise<readonly FetchedPartition[]> {
    const { groups, reader, changes, clock } = this.#context;
    const deadline = systemClock.now() + (options.maxWaitMs ?? 0);
    for (;;) {
      await this.#renewLease();
      const left = Math.max(0, deadline - systemClock.now());
      const fetched = await reader.fetch(positions, {
        ...options,
        maxWaitMs: Math.min(left, this.#renewalInterval),
        check: () => groups.checkHolds(this.#identity, clock.now()),
      });
      if (hasMoved(positions, fetched) || systemClock.now() >= deadline) return fetched;
      if (options.signal?.aborted || changes.isClosed || this.#isClosed) return fetched;
    }
  }

  /** Waits for an assignment, or for news of who has it. */
  async #standBy({ maxWaitMs = 0, signal }: FetchOptions): Promise<void> {
    const { changes } = this.#context;
    const deadline = systemClock.now() + maxWaitMs;
    for (;;) {
      const mark = changes.mark;
      const before = this.#assignment;
      this.#assignment = await this.#lookUp();
      const left = deadline - systemClock.now();
      if (this.#assignment !== before || left <= 0) return;
      if (signal?.aborted || changes.isClosed || this.#isClosed) return;
      await changes.wait(mark, Math.min(left, standByInterval), signal);
    }
  }

  /** The assignment now; the same object when it is as it was. */
  async #lookUp(): Promise<Assignment> {
    const { db, groups, clock } = this.#context;
    const before = this.#assignment;
    const seen = await db.read(
      "look for a group's member in",
      () => groups.standing(this.#identity, clock.now()),
    );
    if (seen.heldBy !== null && !this.#isRenewalDue) return standingBy(before, seen);
    const lease = this.#lease();
    const found = await db.write("take over a group on", () => ({
      standing: groups.takeOver(this.#identity, lease),
      partitions: groups.countPartitions(this.#identity),
    }));
    this.#renewedAt = lease.now;
    const { standing: { generation }, partitions } = found;
    if (generation === null) return standingBy(before, found.standing);
    return {
      generation,
      partitions: Array.from({ length: partitions }, (_, partition) => partition),
      waitingFor: null,
    };
  }

  get #renewalInterval(): number {
    return this.#context.sessionTimeoutMs * renewalShare;
  }

  get #isRenewalDue(): boolean {
    return this.#context.clock.now() - this.#renewedAt >= this.#renewalInterval;
  }

  #lease(): Lease {
    const now = this.#context.clock.now();
    return { now, until: now + this.#context.sessionTimeoutMs };
  }

  async #renewLease(): Promise<void> {
    if (!this.#isRenewalDue) return;
    const { db, groups } = this.#context;
    const lease = this.#lease();
    await db.write("renew a lease on", () => {
      groups.checkHolds(this.#identity, lease.now);
      groups.renew(this.id, lease);
    });
    this.#renewedAt = lease.now;
  }

  committed(): Promise<readonly CommittedOffset[]> {
    this.#checkOpen();
    const { db, groups } = this.#context;
    const { group, topics } = this.#identity;
    const { partitions } = this.#assignment;
    return db.read(
      "read offsets from",
      () =>
        groups.offsets(group).filter(({ topic, partition }) =>
          topics.includes(topic) && partitions.includes(partition)
        ),
    );
  }

  begin(): Transaction {
    this.#checkOpen();
    assert(this.#transaction === null, "a member has one transaction at a time");
    const transaction = new SqliteTransaction((outputs, offsetsAt) => {
      this.#transaction = null;
      return this.#commit(outputs, offsetsAt);
    });
    this.#transaction = transaction;
    return transaction;
  }

  /**
   * One SQL transaction:
   * 1. the fence: the member must hold its group, and holds it until the transaction ends;
   * 2. the records are placed;
   * 3. the offsets, which may tell where the records are, are written, and the lease renewed;
   * 4. all of it becomes durable.
   */
  async #commit(outputs: readonly OutputBatch[], offsetsAt: OffsetsAt): Promise<void> {
    this.#checkOpen();
    const { db, groups, faultPoint } = this.#context;
    const lease = this.#lease();
    faultPoint("commit-begin");
    await db.write("commit to", () => {
      groups.checkHolds(this.#identity, lease.now);
      faultPoint("commit-fence-checked");
      const ends = new Map<string, number>();
      for (const output of outputs) ends.set(nameOf(output), appendBatch(db, output).nextOffset);
      faultPoint("commit-appended");
      const endOf = (partition: TopicPartition) => {
        const end = ends.get(nameOf(partition));
        assert(end !== undefined, `the transaction must append to ${nameOf(partition)}`);
        return end;
      };
      groups.commit(this.#identity.group, offsetsAt(endOf));
      groups.renew(this.id, lease);
      faultPoint("commit-offsets-written");
    });
    faultPoint("commit-durable");
    this.#renewedAt = lease.now;
    this.#context.written(outputs);
  }

  #checkOpen(): void {
    assert(!this.#isClosed, "a member that is used must be open, it was closed");
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#context.leave(this);
  }
}

/** Collects what a commit is to make durable. */
class SqliteTransaction implements Transaction {
  readonly #outputs: OutputBatch[] = [];
  readonly #commit: (outputs: readonly OutputBatch[], offsetsAt: OffsetsAt) => Promise<void>;
  #bytes = 0;
  #isOver = false;

  constructor(commit: (outputs: readonly OutputBatch[], offsetsAt: OffsetsAt) => Promise<void>) {
    this.#commit = commit;
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

  async commit(offsetsAt: OffsetsAt): Promise<void> {
    assert(!this.#isOver, "a transaction must be committed once, it is over");
    this.#isOver = true;
    await this.#commit(this.#outputs, offsetsAt);
  }
}

/** The assignment of a member that stands by; the same object when it is as it was. */
function standingBy(before: Assignment, { heldBy }: Standing): Assignment {
  return before.waitingFor === heldBy ? before : { ...before, waitingFor: heldBy };
}

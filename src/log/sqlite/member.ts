/** A member of a group on the embedded log. */

import { createHash } from "node:crypto";
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
import { stampProducer } from "../records/builder.ts";
import type { ChangeSignal } from "./change_signal.ts";
import type { Database } from "./database.ts";
import type { FaultPoint } from "./fault_point.ts";
import {
  fenced,
  type GroupMembers,
  type GroupView,
  hasLease,
  holds,
  type Lease,
  type MemberIdentity,
  type MemberRow,
} from "./group_members.ts";
import type { Groups } from "./groups.ts";
import { appendBatch } from "./partitions.ts";
import { hasMoved, type Reader } from "./reader.ts";
import { nameOf } from "./topics.ts";
import { SqliteTransaction, type TransactionWork } from "./transaction.ts";

/** The processes of the other members are looked at that often, in milliseconds. */
const watchInterval = 50;
/** A lease is renewed when this part of it has passed. */
const renewalShare = 1 / 5;

/** What a member needs of its log. */
export interface MemberContext {
  readonly db: Database;
  readonly groups: Groups;
  readonly members: GroupMembers;
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

/** What a member saw of the file when it was at a mark. */
interface Sight {
  readonly mark: string;
  readonly view: GroupView;
  readonly positions: readonly Position[];
  readonly fetched: readonly FetchedPartition[];
}

/** A member that holds partitions of its group, or stands by. */
export class SqliteMember implements Member {
  readonly id: string;
  readonly producerId: number;
  readonly #identity: MemberIdentity;
  readonly #context: MemberContext;
  #assignment: Assignment = { generation: 0, partitions: [], waitingFor: null };
  #isRebalancing = false;
  #hasEntered = false;
  #renewedAt: number;
  #watchedAt = 0;
  #sight: Sight | null = null;
  #transaction: SqliteTransaction | null = null;
  #isClosed = false;

  constructor(identity: MemberIdentity, context: MemberContext) {
    this.id = identity.id;
    this.producerId = producerIdOf(identity.id);
    this.#identity = identity;
    this.#context = context;
    this.#renewedAt = context.clock.now();
  }

  get assignment(): Assignment {
    return this.#assignment;
  }

  get isRebalancing(): boolean {
    return this.#isRebalancing;
  }

  async poll(
    positions: readonly Position[],
    options: FetchOptions = {},
  ): Promise<readonly FetchedPartition[]> {
    this.#checkOpen();
    try {
      if (this.#isRebalancing) await this.#takePart(options);
      else if (this.#assignment.partitions.length === 0) await this.#standBy(options);
      else return await this.#fetch(positions, options);
    } catch (error) {
      // Closing takes the member off the log before its waits have ended: that is no fence.
      if (!this.#isClosed) throw error;
    }
    return [];
  }

  /** Fetches, and keeps the membership alive and the others under watch meanwhile. */
  async #fetch(
    positions: readonly Position[],
    { maxWaitMs = 0, maxPartitionBytes, signal }: FetchOptions,
  ): Promise<readonly FetchedPartition[]> {
    const deadline = systemClock.now() + maxWaitMs;
    for (;;) {
      const sight = await this.#look(positions, maxPartitionBytes);
      if (sight.view.isRebalancing) {
        this.#isRebalancing = true;
        return [];
      }
      if (await this.#keepUp(sight.view)) continue;
      const left = deadline - systemClock.now();
      if (hasMoved(positions, sight.fetched) || left <= 0) return sight.fetched;
      if (this.#isStopped(signal)) return sight.fetched;
      await this.#wait(sight, left, signal);
    }
  }

  /**
   * Waits for an assignment, or for news of who has it. While the group rebalances it waits for the
   * end of that, however long the poll was to wait: what comes before is no news. No longer than a
   * session, as who does not give up what it holds is replaced.
   */
  async #standBy({ maxWaitMs = 0, signal }: FetchOptions): Promise<void> {
    const deadline = systemClock.now() + maxWaitMs;
    const before = this.#assignment;
    for (;;) {
      const sight = await this.#takePlace();
      const isKnown = isSharedOut(sight.view);
      if (isKnown) this.#assignment = assignmentIn(sight.view, before);
      const left = isKnown ? deadline - systemClock.now() : Infinity;
      if (this.#assignment !== before || left <= 0 || this.#isStopped(signal)) return;
      await this.#wait(sight, left, signal);
    }
  }

  /** Gives up what the member holds, and waits until it is shared out: what it keeps, never goes. */
  async #takePart({ signal }: FetchOptions): Promise<void> {
    const { members } = this.#context;
    const view = await this.#takeStock(() => members.giveUp(this.#identity));
    this.#isRebalancing = false;
    this.#transaction = null;
    const without = { generation: view.generation, partitions: [], waitingFor: null };
    this.#assignment = isSharedOut(view) ? assignmentIn(view, without) : without;
    if (!isSharedOut(view)) await this.#standBy(signal === undefined ? {} : { signal });
  }

  /** Looks at the group without holding any of it, and does what that asks for. */
  async #takePlace(): Promise<Sight> {
    if (!this.#hasEntered) await this.#takeStock();
    this.#hasEntered = true;
    for (;;) {
      const sight = await this.#look([]);
      const { isRebalancing, own, peers } = sight.view;
      if (isRebalancing && ![own, ...peers].some(holds)) await this.#takeStock();
      else if (!(await this.#keepUp(sight.view))) return sight;
    }
  }

  /** The group and what is new at the positions; as it was where the file has not changed. */
  async #look(positions: readonly Position[], maxPartitionBytes?: number): Promise<Sight> {
    const { members, reader, changes } = this.#context;
    const { mark } = changes;
    const seen = this.#sight;
    if (seen?.mark === mark && areSame(seen.positions, positions)) return seen;
    let view: GroupView;
    const fetched = await reader.read(positions, {
      ...(maxPartitionBytes !== undefined && { maxPartitionBytes }),
      check: () => view = members.view(this.#identity),
    });
    const sight = { mark, view: view!, positions, fetched };
    // Records are not kept: they are large, and will not be asked for again.
    this.#sight = hasMoved(positions, fetched) ? null : sight;
    return sight;
  }

  /** Waits for a change of the file, or for the next look at the others or at the lease. */
  #wait(
    { mark, view }: Sight,
    left: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const longest = view.peers.some(holds) ? watchInterval : this.#renewalInterval;
    return this.#context.changes.wait(mark, Math.min(left, longest), signal);
  }

  #isStopped(signal: AbortSignal | undefined): boolean {
    return signal?.aborted === true || this.#context.changes.isClosed || this.#isClosed;
  }

  /**
   * Renews the lease when that is due, and takes stock when one that holds partitions is dead; tells
   * whether it did: then the group is to be looked at again.
   */
  async #keepUp({ peers }: GroupView): Promise<boolean> {
    const { db, members, changes, clock } = this.#context;
    const now = clock.now();
    if (now - this.#renewedAt >= this.#renewalInterval) {
      await db.write("renew a lease on", () => members.renew(this.id, this.#leaseFrom(now)));
      this.#renewedAt = now;
      changes.changed();
      return true;
    }
    if (!this.#isDead(peers.filter(holds), now)) return false;
    await this.#takeStock();
    return true;
  }

  /** Whether one of these is dead; their processes are looked at now and then only. */
  #isDead(holders: readonly MemberRow[], now: number): boolean {
    if (holders.some((holder) => !hasLease(holder, now))) return true;
    const time = systemClock.now();
    if (time - this.#watchedAt < watchInterval) return false;
    this.#watchedAt = time;
    return holders.some((holder) => this.#context.members.hasEnded(holder));
  }

  async #takeStock(first: () => void = () => {}): Promise<GroupView> {
    const { db, members, changes, clock } = this.#context;
    const now = clock.now();
    const view = await db.write("share partitions on", () => {
      first();
      return members.takeStock(this.#identity, this.#leaseFrom(now));
    });
    this.#renewedAt = now;
    changes.changed();
    return view;
  }

  #leaseFrom(now: number): Lease {
    return { now, until: now + this.#context.sessionTimeoutMs };
  }

  get #renewalInterval(): number {
    return this.#context.sessionTimeoutMs * renewalShare;
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
    assert(this.#transaction?.isOver !== false, "a member has one transaction at a time");
    const assignment = this.#assignment;
    this.#transaction = new SqliteTransaction((work) => this.#commit(work, assignment));
    return this.#transaction;
  }

  /**
   * One SQL transaction:
   * 1. the fence: the member must hold what it held when it began, and holds it until the end;
   * 2. the records are placed;
   * 3. the offsets, which may tell where the records are, are written, and the lease renewed;
   * 4. all of it becomes durable.
   */
  async #commit(
    { outputs, offsetsAt, reportsAt }: TransactionWork,
    assignment: Assignment,
  ): Promise<void> {
    this.#checkOpen();
    const { db, groups, members, clock, faultPoint } = this.#context;
    const now = clock.now();
    const written: OutputBatch[] = [];
    faultPoint("commit-begin");
    await db.write("commit to", () => {
      members.checkHolds(this.#identity, assignment.generation);
      faultPoint("commit-fence-checked");
      const ends = new Map<string, number>();
      const append = (output: OutputBatch) => {
        this.#stamp(output);
        ends.set(nameOf(output), appendBatch(db, output).nextOffset);
        written.push(output);
      };
      outputs.forEach(append);
      faultPoint("commit-appended");
      const endOf = (partition: TopicPartition) => {
        const end = ends.get(nameOf(partition));
        assert(end !== undefined, `the transaction must append to ${nameOf(partition)}`);
        return end;
      };
      reportsAt(endOf).forEach(append);
      const offsets = offsetsAt(endOf);
      for (const offset of offsets) this.#checkHeld(offset, assignment);
      groups.commit(this.#identity.group, offsets);
      members.renew(this.id, this.#leaseFrom(now));
      faultPoint("commit-offsets-written");
    });
    faultPoint("commit-durable");
    this.#renewedAt = now;
    this.#context.written(written);
  }

  /** Marks a batch as of this member's transactions; sequence numbers are for Kafka's brokers. */
  #stamp({ batch: { bytes } }: OutputBatch): void {
    const { producerId } = this;
    stampProducer(bytes, { producerId, producerEpoch: 0, baseSequence: -1, transactional: true });
  }

  #checkHeld(offset: CommittedOffset, { partitions }: Assignment): void {
    const { group, topics } = this.#identity;
    if (!topics.includes(offset.topic) || partitions.includes(offset.partition)) return;
    throw fenced(group, `it was to commit an offset of ${nameOf(offset)}`);
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

/** A number made of a member's id, as a whole number above 0. */
function producerIdOf(id: string): number {
  return Number.parseInt(createHash("sha256").update(id).digest("hex").slice(0, 10), 16);
}

/** Whether what a member was waiting for has come; the next generation may have begun since. */
function isSharedOut({ isRebalancing, own }: GroupView): boolean {
  return !isRebalancing || holds(own);
}

/** What a member holds by a view of its group; the same object when it is as it was. */
function assignmentIn({ own }: GroupView, before: Assignment): Assignment {
  const { generation, held, waitingFor } = own;
  if (generation !== null) return { generation, partitions: held!, waitingFor: null };
  return before.waitingFor === waitingFor ? before : { ...before, waitingFor };
}

function areSame(some: readonly Position[], others: readonly Position[]): boolean {
  return some.length === others.length && some.every((one, i) => {
    const other = others[i]!;
    return one.topic === other.topic && one.partition === other.partition &&
      one.offset === other.offset && one.topicId === other.topicId;
  });
}

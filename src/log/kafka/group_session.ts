/**
 * A place in a consumer group: joining, heartbeats, leaving. Static membership (KIP-345) lets a
 * restarted member take its place at once; the classic protocol is kept to, since it fences commits
 * by generation (KIP-447).
 */

import { FlightsError, hasCode } from "../../base/errors.ts";
import { sharePartitions } from "../assignment.ts";
import type { AnnouncedProcess } from "../log.ts";
import type { KafkaCluster } from "./cluster.ts";
import { KafkaError, noError, UnansweredError } from "./errors.ts";
import {
  assignorName,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type GroupAssignment,
} from "./membership.ts";
import { heartbeat } from "./protocol/heartbeat_v3.ts";
import { joinGroup, type JoinGroupResponse } from "./protocol/join_group_v5.ts";
import { leaveGroup } from "./protocol/leave_group_v3.ts";
import type { GroupMembership } from "./protocol/outcomes.ts";
import { syncGroup } from "./protocol/sync_group_v3.ts";

/** Settings of a place in a group. */
export interface GroupSessionOptions {
  readonly group: string;
  readonly instanceId: string;
  readonly topics: readonly string[];
  /** How many partitions each of the topics has. */
  readonly partitions: number;
  /** For people. */
  readonly description: string;
  /** What the member computes. */
  readonly version: string;
  /** What the member's process has announced by now; told with each join. */
  readonly processes: () => readonly AnnouncedProcess[];
  /** Told, where this member shares the group out, of those that were in it before and are gone. */
  readonly onGone: (instanceIds: readonly string[]) => void;
  /** Told when the member has to join again, or cannot go on. */
  readonly onNews: () => void;
  /** A member that is not heard of for so long is replaced, in milliseconds. */
  readonly sessionTimeoutMs: number;
}

/** The time between two heartbeats: a rebalance is noticed that fast. */
const heartbeatInterval = 200;
/** How much longer than the group's own time-out a join may take. */
const joinGraceMs = 5_000;

/** What a member is asked to do by its group. */
type Verdict = "go on" | "rejoin" | "join anew";

/** A place in a group. */
export class GroupSession {
  readonly #cluster: KafkaCluster;
  readonly #options: GroupSessionOptions;
  readonly #coordinator: { readonly kind: "group"; readonly key: string };
  readonly #ended = new AbortController();
  #memberId = "";
  #generation = -1;
  #held: readonly number[] = [];
  #companions: readonly string[] = [];
  #attempt = 0;
  #mustJoin = true;
  #failure: unknown = null;
  #beating: Promise<void> = Promise.resolve();
  #usedAt: number;
  /** Whether a join that was given up may yet reach the coordinator: it would replace this member. */
  #joinIsUnsure = false;

  constructor(cluster: KafkaCluster, options: GroupSessionOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#coordinator = { kind: "group", key: options.group };
    this.#usedAt = cluster.clock.now();
  }

  /** Notes that the member is at work: one that is not for a session's time is given up. */
  use(): void {
    this.#usedAt = this.#cluster.clock.now();
  }

  /** Who commits, in the generation of the last completed join. */
  get membership(): GroupMembership {
    const { group, instanceId } = this.#options;
    return { groupId: group, generation: this.#generation, memberId: this.#memberId, instanceId };
  }

  /** Whether the group is being shared out anew, and this member has to join again. */
  get mustJoin(): boolean {
    return this.#mustJoin;
  }

  /** Ends the membership: the member was found to be replaced. */
  end(failure: unknown): void {
    this.#failure ??= failure;
    this.#tell();
  }

  /** @throws what has ended the membership. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** The error of a member that a join of its own, given up and late, has replaced; else null. */
  ofOwnGhost(error: unknown): FlightsError | null {
    return this.#joinIsUnsure && hasCode(error, "instance-taken")
      ? replaced(this.#options.group)
      : null;
  }

  /** Joins, waits for the others, and returns what this member holds from now on. */
  async join(): Promise<GroupAssignment> {
    for (;;) {
      this.check();
      const assignment = await this.#cluster.persist(() => this.#joinOnce());
      if (assignment === null) continue;
      const { partitions, version, members } = assignment;
      if (partitions.length > 0 && version !== this.#options.version) {
        // A restarted member is given what its predecessor held, without anybody being asked: it
        // was of another version, so the group is to be shared out anew.
        this.#attempt++;
        continue;
      }
      this.#held = partitions;
      this.#companions = members;
      this.#mustJoin = false;
      this.#beat();
      return assignment;
    }
  }

  /**
   * Asks the coordinator whether the place in the group is still this member's own.
   *
   * @throws {KafkaError} `instance-taken` when another live process has taken it.
   */
  async confirm(): Promise<void> {
    if (this.#memberId === "") return;
    const answer = await this.#cluster.persist(() =>
      this.#send(heartbeat.call(this.membership), "control")
    );
    this.#judge(answer.errorCode, "stay in");
  }

  /** One try; null when the group has moved on meanwhile. */
  async #joinOnce(): Promise<GroupAssignment | null> {
    const joined = await this.#sendJoin(
      joinGroup.call({
        groupId: this.#options.group,
        sessionTimeoutMs: this.#options.sessionTimeoutMs,
        rebalanceTimeoutMs: this.#options.sessionTimeoutMs,
        memberId: this.#memberId,
        instanceId: this.#options.instanceId,
        protocols: [{
          name: assignorName,
          metadata: this.#subscription(),
        }],
      }),
    );
    if (this.#judge(joined.errorCode, "join") !== "go on") {
      // A coordinator that asks for it has given an id to come back with; others echo the refused one.
      if (joined.errorCode === memberIdRequired) this.#memberId = joined.memberId;
      return null;
    }
    this.#memberId = joined.memberId;
    this.#generation = joined.generation;
    const assignments = joined.leader === joined.memberId ? this.#assign(joined) : [];
    const synced = await this.#send(syncGroup.call({ ...this.membership, assignments }), "join");
    if (this.#judge(synced.errorCode, "take part in") !== "go on") return null;
    return decodeAssignment(synced.assignment);
  }

  #subscription(): Uint8Array {
    const { topics, description, version } = this.#options;
    const [held, attempt] = [this.#held, this.#attempt];
    const processes = this.#options.processes();
    return encodeSubscription({ topics, description, version, held, attempt, processes });
  }

  /** As the leader: who gets what. A leader that came back is told of no members, and tells none. */
  #assign({ members }: JoinGroupResponse) {
    const { topics, partitions } = this.#options;
    const told = members.map(({ memberId, instanceId, metadata }) => ({
      memberId,
      id: instanceId ?? memberId,
      ...decodeSubscription(metadata),
    }));
    if (told.length === 0) return [];
    const ids = told.map(({ id }) => id);
    const gone = this.#companions.filter((id) => !ids.includes(id));
    if (gone.length > 0) this.#options.onGone(gone);
    const shares = sharePartitions(told, partitions);
    return told.map(({ memberId, id, version }) => ({
      memberId,
      assignment: encodeAssignment({ topics, version, members: ids, ...shares.get(id)! }),
    }));
  }

  /** Sends a heartbeat now and then until the member has to join again. */
  #beat(): void {
    const beat = async () => {
      while (!this.#mustJoin && this.#failure === null && !this.#ended.signal.aborted) {
        await this.#cluster.clock.sleep(heartbeatInterval, this.#ended.signal);
        if (this.#ended.signal.aborted || this.#mustJoin) return;
        const unused = this.#cluster.clock.now() - this.#usedAt;
        if (unused > this.#options.sessionTimeoutMs) continue;
        try {
          const answer = await this.#send(heartbeat.call(this.membership), "control");
          const verdict = this.#judge(answer.errorCode, "stay in");
          if (verdict === "join anew") this.end(replaced(this.#options.group));
          if (verdict === "rejoin") this.#tell();
        } catch (error) {
          // A broker that cannot be reached for a while is waited for: the session may outlive that.
          if (hasCode(error, "log-unreachable")) continue;
          this.end(error);
        }
      }
    };
    this.#beating = this.#beating.then(beat);
  }

  #tell(): void {
    this.#mustJoin = true;
    this.#options.onNews();
  }

  /**
   * What an answer of the coordinator asks for.
   *
   * @throws {KafkaError} for what joining again does not mend; `instance-taken` among it.
   */
  #judge(errorCode: number, doing: string): Verdict {
    if (errorCode === noError) return "go on";
    const error = new KafkaError(errorCode, `${doing} group ${this.#options.group}`);
    if (error.remedy === "find-coordinator") {
      this.#cluster.connections.forgetCoordinator("group", this.#options.group);
    }
    const byOwnGhost = errorCode === fencedInstanceId && this.#joinIsUnsure;
    if (error.remedy !== "rejoin" && !byOwnGhost) throw error;
    if (!rebalances.has(errorCode)) {
      this.#memberId = "";
      return "join anew";
    }
    return "rejoin";
  }

  #send<Call extends Parameters<KafkaCluster["sendToCoordinator"]>[1]>(
    call: Call,
    purpose: "join" | "control",
  ) {
    const timeoutMs = this.#options.sessionTimeoutMs + joinGraceMs;
    return this.#cluster.sendToCoordinator(this.#coordinator, call, {
      purpose,
      ...(purpose === "join" && { timeoutMs }),
    }) as Promise<Awaited<ReturnType<Call["decode"]>>>;
  }

  async #sendJoin(call: ReturnType<typeof joinGroup.call>): Promise<JoinGroupResponse> {
    try {
      return await this.#send(call, "join");
    } catch (error) {
      this.#joinIsUnsure ||= error instanceof UnansweredError;
      throw error;
    }
  }

  /** Leaves for good: what it held is free at once. */
  async leave(): Promise<void> {
    this.#ended.abort();
    await this.#beating;
    if (this.#memberId === "" || this.#failure !== null) return;
    const { group, instanceId } = this.#options;
    const members = [{ memberId: this.#memberId, instanceId }];
    try {
      await this.#send(leaveGroup.call({ groupId: group, members }), "control");
    } catch (error) {
      // The group notices by itself, when the session has timed out.
      if (!(error instanceof FlightsError)) throw error;
    }
  }
}

function replaced(group: string): FlightsError {
  return new FlightsError(
    "fenced",
    `Cannot go on as a member of ${group}: it must be known to the group, it was replaced`,
  );
}

const memberIdRequired = 79;
const fencedInstanceId = 82;
/** REBALANCE_IN_PROGRESS and MEMBER_ID_REQUIRED: the same member is to come back. */
const rebalances: ReadonlySet<number> = new Set([27, memberIdRequired]);

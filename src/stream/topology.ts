/**
 * A topology is data: a list of nodes, each with its inputs and a function that builds its logic
 * for one task. The runtime and the test driver run it; nothing here does.
 */

import { assert, FlightsError } from "../base/errors.ts";
import type { RawRecord } from "../base/record.ts";
import type { Tap } from "./sinks.ts";
import type { Feed } from "./sources.ts";
import type { OperatorContext } from "./task/task_context.ts";
import type { OpenWindows } from "./windows/open_windows.ts";
import type { ClosedBy } from "./windows/window.ts";
import type { WatermarkStrategy } from "./watermark_strategy.ts";

/**
 * Hands an element on: its value, its event time, and on a keyed stream the text of its key (`""`
 * elsewhere).
 */
export type Emit<T = unknown> = (value: T, timestamp: number, key: string) => void;

/** The logic of a node in one task: config objects build it, tables hold all it remembers. */
export interface Operator {
  /** Called for each element; where two inputs are told apart, for those of the first. */
  readonly process: Emit;
  /** Called for each element of the second input, where the two are told apart. */
  readonly processSecond?: Emit;
  /**
   * Called after the task's watermark has risen, before the next record; operators are called in
   * the order of the stream, so that what one gives out has passed those behind it.
   */
  advance?(watermark: number, closedBy: ClosedBy): void;
  /** Called with the clock's time when the task looks at it: timers of processing time come due. */
  tick?(now: number): void;
  /** The end of the last window that is open, or null: how far a drain has to go (semantics 11). */
  lastOpenEnd?(): number | null;
  /** The time of the last event-time timer, or null: a drain calls those that are set at its start. */
  lastTimer?(): number | null;
  /** Whether the watermark alone can still make it give something out. */
  waits?(): boolean;
  /** For who looks at the task: its open windows, of which `limit` are listed. */
  openWindows?(limit: number): OpenWindows;
}

/** Where the outputs of an operator go. */
export interface Downstream {
  readonly emit: Emit;
  /** Hands an element to a side output; without a consumer it goes nowhere. */
  readonly emitTo: (tagId: string, value: unknown, timestamp: number, key: string) => void;
  /** Whether a side output has a consumer. */
  readonly takes: (tagId: string) => boolean;
}

interface NodeBase {
  /** Unique in the topology; names the tables of its operator. */
  readonly id: string;
  readonly inputs: readonly Node[];
}

/** A topic that is read. */
export interface SourceNode extends NodeBase {
  readonly kind: "source";
  readonly topic: string;
  /** @throws {FlightsError} `bad-record` (semantics 19). */
  readonly deserialize: (record: RawRecord) => unknown;
  readonly watermarks: WatermarkStrategy<unknown>;
  /** The field whose text places a record on its partition, where the writer declares one. */
  readonly partitionedBy: string | null;
  /** Whether it is a repartition topic of the job: nobody else writes it. */
  readonly isRepartition: boolean;
  /** Whether its records are the rows of a table: they move no watermark and hold none back. */
  readonly isTable: boolean;
  /** What is fed into it; then `topic` is its name within the job (`own_topics.ts`). */
  readonly feed?: Feed;
  /** For people: what that is. */
  readonly fedFrom?: string;
}

/** What an operator writes for a sink that is no topic. */
export interface TappedOutput {
  /** The topic's name within the job (`own_topics.ts`); what `writes` has. */
  readonly name: string;
  readonly tap: Tap;
  /** Makes the operator that writes to the topic under its full name. */
  readonly buildFor: (topic: string) => OperatorNode["build"];
}

/** What happens to elements between source and sink. */
export interface OperatorNode extends NodeBase {
  readonly kind: "operator";
  /** The word of the language: `map`, `window`, ... */
  readonly name: string;
  /** Whether it keeps state, so that the job needs a changelog. */
  readonly stateful: boolean;
  /** Whether it can find a record late. */
  readonly findsLate: boolean;
  /** How long after its event time a record may still count, in milliseconds: window and lateness. */
  readonly spanMs?: number;
  /**
   * Of each input the tag under which its late elements are put aside, instead of sending their records
   * to the late topic; null for none.
   */
  readonly lateTags?: readonly (string | null)[];
  /** Its settings for people, each by its name: `window` is `tumbling 1m`. */
  readonly details?: Readonly<Record<string, string>>;
  /** Topics it writes to; empty unless it is a sink. */
  readonly writes: readonly string[];
  /** Where what it writes goes on to, of a sink that is no topic. */
  readonly tapped?: TappedOutput;
  readonly build: (context: OperatorContext, downstream: Downstream) => Operator;
}

/** What an operator put aside under a tag. */
export interface SideOutputNode extends NodeBase {
  readonly kind: "side-output";
  readonly tagId: string;
}

/**
 * Elements go through a topic of the job, so that all of a key come to one task (semantics 23). Here one
 * stage ends and another begins: `stages.ts` makes a sink and a source of it.
 */
export interface RepartitionNode extends NodeBase {
  readonly kind: "repartition";
  /** The topic's name within the job; it stays the same over restarts. */
  readonly name: string;
  /** The field that places the elements; null where a function does. */
  readonly partitionedBy: string | null;
  /** The text that places an element on its partition. */
  readonly placement: (value: unknown) => string;
}

/** One step of a topology. */
export type Node = SourceNode | OperatorNode | SideOutputNode | RepartitionNode;

/** A job's nodes, each behind its inputs. */
export class Topology {
  readonly #nodes: Node[] = [];
  readonly #ids = new Set<string>();

  /**
   * All nodes, each behind its inputs.
   *
   * @internal
   */
  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /**
   * The topics that are read, in the order of the topology; repartition topics are none of them.
   *
   * @internal
   */
  get sources(): readonly SourceNode[] {
    return this.#nodes.filter((node) => node.kind === "source");
  }

  /** The topics that are written; repartition topics are none of them. */
  get sinkTopics(): readonly string[] {
    const topics = this.#nodes.flatMap((node) => node.kind === "operator" ? node.writes : []);
    return [...new Set(topics)];
  }

  /**
   * The sources that are no topics.
   *
   * @internal
   */
  get feeds(): readonly (SourceNode & { readonly feed: Feed })[] {
    return this.sources.filter((node): node is SourceNode & { readonly feed: Feed } =>
      node.feed !== undefined
    );
  }

  /**
   * The sinks that are no topics; those of one name are one.
   *
   * @internal
   */
  get taps(): readonly TappedOutput[] {
    const taps = this.#nodes.flatMap((node) =>
      node.kind === "operator" && node.tapped !== undefined ? [node.tapped] : []
    );
    return [...new Map(taps.map((one) => [one.name, one])).values()];
  }

  /** Whether a task of this topology keeps state. */
  get isStateful(): boolean {
    return this.#nodes.some((node) => node.kind === "operator" && node.stateful);
  }

  /** Whether a record can be late here. */
  get findsLate(): boolean {
    return this.#nodes.some((node) => node.kind === "operator" && node.findsLate);
  }

  /** How long after its event time a record may count, in milliseconds; 0 without windows. */
  get spanMs(): number {
    const spans = this.#nodes.map((node) => node.kind === "operator" ? node.spanMs ?? 0 : 0);
    return Math.max(0, ...spans);
  }

  /**
   * The structure as text: the same for topologies of the same nodes with the same settings, whatever
   * their functions do.
   */
  describe(): string {
    return JSON.stringify(this.#nodes.map((node) => ({
      id: node.id,
      kind: node.kind,
      inputs: node.inputs.map(({ id }) => id),
      ...(node.kind === "source" && { topic: node.topic, ...(node.isTable && { isTable: true }) }),
      ...(node.kind === "operator" &&
        { name: node.name, writes: node.writes, details: node.details }),
      ...(node.kind === "repartition" && { name: node.name }),
    })));
  }

  /**
   * Adds a node behind its inputs.
   *
   * @internal
   * @throws {FlightsError} `invalid-topology` when its id is taken.
   */
  add<N extends Node>(node: N): N {
    if (this.#ids.has(node.id)) {
      throw new FlightsError(
        "invalid-topology",
        `Cannot add "${node.id}" to the topology: each id must be there once, it is there already`,
      );
    }
    assert(
      node.inputs.every((input) => this.#ids.has(input.id)),
      `${node.id} stands before its input`,
    );
    this.#ids.add(node.id);
    this.#nodes.push(node);
    return node;
  }

  /**
   * An id for a node that was given none: the word of the language and a number.
   *
   * @internal
   */
  freshId(name: string): string {
    return freshName(name, this.#ids);
  }

  /**
   * A name for a repartition topic: that of what goes through it, and a number.
   *
   * @internal
   */
  freshRepartition(name: string): string {
    const taken = this.#nodes.flatMap((node) => node.kind === "repartition" ? [node.name] : []);
    return freshName(name, new Set(taken));
  }
}

/** `name`, or with the first number that is free behind it. */
export function freshName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1;; number++) {
    const fresh = number === 1 ? name : `${name}-${number}`;
    if (!taken.has(fresh)) return fresh;
  }
}

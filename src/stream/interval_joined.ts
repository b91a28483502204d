/** The words for joins of streams whose elements lie near each other in event time. */

import { type Duration, formatDuration, parseSignedDuration } from "../base/duration.ts";
import { FlightsError } from "../base/errors.ts";
import type { DataStream } from "./data_stream.ts";
import { intervalJoin, type ProcessJoinFunction } from "./operators/interval_join.ts";
import type { OutputTag } from "./output_tag.ts";
import type { StreamGraph } from "./stream_graph.ts";
import type { Node } from "./topology.ts";

/** The two inputs of a join: keyed streams of the same keys. */
export interface JoinInputs {
  readonly left: Node;
  readonly right: Node;
}

/** Two keyed streams that are to be joined by how near their elements lie in event time. */
export class IntervalJoin<L, R> {
  /** Made by {@linkcode KeyedStream.intervalJoin}. */
  constructor(private readonly graph: StreamGraph, private readonly inputs: JoinInputs) {}

  /**
   * Pairs each left element at t with the right ones of its key in [t + lower, t + upper].
   *
   * @param lower may be below zero, as in `-10s`.
   * @throws {FlightsError} `invalid-argument` when `lower` is above `upper`.
   */
  between(lower: Duration, upper: Duration): IntervalJoined<L, R> {
    const [lowerMs, upperMs] = [parseSignedDuration(lower), parseSignedDuration(upper)];
    if (lowerMs > upperMs) throw empty(lowerMs, upperMs, "at or below the upper one");
    return new IntervalJoined<L, R>(this.graph, this.inputs, {
      lower: lowerMs,
      upper: upperMs,
      isLowerExclusive: false,
      isUpperExclusive: false,
      leftLateTag: null,
      rightLateTag: null,
    });
  }
}

/** What is said of an interval join before its function. */
export interface IntervalJoinSettings {
  /** Milliseconds. */
  readonly lower: number;
  /** Milliseconds. */
  readonly upper: number;
  readonly isLowerExclusive: boolean;
  readonly isUpperExclusive: boolean;
  readonly leftLateTag: string | null;
  readonly rightLateTag: string | null;
}

/** Two keyed streams that are joined within bounds. */
export class IntervalJoined<L, R> {
  /** Made by {@linkcode IntervalJoin.between}. */
  constructor(
    private readonly graph: StreamGraph,
    private readonly inputs: JoinInputs,
    private readonly settings: IntervalJoinSettings,
  ) {}

  /** Leaves out the pairs that lie at the lower bound itself. */
  lowerBoundExclusive(): IntervalJoined<L, R> {
    return this.#with({ isLowerExclusive: true });
  }

  /** Leaves out the pairs that lie at the upper bound itself. */
  upperBoundExclusive(): IntervalJoined<L, R> {
    return this.#with({ isUpperExclusive: true });
  }

  /** Sends late left elements to a side output instead of their records to the late topic (semantics 5). */
  sideOutputLeftLateData(tag: OutputTag<L>): IntervalJoined<L, R> {
    return this.#with({ leftLateTag: tag.id });
  }

  /** Sends late right elements to a side output instead of their records to the late topic (semantics 5). */
  sideOutputRightLateData(tag: OutputTag<R>): IntervalJoined<L, R> {
    return this.#with({ rightLateTag: tag.id });
  }

  /**
   * What `open` makes of each pair, at the larger of its two times. An element meets those that have
   * come before it by their time, then by their arrival; both must be JSON values, for they are kept. An
   * element below the watermark is late, as in Flink.
   *
   * @param options `id` names the state; set it where the topology may grow in front of it.
   * @throws {FlightsError} `invalid-argument` when no time lies between the bounds.
   */
  process<O>(
    open: ProcessJoinFunction<L, R, O>,
    options: { readonly id?: string } = {},
  ): DataStream<O> {
    const { isLowerExclusive, isUpperExclusive, leftLateTag, rightLateTag } = this.settings;
    // Times are whole milliseconds.
    const lower = this.settings.lower + (isLowerExclusive ? 1 : 0);
    const upper = this.settings.upper - (isUpperExclusive ? 1 : 0);
    if (lower > upper) {
      throw empty(
        this.settings.lower,
        this.settings.upper,
        "so far below the upper one that a time lies between",
      );
    }
    const id = options.id ?? this.graph.freshId("intervalJoin");
    const node = this.graph.operator([this.inputs.left, this.inputs.right], {
      name: "intervalJoin",
      id,
      stateful: true,
      findsLate: true,
      lateTags: [leftLateTag, rightLateTag],
      spanMs: Math.max(0, upper, -lower),
      details: { between: `${formatDuration(lower)} and ${formatDuration(upper)}, inclusive` },
      build: intervalJoin({ id, open, lower, upper, leftLateTag, rightLateTag }),
    });
    return this.graph.stream<O>(node);
  }

  #with(settings: Partial<IntervalJoinSettings>): IntervalJoined<L, R> {
    return new IntervalJoined<L, R>(this.graph, this.inputs, { ...this.settings, ...settings });
  }
}

function empty(lower: number, upper: number, need: string): FlightsError {
  return new FlightsError(
    "invalid-argument",
    `Cannot join by an interval: the lower bound must be ${need}, they are ` +
      `${formatDuration(lower)} and ${formatDuration(upper)}`,
  );
}

/** The words for joins of two streams by key and window. */

import type { Duration } from "../base/duration.ts";
import type { DataStream } from "./data_stream.ts";
import type { FieldKey, Key } from "./key.ts";
import { coGroup, pairUp, tagged, type TaggedUnion } from "./operators/co_group.ts";
import type { OutputTag } from "./output_tag.ts";
import type { KeySelector, StreamGraph } from "./stream_graph.ts";
import type { Node } from "./topology.ts";
import type { Trigger } from "./trigger.ts";
import type { WindowAssigner } from "./window.ts";
import { WindowedStream } from "./windowed_stream.ts";

/** The windows of two streams, whose elements are marked by where they came from. */
type TaggedWindows<L, R> = WindowedStream<TaggedUnion<L, R>, Key>;

/** Two streams that are to be joined pair by pair; made by {@linkcode DataStream.join}. */
export type JoinedStreams<L, R> = StreamPair<L, R, JoinedWindows<L, R>>;

/** Two streams that are to be grouped together; made by {@linkcode DataStream.coGroup}. */
export type CoGroupedStreams<L, R> = StreamPair<L, R, CoGroupedWindows<L, R>>;

/** What two streams have in common on the way to their windows. */
interface Pairing<L, R, W> {
  readonly graph: StreamGraph;
  readonly left: Node;
  readonly right: Node;
  finish(windows: TaggedWindows<L, R>): W;
}

/** Two streams on their way to windows of the kind `W`. */
export class StreamPair<L, R, W> {
  /** Made by streams. */
  constructor(private readonly pairing: Pairing<L, R, W>) {}

  /**
   * Says by what the left elements are joined. All elements of a key have to come to one task, as with
   * {@linkcode DataStream.keyBy} (semantics 23).
   */
  where<F extends keyof L & string>(keySelector: F): StreamPairWhere<L, R, FieldKey<L[F]>, W>;
  /** The same by a function that returns the key. */
  where<K extends Key>(keySelector: (value: L) => K): StreamPairWhere<L, R, K, W>;
  where<K extends Key>(keySelector: KeySelector<L, K>): StreamPairWhere<L, R, K, W> {
    const { graph, left } = this.pairing;
    return new StreamPairWhere({ ...this.pairing, left: graph.keyed(left, keySelector) });
  }
}

/** Two streams of which one has its key. */
export class StreamPairWhere<L, R, K extends Key, W> {
  /** Made by {@linkcode StreamPair.where}. */
  constructor(private readonly pairing: Pairing<L, R, W>) {}

  /** Says by what the right elements are joined: by keys of the same type. */
  equalTo(keySelector: (value: R) => K): KeyedStreamPair<L, R, W>;
  /** The same by the name of a field, whose value is the key. */
  equalTo<F extends string>(
    this: StreamPairWhere<L, { readonly [field in F]: K }, K, W>,
    keySelector: F,
  ): KeyedStreamPair<L, R, W>;
  equalTo(keySelector: string | ((value: R) => K)): KeyedStreamPair<L, R, W> {
    const { graph, right } = this.pairing;
    const selector = keySelector as KeySelector<R>;
    return new KeyedStreamPair({ ...this.pairing, right: graph.keyed(right, selector) });
  }
}

/** Two streams of the same keys. */
export class KeyedStreamPair<L, R, W> {
  /** Made by {@linkcode StreamPairWhere.equalTo}. */
  constructor(private readonly pairing: Pairing<L, R, W>) {}

  /** Puts the elements of both into windows; they are kept as JSON values. */
  window(assigner: WindowAssigner<TaggedUnion<L, R>>): W {
    const { graph, left, right } = this.pairing;
    const node = graph.operator([left, right], { name: "coGroup", build: tagged() });
    const settings = { assigner, trigger: null, allowedLateness: 0, lateTag: null };
    return this.pairing.finish(new WindowedStream<TaggedUnion<L, R>, Key>(graph, node, settings));
  }
}

/**
 * What can be said of the windows of two streams before their function.
 *
 * @internal
 */
abstract class PairedWindows<L, R, Self> {
  /** Made by {@linkcode KeyedStreamPair.window}. */
  constructor(protected readonly windows: TaggedWindows<L, R>) {}

  protected abstract with(windows: TaggedWindows<L, R>): Self;

  /** Says when windows give out what they hold; default: at their end. */
  trigger(trigger: Trigger<TaggedUnion<L, R>>): Self {
    return this.with(this.windows.trigger(trigger));
  }

  /**
   * Keeps a fired window for so long; a record that comes in that time fires it again, with all that it
   * holds (semantics 6).
   */
  allowedLateness(lateness: Duration): Self {
    return this.with(this.windows.allowedLateness(lateness));
  }

  /** Sends late elements to a side output instead of their records to the late topic (semantics 5). */
  sideOutputLateData(tag: OutputTag<TaggedUnion<L, R>>): Self {
    return this.with(this.windows.sideOutputLateData(tag));
  }
}

/** Windows whose elements are joined pair by pair. */
export class JoinedWindows<L, R> extends PairedWindows<L, R, JoinedWindows<L, R>> {
  /** @internal */
  protected with(windows: TaggedWindows<L, R>): JoinedWindows<L, R> {
    return new JoinedWindows<L, R>(windows);
  }

  /**
   * What `join` makes of each pair of a left and a right element of one key and window, at the window's
   * end - 1. Pairs come by the left one's arrival, then by the right one's.
   */
  apply<O>(join: (left: L, right: R) => O): DataStream<O> {
    return this.windows.process(pairUp(join));
  }
}

/** Windows whose elements are given to a function together. */
export class CoGroupedWindows<L, R> extends PairedWindows<L, R, CoGroupedWindows<L, R>> {
  /** @internal */
  protected with(windows: TaggedWindows<L, R>): CoGroupedWindows<L, R> {
    return new CoGroupedWindows<L, R>(windows);
  }

  /**
   * What `group` makes of all left and all right elements of one key and window, at the window's end - 1;
   * one of the two can be empty. Both come in the order of their arrival.
   */
  apply<O>(group: (left: readonly L[], right: readonly R[]) => Iterable<O>): DataStream<O> {
    return this.windows.process(coGroup(group));
  }
}

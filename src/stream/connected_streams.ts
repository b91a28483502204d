/** The words for two streams that are told apart. */

import type { DataStream } from "./data_stream.ts";
import type { FieldKey, Key } from "./key.ts";
import {
  coFlatMap,
  type CoFlatMapFunction,
  coMap,
  type CoMapFunction,
  coProcess,
  type CoProcessFunction,
  keyedCoProcess,
  type KeyedCoProcessFunction,
} from "./operators/co_process.ts";
import type { KeySelector, NodeSettings, StreamGraph } from "./stream_graph.ts";
import type { Node } from "./topology.ts";

/** Two streams, for functions that tell them apart. Their elements come in the order of semantics 7. */
export class ConnectedStreams<A, B> {
  /**
   * Made by {@linkcode DataStream.connect}.
   *
   * @internal
   */
  constructor(
    /** @internal */
    protected readonly graph: StreamGraph,
    /** @internal */
    protected readonly inputs: readonly [first: Node, second: Node],
  ) {}

  /** One element for each of either stream. */
  map<O>(functions: CoMapFunction<A, B, O>): DataStream<O> {
    return this.then({ name: "coMap", build: coMap(functions) });
  }

  /** Any number of elements for each of either stream. */
  flatMap<O>(functions: CoFlatMapFunction<A, B, O>): DataStream<O> {
    return this.then({ name: "coFlatMap", build: coFlatMap(functions) });
  }

  /** What `open` makes of the elements of either stream; `open` is called once a task. */
  process<O>(open: CoProcessFunction<A, B, O>): DataStream<O> {
    return this.then({ name: "coProcess", build: coProcess(open) });
  }

  /**
   * The same elements, each under a key of one type, so that they share the key's state. Each stream
   * comes to its key's task as {@linkcode DataStream.keyBy} says.
   *
   * @param first the name of the field of the first stream's elements that is their key.
   * @param second the same of the second stream.
   */
  keyBy<F extends keyof A & string, G extends keyof B & string>(
    first: F,
    second: G,
  ): KeyedConnectedStreams<A, B, FieldKey<A[F] | B[G]>>;
  /**
   * The same elements, each under the key that a function returns for it.
   *
   * @param first gives the key of an element of the first stream.
   * @param second gives that of one of the second.
   */
  keyBy<K extends Key>(
    first: (value: A) => K,
    second: (value: B) => K,
  ): KeyedConnectedStreams<A, B, K>;
  keyBy(first: KeySelector<A>, second: KeySelector<B>): KeyedConnectedStreams<A, B, Key> {
    const [one, two] = this.inputs;
    return new KeyedConnectedStreams<A, B, Key>(this.graph, [
      this.graph.keyed(one, first),
      this.graph.keyed(two, second),
    ]);
  }

  /**
   * A stream of what an operator makes of these two.
   *
   * @internal
   */
  protected then<O>(settings: NodeSettings): DataStream<O> {
    return this.graph.stream<O>(this.graph.operator(this.inputs, settings));
  }
}

/** Two streams whose elements have keys of one type. */
export class KeyedConnectedStreams<A, B, K extends Key> extends ConnectedStreams<A, B> {
  /**
   * What `open` makes of the elements of either stream, with the help of state and timers that the two
   * share, key by key.
   *
   * @param options `id` names its state; set it where the topology may grow in front of it.
   */
  override process<O>(
    open: KeyedCoProcessFunction<A, B, K, O>,
    options: { readonly id?: string } = {},
  ): DataStream<O> {
    const id = options.id ?? this.graph.freshId("keyedCoProcess");
    const build = keyedCoProcess(open, id);
    return this.then({ name: "keyedCoProcess", id, stateful: true, build });
  }
}

/** The words of the language, as Flink's DataStream API has them. */

import { IntervalJoin } from "./interval_joined.ts";
import {
  type CoGroupedStreams,
  CoGroupedWindows,
  type JoinedStreams,
  JoinedWindows,
  StreamPair,
} from "./joined_streams.ts";
import type { FieldKey, Key } from "./key.ts";
import { ConnectedStreams, KeyedConnectedStreams } from "./connected_streams.ts";
import type { KeyedProcessFunction, ProcessFunction } from "./operators/functions.ts";
import { lookupJoin } from "./operators/lookup_join.ts";
import { keyedProcess, process } from "./operators/process.ts";
import { rollingReduce } from "./operators/rolling_reduce.ts";
import { filter, flatMap, map, passThrough } from "./operators/stateless.ts";
import type { OutputTag } from "./output_tag.ts";
import { addExternalSink } from "./external_sink.ts";
import { type TopicSink, topicSink } from "./sink.ts";
import { type ExternalSink, Sinks } from "./sinks.ts";
import type { LookupTable } from "./table.ts";
import { type KeySelector, type NodeSettings, StreamGraph } from "./stream_graph.ts";
import type { Node, Topology } from "./topology.ts";
import { GlobalWindows } from "./session_windows.ts";
import { CountTrigger, PurgingTrigger } from "./triggers.ts";
import type { WindowAssigner } from "./window.ts";
import { WindowedStream } from "./windowed_stream.ts";

/** A topology whose nodes become streams. */
export function graphOf(topology: Topology): StreamGraph {
  const graph: StreamGraph = new StreamGraph(
    topology,
    <O>(node: Node, sideOutputs?: Node) => new DataStream<O>(graph, node, sideOutputs),
  );
  return graph;
}

/** The last node of a stream, for who adds another behind it. */
export let nodeOf: <T>(stream: DataStream<T>) => Node;

/** A stream of elements with their event times. */
export class DataStream<out T> {
  static {
    nodeOf = (stream) => stream.node;
  }

  /**
   * Made by the environment and by other streams.
   *
   * @internal
   * @param sideOutputs the node that puts elements aside, where it is not the last of the stream.
   */
  constructor(
    /** @internal */
    protected readonly graph: StreamGraph,
    /** @internal */
    protected readonly node: Node,
    private readonly sideOutputs: Node = node,
  ) {}

  /** One element for each. */
  map<O>(transform: (value: T) => O): DataStream<O> {
    return this.then({ name: "map", build: map(transform) });
  }

  /** Any number of elements for each. */
  flatMap<O>(transform: (value: T) => Iterable<O>): DataStream<O> {
    return this.then({ name: "flatMap", build: flatMap(transform) });
  }

  /** The elements that `keep` says yes to. */
  filter<O extends T>(keep: (value: T) => value is O): DataStream<O>;
  /** The elements that `keep` says yes to. */
  filter(keep: (value: T) => boolean): DataStream<T>;
  filter(keep: (value: T) => boolean): DataStream<T> {
    return this.then({ name: "filter", build: filter(keep) });
  }

  /** What `open` makes of each element; `open` is called once a task. */
  process<O>(open: ProcessFunction<T, O>): DataStream<O> {
    return this.then({ name: "process", build: process(open) });
  }

  /** The elements of this and of `others`, in the order in which they come. */
  union(...others: readonly DataStream<T>[]): DataStream<T> {
    const inputs = [this, ...others].map((stream) => stream.node);
    return this.graph.stream<T>(
      this.graph.operator(inputs, { name: "union", build: passThrough() }),
    );
  }

  /** This and another stream, of another type maybe, for functions that tell the two apart. */
  connect<U>(other: DataStream<U>): ConnectedStreams<T, U> {
    return new ConnectedStreams<T, U>(this.graph, [this.node, other.node]);
  }

  /**
   * The same elements, each under a key: what follows keeps its state by key. All elements of a key
   * have to come to one task (semantics 23). Where the sources declare the field that places their
   * records, they do, and each key's place is checked; else the elements go through a repartition topic
   * of the job, for which they must be JSON values.
   *
   * @param field the name of a field, whose value is the key.
   */
  keyBy<F extends keyof T & string>(field: F): KeyedStream<T, FieldKey<T[F]>>;
  /**
   * The same elements, each under the key that `keySelector` returns for it. Of a source that declares a
   * field, the function is taken to return that one; each key's place is checked (semantics 23).
   */
  keyBy<K extends Key>(keySelector: (value: T) => K): KeyedStream<T, K>;
  keyBy(keySelector: KeySelector<T>): KeyedStream<T, Key> {
    return new KeyedStream<T, Key>(this.graph, this.graph.keyed(this.node, keySelector));
  }

  /** Pairs the elements of this stream with those of `right` that have the same key and window. */
  join<R>(right: DataStream<R>): JoinedStreams<T, R> {
    return new StreamPair({
      ...this.#pairedWith(right),
      finish: (windows) => new JoinedWindows<T, R>(windows),
    });
  }

  /** Groups the elements of this stream and of `right` that have the same key and window. */
  coGroup<R>(right: DataStream<R>): CoGroupedStreams<T, R> {
    return new StreamPair({
      ...this.#pairedWith(right),
      finish: (windows) => new CoGroupedWindows<T, R>(windows),
    });
  }

  #pairedWith<R>(right: DataStream<R>) {
    return { graph: this.graph, left: this.node, right: right.node };
  }

  /** What an operator put aside under `tag`. */
  getSideOutput<S>(tag: OutputTag<S>): DataStream<S> {
    return this.graph.stream<S>(this.graph.sideOutput(this.sideOutputs, tag.id));
  }

  /**
   * Writes each element to a topic, its event time as the record's timestamp, or to a sink that is no
   * topic ({@linkcode Sinks}), which `execute` serves.
   */
  sinkTo(sink: TopicSink<T> | ExternalSink<T>): void {
    if (!("topic" in sink)) return addExternalSink(this.graph, this.node, sink);
    const { topic } = sink;
    const name = `sink ${topic}`;
    this.graph.operator([this.node], { name, writes: [topic], build: topicSink(sink) });
  }

  /**
   * Prints each element on standard output: text as it is, other values as JSON.
   *
   * @param label stands before each: `label> element`.
   */
  print(label?: string): void {
    this.sinkTo(Sinks.print(label));
  }

  /**
   * A stream of what an operator makes of this one.
   *
   * @internal
   */
  protected then<O>(settings: NodeSettings): DataStream<O> {
    return this.graph.stream<O>(this.graph.operator([this.node], settings));
  }
}

/** A stream whose elements have keys. */
export class KeyedStream<T, K extends Key> extends DataStream<T> {
  /**
   * What `open` makes of each element with the help of keyed state and timers.
   *
   * @param options `id` names its state; set it where the topology may grow in front of it.
   */
  override process<O>(
    open: KeyedProcessFunction<T, K, O>,
    options: { readonly id?: string } = {},
  ): DataStream<O> {
    const id = options.id ?? this.graph.freshId("keyedProcess");
    return this.then({ name: "keyedProcess", id, stateful: true, build: keyedProcess(open, id) });
  }

  /**
   * For each element what the key's elements have come to with it, at the element's time.
   *
   * @param reduce combines two values; it must not change either.
   * @param options `id` names its state; set it where the topology may grow in front of it.
   */
  reduce(reduce: (a: T, b: T) => T, options: { readonly id?: string } = {}): DataStream<T> {
    const id = options.id ?? this.graph.freshId("reduce");
    return this.then({ name: "reduce", id, stateful: true, build: rollingReduce({ id, reduce }) });
  }

  /**
   * This and another stream, for functions that tell the two apart; where both have keys of one type,
   * these share their state.
   */
  override connect<U>(other: KeyedStream<U, K>): KeyedConnectedStreams<T, U, K>;
  /** This and another stream that has no keys, or others. */
  override connect<U>(other: DataStream<U>): ConnectedStreams<T, U>;
  override connect<U>(other: DataStream<U>): ConnectedStreams<T, U> {
    if (!(other instanceof KeyedStream)) return super.connect(other);
    return new KeyedConnectedStreams<T, U, K>(this.graph, [this.node, other.node]);
  }

  /**
   * Pairs the elements of this stream with those of `right` that have the same key and lie near them in
   * event time.
   */
  intervalJoin<R>(right: KeyedStream<R, K>): IntervalJoin<T, R> {
    return new IntervalJoin<T, R>(this.graph, { left: this.node, right: right.node });
  }

  /**
   * What `join` makes of each element and the row that `table` had of its key at the element's time (of
   * one behind the watermark: at that of the watermark), as far as that has been read (semantics 7). What
   * comes later changes nothing of what was given out.
   *
   * @param options `type`: `left`, the default: an element without a row is joined with undefined; `id`
   * names the state; set it where the topology may grow in front of it.
   */
  lookupJoin<V, O>(
    table: LookupTable<K, V>,
    join: (value: T, row: V | undefined) => O,
    options?: { readonly type?: "left"; readonly id?: string },
  ): DataStream<O>;
  /** The same of the elements that have a row, the others left out. */
  lookupJoin<V, O>(
    table: LookupTable<K, V>,
    join: (value: T, row: V) => O,
    options: { readonly type: "inner"; readonly id?: string },
  ): DataStream<O>;
  lookupJoin<V, O>(
    table: LookupTable<K, V>,
    join: (value: T, row: V | undefined) => O,
    options: { readonly type?: "left" | "inner"; readonly id?: string } = {},
  ): DataStream<O> {
    const id = options.id ?? this.graph.freshId("lookupJoin");
    const { type = "left" } = options;
    const build = lookupJoin({ id, isInner: type === "inner", join });
    const settings = { name: "lookupJoin", id, stateful: true, details: { join: type }, build };
    return this.graph.stream<O>(this.graph.operator([this.node, table.node], settings));
  }

  /** Groups each key's elements: by event time, by the clock, in sessions, or all in one. */
  window(assigner: WindowAssigner<T>): WindowedStream<T, K> {
    return new WindowedStream<T, K>(this.graph, this.node, {
      assigner,
      trigger: null,
      allowedLateness: 0,
      lateTag: null,
    });
  }

  /**
   * Groups each key's elements by their number: a window is full with `size` of them, gives out its
   * result and begins anew.
   *
   * @throws {FlightsError} `invalid-argument` unless `size` is a whole number above zero.
   */
  countWindow(size: number): WindowedStream<T, K> {
    return this.window(GlobalWindows.create()).trigger(PurgingTrigger.of(CountTrigger.of(size)));
  }
}

/** The words of the language, as Flink's DataStream API has them. */

import { type Duration, parseDuration } from "../base/duration.ts";
import { type Key, placementText } from "./key.ts";
import {
  keyedProcess,
  type KeyedProcessFunction,
  type OutputTag,
  process,
  type ProcessFunction,
  processWindow as processWindowOperator,
  type ProcessWindowFunction,
} from "./operators/process.ts";
import { runningReduce } from "./operators/running_reduce.ts";
import { filter, flatMap, keyBy, map, passThrough } from "./operators/stateless.ts";
import { windowReduce } from "./operators/window_reduce.ts";
import { type TopicSink, topicSink } from "./sink.ts";
import type { Node, OperatorNode, RepartitionNode, SourceNode, Topology } from "./topology.ts";
import type { WindowAssigner } from "./window.ts";

/** The settings of a new node that are not the same for all. */
type NodeSettings = Pick<OperatorNode, "name" | "build"> & Partial<OperatorNode>;

function addOperator(
  topology: Topology,
  inputs: readonly Node[],
  settings: NodeSettings,
): OperatorNode {
  return topology.add({
    kind: "operator",
    id: topology.freshId(settings.name),
    inputs,
    stateful: false,
    findsLate: false,
    writes: [],
    ...settings,
  });
}

/** Where the elements that reach `node` were read: topics, those of the job's repartitions among them. */
function originsOf(node: Node): readonly (SourceNode | RepartitionNode)[] {
  return node.kind === "source" || node.kind === "repartition"
    ? [node]
    : node.inputs.flatMap(originsOf);
}

/**
 * Whether elements that were read there are said to lie where `keySelector` places them. Of a source it
 * is believed that a function gives the field that it declares, and checked with each key.
 */
function isPlacedBy(
  { kind, partitionedBy }: SourceNode | RepartitionNode,
  keySelector: string | ((value: never) => Key),
): boolean {
  if (typeof keySelector === "string") return partitionedBy === keySelector;
  return kind === "source" && partitionedBy !== null;
}

/** A stream of elements with their event times. */
export class DataStream<T> {
  /**
   * Made by the environment and by other streams.
   *
   * @param sideOutputs the node that puts elements aside, where it is not the last of the stream.
   */
  constructor(
    protected readonly topology: Topology,
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
    const node = addOperator(this.topology, inputs, { name: "union", build: passThrough() });
    return new DataStream<T>(this.topology, node);
  }

  /**
   * The same elements, each under a key: what follows keeps its state by key. All elements of a key
   * have to come to one task (semantics 23). Where the sources declare the field that places their
   * records, they do, and each key's place is checked; else the elements go through a repartition topic
   * of the job, for which they must be JSON values.
   *
   * @param keySelector the name of a field, or a function that returns the key; of a source that
   * declares a field, a function is taken to return that one.
   */
  keyBy<F extends keyof T & string>(keySelector: F): KeyedStream<T, T[F] & Key>;
  keyBy<K extends Key>(keySelector: (value: T) => K): KeyedStream<T, K>;
  keyBy(keySelector: (keyof T & string) | ((value: T) => Key)): KeyedStream<T, Key> {
    const select = typeof keySelector === "function"
      ? keySelector
      : (value: T) => value[keySelector] as Key;
    const isPlaced = originsOf(this.node).every((origin) => isPlacedBy(origin, keySelector));
    const partitionedBy = typeof keySelector === "string" ? keySelector : null;
    const node = isPlaced ? this.node : this.#repartitioned(select, partitionedBy);
    const settings = { name: "keyBy", build: keyBy(select) };
    return new KeyedStream<T, Key>(this.topology, addOperator(this.topology, [node], settings));
  }

  #repartitioned(select: (value: T) => Key, partitionedBy: string | null): RepartitionNode {
    const origins = originsOf(this.node).map((one) => one.kind === "source" ? one.topic : one.name);
    return this.topology.add({
      kind: "repartition",
      id: this.topology.freshId("repartition"),
      inputs: [this.node],
      name: this.topology.freshRepartition([...new Set(origins)].join("-")),
      partitionedBy,
      placement: (value) => placementText(select(value as T)),
    });
  }

  /** What an operator put aside under `tag`. */
  getSideOutput<S>(tag: OutputTag<S>): DataStream<S> {
    const node = this.topology.add({
      kind: "side-output",
      id: this.topology.freshId(`${this.node.id} ${tag.id}`),
      inputs: [this.sideOutputs],
      tagId: tag.id,
    });
    return new DataStream<S>(this.topology, node);
  }

  /** Writes each element to a topic, its event time as the record's timestamp. */
  sinkTo(sink: TopicSink<T>): void {
    const { topic } = sink;
    const name = `sink ${topic}`;
    addOperator(this.topology, [this.node], { name, writes: [topic], build: topicSink(sink) });
  }

  /** A stream of what an operator makes of this one. */
  protected then<O>(settings: NodeSettings): DataStream<O> {
    return new DataStream<O>(this.topology, addOperator(this.topology, [this.node], settings));
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
    const id = options.id ?? this.topology.freshId("keyedProcess");
    return this.then({ name: "keyedProcess", id, stateful: true, build: keyedProcess(open, id) });
  }

  /** Groups each key's elements by event time. */
  window(assigner: WindowAssigner): WindowedStream<T, K> {
    return new WindowedStream<T, K>(this.topology, this.node, {
      assigner,
      allowedLateness: 0,
      lateTag: null,
    });
  }
}

interface WindowSettings {
  readonly assigner: WindowAssigner;
  readonly allowedLateness: number;
  readonly lateTag: string | null;
}

/** A keyed stream in windows. */
export class WindowedStream<T, K extends Key> {
  /** Made by {@linkcode KeyedStream.window}. */
  constructor(
    private readonly topology: Topology,
    private readonly node: Node,
    private readonly settings: WindowSettings,
  ) {}

  /** Keeps a fired window for so long; a record that comes in that time fires it again (semantics 6). */
  allowedLateness(lateness: Duration): WindowedStream<T, K> {
    return this.#with({ allowedLateness: parseDuration(lateness) });
  }

  /** Sends late elements to a side output instead of their records to the late topic (semantics 5). */
  sideOutputLateData(tag: OutputTag<T>): WindowedStream<T, K> {
    return this.#with({ lateTag: tag.id });
  }

  /**
   * One value for each window and key, of the type of the elements.
   *
   * @param reduce combines two values; it must not change either.
   * @param processWindow turns the value into results, with state that belongs to the key.
   */
  reduce(reduce: (a: T, b: T) => T): DataStream<T>;
  reduce<O>(
    reduce: (a: T, b: T) => T,
    processWindow: ProcessWindowFunction<T, K, O>,
  ): DataStream<O>;
  reduce<O>(
    reduce: (a: T, b: T) => T,
    processWindow?: ProcessWindowFunction<T, K, O>,
  ): DataStream<T> | DataStream<O> {
    const node = this.#reduced(reduce);
    if (processWindow === undefined) return new DataStream<T>(this.topology, node);
    const id = this.topology.freshId("processWindow");
    const build = processWindowOperator(processWindow, id);
    const settings = { name: "processWindow", id, stateful: true, build };
    return new DataStream<O>(this.topology, addOperator(this.topology, [node], settings), node);
  }

  /**
   * The running total at each window's end: all windows of the key so far, reduced. A window that is
   * corrected within the allowed lateness puts its own and every later total right (semantics 6).
   *
   * @param reduce combines two values; it must not change either.
   */
  runningReduce(reduce: (a: T, b: T) => T): DataStream<T> {
    const { allowedLateness } = this.settings;
    const id = this.topology.freshId("runningReduce");
    const build = runningReduce({ id, allowedLateness, reduce });
    const settings = { name: "runningReduce", id, stateful: true, build };
    const node = this.#reduced(reduce);
    return new DataStream<T>(this.topology, addOperator(this.topology, [node], settings), node);
  }

  #reduced(reduce: (a: T, b: T) => T): Node {
    const id = this.topology.freshId("window");
    const build = windowReduce({ id, reduce, ...this.settings });
    const { assigner, allowedLateness } = this.settings;
    return addOperator(this.topology, [this.node], {
      name: "window",
      id,
      stateful: true,
      findsLate: true,
      spanMs: assigner.size + allowedLateness,
      build,
    });
  }

  #with(settings: Partial<WindowSettings>): WindowedStream<T, K> {
    return new WindowedStream<T, K>(this.topology, this.node, { ...this.settings, ...settings });
  }
}

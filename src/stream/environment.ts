/** Where a topology begins. */

import { FlightsError } from "../base/errors.ts";
import { type DataStream, graphOf } from "./data_stream.ts";
import type { Deserializer } from "./json.ts";
import type { Key } from "./key.ts";
import { describeFeed, type ExternalSource, Sources } from "./sources.ts";
import { LookupTable, rowDeserializer, type TopicTable } from "./table.ts";
import { freshName, type SourceNode, Topology } from "./topology.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";

/** A topic that is read. */
export interface TopicSource<T> {
  /** Its name. */
  readonly topic: string;
  /** Makes an element of each record, or refuses it (semantics 19). */
  readonly deserializer: Deserializer<T>;
  /**
   * The field whose text's UTF-8 bytes place each record on its partition (semantics 22). A `keyBy`
   * on that field then needs no repartition topic, and checks each key's place (semantics 23).
   */
  readonly partitionedBy?: keyof T & string;
}

/** Builds a job's topology. */
export class StreamEnvironment {
  /** An environment without sources, unless it is given a topology that has some. */
  constructor(
    /** The topology that grows; default: a new one. */
    readonly topology: Topology = new Topology(),
  ) {}

  /**
   * A stream of a topic's records, or of what a source gives that is no topic ({@linkcode Sources}),
   * which `execute` feeds.
   *
   * @throws {FlightsError} `invalid-topology` for a topic that is a source already: what is committed
   * is kept by topic. One stream can be used any number of times.
   */
  fromSource<T>(
    source: TopicSource<T> | ExternalSource<T>,
    watermarks: WatermarkStrategy<T>,
  ): DataStream<T> {
    const isTopic = "topic" in source;
    const node = this.#source({
      topic: isTopic ? source.topic : source.name ?? this.#freshSource(source.feed.kind),
      deserialize: source.deserializer,
      watermarks: watermarks as WatermarkStrategy<unknown>,
      partitionedBy: isTopic ? source.partitionedBy ?? null : null,
      isTable: false,
      ...(!isTopic && { feed: source.feed, fedFrom: describeFeed(source.feed) }),
    });
    return graphOf(this.topology).stream<T>(node);
  }

  /**
   * A stream of the elements of a list, which must be JSON values ({@linkcode Sources.collection}).
   *
   * @param watermarks default: event time is the element's place, 0, 1, 2, ... milliseconds.
   */
  fromCollection<T>(
    elements: Iterable<T>,
    watermarks: WatermarkStrategy<T> = WatermarkStrategy.forMonotonousTimestamps(),
  ): DataStream<T> {
    return this.fromSource(Sources.collection(elements), watermarks);
  }

  /**
   * A topic as a table: the newest record of each key is its row, a null value deletes it. Streams of
   * the same keys are joined with it ({@linkcode KeyedStream.lookupJoin}).
   *
   * The key is the text of the record's key, which must have placed the record; each key's
   * place is checked. With a `key` function the rows go through a repartition topic of the job
   * (semantics 23).
   *
   * @throws {FlightsError} `invalid-topology` for a topic that is a source already.
   */
  fromTable<V>(table: TopicTable<V> & { readonly key?: undefined }): LookupTable<string, V>;
  /** A topic as a table whose key is made of the text of the record's key. */
  fromTable<V, K extends Key>(
    table: TopicTable<V> & { readonly key: (text: string) => K },
  ): LookupTable<K, V>;
  fromTable<V>(table: TopicTable<V>): LookupTable<Key, V> {
    const node = this.#source({
      topic: table.topic,
      deserialize: rowDeserializer(table),
      watermarks: WatermarkStrategy.forMonotonousTimestamps(),
      partitionedBy: table.key === undefined ? "key" : null,
      isTable: true,
    });
    return new LookupTable<Key, V>(graphOf(this.topology).keyed<{ key: Key }>(node, "key"));
  }

  #source(
    settings: Omit<SourceNode, "kind" | "id" | "inputs" | "isRepartition">,
  ): SourceNode {
    const { topic } = settings;
    if (this.topology.sources.some((source) => source.topic === topic)) {
      throw new FlightsError(
        "invalid-topology",
        `Cannot read "${topic}" twice: a topic must be one source, whose stream or table can be used ` +
          "any number of times, it is one already",
      );
    }
    const id = this.topology.freshId(`source ${topic}`);
    return this.topology.add({ kind: "source", id, inputs: [], isRepartition: false, ...settings });
  }

  #freshSource(kind: string): string {
    return freshName(kind, new Set(this.topology.sources.map(({ topic }) => topic)));
  }
}

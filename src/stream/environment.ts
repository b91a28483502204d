/** Where a topology begins. */

import { FlightsError } from "../base/errors.ts";
import { type DataStream, graphOf } from "./data_stream.ts";
import type { Deserializer } from "./json.ts";
import { type ExternalSource, Sources } from "./sources.ts";
import { freshName, Topology } from "./topology.ts";
import { WatermarkStrategy } from "./watermark_strategy.ts";

/** A topic that is read. */
export interface TopicSource<T> {
  readonly topic: string;
  readonly deserializer: Deserializer<T>;
  /**
   * The field whose text's UTF-8 bytes place each record on its partition (semantics 22). A `keyBy`
   * on that field then needs no repartition topic, and checks each key's place (semantics 23).
   */
  readonly partitionedBy?: keyof T & string;
}

/** Builds a job's topology. */
export class StreamEnvironment {
  /** @param topology the topology that grows; default: a new one. */
  constructor(readonly topology: Topology = new Topology()) {}

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
    const topic = isTopic ? source.topic : source.name ?? this.#freshSource(source.feed.kind);
    if (this.topology.sources.some((other) => other.topic === topic)) {
      throw new FlightsError(
        "invalid-topology",
        `Cannot read "${topic}" twice: a topic must be one source, whose stream can be used ` +
          "any number of times, it is one already",
      );
    }
    const node = this.topology.add({
      kind: "source",
      id: this.topology.freshId(`source ${topic}`),
      inputs: [],
      topic,
      deserialize: source.deserializer,
      watermarks: watermarks as WatermarkStrategy<unknown>,
      partitionedBy: isTopic ? source.partitionedBy ?? null : null,
      isRepartition: false,
      ...(!isTopic && { feed: source.feed }),
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

  #freshSource(kind: string): string {
    return freshName(kind, new Set(this.topology.sources.map(({ topic }) => topic)));
  }
}

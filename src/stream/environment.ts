/** Where a topology begins. */

import { FlightsError } from "../base/errors.ts";
import { type DataStream, graphOf } from "./data_stream.ts";
import type { Deserializer } from "./json.ts";
import { Topology } from "./topology.ts";
import type { WatermarkStrategy } from "./watermark_strategy.ts";

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
   * A stream of a topic's records.
   *
   * @throws {FlightsError} `invalid-topology` for a topic that is a source already: what is committed
   * is kept by topic. One stream can be used any number of times.
   */
  fromSource<T>(source: TopicSource<T>, watermarks: WatermarkStrategy<NoInfer<T>>): DataStream<T> {
    if (this.topology.sources.some(({ topic }) => topic === source.topic)) {
      throw new FlightsError(
        "invalid-topology",
        `Cannot read "${source.topic}" twice: a topic must be one source, whose stream can be used ` +
          "any number of times, it is one already",
      );
    }
    const node = this.topology.add({
      kind: "source",
      id: this.topology.freshId(`source ${source.topic}`),
      inputs: [],
      topic: source.topic,
      deserialize: source.deserializer,
      watermarks: watermarks as WatermarkStrategy<unknown>,
      partitionedBy: source.partitionedBy ?? null,
      isRepartition: false,
    });
    return graphOf(this.topology).stream<T>(node);
  }
}

/** Puts generated bookings on the log. */

import { partitionForText } from "../base/murmur2.ts";
import type { GeneratedBooking } from "../flights/generator.ts";
import type { Log, OutputBatch, TopicDescription } from "../log/log.ts";
import { RecordBatchBuilder } from "../log/records/builder.ts";

/** Collects bookings and appends them in one step, so that both airlines' become visible together. */
export class BookingWriter {
  readonly #log: Pick<Log, "append">;
  readonly #builders: ReadonlyMap<string, readonly RecordBatchBuilder[]>;
  #waiting = 0;

  /** @param topics skyone and sunset as the log has them. */
  constructor(log: Pick<Log, "append">, topics: readonly TopicDescription[]) {
    this.#log = log;
    this.#builders = new Map(
      topics.map(({ name, partitions }) => [name, partitions.map(() => new RecordBatchBuilder())]),
    );
  }

  /** How many bookings wait to be appended. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Adds a booking, placed by its key as Kafka's own clients place it. */
  add({ airline, timestamp, key, value }: GeneratedBooking): void {
    const builders = this.#builders.get(airline)!;
    const builder = builders[partitionForText(key, builders.length)]!;
    if (value instanceof Uint8Array) {
      builder.append(timestamp, new TextEncoder().encode(key), value);
    } else builder.appendText(timestamp, key, value);
    this.#waiting++;
  }

  /** Appends what waits; it is durable when the promise resolves. */
  async flush(): Promise<void> {
    const outputs: OutputBatch[] = [];
    for (const [topic, builders] of this.#builders) {
      builders.forEach((builder, partition) => {
        if (builder.count > 0) outputs.push({ topic, partition, batch: builder.finish() });
      });
    }
    this.#waiting = 0;
    if (outputs.length > 0) await this.#log.append(outputs);
  }
}

/** What a record costs at the least: JSON alone, and the log alone. */

import { topics } from "../../src/flights/topics.ts";
import type { Log, Position } from "../../src/log/log.ts";
import { cpuSeconds } from "../measure.ts";
import { bookings, createAnew, encode } from "./input.ts";

/** One way to spend time on records. */
export interface Floor {
  readonly name: string;
  /** Records a second, one a round. */
  readonly rates: readonly number[];
  /** Processor seconds a million records of this process, one a round. */
  readonly cpuPerMillion: readonly number[];
  readonly bytesARecord: number;
}

/** How the floors are measured. */
export interface FloorOptions {
  /** The bookings that are on the log. */
  readonly records: number;
  readonly rounds: number;
}

/** So many records do for what does not read them from the log. */
const fewRecords = 100_000;
const scratchTopic = "bench-produced";

/** Measures all floors, the bookings being on the log. */
export async function measureFloors(log: Log, options: FloorOptions): Promise<readonly Floor[]> {
  const few = Math.min(fewRecords, options.records);
  const texts = [...bookings(few)].map(({ value }) => value);
  const json = await measureFloor("JSON.parse + JSON.stringify", options.rounds, () => {
    let bytes = 0;
    for (const text of texts) bytes += JSON.stringify(JSON.parse(text)).length;
    return Promise.resolve({ records: few, bytes });
  });
  const fetched = await measureFloor(
    "fetch, records untouched",
    options.rounds,
    () => readAll(log),
  );
  return [json, fetched, await measureProduce(log, few, options.rounds)];
}

async function measureProduce(log: Log, records: number, rounds: number): Promise<Floor> {
  await createAnew(log, [scratchTopic]);
  const encoded = [...encode(bookings(records))].map((outputs) =>
    outputs.map(({ partition, batch }) => ({ topic: scratchTopic, partition, batch }))
  );
  const floor = await measureFloor("produce, batches ready", rounds, async () => {
    let bytes = 0;
    for (const outputs of encoded) {
      await log.append(outputs);
      for (const { batch } of outputs) bytes += batch.bytes.length;
    }
    return { records, bytes };
  });
  await log.deleteTopics([scratchTopic]);
  return floor;
}

interface Done {
  readonly records: number;
  readonly bytes: number;
}

async function measureFloor(
  name: string,
  rounds: number,
  work: () => Promise<Done>,
): Promise<Floor> {
  const rates: number[] = [];
  const perMillion: number[] = [];
  let bytesARecord = 0;
  for (let round = -1; round < rounds; round++) {
    const [began, spent] = [performance.now(), cpuSeconds()];
    const { records, bytes } = await work();
    // The first one is for the compiler.
    if (round < 0) continue;
    rates.push(records / (performance.now() - began) * 1e3);
    perMillion.push((cpuSeconds() - spent) / records * 1e6);
    bytesARecord = bytes / records;
  }
  return { name, rates, cpuPerMillion: perMillion, bytesARecord };
}

/** Fetches all bookings, as a job does, and looks at no record. */
async function readAll(log: Log): Promise<Done> {
  const described = await log.describeTopics([topics.skyone, topics.sunset]);
  const ends = new Map(described.map(({ name, partitions }) => [name, partitions]));
  let open: Position[] = described.flatMap(({ name: topic, partitions }) =>
    partitions.map((_, partition) => ({ topic, partition, offset: 0 }))
  );
  let records = 0;
  let bytes = 0;
  while (open.length > 0) {
    const fetched = await log.fetch(open, { maxWaitMs: 1_000 });
    for (const { batches } of fetched) {
      for (const batch of batches) {
        records += batch.count;
        bytes += batch.size;
      }
    }
    open = fetched
      .map(({ topic, partition, nextOffset: offset }) => ({ topic, partition, offset }))
      .filter(({ topic, partition, offset }) => offset < ends.get(topic)![partition]!.endOffset);
  }
  return { records, bytes };
}

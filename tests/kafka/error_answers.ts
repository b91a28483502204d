/**
 * What a broker answers that does not do what it is asked, or has done it and tells otherwise: the
 * bodies of answers with error codes, for the versions of the requests that are sent here.
 */

import { Reader, Writer } from "../../src/log/kafka/protocol/wire.ts";
import { apiKeys } from "./proxy.ts";

/** The names of the requests that can be answered so. */
export type Answerable = keyof typeof layouts;

/** A request behind its header, read as far as an answer needs it. */
type Topics = readonly { readonly name: string; readonly partitions: readonly number[] }[];

interface Layout {
  readonly version: number;
  readonly flexible: boolean;
  /** What the request names, in one that is answered by partition. */
  readonly topics?: (reader: Reader) => Topics;
  /** Writes the answer, without its header. */
  readonly write: (writer: Writer, code: number, topics: Topics) => void;
}

function outcome(writer: Writer, code: number): void {
  writer.int32(0);
  writer.int16(code);
}

function outcomes(writer: Writer, code: number, topics: Topics): void {
  writer.int32(0);
  writer.structs(topics, ({ name, partitions }) => {
    writer.string(name);
    writer.structs(partitions, (partition) => {
      writer.int32(partition);
      writer.int16(code);
    });
  });
}

/** Steps over `transactionalId string, producerId int64, producerEpoch int16`. */
function skipProducer(reader: Reader): void {
  reader.string();
  reader.raw(10);
}

const layouts = {
  InitProducerId: {
    version: 4,
    flexible: true,
    write: (writer, code) => {
      outcome(writer, code);
      writer.int64(-1);
      writer.int16(-1);
    },
  },
  AddPartitionsToTxn: {
    version: 3,
    flexible: true,
    topics: (reader) => {
      skipProducer(reader);
      return reader.structs(() => ({ name: reader.string(), partitions: reader.int32s() }));
    },
    write: outcomes,
  },
  Produce: {
    version: 8,
    flexible: false,
    topics: (reader) => {
      reader.nullableString();
      reader.raw(6);
      return reader.structs(() => ({
        name: reader.string(),
        partitions: reader.structs(() => {
          const partition = reader.int32();
          reader.bytes();
          return partition;
        }),
      }));
    },
    write: (writer, code, topics) => {
      writer.structs(topics, ({ name, partitions }) => {
        writer.string(name);
        writer.structs(partitions, (partition) => {
          writer.int32(partition);
          writer.int16(code);
          for (let i = 0; i < 3; i++) writer.int64(-1);
          writer.structs([], () => {});
          writer.nullableString(null);
        });
      });
      writer.int32(0);
    },
  },
  AddOffsetsToTxn: { version: 3, flexible: true, write: outcome },
  TxnOffsetCommit: {
    version: 3,
    flexible: true,
    topics: (reader) => {
      reader.string();
      reader.string();
      reader.raw(14);
      reader.string();
      reader.nullableString();
      return reader.structs(() => ({
        name: reader.string(),
        partitions: reader.structs(() => {
          const partition = reader.int32();
          reader.raw(12);
          reader.nullableString();
          return partition;
        }),
      }));
    },
    write: outcomes,
  },
  EndTxn: { version: 3, flexible: true, write: outcome },
  OffsetFetch: {
    version: 7,
    flexible: true,
    write: (writer, code) => {
      writer.int32(0);
      writer.structs([], () => {});
      writer.int16(code);
    },
  },
  FindCoordinator: {
    version: 3,
    flexible: true,
    write: (writer, code) => {
      outcome(writer, code);
      writer.nullableString(null);
      writer.int32(-1);
      writer.string("");
      writer.int32(-1);
    },
  },
  JoinGroup: {
    version: 5,
    flexible: false,
    // Not a topic, but a broker says whom it refuses.
    topics: (reader) => {
      reader.string();
      reader.raw(8);
      return [{ name: reader.string(), partitions: [] }];
    },
    write: (writer, code, [member]: Topics) => {
      outcome(writer, code);
      writer.int32(-1);
      for (const text of ["", "", member!.name]) writer.string(text);
      writer.structs([], () => {});
    },
  },
  SyncGroup: {
    version: 3,
    flexible: false,
    write: (writer, code) => {
      outcome(writer, code);
      writer.bytes(new Uint8Array());
    },
  },
  Heartbeat: { version: 3, flexible: false, write: outcome },
} as const satisfies Partial<Record<keyof typeof apiKeys, Layout>>;

/** All requests that can be answered so. */
export const answerable = Object.keys(layouts) as readonly Answerable[];

/** Makes of a request the answer that tells `code` of all it asks for. */
export function errorAnswer(name: Answerable, code: number): (request: Uint8Array) => Uint8Array {
  const { version, flexible, write, topics }: Layout = layouts[name];
  return (request) => {
    const header = new Reader(request.subarray(4), { flexible: false, what: `a ${name} header` });
    const [key, found] = [header.int16(), header.int16()];
    if (key !== apiKeys[name] || found !== version) {
      throw new Error(
        `Cannot answer for the broker: the request must be ${name} v${version}, it is of API ` +
          `${key} v${found}`,
      );
    }
    header.int32();
    header.nullableString();
    const body = request.subarray(request.length - header.rest);
    const reader = new Reader(body, { flexible, what: `a ${name} request` });
    reader.tags();
    const writer = new Writer(flexible);
    writer.tags();
    write(writer, code, topics?.(reader) ?? []);
    writer.tags();
    return writer.finish();
  };
}

/** Makes of the answer of a broker that has done what it was asked one that tells `code`. */
export function errorInstead(
  name: "EndTxn" | "AddOffsetsToTxn" | "InitProducerId" | "Produce",
  code: number,
): (answer: Uint8Array) => Uint8Array {
  return (answer) => {
    const changed = answer.slice();
    const view = new DataView(changed.buffer);
    const codeOf = name === "Produce" ? firstProduced(changed) : headerAndThrottle;
    view.setInt16(codeOf, code);
    return changed;
  };
}

/** Size, correlation id, no tags, throttle time. */
const headerAndThrottle = 4 + 4 + 1 + 4;

/** Where the code of the first partition of a Produce answer is. */
function firstProduced(answer: Uint8Array): number {
  const reader = new Reader(answer.subarray(8), { flexible: false, what: "a Produce answer" });
  reader.int32();
  reader.string();
  reader.int32();
  reader.int32();
  return answer.length - reader.rest;
}

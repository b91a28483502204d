/** Kafka's console consumer and producer, with all of a record: the Java client, as it shows itself. */

import {
  base64Of,
  byPlace,
  type PlainRecord,
  type RecordContent,
  textOfBase64,
} from "./plain_record.ts";
import { kafkaTool } from "./tool.ts";

/** What no text of the tests holds. */
const mark = { field: "\x1f", header: "\x1d", record: "\x1e", nothing: "\x1cnull" } as const;

/**
 * The first `count` committed records of a topic, by their places. Keys, values and headers must be
 * text, since the tool prints text.
 */
export async function consoleRecords(
  bootstrap: string,
  topic: string,
  count: number,
): Promise<readonly PlainRecord[]> {
  const properties = {
    "print.timestamp": true,
    "print.partition": true,
    "print.offset": true,
    "print.headers": true,
    "print.key": true,
    "key.separator": mark.field,
    "headers.separator": mark.header,
    "line.separator": mark.record,
    "null.literal": mark.nothing,
  };
  const printed = await kafkaTool("ConsoleConsumer", [
    ...["--bootstrap-server", bootstrap, "--topic", topic, "--from-beginning"],
    ...["--isolation-level", "read_committed"],
    ...["--max-messages", String(count), "--timeout-ms", "20000"],
    ...Object.entries(properties).flatMap(([name, value]) => ["--property", `${name}=${value}`]),
  ]);
  const lines = printed.split(mark.record);
  lines.pop();
  return lines.map((line) => recordOf(topic, line)).sort(byPlace);
}

/** A line: `CreateTime:ts`, `Partition:n`, `Offset:n`, headers, key and value. */
function recordOf(topic: string, line: string): PlainRecord {
  const [ts, partition, offset, headers, key, value] = line.split(mark.field);
  const number = (text: string | undefined, name: string) => {
    if (text?.startsWith(`${name}:`)) return Number(text.slice(name.length + 1));
    throw new Error(`a line of the console consumer must hold ${name}, it is ${line}`);
  };
  return {
    topic,
    partition: number(partition, "Partition"),
    offset: number(offset, "Offset"),
    ts: number(ts, "CreateTime"),
    headers: headers === "NO_HEADERS" ? [] : headers!.split(mark.header).map((header) => {
      const colon = header.indexOf(":");
      return [header.slice(0, colon), bytesOf(header.slice(colon + 1))];
    }),
    key: bytesOf(key!),
    value: bytesOf(value!),
  };
}

function bytesOf(printed: string): string | null {
  return printed === mark.nothing ? null : base64Of(printed);
}

/** Writes records to a topic; the tool gives them their partitions and the time. */
export async function consoleProduce(
  bootstrap: string,
  topic: string,
  { records, compression = "none" }: {
    /** Text, without line feeds. */
    readonly records: readonly Omit<RecordContent, "ts">[];
    readonly compression?: string;
  },
): Promise<void> {
  const text = (base64: string | null) => base64 === null ? mark.nothing : textOfBase64(base64);
  const lines = records.map(({ headers, key, value }) => {
    const list = headers.map(([name, value]) => `${name}:${text(value)}`).join(mark.header);
    return [list === "" ? mark.nothing : list, text(key), text(value)].join(mark.field) + "\n";
  });
  const properties = {
    "parse.key": true,
    "parse.headers": true,
    "key.separator": mark.field,
    "headers.delimiter": mark.field,
    "headers.separator": mark.header,
    "null.marker": mark.nothing,
  };
  await kafkaTool("ConsoleProducer", [
    ...["--bootstrap-server", bootstrap, "--topic", topic, "--compression-codec", compression],
    ...Object.entries(properties).flatMap(([name, value]) => ["--property", `${name}=${value}`]),
  ], { input: lines.join("") });
}

/** What is on a topic, by Kafka's own consumer, which knows nothing of ours. */

import type { Envelope } from "../../crash/oracle.ts";
import { kafkaTool } from "../tool.ts";

/** The consumer ends when nothing has come for so long. */
const silenceMs = 4_000;

/** The committed records of a topic whose keys, values and headers are text without tabs. */
export async function readWithKafka(bootstrap: string, topic: string): Promise<Envelope[]> {
  const shown = ["timestamp", "partition", "offset", "headers", "key"];
  const text = await kafkaTool("ConsoleConsumer", [
    ...["--bootstrap-server", bootstrap, "--topic", topic],
    ...["--from-beginning", "--isolation-level", "read_committed"],
    ...["--timeout-ms", String(silenceMs)],
    ...shown.flatMap((name) => ["--property", `print.${name}=true`]),
  ], { timeoutMs: 300_000 });
  return text.split("\n").filter((line) => line.startsWith("CreateTime:")).map((line) => {
    const [time, partition, offset, headers, key, payload] = line.split("\t");
    return {
      topic,
      partition: numberOf(partition),
      offset: numberOf(offset),
      ts: numberOf(time),
      headers: headers === "NO_HEADERS" ? [] : headers!.split(",").flatMap(pairOf),
      key: key!,
      payload: payload!,
    };
  });
}

/** `Partition:3` */
function numberOf(text: string | undefined): number {
  return Number(text!.slice(text!.indexOf(":") + 1));
}

/** `name:value` */
function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf(":");
  return [text.slice(0, at), text.slice(at + 1)];
}

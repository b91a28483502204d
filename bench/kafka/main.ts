/**
 * Merge and stats on Kafka: one broker and the jobs as whole processes beside it, in one run with
 * the floors below them. Needs Linux, and Java 17 and Maven, or a broker that runs already
 * and whose topics of the flights are deleted.
 *
 * ```sh
 * deno task bench:kafka                          # 1,000,000 records, 3 runs: some minutes
 * deno task bench:kafka --records 200000 --only merge,stats
 * deno task bench:kafka --only restart --load-minutes 10
 * deno task bench:kafka --profile                # the functions that take most
 * deno task bench:kafka --bootstrap-server localhost:29092 --replace-topics
 * deno task bench:kafka --executable ./flights   # the built program in place of the source
 * ```
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { messageOf } from "../../src/base/errors.ts";
import { openKafkaLog } from "../../src/log/kafka/kafka_log.ts";
import { startCluster } from "../../tests/kafka/broker.ts";
import { commandLine } from "./processes.ts";
import { deleteKept, groups, measure, type Settings } from "./rows.ts";

/** The command line. @throws when it cannot be used. */
function readOptions() {
  const { values } = parseArgs({
    options: {
      small: { type: "boolean", default: false },
      records: { type: "string" },
      runs: { type: "string" },
      restarts: { type: "string" },
      seconds: { type: "string" },
      only: { type: "string", default: groups.join(",") },
      "load-minutes": { type: "string", default: "0" },
      profile: { type: "boolean", default: false },
      executable: { type: "string" },
      "bootstrap-server": { type: "string" },
      "replace-topics": { type: "boolean", default: false },
    },
  });
  const { small, executable, "bootstrap-server": given, "load-minutes": minutes } = values;
  if (given !== undefined && !values["replace-topics"]) {
    throw new Error(
      `Cannot measure on ${given}: --replace-topics must be there, since the topics of the flights ` +
        "are deleted and created anew, it is not",
    );
  }
  const number = (name: "records" | "runs" | "restarts" | "seconds", size: number) => {
    const text = values[name] ?? String(size);
    const value = Number(text);
    if (Number.isInteger(value) && value > 0) return value;
    throw new Error(`Cannot measure: --${name} must be a whole number above 0, it is ${text}`);
  };
  const only = values.only.split(",").map((name) => {
    const group = groups.find((one) => one === name);
    if (group !== undefined) return group;
    throw new Error(`Cannot measure: --only must be of ${groups.join(", ")}, it has ${name}`);
  });
  const loadMinutes = Number(minutes);
  if (!(loadMinutes >= 0)) {
    throw new Error(`Cannot measure: --load-minutes must be a number from 0 on, it is ${minutes}`);
  }
  const settings: Settings = {
    // As many of each airline.
    records: 2 * Math.ceil(number("records", small ? 2_000 : 1_000_000) / 2),
    runs: number("runs", small ? 1 : 3),
    only,
    restarts: number("restarts", small ? 1 : 20),
    loadMinutes,
    seconds: number("seconds", small ? 1 : 20),
    warmUpSeconds: small ? 0 : 5,
    profile: values.profile,
  };
  return { settings, given, command: commandLine(executable) };
}

type Options = ReturnType<typeof readOptions>;

/** Returns whether all results were right. */
async function main({ settings, given, command }: Options): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "flights-bench-" });
  const cluster = given === undefined ? await startCluster({ heapMiB: 1_024 }) : null;
  const bootstrap = given ?? cluster!.bootstrap();
  const log = openKafkaLog({
    bootstrap: bootstrap.split(",").map((address) => {
      const [host, port] = address.split(":");
      return { host: host!, port: Number(port) };
    }),
    clientId: "flights-bench",
    instances: { directory: folder, host: "bench" },
  });
  try {
    const isRight = await measure(log, { command, bootstrap, folder }, settings);
    if (cluster === null) await deleteKept(log);
    return isRight;
  } finally {
    await log.close();
    await cluster?.[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

let options: Options;
try {
  options = readOptions();
} catch (error) {
  console.error(messageOf(error));
  process.exit(2);
}
process.exit(await main(options) ? 0 : 1);

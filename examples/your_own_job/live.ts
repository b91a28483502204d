import process from "node:process";
import { execute, explain, json, StreamEnvironment } from "flights";
import { alarms, hottest, Reading, watermarks } from "./job.ts";
import { openLog } from "./log.ts";

const applicationId = "greenhouse";
const env = new StreamEnvironment();
const readings = env.fromSource({
  topic: "readings",
  deserializer: json(Reading.parse),
  partitionedBy: "sensor",
}, watermarks);
hottest(readings).sinkTo({ topic: "hottest", key: ({ sensor }) => sensor });
alarms(readings).sinkTo({ topic: "alarms", key: ({ sensor }) => sensor });

if (process.argv[2] === "explain") {
  process.stdout.write(explain(env.topology, { applicationId }));
} else {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const log = await openLog();
  console.error(`running on ${log.description}, until Ctrl-C`);
  await execute(env, { applicationId, log, signal: stop.signal });
  await log.close();
}

import { execute, json, Sources, StreamEnvironment } from "flights";
import { Reading, watermarks } from "./job.ts";
import { openLog } from "./log.ts";

const env = new StreamEnvironment();
env.fromSource(Sources.file("readings.jsonl", json(Reading.parse)), watermarks)
  .sinkTo({ topic: "readings", key: ({ sensor }) => sensor });
const log = await openLog();
await execute(env, { applicationId: "send", log });
await log.close();

import { execute, json, Sources, StreamEnvironment } from "flights";
import { alarms, hottest, Reading, watermarks } from "./job.ts";

const env = new StreamEnvironment();
const readings = env.fromSource(Sources.file("readings.jsonl", json(Reading.parse)), watermarks);
hottest(readings).print("hottest");
alarms(readings).print("alarm");
await execute(env);

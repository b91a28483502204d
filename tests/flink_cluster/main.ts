/** `deno task flink:cluster`: a Flink session cluster and its SQL Gateway until Ctrl-C; nothing stays. */

import process from "node:process";
import { startFlink } from "./cluster.ts";

const stop = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.resolve());
await using flink = await startFlink();
console.log(`SQL Gateway ${flink.gateway}\nweb page    ${flink.web}\nCtrl-C ends it`);
await stop.promise;

/** A worker that ends as its member's number says, for the tests of who started it. */

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";

const { member } = workerData as { readonly member: number };
const post = (message: unknown) => parentPort!.postMessage(message);
parentPort!.on("message", (asked) => post({ kind: "ended", status: { asked } }));
post({ kind: "observed", name: "waiting", args: [`I am ${member}`] });
if (member === 2) throw new TypeError("thrown at the start");
if (member === 3) setTimeout(() => void Promise.reject(new Error("thrown later")));
if (member === 4) process.exit(0);
if (member === 5) post({ kind: "failed", error: { code: "log-full", message: "no room" } });

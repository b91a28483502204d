/** The command line; in a worker thread, a member of a job that the command line started. */

import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { main } from "./src/cli/cli.ts";
import { runMember } from "./src/cli/parallel/member.ts";

if (isMainThread) process.exit(await main(process.argv.slice(2)));
else await runMember();

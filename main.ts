/** The command line. */

import process from "node:process";
import { main } from "./src/cli/cli.ts";

process.exit(await main(process.argv.slice(2)));

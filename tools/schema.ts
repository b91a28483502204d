/** `deno task schema`: writes `docs/job-status.schema.json` after a change of what a status tells. */

import { join } from "node:path";
import { jobStatusJsonSchema } from "../src/status/job_status_schema.ts";
import { root } from "./process.ts";

const text = JSON.stringify(jobStatusJsonSchema(), null, 2);
await Deno.writeTextFile(join(root, "docs/job-status.schema.json"), `${text}\n`);

/** What every log tells of the processes that have announced themselves for a group. */

import { compareUtf8 } from "../base/bytes.ts";
import type { AnnouncedProcess } from "./log.ts";

/** Each address once, in their order: a process may announce itself for each of its members. */
export function distinctProcesses(
  processes: readonly AnnouncedProcess[],
): readonly AnnouncedProcess[] {
  const byAddress = new Map(processes.map((process) => [process.address, process]));
  return [...byAddress.values()].sort((a, b) => compareUtf8(a.address, b.address));
}

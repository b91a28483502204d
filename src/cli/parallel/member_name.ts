/** What the members of a process are called in their group. */

import { hostname } from "node:os";
import process from "node:process";

/** The description of a member, for people, and to know this process's members from others'. */
export function nameOf(applicationId: string, member: number): string {
  return `${applicationId} (process ${process.pid} on ${hostname()}, member ${member})`;
}

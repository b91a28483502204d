/**
 * The instance id of a member (KIP-345): stable over restarts, so that a process that is killed and
 * started again takes its partitions back at once; and unique among live processes, so that twins do
 * not fence each other. It is made of the host and a slot: the first lock file that no live process
 * holds. The kernel lets go of the lock when the process ends, however it ends.
 */

import { createHash } from "node:crypto";
import { hostname } from "node:os";
import process from "node:process";
import { FlightsError, messageOf } from "../../base/errors.ts";

/** An instance id that is held. */
export interface HeldInstanceId {
  readonly id: string;
  /** Lets go of the slot. */
  release(): void;
}

/** Where slots are, and whose they are. */
export interface InstanceIdOptions {
  /** The folder of the lock files; it is created. All processes of a host must use the same. */
  readonly directory: string;
  /** Tells this host from others, such as its machine id and name. */
  readonly host: string;
}

/** Slots in this user's folder for what is to outlast programs (XDG_STATE_HOME). */
export function instancesOfUser(): InstanceIdOptions {
  const { XDG_STATE_HOME, HOME } = process.env;
  const state = XDG_STATE_HOME || (HOME ? `${HOME}/.local/state` : "/tmp");
  return { directory: `${state}/flights/instances`, host: hostMark() };
}

/** Tells this host from others. */
function hostMark(): string {
  try {
    return `${Deno.readTextFileSync("/etc/machine-id").trim()} ${hostname()}`;
  } catch {
    return hostname();
  }
}

/** More members of one group than these on one host are taken for a mistake. */
const maxSlots = 1_024;

/**
 * Takes the first free slot of a group on this host.
 *
 * @throws {FlightsError} `instance-taken` when there is none, `log-forbidden` when the folder cannot
 * be used.
 */
export function takeInstanceId(group: string, options: InstanceIdOptions): HeldInstanceId {
  const { directory, host } = options;
  const hostMark = createHash("sha256").update(host).digest("hex").slice(0, 12);
  try {
    Deno.mkdirSync(directory, { recursive: true });
    for (let slot = 0; slot < maxSlots; slot++) {
      const path = `${directory}/${group}-${slot}.lock`;
      const file = Deno.openSync(path, { create: true, read: true, write: true });
      if (file.tryLockSync(true)) {
        return { id: `${group}-${hostMark}-${slot}`, release: () => file.close() };
      }
      file.close();
    }
  } catch (error) {
    throw new FlightsError(
      "log-forbidden",
      `Cannot take an instance id of ${group}: the folder ${directory} must take lock files, ` +
        `it does not: ${messageOf(error)}`,
      { cause: error },
    );
  }
  throw new FlightsError(
    "instance-taken",
    `Cannot take an instance id of ${group}: at most ${maxSlots} members may run on one host, ` +
      "all slots are held",
  );
}

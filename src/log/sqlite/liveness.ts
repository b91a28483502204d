/**
 * Which members' processes live. Each member holds an exclusive lock on a file named after it; the
 * kernel lets go of it when the process ends, however it ends. A member whose file can be locked by
 * somebody else is dead, and what it held is free at once.
 */

import { FlightsError, messageOf } from "../../base/errors.ts";

/** The lock files of one log's members. */
export class LivenessFiles {
  readonly #directory: string;

  /** @param directory where the lock files are; it is created. */
  constructor(directory: string) {
    this.#directory = directory;
    Deno.mkdirSync(directory, { recursive: true });
  }

  /** Marks a member of this process as alive, until the returned file is closed. */
  hold(member: string): Deno.FsFile {
    try {
      const file = Deno.openSync(this.#path(member), { create: true, read: true, write: true });
      file.lockSync(true);
      return file;
    } catch (error) {
      throw new FlightsError(
        "log-forbidden",
        `Cannot join a group: ${this.#directory} must take a lock file, it does not: ${
          messageOf(error)
        }`,
        { cause: error },
      );
    }
  }

  /** Takes the mark away. */
  release(member: string, file: Deno.FsFile): void {
    file.close();
    this.#remove(member);
  }

  /** Whether a member's process has ended. A member without a file is judged by its lease alone. */
  isDead(member: string): boolean {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(this.#path(member), { read: true, write: true });
    } catch {
      return false;
    }
    try {
      if (!file.tryLockSync(true)) return false;
      this.#remove(member);
      return true;
    } finally {
      file.close();
    }
  }

  #remove(member: string): void {
    try {
      Deno.removeSync(this.#path(member));
    } catch {
      // Another process was first.
    }
  }

  #path(member: string): string {
    return `${this.#directory}/${member}.lock`;
  }
}

/**
 * Which processes live: those of members, and those that answer questions. Each member holds an exclusive lock on a file named after it; the
 * kernel lets go of it when the process ends, however it ends. A member whose file can be locked by
 * somebody else is dead, and what it held is free at once.
 */

import { FlightsError, messageOf } from "../../base/errors.ts";

/** The lock files of one log's members. */
export class LivenessFiles {
  readonly #directory: string;
  readonly #held = new Map<string, Deno.FsFile>();

  /** @param directory where the lock files are. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Marks a member of this process as alive. @throws {FlightsError} `log-forbidden`. */
  hold(member: string): void {
    try {
      Deno.mkdirSync(this.#directory, { recursive: true });
      const file = Deno.openSync(this.#path(member), { createNew: true, write: true });
      this.#held.set(member, file);
      file.lockSync(true);
    } catch (error) {
      this.release(member);
      throw new FlightsError(
        "log-forbidden",
        `Cannot join a group: ${this.#directory} must take a lock file, ${messageOf(error)}`,
        { cause: error },
      );
    }
  }

  /** Takes away the mark of a member that has left or is dead. */
  release(member: string): void {
    this.#held.get(member)?.close();
    this.#held.delete(member);
    try {
      Deno.removeSync(this.#path(member));
    } catch {
      // It is gone, or will be noticed as dead.
    }
  }

  /**
   * Whether a member's process has ended. A member without a file is judged by its lease alone.
   * Asking takes a shared lock for a moment, so that two who ask do not hold each other for it.
   */
  isDead(member: string): boolean {
    return this.#stateOf(member) === "free";
  }

  /** Whether a process lives that has no lease: one without a file, as in a copied folder, does not. */
  isHeld(process: string): boolean {
    return this.#stateOf(process) === "held";
  }

  #stateOf(id: string): "held" | "free" | "missing" {
    if (this.#held.has(id)) return "held";
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(this.#path(id), { read: true });
    } catch (error) {
      // A file that may not be looked at tells nothing against its process.
      return error instanceof Deno.errors.NotFound ? "missing" : "held";
    }
    try {
      return file.tryLockSync(false) ? "free" : "held";
    } finally {
      file.close();
    }
  }

  #path(member: string): string {
    return `${this.#directory}/${member}.lock`;
  }
}

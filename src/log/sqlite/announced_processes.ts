/** The processes that tell where they answer questions about a group; each goes with its life. */

import { distinctProcesses } from "../distinct_processes.ts";
import type { AnnouncedProcess } from "../log.ts";
import type { Database } from "./database.ts";
import type { LivenessFiles } from "./liveness.ts";

interface ProcessRow extends AnnouncedProcess {
  readonly id: string;
}

/** The rows of announced processes. All functions are to be called in a transaction. */
export class AnnouncedProcesses {
  readonly #db: Database;
  readonly #files: LivenessFiles | null;

  /** @param files null where the log is in memory: then a process lives until it takes itself back. */
  constructor(db: Database, files: LivenessFiles | null) {
    this.#db = db;
    this.#files = files;
  }

  /** Adds a process, whose mark of life must be held; those of its group that have died go. */
  add(id: string, group: string, { description, address }: AnnouncedProcess): void {
    for (const other of this.#rows(group)) {
      if (this.#isAlive(other)) continue;
      this.remove(other.id);
      this.#files?.release(other.id);
    }
    this.#db.run(
      "INSERT INTO processes (id, group_name, description, address) VALUES (?, ?, ?, ?)",
      id,
      group,
      description,
      address,
    );
  }

  /** Removes a process that has gone. */
  remove(id: string): void {
    this.#db.run("DELETE FROM processes WHERE id = ?", id);
  }

  /** Those of a group that live, by address, each address once. */
  living(group: string): readonly AnnouncedProcess[] {
    const living = this.#rows(group).filter((row) => this.#isAlive(row));
    return distinctProcesses(
      living.map(({ description, address }) => ({ description, address })),
    );
  }

  /** The groups for which a process has announced itself. */
  groups(): readonly string[] {
    return this.#db.all("SELECT DISTINCT group_name FROM processes ORDER BY group_name")
      .map((row) => String(row.group_name))
      .filter((group) => this.living(group).length > 0);
  }

  #isAlive({ id }: ProcessRow): boolean {
    return this.#files?.isHeld(id) ?? true;
  }

  #rows(group: string): readonly ProcessRow[] {
    return this.#db.all(
      "SELECT id, description, address FROM processes WHERE group_name = ? ORDER BY id",
      group,
    ).map((row) => ({
      id: String(row.id),
      description: String(row.description),
      address: String(row.address),
    }));
  }
}

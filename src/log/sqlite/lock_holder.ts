/** Who keeps a SQLite file locked, as far as the system tells. */

/** The byte of the shared-memory file that a writer locks (https://sqlite.org/walformat.html). */
const writeLockByte = 120;

/**
 * The process that holds the write lock of a file in write-ahead mode, for people, or null when
 * that cannot be told: only Linux shows it.
 */
export function describeLockHolder(path: string): string | null {
  try {
    const inode = Deno.statSync(`${path}-shm`).ino;
    for (const line of Deno.readTextFileSync("/proc/locks").split("\n")) {
      // "1: POSIX  ADVISORY  WRITE 4651 fe:00:9978057 120 120"
      const match = /POSIX +ADVISORY +WRITE +(\d+) +\w+:\w+:(\d+) +(\d+) +(\d+)/.exec(line);
      if (match === null || Number(match[2]) !== inode) continue;
      if (Number(match[3]) > writeLockByte || Number(match[4]) < writeLockByte) continue;
      return `process ${match[1]} (${commandOf(match[1]!)})`;
    }
  } catch {
    // No such file, or not ours to read.
  }
  return null;
}

function commandOf(process: string): string {
  const command = Deno.readTextFileSync(`/proc/${process}/cmdline`);
  return command.replaceAll("\0", " ").trim();
}

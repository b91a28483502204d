/** Java processes that end when the process of the tests does, in whatever way that ends. */

/** A java that runs. */
export interface WatchedJava {
  readonly pid: number;
  kill(signal: Deno.Signal): void;
  /** Resolves at its end. */
  readonly ended: Promise<void>;
}

/**
 * Becomes java, after it has left a watcher behind. The watcher reads our stdin: a line means that
 * java has ended, the end without one that the tests' process has. Arguments: a folder to remove
 * in that case, the log file, how nice java is, its arguments.
 */
const script = `
folder=$1 log=$2 nice=$3
shift 3
exec 3<&0 >>"$log" 2>&1
(read -r _ <&3 || { kill -9 $$; sleep 1; rm -rf -- "$folder"; }) &
exec nice -n "$nice" java "$@" 3<&- </dev/null
`;

/** Starts java; what it prints is added to the file `log`. */
export function startWatchedJava(
  args: readonly string[],
  { folder, log, env = {}, nice = 0 }: {
    /** Removed if the process of the tests ends first. */
    readonly folder: string;
    readonly log: string;
    /** Added to the environment. */
    readonly env?: Readonly<Record<string, string>>;
    /** How far it steps back for other processes, 0 to 19; default 0. */
    readonly nice?: number;
  },
): WatchedJava {
  const child = new Deno.Command("sh", {
    args: ["-c", script, "sh", folder, log, String(nice), ...args],
    env: { ...env },
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return { pid: child.pid, kill: (signal) => child.kill(signal), ended: untilEnd(child) };
}

async function untilEnd(child: Deno.ChildProcess): Promise<void> {
  await child.status;
  const watcher = child.stdin.getWriter();
  await watcher.write(new TextEncoder().encode("ended\n"));
  await watcher.close();
}

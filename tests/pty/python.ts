/** Python 3, whose standard library has pseudo terminals; Deno has none. */

import { needs } from "../permissions.ts";

/** What to spread into a test that runs a command on a pseudo terminal. */
export function needsTerminal(): { readonly ignore: boolean } {
  const { ignore } = needs("read", "write", "run", "env");
  if (ignore) return { ignore };
  const isThere = hasPython();
  if (!isThere) console.log("Left out without Python 3: tests/pty");
  return { ignore: !isThere };
}

function hasPython(): boolean {
  try {
    return new Deno.Command("python3", { args: ["-c", "import pty, termios"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}

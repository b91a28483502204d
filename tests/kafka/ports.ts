/** Ports for servers that cannot be asked to choose one by themselves. */

const from = 15_000;
/** Below the ports that systems give to outgoing connections: those might take one meanwhile. */
const below = 32_000;
const given = new Set<number>();

/** Ports of 127.0.0.1 that nobody listens on; this process gives none of them out again. */
export function freePorts(count: number): number[] {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = from + crypto.getRandomValues(new Uint32Array(1))[0]! % (below - from);
    if (!given.has(port) && isFree(port)) ports.push(port);
    given.add(port);
  }
  return ports;
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

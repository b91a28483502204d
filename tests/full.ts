/** Whether the long suites run too: `deno task ok:full` asks for them. */
export function isFull(): boolean {
  const asked = Deno.permissions.querySync({ name: "env", variable: "FLIGHTS_FULL" });
  return asked.state === "granted" && Deno.env.get("FLIGHTS_FULL") === "1";
}

/**
 * Plain `deno test` grants no permissions. A test that needs some says so, and is left out, with a
 * word, where they are not granted:
 *
 *     Deno.test({ ...needs("read", "run"), name: "...", fn: async () => { ... } });
 */

let told = false;

/** What to spread into a test that needs all of `permissions`. */
export function needs(...permissions: Deno.PermissionName[]): { readonly ignore: boolean } {
  const missing = permissions.filter((name) =>
    Deno.permissions.querySync({ name } as Deno.PermissionDescriptor).state !== "granted"
  );
  if (missing.length > 0 && !told) {
    told = true;
    console.log(`Left out without --allow-${missing.join(", --allow-")}: run \`deno task test\``);
  }
  return { ignore: missing.length > 0 };
}

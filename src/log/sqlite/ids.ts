/** The one source of ids that nobody else has: of topics and of members. */

/** A random UUID. */
export function newId(): string {
  return crypto.randomUUID();
}

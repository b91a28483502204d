/** How lessons print what is no JSON value in Flink. */

/** A tuple as Flink prints it: `(hello,5)`. */
export function tuple(fields: readonly (string | number)[]): string {
  return `(${fields.join(",")})`;
}

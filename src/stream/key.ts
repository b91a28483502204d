/** Keys of a keyed stream, as values and as the text that tables and order go by (semantics 4). */

/** What a stream may be keyed by: JSON values. A text is its own key text. */
export type Key =
  | string
  | number
  | boolean
  | { readonly [name: string]: unknown }
  | readonly unknown[];

/** Marks key text that is JSON, so that the number 1 and the text "1" are different keys. */
const jsonMark = "\u0000";

/** The text of a key. */
export function keyText(key: Key): string {
  return typeof key === "string" ? key : jsonMark + JSON.stringify(key);
}

/** The key of a text that {@linkcode keyText} made. */
export function keyOf(text: string): Key {
  return text.startsWith(jsonMark) ? JSON.parse(text.slice(1)) as Key : text;
}

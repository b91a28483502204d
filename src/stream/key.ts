/** Keys of a keyed stream, as values and as the text that tables and order go by (semantics 4). */

/** What a stream may be keyed by: JSON values. A text is its own key text. */
export type Key =
  | string
  | number
  | boolean
  | { readonly [name: string]: unknown }
  | readonly unknown[];

/** The key that a field of type `V` is. */
export type FieldKey<V> = V extends Key ? V : V & Key;

/**
 * Marks key text that is JSON, so that the number 1 and the text "1" are different keys. A text that
 * begins with the mark is written as JSON too.
 */
const jsonMark = "\u0000";

/** The text of a key. */
export function keyText(key: Key): string {
  const isPlain = typeof key === "string" && !key.startsWith(jsonMark);
  return isPlain ? key : jsonMark + JSON.stringify(key);
}

/** The text by which a field that holds `key` places its record (semantics 22). */
export function placementText(key: Key): string {
  return typeof key === "string" ? key : JSON.stringify(key);
}

/** The key of a text that {@linkcode keyText} made. */
export function keyOf(text: string): Key {
  return text.startsWith(jsonMark) ? JSON.parse(text.slice(1)) as Key : text;
}

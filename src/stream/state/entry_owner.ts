/**
 * Whose an entry of a changelog is, for who reads it without the topology that wrote it. The kinds of
 * tables are told apart by the form of their entries' keys:
 *
 * ```text
 * [key, ...]          values, entries, buffers
 * [time, key]         timers
 * [start, end, key]   windows; the value is [accumulator, held]
 * [id]                panes; the value is [key, start, end, held, ...]
 * [id, position]      elements of the pane `id`
 * ```
 */

import type { Window } from "../windows/window.ts";
import type { EntryKey } from "./tables.ts";

/** Whose an entry is. */
export type EntryOwner =
  /** A key's. */
  | { readonly kind: "key"; readonly key: string }
  /** A key's, of one window. */
  | { readonly kind: "window"; readonly key: string; readonly window: Window }
  /** A key's, of one window; both null where the entry removes it. */
  | {
    readonly kind: "pane";
    readonly id: number;
    readonly key: string | null;
    readonly window: Window | null;
  }
  /** That of a pane. */
  | { readonly kind: "element"; readonly pane: number };

/** Tells whose an entry is. @param value undefined for one that removes. */
export function ownerOf([first, second, third]: EntryKey, value: unknown): EntryOwner {
  if (typeof first === "string") return { kind: "key", key: first };
  if (typeof second === "string") return { kind: "key", key: second };
  if (typeof third === "string") {
    return { kind: "window", key: third, window: { start: Number(first), end: Number(second) } };
  }
  const id = Number(first);
  if (second !== undefined) return { kind: "element", pane: id };
  if (value === undefined) return { kind: "pane", id, key: null, window: null };
  const [key, start, end] = value as readonly [string, number, number];
  return { kind: "pane", id, key, window: { start, end } };
}

/** Topics that are read as tables. */

import { strictTextOf } from "../base/bytes.ts";
import { messageOf } from "../base/errors.ts";
import type { RawRecord } from "../base/record.ts";
import { BadRecordError, type Deserializer } from "./json.ts";
import type { Key } from "./key.ts";
import type { Node } from "./topology.ts";

/** A topic that is read as a table, most often a compacted one. */
export interface TopicTable<V> {
  /** Its name. */
  readonly topic: string;
  /** Reads a row, which must be a JSON value; never called for a null value, which deletes the row. */
  readonly deserializer: Deserializer<V>;
  /** Makes the row's key of the text of the record's key; without it that text is the key. */
  readonly key?: ((text: string) => Key) | undefined;
}

/** What a record of a table says of a key: its row, or without one that it has none any more. */
export interface RowChange<V> {
  readonly key: Key;
  readonly row?: V;
}

/** A table of the rows of a topic, by key. */
export class LookupTable<K extends Key, V> {
  /** Tells the types apart; never there at run time. */
  declare readonly keyType: (key: K) => void;
  /** The same. */
  declare readonly rowType: V;
  /**
   * Made by {@linkcode StreamEnvironment.fromTable}.
   *
   * @internal
   */
  constructor(
    /**
     * Gives the changes under their keys.
     *
     * @internal
     */
    readonly node: Node,
  ) {}
}

/** Reads the records of a table (semantics 19). */
export function rowDeserializer<V>({ deserializer, key }: TopicTable<V>) {
  return (record: RawRecord): RowChange<V> => {
    const text = keyTextOf(record);
    const own = key === undefined ? text : made(key, text);
    // A value of no bytes is no null.
    return record.value() === null ? { key: own } : { key: own, row: deserializer(record) };
  };
}

function keyTextOf(record: RawRecord): string {
  const bytes = record.key();
  if (bytes === null) {
    throw new BadRecordError("null-key", "the key of a table's record must be text, it is null");
  }
  const text = strictTextOf(bytes);
  if (text === null) {
    throw new BadRecordError("not-utf8", "the key must be UTF-8 text, its bytes are not");
  }
  return text;
}

function made(key: (text: string) => Key, text: string): Key {
  try {
    return key(text);
  } catch (error) {
    throw new BadRecordError("schema", `the key must be one of the table's: ${messageOf(error)}`);
  }
}

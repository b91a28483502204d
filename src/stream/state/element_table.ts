/** Lists of elements, each list under the number of what holds it. */

import type { EntryKey, Table } from "./tables.ts";

interface Element<T> {
  readonly list: number;
  /** Where it comes in the order of arrival over all lists; unique. */
  readonly position: number;
  readonly value: T;
  /** Whether the changelog has an entry of it. */
  told: boolean;
}

/** The elements of a list by their positions. */
type List<T> = Map<number, Element<T>>;

/** Holds lists of elements, which are JSON values; a new element is one entry, not its list anew. */
export class ElementTable<T> implements Table {
  readonly #lists = new Map<number, List<T>>();
  /** The lists that are not in the order of arrival: those that were restored or joined. */
  readonly #unsorted = new Set<number>();
  #added: Element<T>[] = [];
  #removed: Element<T>[] = [];
  #nextPosition = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get hasChanges(): boolean {
    return this.#added.length > 0 || this.#removed.length > 0;
  }

  /** Whether a list has elements. */
  has(list: number): boolean {
    return this.#lists.has(list);
  }

  /** The elements of a list in the order of their arrival. */
  get(list: number): readonly T[] {
    if (this.#unsorted.delete(list)) {
      const elements = [...this.#lists.get(list) ?? []];
      this.#lists.set(list, new Map(elements.sort(([a], [b]) => a - b)));
    }
    return Array.from(this.#lists.get(list)?.values() ?? [], ({ value }) => value);
  }

  /** Puts an element at the end of a list. */
  add(list: number, value: T): void {
    this.#add({ list, position: this.#nextPosition++, value, told: false });
  }

  /** Puts all elements of the list `from` among those of `to`. */
  move(from: number, to: number): void {
    if (!this.has(from)) return;
    const elements = [...this.#lists.get(from)!.values()];
    this.clear(from);
    for (const { position, value } of elements) {
      this.#add({ list: to, position, value, told: false });
    }
    this.#unsorted.add(to);
  }

  /** Removes all elements of a list. */
  clear(list: number): void {
    const elements = this.#lists.get(list);
    if (elements === undefined) return;
    this.#lists.delete(list);
    this.#unsorted.delete(list);
    this.#size -= elements.size;
    for (const element of elements.values()) if (element.told) this.#removed.push(element);
  }

  #add(element: Element<T>): void {
    this.#put(element);
    this.#added.push(element);
  }

  #put(element: Element<T>): void {
    const elements: List<T> = this.#lists.get(element.list) ?? new Map();
    if (elements.size === 0) this.#lists.set(element.list, elements);
    if (!elements.has(element.position)) this.#size++;
    elements.set(element.position, element);
  }

  restore(entry: EntryKey, saved: unknown): void {
    const list = Number(entry[0]);
    const position = Number(entry[1]);
    if (saved !== undefined) {
      this.#nextPosition = Math.max(this.#nextPosition, position + 1);
      this.#put({ list, position, value: saved as T, told: true });
      this.#unsorted.add(list);
      return;
    }
    const elements = this.#lists.get(list);
    if (!elements?.delete(position)) return;
    this.#size--;
    if (elements.size > 0) return;
    this.#lists.delete(list);
    this.#unsorted.delete(list);
  }

  takeChanges(tell: (key: EntryKey, value: unknown) => void): void {
    for (const { list, position } of this.#removed) tell([list, position], undefined);
    this.#removed = [];
    for (const element of this.#added) {
      const { list, position, value } = element;
      if (this.#lists.get(list)?.get(position) !== element) continue;
      element.told = true;
      tell([list, position], value);
    }
    this.#added = [];
  }
}

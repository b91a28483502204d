/** A binary heap: the least item first. */

/** A collection that gives out its least item first. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  /** @param compare negative when `a` comes before `b`. */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  /** How many items it holds. */
  get size(): number {
    return this.#items.length;
  }

  /** The least item, which stays. */
  peek(): T | undefined {
    return this.#items[0];
  }

  /** Adds an item. */
  push(item: T): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1);
  }

  /** Takes out the least item. */
  pop(): T | undefined {
    const least = this.#items[0];
    const last = this.#items.pop();
    if (this.#items.length > 0) {
      this.#items[0] = last!;
      this.#sink(0);
    }
    return least;
  }

  /** Puts the least item in its place again after its order has changed. */
  settle(): void {
    this.#sink(0);
  }

  /** Takes out all items. */
  clear(): void {
    this.#items.length = 0;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(this.#items[at]!, this.#items[parent]!) >= 0) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    let at = from;
    for (;;) {
      const left = at * 2 + 1;
      if (left >= this.#items.length) return;
      const right = left + 1;
      const child = right < this.#items.length &&
          this.#compare(this.#items[right]!, this.#items[left]!) < 0
        ? right
        : left;
      if (this.#compare(this.#items[child]!, this.#items[at]!) >= 0) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a]!;
    this.#items[a] = this.#items[b]!;
    this.#items[b] = item;
  }
}

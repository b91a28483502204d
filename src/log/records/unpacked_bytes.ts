/** What snappy and LZ4 have in common: bytes made of literals and of repeats of bytes before them. */

/** Short runs are copied byte by byte, since a call costs more than they do. */
const shortRun = 32;

/**
 * Unpacked bytes as they grow, block by block. All bounds are checked here, for what a block asks
 * for may be damaged or hostile: it can neither read nor write beyond its reach, nor claim more
 * memory than a block may give.
 */
export class UnpackedBytes {
  readonly #maxSize: number;
  #bytes: Uint8Array;
  #at = 0;
  /** The first byte that the block may repeat. */
  #start = 0;
  /** The first byte beyond what the block may give. */
  #end = 0;

  /** @param maxSize of all blocks together, in bytes. @param room for how many is made at once. */
  constructor(maxSize: number, room: number) {
    this.#maxSize = maxSize;
    this.#bytes = new Uint8Array(room);
  }

  /** How many bytes there are so far. */
  get size(): number {
    return this.#at;
  }

  /**
   * Begins a block.
   *
   * @param maxSize the most bytes that it gives.
   * @param options `linked`: whether it may repeat what was before it; default false.
   */
  beginBlock(maxSize: number, { linked = false }: { readonly linked?: boolean } = {}): void {
    this.#start = linked ? 0 : this.#at;
    this.#end = Math.min(this.#at + maxSize, this.#maxSize);
  }

  /** Adds `length` bytes of `packed` from `from` on. @throws when there are not as many. */
  addLiterals(packed: Uint8Array, from: number, length: number): void {
    if (length > packed.length - from) throw cutOff();
    let at = this.#advance(length);
    if (length > shortRun) {
      this.#bytes.set(packed.subarray(from, from + length), at);
      return;
    }
    const bytes = this.#bytes;
    for (const end = from + length; from < end; from++) bytes[at++] = packed[from]!;
  }

  /**
   * Adds `length` bytes, the same as there are `distance` before the end; they may overlap, and then
   * go on repeating. @throws when the block does not reach as far.
   */
  addRepeat(distance: number, length: number): void {
    let from = this.#at - distance;
    if (distance < 1 || from < this.#start) {
      throw new Error(
        `a repeat must begin 1 to ${this.#at - this.#start} bytes before, not ${distance}`,
      );
    }
    let at = this.#advance(length);
    const bytes = this.#bytes;
    if (length > shortRun && length <= distance) {
      bytes.copyWithin(at, from, from + length);
      return;
    }
    for (const end = at + length; at < end; at++) bytes[at] = bytes[from++]!;
  }

  /** All of them. */
  finish(): Uint8Array {
    // They are kept for as long as the batch is: not what was left over too.
    return this.#at === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#at);
  }

  /** Moves the end on, and returns where it was. */
  #advance(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) {
      throw new Error(
        `a block must give at most its size, it gives ${at + length - this.#end} more`,
      );
    }
    this.#at = at + length;
    if (this.#at > this.#bytes.length) this.#grow();
    return at;
  }

  #grow(): void {
    const doubled = Math.min(2 * this.#bytes.length, this.#maxSize);
    const larger = new Uint8Array(Math.max(this.#at, doubled));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** For packed bytes that end too early. */
export function cutOff(): Error {
  return new Error("it is cut off");
}

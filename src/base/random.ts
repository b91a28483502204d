/** Seeded randomness (semantics 12): the same seed gives the same numbers on every machine. */

/** A stream of pseudo-random numbers: sfc32, which passes PractRand. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed any whole number. */
  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = 0x2545_f491;
    for (let i = 0; i < 15; i++) this.uint32();
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }

  /** A whole number from 0 (inclusive) to `limit` (exclusive); `limit` at most 2^32. */
  below(limit: number): number {
    return Math.floor(this.uint32() / 0x1_0000_0000 * limit);
  }

  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.uint32() / 0x1_0000_0000 < probability;
  }

  /** One of `choices`. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** `length` letters A to Z. */
  letters(length: number): string {
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCharCode(65 + this.below(26));
    return text;
  }
}

/** A seed from the system's own randomness, 0 to 2^32 - 1, for who states none. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

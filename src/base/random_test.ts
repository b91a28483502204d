import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "./random.ts";

/** sfc32 as PractRand's author states it, in whole numbers of any size. */
function* sfc32(seed: bigint): Generator<number> {
  const word = (value: bigint) => BigInt.asUintN(32, value);
  let [a, b, c, counter] = [word(seed), word(seed >> 32n), 0x2545f491n, 1n];
  for (let round = 0;; round++) {
    const sum = word(a + b + counter);
    counter = word(counter + 1n);
    a = b ^ (b >> 9n);
    b = word(c + (c << 3n));
    c = word(word((c << 21n) | (c >> 11n)) + sum);
    if (round >= 15) yield Number(sum);
  }
}

Deno.test("Random gives the golden numbers of its seeds", () => {
  const golden: readonly (readonly [number, readonly number[]])[] = [
    [0, [596_536_869, 281_849_423, 1_476_918_685, 463_860_217]],
    [1, [3_708_736_799, 3_059_756_466, 2_658_592_661, 260_201_315]],
    [-1, [1_487_193_919, 3_587_435_441, 2_043_247_500, 1_270_151_655]],
    [42, [951_622_425, 547_831_437, 699_355_280, 1_141_012_487]],
    [4_294_967_297, [4_024_007_871, 2_054_766_872, 538_143_530, 247_312_054]],
    [9_007_199_254_740_991, [3_621_064_534, 3_138_995_217, 1_350_109_854, 4_291_308_176]],
  ];
  for (const [seed, numbers] of golden) {
    const random = new Random(seed);
    assert.deepEqual(numbers.map(() => random.uint32()), numbers);
  }
});

Deno.test("Random is sfc32 for every seed", () => {
  const seeds = fc.oneof(fc.maxSafeInteger(), fc.integer());
  fc.assert(fc.property(seeds, (seed) => {
    const random = new Random(seed);
    const judge = sfc32(BigInt(seed));
    for (let i = 0; i < 20; i++) assert.equal(random.uint32(), judge.next().value);
  }));
});

Deno.test("Random gives other numbers for another seed", () => {
  const firsts = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 33].map((seed) => new Random(seed).uint32());
  assert.equal(new Set(firsts).size, firsts.length);
});

Deno.test("Random.below is even over its range", () => {
  const random = new Random(7);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 100_000; i++) counts[random.below(10)]!++;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  // 99.9 % of fair draws stay under 27.88 with nine degrees of freedom.
  assert.ok(chiSquare < 27.88, `${chiSquare}`);
});

Deno.test("Random.below stays in its range", () => {
  fc.assert(fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
    const value = new Random(seed).below(limit);
    assert.ok(Number.isInteger(value) && value >= 0 && value < limit);
  }));
  assert.equal(new Random(1).below(1), 0);
});

Deno.test("Random.chance is never at 0, always at 1, and a share between", () => {
  const random = new Random(3);
  let hits = 0;
  for (let i = 0; i < 100_000; i++) {
    assert.equal(random.chance(0), false);
    assert.equal(random.chance(1), true);
    if (random.chance(0.3)) hits++;
  }
  // Five standard deviations of 145.
  assert.ok(Math.abs(hits - 30_000) < 725, `${hits}`);
});

Deno.test("Random.pick gives every choice, Random.letters only letters", () => {
  const random = new Random(5);
  const picked = new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"])));
  assert.deepEqual([...picked].sort(), ["a", "b", "c"]);
  assert.match(random.letters(1_000), /^[A-Z]{1000}$/);
  assert.equal(new Set(random.letters(1_000)).size, 26);
  assert.equal(random.letters(0), "");
});

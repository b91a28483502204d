/** What LZ77 blocks spell, for properties of their decoders: made here, and unpacked naively. */

import fc from "fast-check";

/** Literals, or a repeat of what was `distance` bytes before. */
export type PackedElement = Uint8Array | { readonly distance: number; readonly length: number };

/** The bounds of a format. */
export interface ElementBounds {
  readonly minRepeat: number;
  readonly maxRepeat: number;
  readonly maxDistance: number;
}

/** Blocks of such elements; repeats never reach before the block. */
export function elements(bounds: ElementBounds): fc.Arbitrary<readonly PackedElement[]> {
  const literals = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    fc.uint8Array({ minLength: 1, maxLength: 700 }),
  );
  const repeat = fc.record({
    back: fc.oneof(fc.nat({ max: 20 }), fc.nat()),
    length: fc.oneof(
      fc.integer({ min: bounds.minRepeat, max: Math.min(40, bounds.maxRepeat) }),
      fc.integer({ min: bounds.minRepeat, max: bounds.maxRepeat }),
    ),
  });
  return fc.array(fc.oneof(literals, repeat), { maxLength: 30 }).map((list) => {
    let size = 0;
    return list.flatMap((one): PackedElement[] => {
      if (one instanceof Uint8Array) {
        size += one.length;
        return [one];
      }
      if (size === 0) return [];
      const distance = 1 + one.back % Math.min(size, bounds.maxDistance);
      size += one.length;
      return [{ distance, length: one.length }];
    });
  });
}

/** What a block spells, one byte after the other. */
export function naiveUnpack(block: readonly PackedElement[]): number[] {
  const bytes: number[] = [];
  for (const element of block) {
    if (element instanceof Uint8Array) bytes.push(...element);
    else {for (let i = 0; i < element.length; i++) {
        bytes.push(bytes[bytes.length - element.distance]!);
      }}
  }
  return bytes;
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytePairs } from "../../src/metrics/byte-pairs.js";

const LONG = (1 << 17) + 77;

/** Runs of equal bytes, with noise between, as label maps have; bytes of 16 and more where `high`. */
function labelMap(seed: number, high: boolean, length = LONG): Uint8Array {
  const map = new Uint8Array(length);
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let i = 0; i < length; ) {
    const end = Math.min(length, i + (random(2) === 0 ? 1 + random(200) : random(5)));
    const value = random(20) === 0 && high ? 255 - random(3) : random(high ? 20 : 16);
    for (; i < end; i++) map[i] = value;
  }
  return map;
}

function countedOneByOne(a: Uint8Array, b: Uint8Array, start: number, end: number): Float64Array {
  const pairs = new Float64Array(1 << 16);
  for (let i = start; i < end; i++) pairs[256 * a[i] + b[i]]++;
  return pairs;
}

/** Quicker than `toEqual` on 65 536 numbers. */
function expectEqual(ours: Float64Array | undefined, expected: Float64Array): void {
  const differing = Array.from(expected.keys()).filter((pair) => ours?.[pair] !== expected[pair]);
  expect(differing).toEqual([]);
}

describe("bytePairs", () => {
  it("counts as a loop over the bytes does, wherever the range begins and ends", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 37 }),
        (seed, high, start, cut) => {
          const [a, b] = [labelMap(seed, high), labelMap(seed + 1, high)];
          const end = LONG - cut;
          expectEqual(bytePairs(a, b, start, end), countedOneByOne(a, b, start, end));
          // Of equal arrays long runs are counted at once.
          expectEqual(bytePairs(a, a, start, end), countedOneByOne(a, a, start, end));
        },
      ),
      { numRuns: 15 },
    );
  });

  it("counts parts of larger buffers", () => {
    const [a, b] = [labelMap(1, true, LONG + 16), labelMap(2, true, LONG + 16)];
    for (const offset of [0, 1, 2, 3, 8]) {
      const [first, second] = [a.subarray(offset), b.subarray(offset)];
      expectEqual(bytePairs(first, second, 0, LONG), countedOneByOne(first, second, 0, LONG));
    }
    const clamped = new Uint8ClampedArray(a.buffer, 4, LONG);
    expectEqual(bytePairs(clamped, b, 0, LONG), countedOneByOne(a.subarray(4), b, 0, LONG));
  });

  it("leaves other types, short arrays and words that do not line up to the caller", () => {
    const a = labelMap(3, false, LONG + 4);
    expect(bytePairs(a, a, 0, LONG)).toBeDefined();
    expect(bytePairs(a, Int8Array.from(a), 0, LONG)).toBeUndefined();
    expect(bytePairs(Array.from(a), a, 0, LONG)).toBeUndefined();
    expect(bytePairs(a, a, 0, 1000)).toBeUndefined();
    expect(bytePairs(a, a.subarray(1), 0, LONG)).toBeUndefined();
  });
});

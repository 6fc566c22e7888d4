import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { allocate, free } from "../../src/index.js";
import { type BytePairs, bytePairs, pairsInTables } from "../../src/metrics/byte-pairs.js";

const LONG = (1 << 17) + 377;

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
function expectEqual(ours: BytePairs | undefined, expected: Float64Array): void {
  const differing = Array.from(expected.keys()).filter((pair) => {
    const [a, b] = [pair >> 8, pair & 0xff];
    const told = ours !== undefined && a < ours.values && b < ours.values;
    return (told ? ours.counts[a * ours.values + b] : 0) !== expected[pair];
  });
  expect(differing).toEqual([]);
}

const inTables = (a: Uint8Array, b: Uint8Array, start: number, end: number): BytePairs | undefined => {
  const counts = pairsInTables(a, b, start, end);
  return counts && { values: 256, counts };
};

describe("bytePairs", () => {
  it("counts as a loop over the bytes does, compiled or in tables, wherever the range begins and ends", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 140 }),
        fc.integer({ min: 0, max: 137 }),
        (seed, high, start, cut) => {
          const [a, b] = [labelMap(seed, high), labelMap(seed + 1, high)];
          const end = LONG - cut;
          for (const count of [bytePairs, inTables]) {
            expectEqual(count(a, b, start, end), countedOneByOne(a, b, start, end));
            // Of equal arrays long runs are counted at once.
            expectEqual(count(a, a, start, end), countedOneByOne(a, a, start, end));
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it("takes the compiled routine where all labels are below 16, and tables of all bytes where one is not", () => {
    const a = labelMap(5, false);
    expect(bytePairs(a, a, 0, LONG)?.values).toBe(16);
    for (const at of [0, 1000, LONG - 1]) {
      const b = a.slice();
      b[at] = 16;
      expect(bytePairs(a, b, 0, LONG)?.values).toBe(256);
      expectEqual(bytePairs(a, b, 0, LONG), countedOneByOne(a, b, 0, LONG));
      expectEqual(bytePairs(b, a, 0, LONG), countedOneByOne(b, a, 0, LONG));
    }
  });

  it("counts parts of larger buffers, and arrays in the library's memory", () => {
    const [a, b] = [labelMap(1, true, LONG + 16), labelMap(2, true, LONG + 16)];
    for (const offset of [0, 1, 2, 3, 8]) {
      const [first, second] = [a.subarray(offset), b.subarray(offset)];
      expectEqual(bytePairs(first, second, 0, LONG), countedOneByOne(first, second, 0, LONG));
    }
    const clamped = new Uint8ClampedArray(a.buffer, 4, LONG);
    expectEqual(bytePairs(clamped, b, 0, LONG), countedOneByOne(a.subarray(4), b, 0, LONG));

    const low = [labelMap(3, false), labelMap(4, false)];
    const inside = low.map((map) => {
      const array = allocate(map.length, "uint8");
      array.set(map);
      return array;
    });
    for (const start of [0, 1, 67]) {
      const expected = countedOneByOne(low[0], low[1], start, LONG);
      expectEqual(bytePairs(inside[0], inside[1], start, LONG), expected);
      expectEqual(bytePairs(inside[0], low[1], start, LONG), expected);
      const parts = inside.map((array) => array.subarray(start));
      expectEqual(bytePairs(parts[0], parts[1], 0, LONG - start), expected);
    }
    for (const array of inside) free(array);
  });

  it("leaves other types and short arrays to the caller, and to tables no words that do not line up", () => {
    const a = labelMap(3, true, LONG + 4);
    expect(bytePairs(a, a, 0, LONG)).toBeDefined();
    expect(bytePairs(a, Int8Array.from(a), 0, LONG)).toBeUndefined();
    expect(bytePairs(Array.from(a), a, 0, LONG)).toBeUndefined();
    expect(bytePairs(a, a, 0, 1000)).toBeUndefined();
    expect(bytePairs(a, a.subarray(1), 0, LONG)).toBeUndefined();
  });
});

describe("without WebAssembly", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("counts the same, also where only compiling is refused, as a page's content security policy does", async () => {
    const [a, b] = [labelMap(7, false), labelMap(8, false)];
    const expected = countedOneByOne(a, b, 0, LONG);
    const Refused = class {
      constructor() {
        throw new WebAssembly.CompileError("refused by the content security policy");
      }
    };
    for (const stub of [undefined, { ...WebAssembly, Memory: WebAssembly.Memory, Module: Refused }]) {
      vi.resetModules();
      vi.stubGlobal("WebAssembly", stub);
      const fresh = await import("../../src/metrics/byte-pairs.js");
      const counted = fresh.bytePairs(a, b, 0, LONG);
      vi.unstubAllGlobals();
      expect(counted?.values).toBe(256);
      expectEqual(counted, expected);
    }
  });
});

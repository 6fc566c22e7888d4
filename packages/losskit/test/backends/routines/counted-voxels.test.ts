// Numbers of the voxels that count are brought side by side, and back, and nothing beside them is touched.

import fc from "fast-check";
import { expect, it } from "vitest";
import { release, reserve, views } from "../../../src/backends/wasm/memory.js";
import { gatherCounted, spreadCounted } from "../../../src/backends/wasm/routines/counted-voxels.js";

const BESIDE = -77;
const row = fc.array(fc.record({ value: fc.float({ noNaN: true }), counts: fc.boolean() }), { maxLength: 70 });

/** Runs something on rows of this length in memory, with a number before and behind each. */
function withRows<Result>(voxels: number, run: (at: (row: number) => number) => Result): Result {
  const size = 4 * (voxels + 2);
  const memory = reserve(4 * size);
  try {
    views().f32.fill(BESIDE, memory / 4, memory / 4 + size);
    return run((index) => memory + index * size + 4);
  } finally {
    release(memory);
  }
}
const rowAt = (address: number, voxels: number) => [...views().f32.subarray(address / 4 - 1, address / 4 + voxels + 1)];

it.each([true, false])("gathers, and spreads again (some left out: %s)", (some) => {
  fc.assert(
    fc.property(row, (voxels) => {
      const n = voxels.length;
      withRows(n, (at) => {
        const [from, valid, to, back] = [0, 1, 2, 3].map(at);
        voxels.forEach(({ value, counts }, i) => {
          views().f32[from / 4 + i] = value;
          views().f32[valid / 4 + i] = counts ? 1 : 0;
        });
        const kept = voxels.filter(({ counts }) => counts || !some).map(({ value }) => value);
        const mask = some ? valid : undefined;
        expect(gatherCounted(from, mask, n, to)).toBe(kept.length);
        expect(rowAt(to, n).slice(0, kept.length + 1)).toEqual([BESIDE, ...kept]);
        expect(rowAt(to, n)[n + 1]).toBe(BESIDE);
        expect(spreadCounted(to, mask, n, back)).toBe(kept.length);
        const expected = voxels.map(({ value, counts }) => (counts || !some ? value : 0));
        expect(rowAt(back, n)).toEqual([BESIDE, ...expected, BESIDE]);
      });
    }),
  );
});

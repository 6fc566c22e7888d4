// Random numbers of phantoms: ranks that cover their range, tables of percentiles, smooth fields of unit variance.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { caseRandomness, type Percentiles, valueAtRank } from "../../src/datasets/phantoms/case-randomness.js";
import { smoothNoise } from "../../src/datasets/phantoms/smooth-noise.js";
import { randomStream } from "../../src/random-stream.js";

describe("ranks", () => {
  const ranks = (property: 0 | 1 | 2 | 3, seed: number, cases: number) =>
    Array.from({ length: cases }, (_, index) => caseRandomness("nuclei", seed, index).rank(property));

  it.each([0, 1, 2, 3] as const)("of property %d leave no gap, in sets of any size", (property) => {
    for (const cases of [10, 16, 29, 64, 200]) {
      const sorted = ranks(property, 7, cases).sort((a, b) => a - b);
      const gaps = sorted.map((rank, i) => (i + 1 < cases ? sorted[i + 1] : sorted[0] + 1) - rank);
      // Evenly spread points have gaps of 1 / cases; independent draws among 200 would have one of about 6 / cases.
      expect(Math.max(...gaps) * cases, `${cases} cases`).toBeLessThan(3);
    }
  });

  it("of two properties are unrelated", () => {
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
      [2, 3],
    ] as const) {
      const [x, y] = [ranks(a, 3, 29), ranks(b, 3, 29)];
      const quarters = new Set(x.map((value, i) => 4 * Math.floor(4 * value) + Math.floor(4 * y[i])));
      expect(quarters.size, `properties ${a} and ${b}`).toBeGreaterThan(11);
    }
  });

  it("differ from seed to seed", () => {
    expect(ranks(0, 1, 3)).not.toEqual(ranks(0, 2, 3));
  });
});

describe("a table of percentiles", () => {
  const table: Percentiles = [
    [0, 2],
    [0.5, 20],
    [1, 100],
  ];

  it("gives its own values back, and straight lines between them", () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((rank) => valueAtRank(table, rank))).toEqual([2, 11, 20, 60, 100]);
  });

  it("never falls", () => {
    const rank = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(rank, rank, (a, b) => {
        expect(valueAtRank(table, Math.min(a, b))).toBeLessThanOrEqual(valueAtRank(table, Math.max(a, b)));
      }),
    );
  });
});

describe("smooth noise", () => {
  it.each([
    [[96, 96], 2],
    [[96, 96], 5.5],
    [[24, 30, 28], 3],
  ])("of shape %j and scale %d has mean 0 and variance 1, and neighbours are alike", (shape, scale) => {
    let [sum, squares, products, count] = [0, 0, 0, 0];
    for (let k = 0; k < 12; k++) {
      const field = smoothNoise(randomStream("test", k), shape, scale);
      expect(field).toHaveLength(shape.reduce((product, size) => product * size, 1));
      for (let i = 1; i < field.length; i++) {
        sum += field[i];
        squares += field[i] ** 2;
        products += field[i] * field[i - 1];
        count++;
      }
    }
    expect(Math.abs(sum / count)).toBeLessThan(0.08);
    expect(Math.abs(squares / count - 1)).toBeLessThan(0.1);
    expect(products / squares).toBeGreaterThan(0.8);
  });
});

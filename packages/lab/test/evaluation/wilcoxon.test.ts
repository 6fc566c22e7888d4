// The signed-rank test against values of SciPy 1.17 and against all signs counted out.

import { describe, expect, test } from "vitest";
import { normalTail } from "../../src/evaluation/normal.js";
import { signedRankTest } from "../../src/evaluation/wilcoxon.js";

describe("the tail of the normal distribution (scipy.stats.norm.sf)", () => {
  test.each([
    [0, 0.5],
    [1, 0.15865525393145707],
    [2.9, 0.0018658133003840375],
    [3, 0.0013498980316300933],
    [5, 2.866515718791933e-7],
    [10, 7.61985302416047e-24],
  ])("beyond %d", (z, tail) => {
    expect(normalTail(z) / tail).toBeCloseTo(1, 11);
  });
});

describe("the signed-rank test", () => {
  test("of Wilcoxon's heights (scipy: 24, 0.041259765625)", () => {
    const result = signedRankTest([6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]);
    expect(result).toEqual({ pValue: 0.041259765625, positive: 96, negative: 24, pairs: 15, method: "exact" });
  });

  test("with ties counts all signs on the shared ranks", () => {
    // 2 x share of the 2^9 signs whose sum of ranks is at most 5, counted out by hand in Python.
    const result = signedRankTest([0.1, -0.2, 0.3, 0.3, -0.1, 0.4, 0.5, 0.6, 0.2]);
    expect(result).toMatchObject({ pValue: 0.0390625, negative: 5, method: "exact" });
  });

  test("of many differences: all signs to 200 of them (counted out in NumPy), then the normal distribution (scipy: 1.7989893178401357e-07)", () => {
    const differences = Array.from({ length: 150 }, (_, i) => (((i * 37) % 101) - 40) / 100);
    const many = [...differences, ...differences];
    expect(signedRankTest(differences)).toMatchObject({ method: "exact", pairs: 148, negative: 3586.5 });
    expect(signedRankTest(differences).pValue / 0.0001920922658844507).toBeCloseTo(1, 9);
    expect(signedRankTest(many).method).toBe("normal");
    expect(signedRankTest(many).pValue / 1.7989893178401357e-7).toBeCloseTo(1, 9);
  });

  test("changes nothing when signs do, and leaves out zeros", () => {
    const differences = [0.3, -0.1, 0.5, 0.7, 0.2, 0.9];
    const turned = signedRankTest(differences.map((d) => -d));
    expect(turned.pValue).toBe(signedRankTest(differences).pValue);
    expect(signedRankTest([...differences, 0, 1e-15])).toEqual(signedRankTest(differences));
  });

  test("has p = 1 where nothing differs or all is even, and 2 / 2^n where all point one way", () => {
    expect(signedRankTest([0, 0]).pValue).toBe(1);
    expect(signedRankTest([1, -1]).pValue).toBe(1);
    expect(signedRankTest([1, 2, 3, 4, 5, 6]).pValue).toBe(2 / 64);
  });
});

import { describe, expect, it } from "vitest";
import { rank } from "../../src/experiment/ranking.js";
import { resultOf, score } from "./simulated.js";

const spread = (center: number, shift = 0) => Array.from({ length: 8 }, (_, c) => center + 0.01 * (c - 3.5) + shift);

describe("the ranking", () => {
  const result = resultOf({
    low: [spread(0.4), spread(0.4, 0.004), spread(0.4, -0.004)],
    high: [spread(0.8), spread(0.8, 0.004), spread(0.8, -0.004)],
    near: [spread(0.799), spread(0.799, 0.004), spread(0.799, -0.004)],
  });
  const ranking = rank(result);

  it("orders by mean Dice and says how many cases and seeds it is of", () => {
    expect(ranking.rows.map(({ label, place, cases, seeds }) => [label, place, cases, seeds])).toEqual([
      ["high", 1, 8, 3],
      ["near", 2, 8, 3],
      ["low", 3, 8, 3],
    ]);
    expect(ranking.rows[0].dice).toBeCloseTo(0.8, 12);
    // sd of -3.5 … 3.5 hundredths over 8 cases.
    expect(ranking.rows[0].caseDeviation).toBeCloseTo(0.0245, 4);
    // Spread of 0, 0.004, -0.004 is 0.004, with 6 degrees of freedom: t = 2.4469.
    expect(ranking.rows[0].interval?.[1]).toBeCloseTo(0.8 + (2.4469 * 0.004) / Math.sqrt(3), 6);
  });

  it("claims the large difference and not the small one, in one sentence", () => {
    const claimed = ranking.pairs.filter((pair) => pair.claimed).map(({ first, second }) => `${first}-${second}`);
    expect(claimed.sort()).toEqual(["low-high", "low-near"]);
    expect(ranking.verdict).toBe(
      "high (mean Dice 0.800) comes first and is better than low; its lead over near is within what seeds and cases vary.",
    );
  });
});

it("leaves undefined scores out, counts them, and compares on the cases that both have", () => {
  const withGaps = (values: number[]) => values.map((value, c) => (c < 2 ? null : value));
  const { rows, pairs } = rank(
    resultOf({ gaps: [withGaps(spread(0.5)), withGaps(spread(0.5))], full: [spread(0.5), spread(0.5)] }),
  );
  const gaps = rows.find(({ label }) => label === "gaps");
  expect(gaps).toMatchObject({ cases: 6, undefinedScores: 4 });
  expect(pairs[0]).toMatchObject({ cases: 6, claimed: false });
  expect(pairs[0].difference).toBeCloseTo(0, 12);
});

it("ranks the rest when a loss failed, and shows why", () => {
  const result = resultOf({ fine: [spread(0.5), spread(0.51)], broken: [] });
  const failed = {
    ...result.trials[0],
    loss: "broken",
    status: "diverged" as const,
    message: "loss is NaN",
    cases: [],
  };
  const { rows, verdict } = rank({ ...result, trials: [...result.trials, failed] });
  expect(rows.map(({ label, place }) => [label, place])).toEqual([
    ["fine", 1],
    ["broken", undefined],
  ]);
  expect(rows[1].problems).toEqual(["seed 1 diverged: loss is NaN"]);
  expect(verdict).toContain("Only fine");
});

it("averages a case over its classes and keeps figures per class", () => {
  const result = resultOf({ one: [[0.5]] });
  const twoClasses = {
    ...result,
    dataset: { ...result.dataset, classes: ["a", "b"] },
    trials: [{ ...result.trials[0], cases: [score("case 1", "a", 0.2), score("case 1", "b", 0.8)] }],
  };
  const [row] = rank(twoClasses).rows;
  expect(row.dice).toBeCloseTo(0.5, 12);
  expect(row.classes.map((figures) => figures.dice)).toEqual([0.2, 0.8]);
});

it("says that three cases describe and claim nothing", () => {
  const { verdict, nothingClaimed } = rank(
    resultOf({
      a: [
        [0.1, 0.2, 0.1],
        [0.1, 0.2, 0.1],
      ],
      b: [
        [0.8, 0.9, 0.8],
        [0.8, 0.9, 0.8],
      ],
    }),
  );
  expect(nothingClaimed).toContain("3 test cases are too few");
  expect(verdict).toContain("No difference is claimed: 3 test cases are too few");
});

it("has something to say when nothing finished", () => {
  expect(rank(resultOf({ a: [], b: [] })).verdict).toBe("No loss finished a trial, so there is nothing to rank.");
});

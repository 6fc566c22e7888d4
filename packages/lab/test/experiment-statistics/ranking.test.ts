import { describe, expect, it } from "vitest";
import { rank } from "../../src/experiment/ranking.js";
import { normal, uniformSource } from "./normal.js";
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
      "high (mean Dice 0.800) comes first and is better than low; its lead over near is within what other training runs and other test cases would change.",
    );
  });
});

it("leaves undefined scores out and counts them", () => {
  const withGaps = (values: number[], gap: number | null) => values.map((value, c) => (c < 2 ? gap : value));
  const rows = (gap: number | null) => [spread(0.5), spread(0.5, 0.004)].map((values) => withGaps(values, gap));
  // In two cases without the class, one loss rightly marks nothing and the other raises a false alarm.
  const ranking = rank(resultOf({ silent: rows(null), alarmed: rows(0) }));
  expect(ranking.rows[0]).toMatchObject({ label: "silent", place: 1, cases: 6, undefinedScores: 4 });
  expect(ranking.rows[1]).toMatchObject({ cases: 8, undefinedScores: 0 });
  // The pair's difference is that of the means in the table.
  const [silent, alarmed] = ranking.rows.map(({ dice }) => dice as number);
  expect(alarmed).toBeCloseTo(0.75 * silent, 12);
  expect(ranking.pairs[0]).toMatchObject({ cases: 6, claimed: false });
  expect(ranking.pairs[0].difference).toBeCloseTo(silent - alarmed, 12);
});

it("keeps intervals within what Dice can be", () => {
  const { rows } = rank(
    resultOf({
      a: [
        [1, 0.9],
        [0.5, 0.4],
      ],
      b: [
        [0.1, 0],
        [0.6, 0.5],
      ],
    }),
  );
  expect(rows.map(({ interval }) => interval)).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

it("names no winner that did not finish every seed", () => {
  const result = resultOf({
    partly: [spread(0.8), spread(0.8, 0.004)],
    whole: [spread(0.4), spread(0.4, 0.004), spread(0.4, -0.004)],
  });
  const ranking = rank(result);
  expect(ranking.rows[0]).toMatchObject({ label: "partly", place: 1, seeds: 2 });
  expect(ranking.pairs.some(({ claimed }) => claimed)).toBe(false);
  expect(ranking.verdict).toBe(
    "No winner can be named: partly (mean Dice 0.802) comes first on the 2 of 3 seeds that it finished, but a loss with an unfinished trial is not claimed to be better.",
  );
});

it("names the best when it beats all others", () => {
  const three = (level: number) => [spread(level), spread(level, 0.004), spread(level, -0.004)];
  expect(rank(resultOf({ low: three(0.4), high: three(0.8), lower: three(0.3) })).verdict).toBe(
    "high (mean Dice 0.800) is best: its lead over low and lower is more than other training runs and other test cases would change.",
  );
});

it("names nobody when all are alike", () => {
  const random = uniformSource(9);
  const rows = () => Array.from({ length: 3 }, () => Array.from({ length: 8 }, () => 0.7 + 0.05 * normal(random)));
  const { verdict, pairs } = rank(resultOf({ a: rows(), b: rows(), c: rows() }));
  expect(pairs.some(({ claimed }) => claimed)).toBe(false);
  expect(verdict).toMatch(
    /^No winner can be named: . \(mean Dice 0\.\d{3}\) comes first, but its lead over . and . is within/,
  );
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

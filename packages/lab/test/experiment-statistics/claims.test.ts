import { deviation, mean } from "d3-array";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bootstrapMean } from "../../src/experiment/bootstrap.js";
import { comparePairs, holm, type PairComparison, tooLittleToClaim } from "../../src/experiment/claims.js";
import type { LossScores } from "../../src/experiment/score-table.js";
import { pooledSpread, studentInterval } from "../../src/experiment/seed-spread.js";
import { normal, uniformSource } from "./normal.js";
import { type Simulation, simulate } from "./simulated.js";

const base: Simulation = {
  losses: 3,
  seeds: 3,
  cases: 10,
  caseEffect: 0.1,
  runEffect: 0.02,
  noise: 0.03,
  lossCaseEffect: 0,
  lead: 0,
};

/** Fewer than in use: p-values are coarser, not smaller, and 2000 still tell 0.05 / 28 from nothing. */
const RESAMPLES = 2000;

type Verdict = (pair: PairComparison) => boolean;
const isClaimed: Verdict = ({ claimed }) => claimed;

/** In how many simulated comparisons any pair is claimed. */
function comparisonsWithClaim(simulation: Simulation, repetitions: number, isClaim = isClaimed): number {
  const random = uniformSource(7);
  let count = 0;
  for (let r = 0; r < repetitions; r++) {
    if (comparePairs(simulate(simulation, random), RESAMPLES).some(isClaim)) count++;
  }
  return count;
}

/** Smallest count that a binomial with `share` stays at or below with probability 0.99. */
function upperCount(repetitions: number, share: number): number {
  let probability = (1 - share) ** repetitions;
  let total = probability;
  let count = 0;
  while (total < 0.99) {
    probability *= (((repetitions - count) / (count + 1)) * share) / (1 - share);
    total += probability;
    count++;
  }
  return count;
}

const excludesZero = (interval: readonly [number, number] | undefined) =>
  interval !== undefined && (interval[0] > 0 || interval[1] < 0);

/** Chance of seeds and chance of cases weigh alike. */
const bothChances: Partial<Simulation> = {
  losses: 2,
  seeds: 5,
  cases: 20,
  lossCaseEffect: 0.1,
  runEffect: 0.05,
  noise: 0.001,
};

describe("equal losses (A/A)", () => {
  it.each<[name: string, change: Partial<Simulation>]>([
    ["two losses, few cases", { losses: 2, cases: 6 }],
    ["three losses", {}],
    ["five seeds and many cases", { seeds: 5, cases: 40 }],
    ["run noise only", { noise: 0.001, runEffect: 0.05 }],
    ["case noise only", { runEffect: 0, noise: 0.08 }],
    ["two seeds", { seeds: 2 }],
    ["one loss less stable than the others", { runEffect: 0.01, unstable: 6, noise: 0.005 }],
    ["losses that suit some cases, few cases", { losses: 2, cases: 6, lossCaseEffect: 0.08, runEffect: 0.002 }],
    ["losses that suit some cases, skewed", { cases: 12, lossCaseEffect: 0.08, runEffect: 0.002, skewed: true }],
    ["seeds and cases weigh alike", bothChances],
    ["eight losses", { losses: 8, cases: 16 }],
    ["eight losses that suit some cases", { losses: 8, cases: 8, lossCaseEffect: 0.08, runEffect: 0.002 }],
  ])("are told apart in at most 5 percent of comparisons: %s", (_, change) => {
    const repetitions = change.losses === 8 ? 400 : 1000;
    expect(comparisonsWithClaim({ ...base, ...change }, repetitions)).toBeLessThanOrEqual(
      upperCount(repetitions, 0.05),
    );
  });

  // The simulation must be able to catch a rule that is too free.
  it("would be told apart too often without the correction for many pairs", () => {
    const manyPairs = { ...base, losses: 8, cases: 16 };
    const uncorrected: Verdict = ({ seedInterval, caseInterval, interval }) =>
      excludesZero(seedInterval) && excludesZero(caseInterval) && excludesZero(interval);
    expect(comparisonsWithClaim(manyPairs, 200, uncorrected)).toBeGreaterThan(upperCount(200, 0.05));
  });

  it("would be told apart too often by the two intervals that each see one chance only", () => {
    const separately: Verdict = ({ seedInterval, caseInterval }) =>
      excludesZero(seedInterval) && excludesZero(caseInterval);
    expect(comparisonsWithClaim({ ...base, ...bothChances }, 1000, separately)).toBeGreaterThan(upperCount(1000, 0.05));
  });
});

describe("losses that do differ", () => {
  it.each<[name: string, change: Partial<Simulation>]>([
    ["three losses, ten cases", { lead: 0.15 }],
    ["two losses, six cases", { losses: 2, cases: 6, lead: 0.2 }],
    ["eight losses that suit some cases", { losses: 8, cases: 16, lossCaseEffect: 0.05, lead: 0.2 }],
  ])("are claimed to differ nearly always: %s", (_, change) => {
    expect(comparisonsWithClaim({ ...base, ...change }, 100)).toBeGreaterThan(90);
  });

  it("in the right direction", () => {
    const pairs = comparePairs(simulate({ ...base, lead: 0.15 }, uniformSource(3)));
    expect(pairs.filter(({ claimed }) => claimed).map(({ first, difference }) => [first, difference > 0])).toEqual([
      ["loss 0", true],
      ["loss 0", true],
    ]);
  });
});

describe("what is too little", () => {
  it("claims nothing with five cases, however large the difference", () => {
    const table = simulate({ ...base, cases: 5, lead: 0.5 }, uniformSource(1));
    expect(tooLittleToClaim(table)).toContain("5 test cases are too few");
    expect(comparePairs(table).map(({ claimed, pValue }) => [claimed, pValue])).toEqual(
      Array(3).fill([false, undefined]),
    );
  });

  it("claims nothing with one seed", () => {
    const table = simulate({ ...base, seeds: 1, lead: 0.5 }, uniformSource(1));
    expect(tooLittleToClaim(table)).toContain("one seed");
    expect(comparePairs(table).some(({ claimed }) => claimed)).toBe(false);
  });
});

it("does not lend a stable majority's certainty to an unstable loss", () => {
  const table = simulate({ ...base, losses: 6, runEffect: 0.0005, noise: 0.001 }, uniformSource(5));
  // The same cases, but the trials of one loss lie 0.1 apart.
  const shifts = [-0.1, 0, 0.16];
  const wild = {
    label: "wild",
    seeds: [0, 1, 2],
    dice: shifts.map((shift) => table.losses[0].dice[0].map((d) => (d ?? 0) + shift)),
  };
  const pairs = comparePairs({ ...table, losses: [...table.losses, wild] });
  const withWild = pairs.filter(({ second }) => second === "wild");
  expect(withWild).toHaveLength(6);
  expect(withWild.some(({ claimed }) => claimed)).toBe(false);
});

it("corrects p-values by Holm's method", () => {
  // 0.01 * 4; 0.02 * 3; 0.03 * 2 and 0.04 * 1, lifted to the one before.
  expect(holm([0.03, 0.01, 0.04, 0.02])).toEqual([0.06, 0.04, 0.06, 0.06]);
  expect(holm([0.9, 0.8])).toEqual([1, 1]);
});

it("pools the spread over losses", () => {
  // Squares 2 and 0.5 over 2 + 1 degrees; a single trial adds none.
  const { deviation, degrees } = pooledSpread([[1, 2, 3], [5, 6], [9]]);
  expect(degrees).toBe(3);
  expect(deviation).toBeCloseTo(Math.sqrt(2.5 / 3), 12);
});

it("gives Student's interval of the tables", () => {
  // t(0.975, 4) = 2.7764.
  const { interval, pValue } = studentInterval(1, 0.5, 4, 0.95);
  expect(interval[0]).toBeCloseTo(1 - 1.3882, 4);
  expect(interval[1]).toBeCloseTo(1 + 1.3882, 4);
  // P(|t| > 2) with 4 degrees of freedom is 0.1161.
  expect(pValue).toBeCloseTo(0.1161, 4);
  expect(studentInterval(0, 0, 4, 0.95)).toEqual({ interval: [0, 0], pValue: 1 });
});

describe("the bootstrap of a mean", () => {
  it("is repeatable, centred and near Student's interval where scores are many and normal", () => {
    const random = uniformSource(2);
    const values = Array.from({ length: 60 }, () => 0.1 + 0.2 * normal(random));
    const { interval, pValue } = bootstrapMean(values, 0.95);
    expect(bootstrapMean(values, 0.95)).toEqual({ interval, pValue });
    const center = mean(values) as number;
    const error = (deviation(values) as number) / Math.sqrt(60);
    const student = studentInterval(center, error, 59, 0.95);
    expect(interval[0] + interval[1]).toBeCloseTo(2 * center, 12);
    expect((interval[1] - center) / (student.interval[1] - center)).toBeCloseTo(1, 1);
    expect(Math.abs(pValue - student.pValue)).toBeLessThan(0.01);
  });

  it("covers the true mean of few skewed scores", () => {
    const random = uniformSource(4);
    const repetitions = 1000;
    let missed = 0;
    for (let r = 0; r < repetitions; r++) {
      // A mean of exp(0.125): lognormal.
      const values = Array.from({ length: 8 }, () => Math.exp(0.5 * normal(random)) - Math.exp(0.125));
      if (excludesZero(bootstrapMean(values, 0.95, RESAMPLES).interval)) missed++;
    }
    // Skewness costs a little: 5 percent would be 50.
    expect(missed).toBeLessThan(80);
    expect(missed).toBeGreaterThan(15);
  });

  it("does not take six cases that point the same way for proof at every level", () => {
    const { pValue, interval } = bootstrapMean([0.01, 0.3, 0.02, 0.2, 0.03, 0.08], 0.95);
    expect(pValue).toBeGreaterThan(0.02);
    expect(interval[0]).toBeLessThan(0);
  });

  it("handles values that are all alike, or nearly all", () => {
    expect(bootstrapMean([0, 0, 0, 0, 0, 0], 0.95)).toEqual({ interval: [0, 0], pValue: 1 });
    expect(bootstrapMean(Array(7).fill(0.1), 0.95).pValue).toBeLessThan(0.001);
    // One case that differs: most resamples of the seven hold it, many do not, and those have no spread.
    expect(bootstrapMean([0, 0, 0, 0, 0, 0, 0.5], 0.95)).toMatchObject({
      interval: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    });
  });

  it("agrees with its own p-value on whether 0 is inside, and turns with its sign", () => {
    const scores = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(scores, (values) => {
        const { interval, pValue } = bootstrapMean(values, 0.95, 200);
        const turned = bootstrapMean(
          values.map((value) => -value),
          0.95,
          200,
        );
        expect(turned.pValue).toBe(pValue);
        expect(turned.interval[0]).toBeCloseTo(-interval[1], 12);
        if (pValue <= 0.05) expect(excludesZero(interval)).toBe(true);
        expect(interval[0]).toBeLessThanOrEqual(interval[1]);
        expect(pValue).toBeGreaterThan(0);
        expect(pValue).toBeLessThanOrEqual(1);
      }),
      { numRuns: 50 },
    );
  });
});

describe("scores that are not defined", () => {
  const rows = (values: (number | null)[], shift: number) =>
    [0, 0.004, -0.004].map((run) => values.map((value) => value && value + shift + run));
  const loss = (label: string, values: (number | null)[], shift = 0) => ({
    label,
    seeds: [1, 2, 3],
    dice: rows(values, shift),
  });
  const eight = [0.5, 0.55, 0.6, 0.52, 0.57, 0.61, 0.66, 0.49];
  const table = (...losses: LossScores[]) => ({ cases: losses[0].dice[0].map((_, c) => `case ${c}`), losses });

  it("compares by the means that the ranking shows, also where one loss has a false alarm and the other rightly nothing", () => {
    const silent = loss("silent", [...eight, null, null]);
    const alarmed = loss("alarmed", [...eight, 0, 0]);
    const [pair] = comparePairs(table(silent, alarmed));
    expect(pair.difference).toBeCloseTo((mean(eight) as number) * 0.2, 12);
    expect(pair.cases).toBe(8);
  });

  it("gives the interval of such a difference the width of a ratio of sums", () => {
    const random = uniformSource(6);
    const silent = Array.from({ length: 60 }, (_, c) => (c < 30 ? 0.6 + 0.1 * normal(random) : null));
    const alarmed = silent.map(() => 0.1);
    const [{ caseInterval, difference }] = comparePairs(table(loss("silent", silent), loss("alarmed", alarmed)));
    // Both means anew from cases drawn together, which is what the linearised scores stand for.
    const redrawn = Array.from({ length: 4000 }, () => {
      const cases = Array.from({ length: 60 }, () => Math.floor(60 * random()));
      return (mean(cases, (c) => silent[c] ?? undefined) as number) - (mean(cases, (c) => alarmed[c]) as number);
    });
    const [low, high] = caseInterval as readonly [number, number];
    expect((low + high) / 2).toBeCloseTo(difference, 6);
    // About two standard errors to each side.
    const error = deviation(redrawn) as number;
    expect((high - low) / 2 / error).toBeGreaterThan(1.85);
    expect((high - low) / 2 / error).toBeLessThan(2.25);
  });

  it("leaves a case without any Dice out of both, so that it changes nothing", () => {
    const pairs = (extra: null[]) =>
      comparePairs(table(loss("a", [...eight, ...extra]), loss("b", [...eight, ...extra], -0.1)));
    expect(pairs([null, null])).toEqual(pairs([]));
  });

  it("does not take a trial without any Dice for one of Dice 0", () => {
    const first = loss("a", eight);
    const empty = { ...first, label: "b", dice: [first.dice[0], first.dice[1], eight.map(() => null)] };
    const [pair] = comparePairs(table(first, empty));
    expect(pair.seedInterval?.[0]).toBeGreaterThan(-0.1);
  });
});

it("never claims that a loss is better that did not finish every seed", () => {
  const table = simulate({ ...base, losses: 2, lead: 0.3 }, uniformSource(1));
  expect(comparePairs(table)[0].claimed).toBe(true);
  const [{ seeds, dice, ...first }, second] = table.losses;
  const partly = { ...first, seeds: seeds.slice(0, 2), dice: dice.slice(0, 2) };
  expect(comparePairs({ ...table, losses: [partly, second] })[0].claimed).toBe(false);
  const worse = {
    ...partly,
    label: "worse",
    dice: second.dice.slice(0, 2).map((row) => row.map((value) => (value as number) - 0.3)),
  };
  expect(comparePairs({ ...table, losses: [worse, second] })[0].claimed).toBe(true);
});

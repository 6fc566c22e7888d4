import { describe, expect, it } from "vitest";
import { bootstrapMean } from "../../src/experiment/bootstrap.js";
import { comparePairs, holm, tooLittleToClaim } from "../../src/experiment/claims.js";
import { pooledSpread, studentInterval } from "../../src/experiment/seed-spread.js";
import { uniformSource } from "./normal.js";
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

/** Share of simulated comparisons in which any pair is claimed. */
function claimRate(simulation: Simulation, repetitions: number, seed: number): number {
  const random = uniformSource(seed);
  let claimed = 0;
  for (let r = 0; r < repetitions; r++) {
    if (comparePairs(simulate(simulation, random)).some((pair) => pair.claimed)) claimed++;
  }
  return claimed / repetitions;
}

describe("equal losses (A/A)", () => {
  // Three standard errors of a share of so many repetitions.
  const bound = (repetitions: number) => 0.05 + 3 * Math.sqrt((0.05 * 0.95) / repetitions);

  it.each<[name: string, change: Partial<Simulation>]>([
    ["two losses, few cases", { losses: 2, cases: 6 }],
    ["three losses", {}],
    ["eight losses", { losses: 8, cases: 8 }],
    ["run noise only", { noise: 0.001, runEffect: 0.05 }],
    ["case noise only", { runEffect: 0, noise: 0.08 }],
    ["two seeds", { seeds: 2 }],
    ["losses that suit some cases", { lossCaseEffect: 0.05 }],
  ])("are told apart in at most 5 percent of comparisons: %s", (_, change) => {
    const repetitions = change.losses === 8 ? 100 : 300;
    expect(claimRate({ ...base, ...change }, repetitions, 7)).toBeLessThanOrEqual(bound(repetitions));
  });
});

it("claims a large difference nearly always", () => {
  expect(claimRate({ ...base, lead: 0.15 }, 60, 3)).toBeGreaterThan(0.9);
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
    dice: shifts.map((shift) => table.losses[0].dice[0].map((d) => d + shift)),
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

it("bootstraps a mean: repeatable, wider with more spread, centred", () => {
  const values = [0.1, 0.2, 0.15, 0.3, 0.05, 0.22, 0.18, 0.11];
  const once = bootstrapMean(values, 0.95);
  expect(bootstrapMean(values, 0.95)).toEqual(once);
  const center = values.reduce((a, b) => a + b) / values.length;
  // Standard error of the mean is 0.0280; the interval is close to plus and minus 1.96 of it.
  expect(once.interval[1] - once.interval[0]).toBeGreaterThan(0.09);
  expect(once.interval[1] - once.interval[0]).toBeLessThan(0.125);
  expect((once.interval[0] + once.interval[1]) / 2).toBeCloseTo(center, 2);
  expect(once.pValue).toBeLessThan(0.001);
  expect(bootstrapMean([-1, 1, -1, 1], 0.95).pValue).toBe(1);
});

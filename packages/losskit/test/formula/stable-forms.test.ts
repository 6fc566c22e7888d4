// Formulas as a paper prints them keep all their digits where the printed form would lose them.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Activation } from "../../src/formula/options.js";
import { lossFromFormula } from "../../src/index.js";
import { uniformSequence } from "../losses/calls.js";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** A mask that is right everywhere, by logits of 30 to 40: 1 - p is between 1e-13 and 4e-18. */
function nearPerfect(seed: number, count = 60) {
  const uniform = uniformSequence(seed);
  const labels = Uint8Array.from({ length: count }, () => (uniform() < 0.4 ? 1 : 0));
  const logits = Float64Array.from(labels, (y) => (y ? 1 : -1) * (30 + 10 * uniform()));
  return { logits, labels, call: { shape: [1, 1, count] } };
}

/** Sums over voxels; `q` is 1 - p, from the logit. */
function sums(logits: Float64Array, labels: Uint8Array, term: (p: number, q: number, y: number) => number): number {
  return logits.reduce((sum, x, i) => sum + term(sigmoid(x), sigmoid(-x), labels[i]), 0);
}

const relative = (a: number, b: number) => Math.abs(a - b) / Math.abs(b);

/** What is wrong, summed; of the whole, which is nearly the number of voxels of the object. */
interface Score {
  readonly formula: string;
  readonly wrong: (p: number, q: number, y: number) => number;
  readonly whole: (p: number, q: number, y: number) => number;
  /** Slopes of both along p. */
  readonly wrongSlope: (p: number, y: number) => number;
  readonly wholeSlope: (p: number, y: number) => number;
  readonly smooth: number;
}

const s = 1e-5;
const either = (p: number, q: number, y: number) => p * (1 - y) + q * y;
const dice = { wrong: either, wrongSlope: (_: number, y: number) => 1 - 2 * y };
const diceWhole = { whole: (p: number, _: number, y: number) => p + y, wholeSlope: () => 1 };
const iouWhole = {
  whole: (p: number, _: number, y: number) => p + y - p * y,
  wholeSlope: (_: number, y: number) => 1 - y,
};

const SCORES: readonly (readonly [string, Score])[] = [
  ["dice", { ...dice, ...diceWhole, formula: "1 - (2*sum(p*y) + s) / (sum(p) + sum(y) + s)", smooth: s }],
  ["dice without smoothing", { ...dice, ...diceWhole, formula: "1 - 2*sum(p*y) / (sum(p) + sum(y))", smooth: 0 }],
  ["dice of one sum", { ...dice, ...diceWhole, formula: "1 - 2 * (sum(p*y) / sum(p + y))", smooth: 0 }],
  [
    "dice by names",
    { ...dice, ...diceWhole, formula: "I = sum(p*y)\nD = sum(y) + sum(p)\nloss = 1 - (I + I)/D", smooth: 0 },
  ],
  ["iou", { ...dice, ...iouWhole, formula: "I = sum(p*y)\n1 - (I + s) / (sum(p) + sum(y) - I + s)", smooth: s }],
  ["iou of a union", { ...dice, ...iouWhole, formula: "1 - sum(p*y) / sum(p + y - p*y)", smooth: 0 }],
  [
    "tversky",
    {
      formula: `
        TP = sum(p * y)
        FP = sum(p * (1 - y))
        FN = sum((1 - p) * y)
        loss = 1 - (TP + s) / (TP + 0.3*FP + 0.7*FN + s)`,
      wrong: (p, q, y) => 0.3 * p * (1 - y) + 0.7 * q * y,
      whole: (p, q, y) => p * y + 0.3 * p * (1 - y) + 0.7 * q * y,
      wrongSlope: (_, y) => 0.3 * (1 - y) - 0.7 * y,
      wholeSlope: (_, y) => y + 0.3 * (1 - y) - 0.7 * y,
      smooth: s,
    },
  ],
  [
    "dice with squares",
    {
      formula: "1 - (2*sum(p*y) + s) / (sum(p^2) + sum(y^2) + s)",
      wrong: (p, q, y) => either(p, q, y) ** 2,
      whole: (p, _, y) => p * p + y * y,
      wrongSlope: (p, y) => (y ? -2 * (1 - p) : 2 * p),
      wholeSlope: (p) => 2 * p,
      smooth: s,
    },
  ],
];

describe.each(SCORES)("1 - score of %s on a mask that is nearly perfect", (_, score) => {
  const loss = lossFromFormula(
    score.formula,
    score.formula.includes("s)") && score.smooth ? { parameters: { s } } : {},
  );

  it.each([1, 2, 3, 4, 5])("keeps its digits (seed %i)", (seed) => {
    const { logits, labels, call } = nearPerfect(seed);
    const wrong = sums(logits, labels, score.wrong);
    const whole = sums(logits, labels, score.whole) + score.smooth;
    const { value, gradient } = loss.valueAndGradient(logits, labels, call);
    expect(relative(value, wrong / whole)).toBeLessThan(1e-9);
    expect(relative(loss.value(logits, labels, call), wrong / whole)).toBeLessThan(1e-9);
    // With squares the slope is itself a difference, p - y, of which the slope's own form keeps no more than the float64 of p.
    if (score.formula.includes("^2")) return;
    logits.forEach((x, i) => {
      const [p, q, y] = [sigmoid(x), sigmoid(-x), labels[i]];
      const alongP = (score.wrongSlope(p, y) - (wrong / whole) * score.wholeSlope(p, y)) / whole;
      expect(relative(gradient[i], alongP * p * q)).toBeLessThan(1e-9);
    });
  });

  it("is what the printed form cannot give", () => {
    // The same numbers, summed as printed: all digits cancel, so the test above tests something.
    const { logits, labels } = nearPerfect(1);
    const wrong = sums(logits, labels, score.wrong);
    const whole = sums(logits, labels, score.whole) + score.smooth;
    const printed =
      1 - (sums(logits, labels, (p, q, y) => score.whole(p, q, y) - score.wrong(p, q, y)) + score.smooth) / whole;
    expect(relative(printed, wrong / whole)).toBeGreaterThan(1e-4);
  });
});

describe("over several classes", () => {
  it.each(["softmax", "sigmoid"] as const)("1 - dice keeps its digits with %s", (activation: Activation) => {
    const uniform = uniformSequence(7);
    const voxels = 20;
    const labels = Uint8Array.from({ length: voxels }, (_, v) => v % 3);
    const logits = Float64Array.from({ length: 3 * voxels }, (_, i) => {
      const own = labels[i % voxels] === Math.floor(i / voxels);
      return (own ? 1 : -1) * (30 + 5 * uniform());
    });
    // q of the class of a voxel is the sum of the others' p.
    const at = (c: number, v: number) => logits[c * voxels + v];
    const p = (c: number, v: number) => {
      if (activation === "sigmoid") return sigmoid(at(c, v));
      return 1 / [0, 1, 2].reduce((sum, k) => sum + Math.exp(at(k, v) - at(c, v)), 0);
    };
    const q = (c: number, v: number) =>
      activation === "sigmoid" ? sigmoid(-at(c, v)) : [0, 1, 2].reduce((sum, k) => sum + (k === c ? 0 : p(k, v)), 0);
    const losses = [0, 1, 2].map((c) => {
      let [wrong, whole] = [0, 0];
      labels.forEach((label, v) => {
        wrong += label === c ? q(c, v) : p(c, v);
        whole += p(c, v) + (label === c ? 1 : 0);
      });
      return wrong / whole;
    });
    const options = { shape: [1, 3, voxels], activation };
    const value = (formula: string) => lossFromFormula(formula).value(logits, labels, options);
    const mean = (losses[0] + losses[1] + losses[2]) / 3;
    expect(relative(value("1 - 2*sum(p*y) / (sum(p) + sum(y))"), mean)).toBeLessThan(1e-9);
    expect(relative(value("classes_mean(1 - 2*sum(p*y) / (sum(p) + sum(y)))"), mean)).toBeLessThan(1e-9);
    // The class sum comes before the ratio, as in a generalised Dice.
    const { value: pooled } = lossFromFormula(
      "1 - 2*classes_sum(sum(p*y)) / classes_sum(sum(p) + sum(y))",
    ).valueAndGradient(logits, labels, options);
    let [wrong, whole] = [0, 0];
    for (let c = 0; c < 3; c++) {
      labels.forEach((label, v) => {
        wrong += label === c ? q(c, v) : p(c, v);
        whole += p(c, v) + (label === c ? 1 : 0);
      });
    }
    expect(relative(pooled, wrong / whole)).toBeLessThan(1e-9);
  });
});

describe("logarithms of probabilities", () => {
  const one = { shape: [1, 1, 1] };
  const at = (formula: string, x: number) =>
    lossFromFormula(formula).valueAndGradient(Float64Array.from([x]), Uint8Array.from([0]), one);

  it.each([
    ["mean(log(p))", 1e4, 0, 0],
    ["mean(log(p))", -1e4, -1e4, 1],
    ["mean(log(1 - p))", 1e4, -1e4, -1],
    ["mean(log(1 - p))", -1e4, 0, 0],
    ["mean(log(1 - (1 - p)))", -1e4, -1e4, 1],
    ["q = 1 - p\nmean(log(q))", 1e4, -1e4, -1],
  ])("%s at %d is %d, with slope %d", (formula, x, value, slope) => {
    const result = at(formula, x);
    expect(result.value).toBeCloseTo(value, 12);
    expect(result.gradient[0]).toBeCloseTo(slope, 12);
  });

  it("keep the digits of a small one", () => {
    // log(p) = -log(1 + e^-40) = -e^-40 (1 - …).
    expect(relative(at("mean(log(p))", 40).value, -Math.exp(-40))).toBeLessThan(1e-12);
    expect(relative(at("mean(log(p))", 40).gradient[0], sigmoid(-40))).toBeLessThan(1e-12);
    expect(relative(at("mean(log(1 - p))", -40).value, -Math.exp(-40))).toBeLessThan(1e-12);
  });
});

describe("differences", () => {
  const logits = Float64Array.from([33, -35, 38]);
  const labels = Uint8Array.from([1, 0, 1]);
  const call = { shape: [1, 1, 3] };
  const value = (formula: string, of = logits) => lossFromFormula(formula).value(of, labels, call);
  const errors = [sigmoid(-33), sigmoid(-35), sigmoid(-38)];

  it.each([
    ["sum(abs(p - y))", errors[0] + errors[1] + errors[2]],
    ["sum(abs(y - p))", errors[0] + errors[1] + errors[2]],
    ["sum(p - y)", -errors[0] + errors[1] - errors[2]],
    ["sum((p - y)^2)", errors[0] ** 2 + errors[1] ** 2 + errors[2] ** 2],
    ["sum((1 - p) * y)", errors[0] + errors[2]],
  ])("%s keeps its digits", (formula, expected) => {
    expect(relative(value(formula), expected)).toBeLessThan(1e-12);
  });

  it("1 - exp(a) keeps the digits of a small a", () => {
    const small = Float64Array.from([1e-14, -2e-15, 3e-16]);
    const expected = -small.reduce((sum, x) => sum + x + (x * x) / 2, 0);
    expect(relative(value("sum(1 - exp(x))", small), expected)).toBeLessThan(1e-12);
    const { gradient } = lossFromFormula("sum(1 - exp(x))").valueAndGradient(small, labels, call);
    expect(gradient[0]).toBeCloseTo(-1, 12);
  });
});

it("is the same function, whatever the formula", () => {
  const uniform = uniformSequence(11);
  const labels = Uint8Array.from({ length: 12 }, (_, i) => i % 2);
  const logits = Float64Array.from(labels, () => 4 * uniform() - 2);
  const call = { shape: [1, 1, 12], activation: "sigmoid" } as const;
  const value = (formula: string) => lossFromFormula(formula).value(logits, labels, call);

  const coefficient = fc.constantFrom("", "0.3*", "2*", "-0.7*", "1e-5*");
  const monomial = fc
    .array(fc.constantFrom("p", "y", "(1-p)", "(1-y)", "p^3", "(p+y)", "x", "exp(x)", "abs(p-y)"), {
      minLength: 1,
      maxLength: 3,
    })
    .map((factors) => factors.join("*"));
  const sum = fc
    .tuple(coefficient, fc.uniqueArray(monomial, { minLength: 1, maxLength: 3 }))
    .map(([c, terms]) => `${c}sum(${terms.join(" - ")})`);
  const score = fc.array(fc.oneof(sum, fc.constantFrom("0.1", "sum(p)*sum(y)", "mean(p)")), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(score, score, (above, below) => {
      const [A, B] = [above.join(" + "), [...above, ...below].join(" + ")];
      const [a, b] = [value(A), value(B)];
      fc.pre(Math.abs(b) > 0.1);
      expect(Math.abs(value(`1 - (${A}) / (${B})`) - (1 - a / b))).toBeLessThan(1e-10 * (1 + Math.abs(a / b)));
      expect(Math.abs(value(`A = ${A}\nB = ${B}\n1 - A/B`) - (1 - a / b))).toBeLessThan(1e-10 * (1 + Math.abs(a / b)));
    }),
    { numRuns: 300 },
  );
});

// The derivative of every operation of the language: against central differences where there is one, and by its stated convention where not.

import { describe, expect, it } from "vitest";
import type { Node } from "../../src/formula/node.js";
import { ROUTINES } from "../../src/formula/operations.js";
import { RULES } from "../../src/gradient/rules.js";
import { type FormulaOptions, lossFromFormula } from "../../src/index.js";
import { centralDifferences, distance, exampleCall, largest, uniformSequence } from "../losses/calls.js";

const M = [
  [0, 1, 0.4],
  [0.7, 0, 0.2],
  [0.3, 0.9, 0],
];

interface Example {
  readonly formula: string;
  readonly options?: FormulaOptions;
}

const plain = (formula: string): Example => ({ formula });
/** Formulas through which the gradient of each operation passes; most multiply by y, so that no symmetry hides an error. */
const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  add: [plain("mean((x + p + 1) * y)")],
  sub: [plain("mean((x - p^3) * y)"), plain("mean((2 - x) * y)")],
  neg: [plain("mean(-x * y)"), plain("-mean(x * y)")],
  mul: [plain("mean(x * p * y)"), plain("mean(x) * mean(p * y)"), plain("mean(mean(x*y) * p)")],
  div: [plain("mean(x / (p + y))"), plain("mean(y / (1 + p))"), plain("mean(p*y) / (mean(p) + 0.1)")],
  pow: [
    plain("mean(p^2.5 * y)"),
    plain("mean(2^x * y)"),
    plain("mean(p^x)"),
    plain("mean(pow(p, y))"),
    plain("mean(x^3)"),
  ],
  exp: [plain("mean(exp(x) * y)")],
  log: [
    plain("mean(log(p + 0.1) * y)"),
    plain("mean(log(p) * y)"),
    plain("mean(log(1 - p) * y)"),
    plain("log(mean(p))"),
  ],
  log1p: [plain("mean(log1p(p) * y)")],
  expm1: [plain("mean(expm1(x) * y)"), plain("mean(y * (1 - exp(x)))")],
  sqrt: [plain("mean(sqrt(p) * y)")],
  abs: [plain("mean(abs(x) * y)")],
  sign: [plain("mean(sign(x) * x * y)")],
  sigmoid: [plain("mean(sigmoid(2*x) * y)")],
  softplus: [plain("mean(softplus(-3*x) * y)")],
  tanh: [plain("mean(tanh(x) * y)")],
  min: [plain("mean(min(x, 4*p - 1) * y)"), plain("mean(min(x, 0.3))"), plain("min(mean(x), mean(p))")],
  max: [plain("mean(max(x, 4*p - 1) * y)"), plain("mean(clamp(x, -1, p))")],
  lt: [plain("mean((x < 0.3) * x)"), plain("mean((x > p) * p)")],
  le: [plain("mean((x <= 0.3) * x)"), plain("mean((x >= p) * p)")],
  eq: [plain("mean((y == 1) * x)"), plain("mean((y != 1) * x)")],
  where: [plain("mean(where(x > 0, x^2, p))"), plain("mean(where(y, p, exp(x)))")],
  stop: [plain("mean(constant(y) * x)"), plain("mean(where(constant(x) > 0, x, p))")],
  total: [
    plain("sum(x*p) / 10"),
    plain("mean(classes_sum(y * x^2))"),
    plain("images_sum(mean(x*p)^2)"),
    plain("mean(p * classes_sum(p*y))"),
    plain("mean((p - sum(p*y)/sum(y))^2)"),
    plain("images_mean(classes_mean(mean(x*y)^2))"),
  ],
  largest: [
    plain("max(x*p)"),
    plain("classes_max(mean(x))"),
    plain("mean(classes_max(x))"),
    plain("images_max(mean(x))"),
    plain("mean(p / max(p))"),
  ],
  smallest: [
    plain("min(x*p)"),
    plain("classes_min(mean(x))"),
    plain("mean(classes_min(x))"),
    plain("images_min(mean(x))"),
  ],
  totalBy: [
    { formula: "instances_mean(sum_by(components(y), x*p)^2)", options: { images: "each" } },
    { formula: "instances_max(sum_by(components(y), p))", options: { images: "each" } },
    {
      formula: "mean(p) * instances_sum(sum_by(components(y), p) / (1 + sum_by(components(y), y)))",
      options: { images: "each" },
    },
  ],
  gather: [{ formula: "instances_sum(sum_by(components(classes_max(y)), mean(p) * x))", options: { images: "each" } }],
  matmul: [
    { formula: "mean(classes_sum(y * matmul(M, p)))", options: { parameters: { M } } },
    { formula: "classes_sum(matmul(M, mean(p*y)) * mean(x))", options: { parameters: { M } } },
  ],
  routine: [
    plain("mean(soft_skeleton(p, 2) * y)"),
    plain("mean(squared_gradient(x) * p)"),
    plain("mean(absolute_gradient(x) * p)"),
    plain("lovasz(abs(p - y), y)"),
    plain("top_mean(x*p, 0.3)"),
    plain("mean(distance(y) * p)"),
    plain("mean(signed_distance(y) * p)"),
    plain("mean(border(y) * p)"),
    plain("mean(dilation(y, 1) * p)"),
    plain("mean(skeleton(y) * p)"),
    plain("mean(neighbour_mean(p) * y)"),
    plain("mean(gaussian_mean(p, 0.8) * y)"),
    plain("mean(soft_erosions(sqrt(p), 2, 1.5) * y)"),
    plain("hard_mean(x*p, 0.5, 0.3)"),
    {
      formula: "instances_mean(sum_by(nearest_component(y), p*y) / sum_by(nearest_component(y), p + y))",
      options: { images: "each" },
    },
  ],
};

/**
 * Every operation; the compiler sees to it that none is left out. `rule`: has a derivative. `flat`: is a step, or means to have
 * none. `leaf`: has no arguments that could take a gradient. `never`: is gone before a gradient is taken, or made by it only.
 */
const OPERATIONS: Readonly<Record<Node["op"], "rule" | "flat" | "leaf" | "never">> = {
  add: "rule",
  sub: "rule",
  neg: "rule",
  mul: "rule",
  div: "rule",
  pow: "rule",
  exp: "rule",
  log: "rule",
  log1p: "rule",
  expm1: "rule",
  sqrt: "rule",
  abs: "rule",
  sigmoid: "rule",
  softplus: "rule",
  tanh: "rule",
  min: "rule",
  max: "rule",
  where: "rule",
  total: "rule",
  largest: "rule",
  smallest: "rule",
  totalBy: "rule",
  gather: "rule",
  matmul: "rule",
  routine: "rule",
  sign: "flat",
  lt: "flat",
  le: "flat",
  eq: "flat",
  wins: "flat",
  stop: "flat",
  number: "leaf",
  parameter: "leaf",
  input: "leaf",
  field: "leaf",
  extent: "leaf",
  instanceNumber: "leaf",
  reduce: "never",
  sumBy: "never",
  activation: "never",
  slopeDiv: "never",
  powSlope: "never",
};

const operations = Object.keys(OPERATIONS) as Node["op"][];
const ofKind = (kind: "rule" | "flat" | "leaf" | "never") => operations.filter((op) => OPERATIONS[op] === kind);

describe("every operation", () => {
  it("with a derivative has a rule, and no other", () => {
    expect(Object.keys(RULES).sort()).toEqual([...ofKind("rule"), ...ofKind("flat")].sort());
  });

  it("with a rule has an example", () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual(
      [...ofKind("rule"), ...ofKind("flat")].filter((op) => op !== "wins").sort(),
    );
  });

  it("that is a routine has an example", () => {
    const formulas = EXAMPLES.routine.map(({ formula }) => formula).join("\n");
    const missing = Object.keys(ROUTINES).filter((name) => name !== "components" && !formulas.includes(`${name}(`));
    expect(missing).toEqual([]);
  });
});

describe.each(Object.entries(EXAMPLES))("the derivative of %s", (_, examples) => {
  it.each(examples)("in $formula is that of central differences", ({ formula, options }) => {
    const loss = lossFromFormula(formula, options);
    const heads = options?.parameters ? [3] : [1, 3];
    for (const channels of heads) {
      for (const seed of [1, 2, 3]) {
        const { logits, target, options: call } = exampleCall(seed, { channels, space: [4, 5] });
        const { gradient } = loss.valueAndGradient(logits, target, call);
        const measured = centralDifferences(loss, logits, target, call);
        // A gradient of zeros would be right of a loss that is constant; none of these is.
        expect(largest(measured)).toBeGreaterThan(1e-4);
        expect(distance(gradient, measured), `${channels} channels, seed ${seed}`).toBeLessThan(
          1e-7 * Math.max(1, largest(measured)),
        );
      }
    }
  });
});

/** Slope of a formula of x along one voxel's x; y is 0 unless given. */
function slopesAt(
  formula: string,
  xs: readonly number[],
  options: FormulaOptions = {},
  ys: readonly number[] = [],
): number[] {
  const target = Uint8Array.from(xs, (_, i) => ys[i] ?? 0);
  const call = { shape: [1, 1, xs.length] };
  return [...lossFromFormula(formula, options).valueAndGradient(Float64Array.from(xs), target, call).gradient];
}

describe("where there is no derivative", () => {
  it.each([
    // A tie passes half of the gradient to each side.
    ["sum(min(x, 2))", [1, 2, 3], [1, 0.5, 0]],
    ["sum(max(x, 2))", [1, 2, 3], [0, 0.5, 1]],
    ["sum(max(2, x))", [1, 2, 3], [0, 0.5, 1]],
    ["sum(max(x, 3*x))", [-1, 0, 1], [1, 2, 3]],
    ["sum(min(x, 3*x))", [-1, 0, 1], [3, 2, 1]],
    ["sum(clamp(x, 0, 1))", [-1, 0, 0.5, 1, 2], [0, 0.5, 1, 0.5, 0]],
    ["min(sum(x), 2)", [1, 1], [0.5, 0.5]],
    // abs and sqrt have slope 0 at 0.
    ["sum(abs(x))", [-2, 0, 2], [-1, 0, 1]],
    ["sum(sqrt(x))", [0, 4], [0, 0.25]],
    ["sum(sqrt(abs(x)))", [-4, 0, 4], [-0.25, 0, 0.25]],
    ["sum(sqrt(x*x))", [0, 3], [0, 1]],
    // So has pow with an exponent below 1; above it the slope exists.
    ["sum(x^0.5)", [0, 4], [0, 0.25]],
    ["sum(pow(x, 0.7))", [0, 1], [0, 0.7]],
    ["sum(x^-1 * x)", [1, 2], [0, 0]],
    ["sum(pow(x, 1))", [0, 2], [1, 1]],
    ["sum(x^3)", [0, 2], [0, 12]],
    ["sum(pow(x, y))", [0, 3], [0, 0]],
    ["sum(pow(0, 1 + x^2))", [0, 1], [0, 0]],
    // A comparison is a step.
    ["sum((x < 1) + (x <= 1) + (x > 1) + (x >= 1) + (x == 1) + (x != 1))", [0, 1, 2], [0, 0, 0]],
    ["sum(sign(x))", [-1, 0, 1], [0, 0, 0]],
    // The largest of equal values share.
    ["max(x)", [3, 1, 3, 2], [0.5, 0, 0.5, 0]],
    ["min(x)", [1, 1, 1, 2], [1 / 3, 1 / 3, 1 / 3, 0]],
    // 0 / 0 is 0, the mean of nothing, and nothing changes it.
    ["sum(x) / sum(x)", [0, 0], [0, 0]],
    ["sum(x / y)", [0, 0], [0, 0]],
    ["sum(y) / sum(y*x)", [1, 2], [0, 0]],
    // Logarithms at 0 that are multiplied by 0 elsewhere must not spoil the others.
    ["sum(where(x > 0, log(x), 0))", [0, 2], [0, 0.5]],
    ["sum(where(x > -1, log1p(x), 0))", [-1, 1], [0, 0.5]],
    ["sum(absolute_gradient(x))", [1, 1, 2], [0, -1, 1]],
  ])("%s at %j has the slopes %j", (formula, xs, slopes) => {
    const found = slopesAt(formula, xs);
    expect(distance(found, slopes), `${found}`).toBeLessThan(1e-12);
  });

  it("pow(x, y) at x = 0 has slope 1 where y is 1, and 0 elsewhere", () => {
    expect(slopesAt("sum(pow(x, y))", [0, 0, 3], {}, [1, 0, 1])).toEqual([1, 0, 1]);
  });

  it("the largest class of equal ones shares among the classes", () => {
    const x = Float64Array.from([2, 0, 2, 5, 1, 5]);
    const call = { shape: [1, 3, 2], activation: "sigmoid" } as const;
    const { gradient } = lossFromFormula("sum(classes_max(x))").valueAndGradient(x, Uint8Array.from([0, 0]), call);
    expect([...gradient]).toEqual([0.5, 0, 0.5, 0.5, 0, 0.5]);
  });

  it("the largest image of equal ones shares among the images", () => {
    const x = Float64Array.from([1, 3, 2, 2]);
    const call = { shape: [2, 1, 2] };
    const loss = lossFromFormula("images_max(sum(x))", { images: "each" });
    expect([...loss.valueAndGradient(x, new Uint8Array(4), call).gradient]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it("the largest instance of equal ones shares among the instances", () => {
    const loss = lossFromFormula("instances_max(sum_by(components(y), x))", { images: "each" });
    const x = Float64Array.from([1, 9, 1, 9, 0]);
    const { gradient } = loss.valueAndGradient(x, Uint8Array.from([1, 0, 1, 0, 1]), { shape: [1, 1, 5] });
    expect([...gradient]).toEqual([0.5, 0, 0.5, 0, 0]);
  });
});

describe("what passes no gradient", () => {
  it("constant(e) is e without its slope", () => {
    expect(slopesAt("sum(constant(x) * x)", [2, -3])).toEqual([2, -3]);
    expect(slopesAt("sum(x) / constant(sum(x))", [2, 2])).toEqual([0.25, 0.25]);
  });

  it("the condition of where has no slope", () => {
    expect(slopesAt("sum(where(x, 2*x, 5*x))", [0, 1])).toEqual([5, 2]);
  });

  it.each(["distance", "signed_distance", "border", "components", "nearest_component", "skeleton"])(
    "%s(p > 0.5) has none",
    (routine) => {
      expect(slopesAt(`sum(${routine}(p > 0.5) * x)`, [1, 1, -1, -1])).toEqual(
        slopesAt(`sum(constant(${routine}(p > 0.5)) * x)`, [1, 1, -1, -1]),
      );
      expect(slopesAt(`sum(${routine}(p))`, [1, 1, -1, -1])).toEqual([0, 0, 0, 0]);
    },
  );
});

it("is linear in the loss: the gradient of a sum is the sum of the gradients", () => {
  const uniform = uniformSequence(3);
  const { logits, target, options } = exampleCall(3, { channels: 3 });
  const parts = ["mean(p*y)", "lovasz(abs(p - y), y)", "-mean(classes_sum(y * log(p)))", "sum(p^2) / sum(1 + y)"];
  const weights = parts.map(() => 2 * uniform() - 1);
  const whole = lossFromFormula(parts.map((part, i) => `${weights[i]} * (${part})`).join(" + "));
  const { gradient } = whole.valueAndGradient(logits, target, options);
  const summed = new Float64Array(logits.length);
  parts.forEach((part, i) => {
    const one = lossFromFormula(part).valueAndGradient(logits, target, options).gradient;
    one.forEach((slope, j) => {
      summed[j] += weights[i] * slope;
    });
  });
  expect(distance(gradient, summed)).toBeLessThan(1e-13);
});

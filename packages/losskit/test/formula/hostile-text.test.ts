// Any text is read in bounded time and gives a formula or an error of the library's own: never a crash, a hang, or code that runs.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LosskitError } from "../../src/errors.js";
import { MAX_NODES } from "../../src/formula/node.js";
import { FUNCTION_NAMES } from "../../src/formula/operations.js";
import { MAX_FORMULA_LENGTH } from "../../src/formula/tokens.js";
import { lossFromFormula } from "../../src/index.js";
import { allLosses } from "../../src/losses/all.js";

/** Longest that one text may take, on a machine that does other things too; what is bounded takes a tenth of it. */
const LIMIT_MS = 10_000;

const logits = Float64Array.from([1, -1, 2, 3, -0.5, 0]);
const labels = Uint8Array.from([1, 0, 1, 1, 0, 0]);
const call = { shape: [1, 1, 2, 3] };

/** The value, or the code of the error; fails on any other error, on a value that is not finite, and on slowness. */
function outcome(text: string): number | string {
  const start = performance.now();
  try {
    const { value, gradient } = lossFromFormula(text, { images: "each" }).valueAndGradient(logits, labels, call);
    expect(Number.isFinite(value)).toBe(true);
    expect(gradient).toHaveLength(logits.length);
    return value;
  } catch (error) {
    if (error instanceof LosskitError) {
      expect(error.message.length).toBeLessThan(2000);
      return error.code;
    }
    throw error;
  } finally {
    expect(performance.now() - start).toBeLessThan(LIMIT_MS);
  }
}

describe("random text", () => {
  it("of any characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void outcome(text)),
      { numRuns: 500 },
    );
  });

  it("of the characters of formulas", () => {
    const character = fc.constantFrom(..."pxy019.eE+-*/^(),=<>!;#\n\t _ab");
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 60 }), (text) => void outcome(text)),
      {
        numRuns: 2000,
      },
    );
  });

  const words = [...FUNCTION_NAMES, ..."pxy+-*/^(),;=<>1", "class", "loss", "0.5", "\n", "a", "b", "<=", "=="];

  it("of the words of formulas", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), (text) => void outcome(text.join(" "))),
      { numRuns: 2000 },
    );
  });

  it("of a formula with some of it replaced", () => {
    const formulas = allLosses.map(({ definition }) => definition.formula);
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      removed: fc.nat(8),
      added: fc.oneof(fc.constantFrom(...words, ""), fc.string({ maxLength: 3 })),
    });
    fc.assert(
      fc.property(fc.constantFrom(...formulas), fc.array(edit, { minLength: 1, maxLength: 3 }), (formula, edits) => {
        const text = edits.reduce((before, { at, removed, added }) => {
          const from = Math.floor(at * before.length);
          return before.slice(0, from) + added + before.slice(from + removed);
        }, formula);
        outcome(text);
      }),
      { numRuns: 1000 },
    );
  });

  it("that nests valid calls at random", () => {
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 6, withCrossShrink: true },
        fc.constantFrom("p", "x", "y", "class", "1", "0", "2.5", "mean(p)", "sum(y)"),
        fc
          .tuple(fc.constantFrom("+", "-", "*", "/", "^", "<", "=="), tie("expression"), tie("expression"))
          .map(([operator, a, b]) => `(${a} ${operator} ${b})`),
        fc
          .tuple(fc.constantFrom(...FUNCTION_NAMES), fc.array(tie("expression"), { minLength: 1, maxLength: 2 }))
          .map(([name, args]) => `${name}(${args.join(", ")})`),
      ),
    }));
    fc.assert(
      fc.property(expression, (e) => void [outcome(e), outcome(`mean(p * ${e})`)]),
      { numRuns: 1000 },
    );
  });
});

describe("a text made to be slow", () => {
  const chain = (first: string, lines: number, next: (before: string) => string, loss: (last: string) => string) =>
    [
      `a0 = ${first}`,
      ...Array.from({ length: lines }, (_, i) => `a${i + 1} = ${next(`a${i}`)}`),
      `loss = ${loss(`a${lines}`)}`,
    ].join("\n");
  const sums = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `sum(p^${from + i})`).join(" + ");

  it.each([
    [
      "a name used twice per line",
      chain(
        "sum(p)",
        60,
        (a) => `${a} + ${a}`,
        (a) => `1 - ${a} / (${a} + 1)`,
      ),
    ],
    [
      "the same among voxels",
      chain(
        "p*y",
        60,
        (a) => `${a} + ${a}`,
        (a) => `1 - sum(${a}) / (sum(p) + sum(${a}))`,
      ),
    ],
    [
      "the same among instances",
      chain(
        "sum_by(components(y), p)",
        60,
        (a) => `${a} + ${a}`,
        (a) => `instances_mean(${a})`,
      ),
    ],
    [
      "squares of squares",
      chain(
        "sum(p) / 6",
        60,
        (a) => `${a} * ${a}`,
        (a) => `1 - ${a} / (${a} + 1)`,
      ),
    ],
    [
      "squares of squares of voxels",
      chain(
        "p",
        60,
        (a) => `${a}^2`,
        (a) => `1 - sum(${a}) / (sum(p) + sum(${a}))`,
      ),
    ],
    [
      "products of long sums",
      `a = ${sums(3, 60)}\nb = ${sums(60, 120)}\nA = ${Array.from({ length: 600 }, (_, i) => `a*(b+${i + 1})`).join("+")}\n1 - A / (A + 1)`,
    ],
    [
      "means of means",
      chain(
        "mean(p)",
        480,
        (a) => `mean(p*${a})`,
        (a) => a,
      ),
    ],
    [
      "skeletons of skeletons",
      chain(
        "p",
        250,
        (a) => `soft_skeleton(${a}, 1)`,
        (a) => `mean(${a})`,
      ),
    ],
    ["a skeleton without end", "mean(soft_skeleton(p, 1e9))"],
    [
      "powers of powers",
      chain(
        "p",
        500,
        (a) => `pow(${a}, y)`,
        (a) => `mean(${a})`,
      ),
    ],
  ])("%s", (_, text) => {
    expect(text.length).toBeLessThan(MAX_FORMULA_LENGTH);
    expect(outcome(text)).toBeTypeOf("number");
  });

  it("a sum of thousands, which is as deep as it is long", () => {
    const n = 4990;
    const mean = logits.reduce((sum, x) => sum + 1 / (1 + Math.exp(-x)), 0) / logits.length;
    expect(outcome(`mean(${Array(n).fill("p").join("+")})`)).toBeCloseTo(n * mean, 7);
  });

  it(`more than ${MAX_NODES} operations with the gradient`, () => {
    // A quotient of quotients shares nothing: each adds several operations to the gradient.
    expect(outcome(`mean(p${"/y".repeat(4990)})`)).toBe("FORMULA_LIMIT");
  });

  it.each([1e6, 3e7])("%d characters, of which none is read", (length) => {
    const start = performance.now();
    expect(outcome("(".repeat(length))).toBe("FORMULA_LIMIT");
    expect(outcome("\n".repeat(length))).toBe("FORMULA_LIMIT");
    expect(performance.now() - start).toBeLessThan(LIMIT_MS);
  });
});

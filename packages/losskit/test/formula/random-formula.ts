// Random formulas for property tests: smooth where their values lie, with every kind of operation.

import fc from "fast-check";
import { FormulaError } from "../../src/errors.js";
import type { TermOptions } from "../../src/formula/options.js";
import { lossFromFormula } from "../../src/losses/define.js";
import type { Loss } from "../../src/losses/loss.js";

/** Kinks lie at numbers that values do not meet, so that rounding does not change sides. */
const { voxel } = fc.letrec<{ voxel: string }>((tie) => ({
  voxel: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom("p", "y", "(1 - p)", "(1 - y)", "p*y", "log(p)", "log(1 - p)", "x/8", "(0.75 - p)", "2*y"),
    fc.tuple(fc.constantFrom("+", "-", "*"), tie("voxel"), tie("voxel")).map(([op, a, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(
        fc.constantFrom(
          "exp(-abs(#))",
          "log1p(abs(#))",
          "sqrt(abs(#) + 0.31)",
          "sigmoid(#)",
          "softplus(#)",
          "tanh(#)",
          "max(#, 0.3217)",
          "min(#, 0.6413)",
          "(# + 0.1234)^2",
          "(# + 0.1234)^3",
          "(abs(#) + 0.2)^1.7",
          "(# / (abs(#) + 0.7))",
          "where(# < 0.4519, #, 2*#)",
          "matmul(M, #)",
        ),
        tie("voxel"),
      )
      .map(([form, a]) => form.replaceAll("#", a)),
  ),
}));

const group = fc.oneof(
  fc.tuple(fc.constantFrom("sum", "mean"), voxel).map(([over, e]) => `${over}(${e})`),
  fc.tuple(voxel, voxel).map(([a, b]) => `sum(${a}) / (sum(abs(${b})) + 1.1)`),
  fc.tuple(voxel, voxel).map(([a, b]) => `1 - (2*sum(${a}*y) + 0.5) / (sum(abs(${a})) + sum(abs(${b})) + 3)`),
  voxel.map((e) => `log1p(mean((${e})^2))`),
  voxel.map((e) => `mean(classes_sum(${e}))`),
  // Objects: runs of the same label.
  fc.tuple(voxel, voxel).map(([a, b]) => {
    const sums = [a, b].map((e) => `sum_by(components(y), ${e})`);
    return `instances_mean((${sums[0]} + 0.7) / (abs(${sums[1]}) + 1.3))`;
  }),
  fc
    .tuple(fc.constantFrom("components", "nearest_component"), voxel)
    .map(([numbering, e]) => `instances_max(sum_by(${numbering}(y), 1 / (1 + (${e})^2) * x/8))`),
  // Functions that saturate would make ties in float32 that float64 has not.
  fc.constantFrom("x/8", "y*x/8", "abs(x - 0.1234)/8", "log(p)").map((e) => `max(${e})`),
);
export const formula = fc
  .array(fc.tuple(fc.constantFrom(1, 0.3, -2), group), { minLength: 1, maxLength: 3 })
  .map((terms) => terms.map(([weight, term]) => `${weight} * (${term})`).join(" + "));

/** Of no symmetry, so that a transposed one is another. */
export const matrixFor = (channels: number): number[][] =>
  Array.from({ length: channels }, (_, row) =>
    Array.from({ length: channels }, (__, c) => ((3 * row + 7 * c + 2) % 5) / 4 - 0.3),
  );

/** The loss; a formula whose voxels cancel (sum(y - y)) is none. */
export function lossOf(text: string, term: TermOptions, channels: number): Loss {
  try {
    return lossFromFormula(text, {
      ...term,
      ...(text.includes("matmul") && { parameters: { M: matrixFor(channels) } }),
    });
  } catch (error) {
    fc.pre(!(error instanceof FormulaError));
    throw error;
  }
}

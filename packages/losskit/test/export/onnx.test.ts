// Exported ONNX models, run by ONNX Runtime, against our own value and gradient: every loss, every head, what a call may hand over, the options of terms.

import { describe, expect, it } from "vitest";
import { exportOnnx } from "../../src/export/onnx.js";
import type { ExportOptions } from "../../src/export/options.js";
import { add, bce, bceDice, boundary, cldice, dice, lossFromFormula, lovaszSoftmax, tversky } from "../../src/index.js";
import { allLosses, lossNamed } from "../../src/losses/all.js";
import type { Loss, TermArguments } from "../../src/losses/loss.js";
import { isSpatial, uniformSequence } from "../losses/calls.js";
import { exportHeads, IGNORED } from "./export-cases.js";
import { disagreement, exampleFor, exported, oneMask, problemOf, refusal, runModel } from "./run-onnx.js";

/**
 * Each of its ten erosions subtracts a half from a mean and divides by the range of what is left, here down to a tenth: rounding grows.
 * Our own float32 kernels have 40 times the usual bound there.
 */
const FACTORS: Readonly<Record<string, number>> = { "hausdorff-erosion": 10 };

const EXTRAS: readonly ExportOptions[] = [
  {},
  { ignore: IGNORED, weights: true },
  { ignore: IGNORED },
  { weights: true },
];

describe("every loss as a model", () => {
  it.each(exported.map(({ definition }) => definition.name))("%s", async (name) => {
    const loss = lossNamed(name)();
    const takesWeights = !refusal(() => exportOnnx(loss, { weights: true, ...exportHeads(loss)[0] }));
    for (const [i, head] of exportHeads(loss).entries()) {
      // Each head with something else, label maps with two of them.
      const both = head.head === "multiclass" && !head.probabilities;
      for (const extra of [EXTRAS[i % 4], ...(both ? [EXTRAS[(i + 2) % 4]] : [])]) {
        const options = { ...head, ...extra, weights: takesWeights && extra.weights };
        expect(await problemOf(loss, exampleFor(loss, 7 + i, options), {}, FACTORS[name])).toBeUndefined();
      }
    }
  });

  it("refuses what no operators express", () => {
    const refused = allLosses.flatMap((factory) => {
      const head = exportHeads(factory())[0];
      const reasons = [{}, { weights: true }].map((extra) =>
        refusal(() => exportOnnx(factory(), { ...head, ...extra })),
      );
      return [...new Set(reasons.filter(Boolean))].map((reason) => `${factory.definition.name}: ${reason}`);
    });
    expect(refused).toMatchInlineSnapshot(`
      [
        "blob: UNSUPPORTED: Blob loss cannot be exported to ONNX: components: how many objects there are depends on the masks, and no ONNX operator numbers them",
        "component-dice: UNSUPPORTED: Connected component Dice loss cannot be exported to ONNX: nearest_component: how many objects there are depends on the masks, and no ONNX operator numbers them",
        "dice-topk: UNSUPPORTED: TopK cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
        "lovasz-hinge: UNSUPPORTED: Lovász hinge loss cannot take voxel weights: lovasz: it ranks the voxels by error, and a rank has no weight",
        "lovasz-softmax: UNSUPPORTED: Lovász-Softmax loss cannot take voxel weights: lovasz: it ranks the voxels by error, and a rank has no weight",
        "ohem: UNSUPPORTED: OHEM cross entropy cannot take voxel weights: hard_mean: it selects voxels by rank, and a rank has no weight",
        "skeleton-recall: UNSUPPORTED: Skeleton recall loss cannot be exported to ONNX: skeleton: it thins a mask voxel by voxel, each after a look at what is left, for which there is no ONNX operator",
        "topk: UNSUPPORTED: TopK cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
        "topk-bce: UNSUPPORTED: TopK binary cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
      ]
    `);
  });
});

describe("axes of space", () => {
  const spatial = exported.filter(isSpatial);

  it.each(spatial.map(({ definition }) => definition.name))("volumes: %s", async (name) => {
    const loss = lossNamed(name)();
    const head = exportHeads(loss)[0];
    const example = exampleFor(loss, 3, head, { space: [3, 4, 5], spacing: [2, 1, 0.5] });
    expect(await problemOf(loss, example, {}, FACTORS[name])).toBeUndefined();
  });

  it("any extents, also of lines and of one voxel", async () => {
    for (const space of [[7], [1, 6], [6, 1], [1, 1], [1, 3, 4]]) {
      for (const loss of [bceDice(), boundary(), cldice(), lossFromFormula("mean(squared_gradient(p))")]) {
        const example = exampleFor(loss, 5, oneMask, { space });
        expect(await problemOf(loss, example)).toBeUndefined();
      }
    }
  });

  it("an axis of one voxel, whose spacing is no step inside a mask", async () => {
    const example = exampleFor(boundary(), 5, oneMask, { space: [1, 8], spacing: [0.5, 2] });
    expect(await problemOf(boundary(), example)).toBeUndefined();
  });

  it("one model for every batch and image", async () => {
    const loss = boundary();
    const model = exportOnnx(loss, oneMask);
    for (const space of [
      [4, 9],
      [8, 3],
    ]) {
      const example = exampleFor(loss, 5, oneMask, { space });
      expect(disagreement(loss, example, await runModel(model, example))).toBeUndefined();
    }
  });
});

/** What may be chosen, option by option. */
const CHOICES: Readonly<Record<string, readonly TermArguments[]>> = {
  classes: [{}, { classes: "foreground" }, { classes: [2, 0] }, { classes: "present" }],
  images: [{ images: "each" }, { images: "together" }],
  joinClasses: [{}, { joinClasses: "sum" }, { joinClasses: "pooled" }],
  classWeights: [{}, { classWeights: [0.5, 2, 1] }, { classWeights: [0, 2, 1], classWeighting: "factor" }],
  emptyMasks: [{}, { emptyMasks: "skip" }, { emptyMasks: "zero" }],
  form: [{}, { form: "negative" }, { form: "log" }],
  reduction: [{}, { reduction: "sum" }, { reduction: "none" }, { reduction: "voxels" }],
};

/** Few settings in which every pair of choices occurs: each time the one of 40 random ones that has most new pairs. */
function pairwise(options: readonly string[]): TermArguments[] {
  const uniform = uniformSequence(3);
  const lists = options.map((option) => CHOICES[option]);
  const pairsOf = (picks: readonly number[]) =>
    picks.flatMap((pick, i) => picks.slice(i + 1).map((other, j) => `${i}=${pick},${i + 1 + j}=${other}`));
  const seen = new Set<string>();
  const chosen: TermArguments[] = [];
  const total = lists.flatMap((list, i) => lists.slice(i + 1).map((other) => list.length * other.length));
  while (seen.size < total.reduce((sum, count) => sum + count)) {
    const candidates = Array.from({ length: 40 }, () => lists.map(({ length }) => Math.floor(uniform() * length)));
    const fresh = (picks: readonly number[]) => pairsOf(picks).filter((pair) => !seen.has(pair)).length;
    const best = candidates.reduce((a, b) => (fresh(b) > fresh(a) ? b : a));
    if (fresh(best) === 0) continue;
    for (const pair of pairsOf(best)) seen.add(pair);
    chosen.push(Object.assign({}, ...best.map((pick, i) => lists[i][pick])));
  }
  return chosen;
}

describe("options of a term", () => {
  it.each([dice, bce, tversky, lovaszSoftmax].map((factory) => [factory.definition.name, factory] as const))(
    "%s takes them, or refuses them, as the loss does",
    async (_, factory) => {
      // Only a score has other forms.
      const options = Object.keys(CHOICES).filter((option) => factory !== bce || option !== "form");
      const problems: (string | undefined)[] = [];
      let models = 0;
      for (const [i, settings] of pairwise(options).entries()) {
        let loss: Loss;
        try {
          loss = factory(settings);
        } catch {
          // Classes "present" say themselves what becomes of absent ones, and emptyMasks cannot.
          continue;
        }
        const heads = exportHeads(loss).filter(({ head }) => head !== "binary");
        const head = { ...heads[i % heads.length], channels: 3, ...(i % 2 === 1 && { ignore: IGNORED }) };
        const example = exampleFor(loss, 11 + i, head, { space: [3, 4] });
        const ours = refusal(() => loss.value(example.logits, example.target, example.call));
        expect(refusal(() => exportOnnx(loss, head))).toBe(ours);
        if (ours) continue;
        models++;
        const problem = await problemOf(loss, example);
        problems.push(problem && `${JSON.stringify(settings)} ${problem}`);
      }
      expect(problems.filter(Boolean)).toEqual([]);
      expect(models).toBeGreaterThan(4);
    },
  );
});

it("compounds and sums of losses", async () => {
  for (const loss of [add(dice(), [0.5, bce()]), add(dice({ images: "each" }), dice(), [0, lovaszSoftmax()])]) {
    expect(await problemOf(loss, exampleFor(loss, 6, { head: "multilabel", channels: 3 }))).toBeUndefined();
  }
});

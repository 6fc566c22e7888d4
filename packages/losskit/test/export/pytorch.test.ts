// Exported PyTorch modules, run by PyTorch, against our own value and gradient.

import { describe, expect, it } from "vitest";
import { pythonWith } from "../../../../test-support/programs.js";
import { exportPyTorch } from "../../src/export/pytorch.js";
import { allLosses } from "../../src/losses/all.js";
import { testAgreement } from "./agreement.js";
import { exportCase, exportHeads } from "./export-cases.js";
import { compared, disagreements, type Run } from "./run-modules.js";

const python = pythonWith("torch");

if (python) {
  describe("a module of PyTorch agrees with losskit", { timeout: 120_000 }, () => {
    const refused = testAgreement({ framework: "pytorch", python, toText: exportPyTorch });

    it("keeps its digits in mixed precision", () => {
      const runs = allLosses.flatMap((factory): Run[] => {
        const loss = factory();
        const [head] = exportHeads(loss);
        // Rounded logits tie, and ranks among equals are anyone's.
        if (refused.has(factory.definition.name) || factory.definition.formula.includes("lovasz(")) return [];
        const example = exportCase(loss, 3, head, { space: [5, 6] });
        const bits = new Uint32Array(Float32Array.from(example.logits).buffer).map((word) => word & 0xffff0000);
        const logits = Float64Array.from(new Float32Array(bits.buffer));
        const title = `${factory.definition.name}, ${example.title}`;
        return [{ ...example, title, logits, loss, text: exportPyTorch(loss, head), dtype: "bfloat16" }];
      });
      expect(disagreements("pytorch", python, runs).filter(Boolean)).toEqual([]);
    });

    it("is finite for logits of 50 and 100, right and wrong, in float32", () => {
      const runs = allLosses.flatMap((factory): Run[] => {
        const loss = factory();
        if (refused.has(factory.definition.name)) return [];
        return exportHeads(loss)
          .filter(({ probabilities }) => !probabilities)
          .flatMap((head) => [50, 100].flatMap((size) => [true, false].map((mixed) => ({ head, size, mixed }))))
          .map(({ head, size, mixed }) => {
            const example = exportCase(loss, 4, head, { space: [5, 6] });
            const voxels = 5 * 6;
            // Or one class everywhere: of exp(-100), the probability of the others, float32 has no reciprocal.
            const isFirst = (i: number) => Math.floor(i / voxels) % example.shape[1] === 0;
            const logits = example.logits.map((x, i) => size * (mixed ? Math.sign(x) : isFirst(i) ? 1 : -1));
            const title = `${factory.definition.name}, ${example.title}`;
            return { ...example, title, logits, loss, text: exportPyTorch(loss, head), dtype: "float32" };
          });
      });
      const errors = compared("pytorch", python, runs).map(({ error }, i) => error && `${runs[i].title}: ${error}`);
      expect(errors.filter(Boolean)).toEqual([]);
    });

    it("refuses what PyTorch cannot say", () => {
      expect(Object.fromEntries(refused)).toMatchInlineSnapshot(`
        {
          "dice-topk with weights": "TopK cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
          "lovasz-hinge with weights": "Lovász hinge loss cannot take voxel weights: lovasz: it ranks the voxels by error, and a rank has no weight",
          "lovasz-softmax with weights": "Lovász-Softmax loss cannot take voxel weights: lovasz: it ranks the voxels by error, and a rank has no weight",
          "ohem with weights": "OHEM cross entropy cannot take voxel weights: hard_mean: it selects voxels by rank, and a rank has no weight",
          "skeleton-recall": "Skeleton recall loss cannot be exported to PyTorch: thinning a mask to its skeleton goes voxel by voxel, for which it has no operation",
          "skeleton-recall with ignore": "Skeleton recall loss cannot be exported to PyTorch: thinning a mask to its skeleton goes voxel by voxel, for which it has no operation",
          "skeleton-recall with weights": "Skeleton recall loss cannot be exported to PyTorch: thinning a mask to its skeleton goes voxel by voxel, for which it has no operation",
          "topk with weights": "TopK cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
          "topk-bce with weights": "TopK binary cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
        }
      `);
    });
  });
}

// Exported PyTorch modules, run by PyTorch, against our own value and gradient.

import { describe, expect, it } from "vitest";
import { pythonWith } from "../../../../test-support/programs.js";
import { exportPyTorch } from "../../src/export/pytorch.js";
import { allLosses } from "../../src/losses/all.js";
import { testAgreement } from "./agreement.js";
import { exportCase, exportHeads } from "./export-cases.js";
import { disagreements, type Run } from "./run-modules.js";

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

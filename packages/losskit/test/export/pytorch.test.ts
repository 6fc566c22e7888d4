// Exported PyTorch modules, run by PyTorch, against our own value and gradient.

import { describe, expect, it } from "vitest";
import { pythonWith } from "../../../../test-support/programs.js";
import { exportPyTorch } from "../../src/export/pytorch.js";
import { testAgreement } from "./agreement.js";

const python = pythonWith("torch");

if (python) {
  describe("a module of PyTorch agrees with losskit", { timeout: 120_000 }, () => {
    const refused = testAgreement({ framework: "pytorch", python, toText: exportPyTorch });

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

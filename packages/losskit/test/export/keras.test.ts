// Exported Keras losses, run by Keras, or where it is not installed on a stand-in of what they use of it, against our own value and gradient.

import { describe, expect, it } from "vitest";
import { pythonWith } from "../../../../test-support/programs.js";
import { exportKeras } from "../../src/export/keras.js";
import { testAgreement } from "./agreement.js";

// Its stand-in is made of PyTorch.
const python = process.env.LOSSKIT_PYTHON ?? pythonWith("torch");

if (python) {
  // Real Keras takes minutes: JAX compiles every operation for every shape.
  describe("a loss of Keras agrees with losskit", { timeout: 900_000 }, () => {
    const refused = testAgreement({ framework: "keras", python, toText: exportKeras });

    it("refuses what Keras cannot say", () => {
      expect(Object.fromEntries(refused)).toMatchInlineSnapshot(`
        {
          "blob": "Blob loss cannot be exported to Keras: how many objects there are depends on the data, and a compiled model of Keras has arrays of known sizes only",
          "blob with ignore": "Blob loss cannot be exported to Keras: how many objects there are depends on the data, and a compiled model of Keras has arrays of known sizes only",
          "blob with weights": "Blob loss cannot be exported to Keras: how many objects there are depends on the data, and a compiled model of Keras has arrays of known sizes only",
          "component-dice": "Connected component Dice loss cannot be exported to Keras: how many objects there are depends on the data, and a compiled model of Keras has arrays of known sizes only",
          "component-dice with ignore": "Connected component Dice loss cannot be exported to Keras: how many objects there are depends on the data, and a compiled model of Keras has arrays of known sizes only",
          "component-dice with weights": "Connected component Dice loss cannot be exported to Keras: how many objects there are depends on the data, and a compiled model of Keras has arrays of known sizes only",
          "dice-topk with weights": "TopK cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
          "lovasz-hinge with weights": "Lovász hinge loss cannot take voxel weights: lovasz: it ranks the voxels by error, and a rank has no weight",
          "lovasz-softmax with weights": "Lovász-Softmax loss cannot take voxel weights: lovasz: it ranks the voxels by error, and a rank has no weight",
          "mumford-shah": "Mumford-Shah loss cannot be exported to Keras: it needs the array image beside y_true and y_pred, and a loss of Keras gets no other",
          "mumford-shah with ignore": "Mumford-Shah loss cannot be exported to Keras: it needs the array image beside y_true and y_pred, and a loss of Keras gets no other",
          "mumford-shah with weights": "Mumford-Shah loss cannot be exported to Keras: it needs the array image beside y_true and y_pred, and a loss of Keras gets no other",
          "ohem with weights": "OHEM cross entropy cannot take voxel weights: hard_mean: it selects voxels by rank, and a rank has no weight",
          "skeleton-recall": "Skeleton recall loss cannot be exported to Keras: thinning a mask to its skeleton goes voxel by voxel, for which it has no operation",
          "skeleton-recall with ignore": "Skeleton recall loss cannot be exported to Keras: thinning a mask to its skeleton goes voxel by voxel, for which it has no operation",
          "skeleton-recall with weights": "Skeleton recall loss cannot be exported to Keras: thinning a mask to its skeleton goes voxel by voxel, for which it has no operation",
          "topk with weights": "TopK cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
          "topk-bce with weights": "TopK binary cross entropy cannot take voxel weights: top_mean: it selects voxels by rank, and a rank has no weight",
        }
      `);
    });
  });
}

// Scores of one predicted test case: counts over the whole case (3D after reassembly), then one row per class.

import { confusionCounts, diceScore, iouScore, precision, sensitivity } from "losskit/metrics";
import type { Case } from "../datasets/dataset.js";
import type { CaseScore } from "./results.js";

/**
 * Scores every foreground class of a case, inside its region of interest.
 *
 * @param testCase with labels 0 (background) to `classes.length`
 * @param prediction class index per voxel, in the order of the labels
 * @param classes names of the foreground classes; label i + 1 is `classes[i]`
 */
export function scoreCase(testCase: Case, prediction: Uint8Array, classes: readonly string[]): CaseScore[] {
  const counts = confusionCounts(testCase.labels, prediction, {
    classes: classes.length + 1,
    mask: testCase.regionOfInterest,
  });
  return classes.map((name, index) => {
    const count = counts[index + 1];
    return {
      case: testCase.id,
      class: name,
      truePositives: count.truePositives,
      falsePositives: count.falsePositives,
      falseNegatives: count.falseNegatives,
      dice: diceScore(count),
      iou: iouScore(count),
      sensitivity: sensitivity(count),
      precision: precision(count),
    };
  });
}

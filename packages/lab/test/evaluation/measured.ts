// Measured cases with given values, for tests of what is made of them.

import type { EmptyMasks } from "losskit/metrics";
import type { MetricKey } from "../../src/evaluation/metric-catalogue.js";
import type { MeasuredCase } from "../../src/evaluation/results.js";

export type Values = Partial<Record<MetricKey, number | null>>;

/** A case of one structure, "liver"; 3 x 4 x 12 mm, so that its diagonal is 13. */
export function measured(id: string, values: Values, empty: EmptyMasks = "neither", structure = "liver"): MeasuredCase {
  const counts = { truePositives: 1, falsePositives: 2, falseNegatives: 3, trueNegatives: 4 };
  return {
    case: id,
    reference: `/reference/${id}.nii.gz`,
    prediction: `/prediction/${id}.nii.gz`,
    status: "measured",
    shape: [3, 2, 4],
    spacing: [1, 2, 3],
    unit: "mm",
    voxels: 10,
    scores: [{ structure, labels: [1], ...counts, empty, values }],
    notes: [],
    seconds: 0,
  };
}

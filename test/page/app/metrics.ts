// A page that measures masks: all of losskit/metrics is in its bundle, which Node runs too.

import * as metrics from "losskit/metrics";

const EDGE = 128;
const SHAPE = [EDGE, EDGE, EDGE];
const SPACING = [2.5, 0.75, 0.75];

/** An organ with dents: an ellipsoid whose radius varies in steps that any engine computes alike. */
function organ(centre: readonly number[], radii: readonly number[], dent: number): Uint8Array {
  const mask = new Uint8Array(EDGE ** 3);
  for (let z = 0, at = 0; z < EDGE; z++) {
    for (let y = 0; y < EDGE; y++) {
      for (let x = 0; x < EDGE; x++, at++) {
        const [a, b, c] = [(z - centre[0]) / radii[0], (y - centre[1]) / radii[1], (x - centre[2]) / radii[2]];
        const limit = 1 - (dent * ((z * 7 + y * 3 + x * 5) % 11)) / 11;
        mask[at] = a * a + b * b + c * c < limit ? 1 : 0;
      }
    }
  }
  return mask;
}

/** What a viewer would show of a pair of masks of 128³ voxels. */
function measure() {
  const reference = organ([64, 60, 66], [40, 45, 38], 0.1);
  const prediction = organ([66, 62, 63], [41, 43, 40], 0.2);
  const options = { shape: SHAPE, spacing: SPACING };
  const hd95 = (definition: metrics.HausdorffDefinition) =>
    metrics.hausdorff(reference, prediction, { ...options, definition, percentile: 95 });
  const [, counts] = metrics.confusionCounts(reference, prediction, { classes: 2 });
  return {
    hd95: [hd95("max-of-directed"), hd95("pooled"), hd95("surface-area")],
    assd: metrics.averageDistance(reference, prediction, options),
    nsd: metrics.surfaceDice(reference, prediction, { ...options, tolerance: 2 }),
    boundaryIou: metrics.boundaryIou(reference, prediction, options),
    overlap: metrics.overlapScores(counts),
  };
}

declare global {
  var measureMasks: typeof measure;
  var losskitMetrics: typeof metrics;
}
globalThis.measureMasks = measure;
globalThis.losskitMetrics = metrics;

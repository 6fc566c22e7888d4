// Centreline Dice (clDice): how much of each mask's skeleton lies inside the other mask.

import { skeleton } from "../routines/skeleton.js";
import { type MaskOptions, masksOf } from "./masks.js";
import { harmonicMean, ratio, type Score } from "./overlap.js";

export interface CentrelineDice {
  /** Harmonic mean of the two below, in [0, 1]; 0 where one mask is empty, null where both are. */
  readonly value: Score;
  /** Share of the prediction's skeleton inside the reference; null where the prediction is empty. */
  readonly topologyPrecision: Score;
  /** Share of the reference's skeleton inside the prediction; null where the reference is empty. */
  readonly topologySensitivity: Score;
  /** How skeletons are made: by thinning (Lee, Kashyap and Chu 1994). Other ways of thinning give slightly other numbers. */
  readonly skeleton: "thinning";
}

/**
 * clDice of two masks (Shit et al., "clDice - a novel topology-preserving loss function for tubular structure segmentation", CVPR 2021).
 * Skeletons are those of masks, not the soft ones of the loss. Distances play no part: the spacing changes nothing.
 *
 * @param reference labels of each voxel
 * @param prediction the same on the same grid
 * @throws LosskitError SHAPE, ARRAY, OPTION or LABEL
 */
export function centrelineDice(
  reference: ArrayLike<number>,
  prediction: ArrayLike<number>,
  options: MaskOptions,
): CentrelineDice {
  const masks = masksOf(reference, prediction, options);
  const topologyPrecision = shareInside(skeleton(masks.prediction, options.shape), masks.reference);
  const topologySensitivity = shareInside(skeleton(masks.reference, options.shape), masks.prediction);
  return {
    value: harmonicMean(topologyPrecision, topologySensitivity),
    topologyPrecision,
    topologySensitivity,
    skeleton: "thinning",
  };
}

function shareInside(line: Float64Array, mask: Uint8Array): Score {
  let inside = 0;
  let all = 0;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === 0) continue;
    all++;
    if (mask[i]) inside++;
  }
  return ratio(inside, all);
}

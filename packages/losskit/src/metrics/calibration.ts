// Calibration: whether probabilities mean what they say.

import { LosskitError } from "../errors.js";
import {
  checkLength,
  checkWhole,
  type ForegroundOptions,
  foregroundProbabilities,
  refuseProbability,
} from "./foreground-probabilities.js";
import { ratio, type Score } from "./overlap.js";

/** Guo et al. 2017 take 15. */
const DEFAULT_BINS = 15;
const MAX_BINS = 1e6;
/** How far the probabilities of a voxel may be from adding up to 1: each is rounded by up to 2⁻¹² in half precision, and there may be many. */
export const SUM_TOLERANCE = 1e-2;

export interface CalibrationBin {
  /** Probabilities from `from` to before `to`; of the last bin, 1 included. */
  readonly from: number;
  readonly to: number;
  readonly voxels: number;
  /** Mean probability of the bin; null where it is empty. */
  readonly confidence: Score;
  /** How often it came true: share of foreground, or of right labels. */
  readonly frequency: Score;
}

export interface Calibration {
  /**
   * Which event the probabilities are of. "foreground": the voxel is foreground, at any probability from 0 to 1. "top-label": the label
   * with the largest probability is the right one.
   */
  readonly definition: "foreground" | "top-label";
  readonly voxels: number;
  /** Bins of equal width, from 0 to 1. */
  readonly bins: readonly CalibrationBin[];
  /** Mean of |frequency - confidence| over the bins, weighted by their voxels (ECE), in [0, 1]; null where no voxel counts. */
  readonly expectedCalibrationError: Score;
  /** Largest |frequency - confidence| of a bin (MCE), in [0, 1]; null where no voxel counts. */
  readonly maximumCalibrationError: Score;
  /**
   * Brier score (1950), lower is better; null where no voxel counts. "foreground": mean of (p - y)², in [0, 1]. "top-label": mean of
   * the sum over the classes of (p - y)², in [0, 2], which for two classes is twice the former.
   */
  readonly brierScore: Score;
  /**
   * Mean of -ln of the probability of what is true, in nats; null where no voxel counts, and where a true event had probability 0,
   * which makes it infinite: `impossible` says how often.
   */
  readonly negativeLogLikelihood: Score;
  /** Voxels of which the truth had probability 0. */
  readonly impossible: number;
}

export interface CalibrationOptions {
  /** Bins of equal width; 15 where absent. */
  readonly bins?: number;
  /** Probabilities below it count as it in the negative log likelihood, which is then finite; 0 where absent. */
  readonly clip?: number;
}

/**
 * Calibration of the probability of the foreground (definition "foreground"). Voxels that are surely background count as well and
 * make most images look well calibrated; a `mask` around the object says more.
 *
 * ECE and MCE: Naeini, Cooper and Hauskrecht, AAAI 2015; Guo et al., "On calibration of modern neural networks", ICML 2017.
 *
 * @param reference label of each voxel
 * @param probabilities probability of the foreground of each voxel, in the same order
 * @throws LosskitError OPTION, ARRAY, LABEL or PROBABILITY_RANGE
 */
export function foregroundCalibration(
  reference: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: CalibrationOptions & ForegroundOptions = {},
): Calibration {
  const sums = createSums(options);
  const counted = foregroundProbabilities(reference, probabilities, options);
  for (let i = 0; i < counted.probabilities.length; i++) {
    const probability = counted.probabilities[i];
    const foreground = counted.foreground[i];
    addToBin(sums, probability, foreground);
    sums.squares += (probability - foreground) ** 2;
    addLikelihood(sums, foreground ? probability : 1 - probability);
  }
  return calibrationOf("foreground", sums);
}

export interface TopLabelOptions extends CalibrationOptions {
  /** Number of labels, the background included. */
  readonly classes: number;
  /** Where the probabilities of one label lie together ("channels-first", where absent), or those of one voxel ("channels-last"). */
  readonly layout?: "channels-first" | "channels-last";
  readonly mask?: ArrayLike<number>;
  readonly ignore?: number;
}

/**
 * Calibration of the most probable label of each voxel (definition "top-label", Guo et al. 2017). Of equally probable labels the first one
 * is taken.
 *
 * @param reference label of each voxel
 * @param probabilities `[classes, ...space]`, or `[...space, classes]` with channels last; those of a voxel add up to 1
 * @throws LosskitError OPTION, ARRAY, LABEL; PROBABILITY_RANGE for a probability outside [0, 1], and where they do not add up to 1
 *   within 0.01
 */
export function topLabelCalibration(
  reference: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: TopLabelOptions,
): Calibration {
  const sums = createSums(options);
  const { classes, mask, ignore } = options;
  const [voxelStep, classStep] = steps(reference.length, probabilities.length, options);
  for (let i = 0; i < reference.length; i++) {
    const label = reference[i];
    if (label === ignore || (mask && !mask[i])) continue;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new LosskitError(
        "LABEL",
        `the reference holds ${label} at voxel ${i}; labels are whole numbers from 0 to ${classes - 1}` +
          (ignore === undefined ? "; declare a label of voxels that do not count with { ignore }" : ""),
      );
    }
    let [top, largest, sum] = [0, -1, 0];
    for (let k = 0, at = i * voxelStep; k < classes; k++, at += classStep) {
      const probability = probabilities[at];
      if (!(probability >= 0 && probability <= 1)) refuseProbability(probability, `voxel ${i}, label ${k}`);
      sum += probability;
      if (probability > largest) [top, largest] = [k, probability];
      sums.squares += (probability - (k === label ? 1 : 0)) ** 2;
      if (k === label) addLikelihood(sums, probability);
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new LosskitError(
        "PROBABILITY_RANGE",
        `the probabilities of voxel ${i} add up to ${sum}, not 1; are the layout and the number of classes right?`,
      );
    }
    addToBin(sums, largest, top === label ? 1 : 0);
  }
  return calibrationOf("top-label", sums);
}

function steps(
  voxels: number,
  values: number,
  { classes, layout = "channels-first", mask, ignore }: TopLabelOptions,
): readonly [voxel: number, label: number] {
  if (!Number.isInteger(classes) || classes < 2) {
    throw new LosskitError("OPTION", `classes is ${classes}; it is the number of labels, a whole number from 2`);
  }
  if (layout !== "channels-first" && layout !== "channels-last") {
    throw new LosskitError("OPTION", `layout is ${JSON.stringify(layout)}; it is "channels-first" or "channels-last"`);
  }
  checkWhole("ignore", ignore);
  if (mask) checkLength("mask", mask.length, voxels);
  if (values !== voxels * classes) {
    throw new LosskitError(
      "ARRAY",
      `there are ${values} probabilities; ${voxels} voxels with ${classes} labels have ${voxels * classes}`,
    );
  }
  return layout === "channels-first" ? [1, voxels] : [classes, 1];
}

interface Sums {
  readonly clip: number;
  readonly voxels: Float64Array;
  readonly probabilities: Float64Array;
  readonly events: Float64Array;
  squares: number;
  logarithms: number;
  impossible: number;
}

function createSums({ bins = DEFAULT_BINS, clip = 0 }: CalibrationOptions): Sums {
  if (!Number.isInteger(bins) || bins < 1 || bins > MAX_BINS) {
    throw new LosskitError("OPTION", `bins is ${bins}; it is a whole number from 1 to ${MAX_BINS}`);
  }
  if (!(clip >= 0 && clip < 1)) {
    throw new LosskitError("OPTION", `clip is ${clip}; it is a probability from 0 to below 1, such as 1e-7`);
  }
  return {
    clip,
    voxels: new Float64Array(bins),
    probabilities: new Float64Array(bins),
    events: new Float64Array(bins),
    squares: 0,
    logarithms: 0,
    impossible: 0,
  };
}

function addToBin({ voxels, probabilities, events }: Sums, probability: number, event: number): void {
  const bin = Math.min(Math.floor(probability * voxels.length), voxels.length - 1);
  voxels[bin]++;
  probabilities[bin] += probability;
  events[bin] += event;
}

function addLikelihood(sums: Sums, probability: number): void {
  if (probability === 0) sums.impossible++;
  sums.logarithms -= Math.log(Math.max(probability, sums.clip));
}

function calibrationOf(definition: Calibration["definition"], sums: Sums): Calibration {
  const count = sums.voxels.length;
  const bins = Array.from(sums.voxels, (voxels, bin) => ({
    from: bin / count,
    to: (bin + 1) / count,
    voxels,
    confidence: ratio(sums.probabilities[bin], voxels),
    frequency: ratio(sums.events[bin], voxels),
  }));
  const voxels = sums.voxels.reduce((sum, inBin) => sum + inBin, 0);
  let [weighted, largest] = [0, 0];
  for (const bin of bins) {
    if (bin.confidence === null || bin.frequency === null) continue;
    const gap = Math.abs(bin.frequency - bin.confidence);
    weighted += gap * bin.voxels;
    largest = Math.max(largest, gap);
  }
  return {
    definition,
    voxels,
    bins,
    expectedCalibrationError: ratio(weighted, voxels),
    maximumCalibrationError: voxels === 0 ? null : largest,
    brierScore: ratio(sums.squares, voxels),
    negativeLogLikelihood: Number.isFinite(sums.logarithms) ? ratio(sums.logarithms, voxels) : null,
    impossible: sums.impossible,
  };
}

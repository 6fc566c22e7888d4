// Public names of losskit/metrics.
export {
  type AverageDefinition,
  type AverageDistance,
  type AverageOptions,
  averageDistance,
  averageDistanceOf,
} from "./average-distance.js";
export { type BoundaryIou, type BoundaryIouOptions, boundaryIou, boundaryWidth } from "./boundary-iou.js";
export {
  type Calibration,
  type CalibrationBin,
  type CalibrationOptions,
  foregroundCalibration,
  SUM_TOLERANCE,
  type TopLabelOptions,
  topLabelCalibration,
} from "./calibration.js";
export { type CentrelineDice, centrelineDice } from "./centreline-dice.js";
export { type ConfusionCounts, confusionCounts, countsOfMatrix, mergeCounts } from "./confusion-counts.js";
export { type ConfusionMatrix, confusionMatrix, MAX_CLASSES, mergeConfusionMatrices } from "./confusion-matrix.js";
export {
  applyEmptyPolicy,
  type CaseMean,
  type CaseValue,
  type EmptyMasks,
  type EmptyPolicy,
  type EmptyRule,
  type MetricKind,
  meanOfCases,
  whichEmpty,
} from "./empty-masks.js";
export type { ForegroundOptions } from "./foreground-probabilities.js";
export {
  type Direction,
  type HausdorffDefinition,
  type HausdorffDistance,
  hausdorff,
  hausdorffOf,
  type PercentileOptions,
} from "./hausdorff.js";
export {
  type InstanceScores,
  instanceScores,
  type ObjectScore,
  type PooledInstanceScores,
  poolInstanceScores,
  scoresOfMatches,
} from "./instance-scores.js";
export {
  type InstanceDefinition,
  type InstanceMatches,
  type InstanceOptions,
  type InstancePair,
  type Matching,
  matchInstances,
} from "./instances.js";
export { type IouOptions, iou, iouBinary } from "./iou.js";
export type { CountOptions } from "./label-maps.js";
export type { MaskOptions } from "./masks.js";
export {
  type ClassMean,
  frequencyWeightedIou,
  type GeneralisedWeights,
  generalisedDiceScore,
  meanOverClasses,
  multiclassKappa,
  pixelAccuracy,
} from "./multiclass.js";
export {
  accuracy,
  balancedAccuracy,
  cohensKappa,
  diceScore,
  fallOut,
  falseDiscoveryRate,
  falseOmissionRate,
  fBetaScore,
  fowlkesMallowsIndex,
  informedness,
  iouScore,
  markedness,
  matthewsCorrelation,
  missRate,
  negativePredictiveValue,
  type OverlapScores,
  overlapScores,
  precision,
  prevalenceThreshold,
  relativeVolumeDifference,
  type Score,
  sensitivity,
  specificity,
  volumeDifference,
  volumetricSimilarity,
} from "./overlap.js";
export {
  type SurfaceDice,
  type SurfaceOverlap,
  surfaceDice,
  surfaceDiceOf,
  surfaceOverlap,
  surfaceOverlapOf,
  type ToleranceOptions,
} from "./surface-dice.js";
export {
  type BorderKind,
  type DirectedDistances,
  type DistanceMetric,
  type SurfaceDistances,
  type SurfaceOptions,
  surfaceDistances,
} from "./surface-distances.js";
export {
  type AveragePrecision,
  averagePrecision,
  type BestThreshold,
  bestThreshold,
  countsAtThresholds,
  countsOfSweep,
  type PrecisionRecallCurve,
  precisionRecallCurve,
  type ThresholdSweep,
  thresholdSweep,
} from "./thresholds.js";

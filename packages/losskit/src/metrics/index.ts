// Public names of losskit/metrics.
export { type ConfusionCounts, type CountOptions, confusionCounts } from "./confusion-counts.js";
export { type IouOptions, iou, iouBinary } from "./iou.js";
export { diceScore, iouScore, precision, type Score, sensitivity } from "./overlap.js";

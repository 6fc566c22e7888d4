// Public names of losskit/tfjs.
export type { MaskOptions } from "./hard-masks.js";
export { type TfLoss, type TfLossInputs, type TfLossOptions, tfLoss } from "./loss.js";
export {
  type EpochCallback,
  type Predicts,
  type SetOptions,
  type TfMetric,
  tfDice,
  tfIou,
  tfSetCounts,
  tfSetScores,
  type ValidationSet,
} from "./scores.js";
export type { TensorFlow } from "./tensorflow.js";
export { enableWasmTraining } from "./wasm-training.js";

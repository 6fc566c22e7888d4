// Public names of losskit.
export { type BlockSums, type Coefficients, mergeSums, type PartialSums } from "./backends/stream.js";
export { allocate, free } from "./backends/wasm/memory.js";
export { FormulaError, LosskitError, type LosskitErrorCode, nearest } from "./errors.js";
export type {
  Activation,
  CallOptions,
  FloatArray,
  LabelArray,
  Layout,
  ParameterValue,
  Target,
  TermOptions,
} from "./formula/options.js";
export * from "./losses/catalogue.js";
export { type ClassWeightMethod, type ClassWeightOptions, classWeights, countClasses } from "./losses/class-weights.js";
export {
  type DeepSupervision,
  type DeepSupervisionResult,
  type DownsampleOptions,
  deepSupervision,
  downsampleLabels,
  type Scale,
  type ScaleWeights,
} from "./losses/deep-supervision.js";
export { add, defineLoss, type FormulaOptions, lossFromFormula } from "./losses/define.js";
export type {
  Erratum,
  Family,
  Identity,
  Loss,
  LossDefinition,
  LossFactory,
  LossResult,
  LossTerm,
  ParameterDefinition,
  TermArguments,
  VolumeChunk,
  VolumeResult,
} from "./losses/loss.js";
export { constant, cosine, linear, type RampOptions, type Schedule, scheduled, stepped } from "./losses/schedules.js";
export { type BorderWeightOptions, borderWeights } from "./routines/border-weights.js";
export { version } from "./version.js";

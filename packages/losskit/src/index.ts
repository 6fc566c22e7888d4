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

export const version = "0.1.0";

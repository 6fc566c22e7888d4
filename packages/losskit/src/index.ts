// Public names of losskit.
export type { Activation, CallOptions, FloatArray, LabelArray, Layout, Target, TermOptions } from "./formula/options.js";
export type { Loss, LossDefinition, LossFactory, LossResult, LossTerm } from "./losses/loss.js";

export const version = "0.1.0";

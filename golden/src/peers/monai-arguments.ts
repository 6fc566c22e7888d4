// Arguments that many of MONAI's classes share, as settings of ours. Those at MONAI's own defaults are left to `conventions: "monai"`.

import type { GoldenCase } from "../cases.js";
import type { Parameters, PeerCall, PeerTerm } from "./peer-call.js";

export type Settings = Readonly<Record<string, unknown>>;

export const conventions = "monai";
export const SMOOTHING = 1e-5;

export const channels = ({ shape }: GoldenCase) => shape[1];
export const voxels = ({ shape }: GoldenCase) => shape.slice(2).reduce((product, extent) => product * extent, 1);

/** MONAI leaves softmax out on one channel. */
export function activation(parameters: Parameters, golden: GoldenCase): PeerCall["activation"] {
  const sigmoid = parameters.boolean("sigmoid");
  const softmax = parameters.boolean("softmax");
  if (sigmoid) return "sigmoid";
  return softmax && channels(golden) > 1 ? "softmax" : "none";
}

/** `smooth_nr` and `smooth_dr`; `share` where they are added to a multiple of what our fraction holds. */
export function smoothing(parameters: Parameters, share = 1): Settings {
  const [above, below] = [parameters.number("smooth_nr"), parameters.number("smooth_dr")];
  if (above === SMOOTHING && below === SMOOTHING) return {};
  return { smooth: share * above, smoothDenominator: share * below };
}

/** Without the background a class weight of theirs is one of the other classes; ours has one for each channel. */
export function classWeights(
  weight: number | readonly number[] | undefined,
  background: boolean,
  golden: GoldenCase,
): readonly number[] | undefined {
  const count = channels(golden);
  if (weight === undefined || count === 1) return undefined;
  if (typeof weight === "number") return new Array<number>(count).fill(weight);
  return background ? weight : [1, ...weight];
}

/** Classes and reduction; a sum of theirs is one over classes, too. */
export function joining(
  parameters: Parameters,
  backgroundByDefault = true,
): { background: boolean; settings: Settings } {
  const background = parameters.boolean("include_background");
  const reduction = parameters.optional<string>("reduction") ?? "mean";
  return {
    background,
    settings: {
      ...(background === backgroundByDefault ? {} : { classes: background ? "all" : "foreground" }),
      ...(reduction === "mean" ? {} : { reduction }),
      ...(reduction === "sum" ? { joinClasses: "sum" } : {}),
    },
  };
}

export const batch = (parameters: Parameters): Settings => (parameters.boolean("batch") ? { images: "together" } : {});

/** Dice and its variants, all one class in MONAI. */
export function overlap(parameters: Parameters, settings: Settings): PeerTerm & { readonly loss: string } {
  const squared = parameters.boolean("squared_pred");
  const soft = parameters.optional<boolean>("soft_label") === true;
  const jaccard = parameters.boolean("jaccard");
  const name = (dice: string, iou: string) => (jaccard ? iou : dice);
  const loss = squared
    ? // tp = (|p|² + |y|² - |p - y|²) / 2 is the sum of p y, with soft labels too.
      name("dice-squared", "power-jaccard")
    : soft
      ? name("dice-semimetric", "jaccard-metric")
      : name("dice", "iou");
  // (2 tp + s) / (2 (tp + fp + fn) + s) is ours with half of the smoothing.
  return { loss, settings: { ...settings, ...batch(parameters), ...smoothing(parameters, jaccard ? 0.5 : 1) } };
}

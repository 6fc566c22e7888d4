// What the losses of nnU-Net are with us.

import type { GoldenCase } from "../cases.js";
import { readNested } from "./nested-parameters.js";
import type { Parameters, PeerCall, PeerMapping, PeerTerm } from "./peer-call.js";
import { topkShare } from "./topk-share.js";

type Settings = Record<string, unknown>;

const NNUNET_CONVENTIONS = { conventions: "nnunet" };

/** Options of a Dice class of theirs; those that it leaves out have the defaults of its signature. */
function readDice(parameters: Parameters): Settings {
  return {
    ...NNUNET_CONVENTIONS,
    images: parameters.optional<boolean>("batch_dice") ? "together" : "each",
    classes: (parameters.optional<boolean>("do_bg") ?? true) ? "all" : "foreground",
    smooth: parameters.optional<number>("smooth") ?? 1,
  };
}

/** Dice with a lower bound on the true positives. */
const CLIPPED_DICE = `
  TP = max(sum(p * y), bound)
  loss = -(2 * TP + s) / (2 * TP + sum(p * (1 - y)) + sum((1 - p) * y) + s)
`;

function diceTerm(parameters: Parameters): PeerTerm {
  const settings = readDice(parameters);
  const bound = parameters.optional<number>("clip_tp");
  if (bound === undefined) return { loss: "dice", settings };
  const { images, classes, smooth } = settings;
  return { formula: CLIPPED_DICE, settings: { images, classes, parameters: { bound, s: smooth } } };
}

const dice: PeerMapping = (parameters) => {
  parameters.unused("loss_mask_shape");
  return {
    terms: [diceTerm(parameters)],
    activation: parameters.optional<"softmax" | "sigmoid">("apply_nonlin") ?? "none",
    weights: parameters.optional<number[]>("loss_mask"),
  };
};

/** Torch's cross entropy: a weighted mean over the voxels that are not ignored. */
function crossEntropy(parameters: Parameters): PeerTerm {
  const settings = { ...NNUNET_CONVENTIONS, classWeights: parameters.optional<number[]>("weight") };
  const labelSmoothing = parameters.optional<number>("label_smoothing") ?? 0;
  if (labelSmoothing === 0) return { loss: "ce", settings };
  return { loss: "label-smoothing-ce", settings: { ...settings, labelSmoothing } };
}

const robustCrossEntropy: PeerMapping = (parameters) => ({
  terms: [crossEntropy(parameters)],
  activation: "softmax",
  ignore: parameters.optional("ignore_index"),
});

const SMOOTHED_TOPK = `
  t = (1 - e) * y + e / class_count
  loss = top_mean(-classes_sum(t * log(p)), fraction)
`;

function topk(parameters: Parameters, golden: GoldenCase, ignore: number | undefined): PeerTerm {
  const { fraction, scale } = topkShare(golden, parameters.optional<number>("k") ?? 10, ignore);
  const classWeights = parameters.optional<number[]>("weight");
  const e = parameters.optional<number>("label_smoothing") ?? 0;
  if (e === 0) return { weight: scale, loss: "topk", settings: { ...NNUNET_CONVENTIONS, fraction, classWeights } };
  const settings = { classWeights, classWeighting: "factor", parameters: { e, fraction } };
  return { weight: scale, formula: SMOOTHED_TOPK, settings };
}

const topkLoss: PeerMapping = (parameters, golden) => {
  const ignore = parameters.optional<number>("ignore_index");
  return { terms: [topk(parameters, golden, ignore)], activation: "softmax", ignore };
};

/** The term with their weight of it in front of its own. */
const times = (weight: number, term: PeerTerm): PeerTerm => ({ ...term, weight: weight * (term.weight ?? 1) });

function diceOf(parameters: Parameters, golden: GoldenCase): PeerTerm {
  // SoftDiceLoss and MemoryEfficientSoftDiceLoss are one formula.
  parameters.unused("dice_class");
  return readNested(parameters, golden, "soft_dice_kwargs", diceTerm);
}

/** Dice plus a cross entropy of theirs, both without the voxels of `ignore_label`: our compound, unless options of one part would be those of both. */
const diceAnd =
  (
    compound: "dice-ce" | "dice-topk",
    part: "ce" | "topk",
    entropyTerm: (within: Parameters, golden: GoldenCase, ignore: number | undefined) => PeerTerm,
  ): PeerMapping =>
  (parameters, golden): PeerCall => {
    const ignore = parameters.optional<number>("ignore_label");
    const dice = times(parameters.number("weight_dice"), diceOf(parameters, golden));
    const entropy = times(
      parameters.number("weight_ce"),
      readNested(parameters, golden, "ce_kwargs", (within) => entropyTerm(within, golden, ignore)),
    );
    const alike = dice.loss === "dice" && entropy.loss === part && entropy.settings?.classWeights === undefined;
    if (!alike) return { terms: [dice, entropy], activation: "softmax", ignore };
    const { images, ...rest } = { ...entropy.settings, ...dice.settings };
    const settings = {
      ...rest,
      // Given, it would be that of both parts; left out, the convention has Dice per image and cross entropy over the batch.
      images: images === "each" ? undefined : images,
      diceWeight: dice.weight,
      [`${part}Weight`]: entropy.weight,
    };
    return { terms: [{ loss: compound, settings }], activation: "softmax", ignore };
  };

const diceAndBce: PeerMapping = (parameters, golden) => {
  const masked = parameters.boolean("use_ignore_label");
  const bce = readNested(parameters, golden, "bce_kwargs", () => ({
    loss: "bce",
    // Masked, theirs is a sum over channels and voxels over the number of voxels: a mean over voxels, summed over channels.
    settings: { ...NNUNET_CONVENTIONS, joinClasses: masked ? "sum" : "mean" },
  }));
  return {
    terms: [
      times(parameters.number("weight_dice"), diceOf(parameters, golden)),
      times(parameters.number("weight_ce"), bce),
    ],
    activation: "sigmoid",
    ...(masked ? withoutMask(golden) : {}),
  };
};

/** Their targets hold a channel more than there are regions: the last, 1 where a voxel does not count. */
function withoutMask({ shape, targets }: GoldenCase): { readonly targets: number[]; readonly weights: number[] } {
  const [images, channels, ...space] = shape;
  const voxels = space.reduce((product, extent) => product * extent, 1);
  const regions: number[] = [];
  const weights: number[] = [];
  for (let image = 0; image < images; image++) {
    const start = image * (channels + 1) * voxels;
    const mask = start + channels * voxels;
    regions.push(...targets.slice(start, mask));
    weights.push(...targets.slice(mask, mask + voxels).map((ignored) => 1 - ignored));
  }
  return { targets: regions, weights };
}

export const NNUNET: Readonly<Record<string, PeerMapping>> = {
  SoftDiceLoss: dice,
  MemoryEfficientSoftDiceLoss: dice,
  RobustCrossEntropyLoss: robustCrossEntropy,
  TopKLoss: topkLoss,
  DC_and_CE_loss: diceAnd("dice-ce", "ce", crossEntropy),
  DC_and_topk_loss: diceAnd("dice-topk", "topk", topk),
  DC_and_BCE_loss: diceAndBce,
};

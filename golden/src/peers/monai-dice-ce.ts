// MONAI's Dice and cross entropy (monai/losses/dice.py), whose second part is torch's.

import type { GoldenCase } from "../cases.js";
import { activation, channels, classWeights, conventions, joining, overlap, voxels } from "./monai-arguments.js";
import type { PeerMapping, PeerTerm } from "./peer-call.js";

export const diceCELoss: PeerMapping = (parameters, golden) => {
  parameters.unused("to_onehot_y");
  const { settings } = joining(parameters);
  const weight = parameters.optional<readonly number[]>("weight");
  const region = overlap(parameters, {
    conventions,
    ...settings,
    classWeights: classWeights(weight, true, golden),
  });
  const diceWeight = parameters.number("lambda_dice");
  const ceWeight = parameters.number("lambda_ce");
  const labelSmoothing = parameters.number("label_smoothing");
  const summed = parameters.optional("reduction") === "sum";
  const form = activation(parameters, golden);
  const dice = { ...region, weight: diceWeight };
  if (channels(golden) === 1) {
    // Torch's binary cross entropy, which no label smoothing of theirs reaches.
    const foregroundWeight = weight?.[0] ?? 1;
    const term = { loss: "weighted-bce", settings: { conventions, foregroundWeight } };
    const plain = foregroundWeight === 1 && !summed && region.loss === "dice" && diceWeight === 1 && ceWeight === 1;
    if (plain) return { activation: form, terms: [{ loss: "bce-dice", settings: region.settings }] };
    return { activation: form, terms: [dice, { ...term, weight: ceWeight * (summed ? allVoxels(golden) : 1) }] };
  }
  if (form === "sigmoid") throw new Error("DiceCELoss takes sigmoids in one part and a softmax in the other here");
  // Torch divides by the weights of the labels where targets are labels, and by the voxels where they are probabilities.
  const divides = golden.targetKind === "labels" && !summed;
  if (region.loss === "dice" && labelSmoothing === 0 && !summed && (divides || !weight)) {
    return { activation: form, terms: [{ loss: "dice-ce", settings: { ...region.settings, diceWeight, ceWeight } }] };
  }
  const ce: PeerTerm = {
    loss: labelSmoothing > 0 ? "label-smoothing-ce" : "ce",
    settings: {
      conventions,
      classWeights: weight,
      ...(divides ? {} : { classWeighting: "factor" }),
      ...(labelSmoothing > 0 ? { labelSmoothing } : {}),
    },
    weight: ceWeight * (summed ? allVoxels(golden) : 1),
  };
  return { activation: form, terms: [dice, ce] };
};

/** A sum of theirs adds up the cross entropy of all voxels of the batch. */
const allVoxels = (golden: GoldenCase) => golden.shape[0] * voxels(golden);

// MONAI's focal loss and its compounds (monai/losses/focal_loss.py, dice.py).

import type { GoldenCase } from "../cases.js";
import {
  activation,
  channels,
  classWeights,
  conventions,
  joining,
  overlap,
  type Settings,
  SMOOTHING,
} from "./monai-arguments.js";
import { generalisedDice } from "./monai-overlap.js";
import type { PeerMapping, PeerTerm } from "./peer-call.js";

/** Without alpha a voxel weighs 1 in both classes: twice ours with a half for each. */
function balance(alpha: number | undefined): { readonly foregroundWeight: number; readonly factor: number } {
  return alpha === undefined ? { foregroundWeight: 0.5, factor: 2 } : { foregroundWeight: alpha, factor: 1 };
}

/** Sigmoids of the raw output whatever the activation; with soft targets the focal factor is that of the logit times 2 y - 1. */
const SIGMOID_FOCAL = `
  balance = alpha * y + (1 - alpha) * (1 - y)
  loss = mean(balance * sigmoid(x * (1 - 2 * y))^gamma * (softplus(x) - x * y))
`;

/** As `SIGMOID_FOCAL`, a number for each class and voxel. */
function sigmoidFocal(golden: GoldenCase, alpha: number | undefined, gamma: number, settings: Settings): PeerTerm {
  const { foregroundWeight, factor } = balance(alpha);
  const { reduction } = settings;
  const given = { ...settings, ...(reduction === "none" ? { reduction: "voxels" } : {}) };
  if (golden.targetKind === "soft") {
    const parameters = { alpha: foregroundWeight, gamma };
    return {
      formula: SIGMOID_FOCAL,
      weight: factor,
      settings: { images: "each", classWeighting: "factor", ...given, parameters },
    };
  }
  return { loss: "focal", weight: factor, settings: { conventions, ...given, foregroundWeight, focus: gamma } };
}

export const focalLoss: PeerMapping = (parameters, golden) => {
  parameters.unused("to_onehot_y");
  const { background, settings } = joining(parameters);
  const alpha = parameters.optional<number>("alpha");
  const gamma = parameters.number("gamma");
  const weight = classWeights(parameters.optional("weight"), background, golden);
  if (!parameters.boolean("use_softmax")) {
    return {
      activation: "sigmoid",
      terms: [sigmoidFocal(golden, alpha, gamma, { ...settings, classWeights: weight })],
    };
  }
  const count = channels(golden);
  // Alpha is a weight of classes here: 1 - alpha of the background, alpha of all others. It is not used without the background.
  const byAlpha = Array.from({ length: count }, (_, c) =>
    alpha === undefined || !background ? 1 : c === 0 ? 1 - alpha : alpha,
  );
  const weights = byAlpha.map((factor, c) => factor * (weight?.[c] ?? 1));
  const { reduction } = settings;
  if (reduction === "none") {
    const perClass = { ...settings, reduction: "voxels", parameters: { gamma, weight: weights } };
    return {
      activation: "softmax",
      terms: [{ formula: "-mean(weight * y * (1 - p)^gamma * log(p))", settings: perClass }],
    };
  }
  // Their mean is one over the classes, too.
  const counted = background ? count : count - 1;
  return {
    activation: "softmax",
    terms: [
      {
        loss: "focal-softmax",
        weight: reduction === "sum" ? 1 : 1 / counted,
        settings: { conventions, ...settings, focus: gamma, classWeights: weights },
      },
    ],
  };
};

/** With reduction "none" the Dice loss of an image and class is added to each of its voxels. */
const DICE_FOCAL_BY_VOXEL = `
  Dice = 1 - (2 * sum(p * y) + s) / (sum(p) + sum(y) + s_d)
  balance = alpha * y + (1 - alpha) * (1 - y)
  Focal = balance * sigmoid(x * (1 - 2 * y))^gamma * (softplus(x) - x * y)
  loss = mean(w_dice * Dice + w_focal * Focal)
`;

export const diceFocalLoss: PeerMapping = (parameters, golden) => {
  parameters.unused("to_onehot_y");
  const { background, settings } = joining(parameters);
  const weight = classWeights(parameters.optional("weight"), background, golden);
  const region = overlap(parameters, { conventions, ...settings, classWeights: weight });
  const gamma = parameters.number("gamma");
  const { foregroundWeight, factor } = balance(parameters.optional("alpha"));
  const diceWeight = parameters.number("lambda_dice");
  const focalWeight = factor * parameters.number("lambda_focal");
  const form = activation(parameters, golden);
  if (form === "softmax") {
    return {
      activation: form,
      terms: [{ loss: "dice-focal-softmax", settings: { ...region.settings, diceWeight, focalWeight, focus: gamma } }],
    };
  }
  if (settings.reduction === "none") {
    if (region.loss !== "dice") throw new Error("reduction none is mapped for the plain Dice part only");
    const { images = "each", smooth: s = SMOOTHING, smoothDenominator: s_d = SMOOTHING } = region.settings ?? {};
    const values = { s, s_d, alpha: foregroundWeight, gamma, w_dice: diceWeight, w_focal: focalWeight };
    return {
      activation: form,
      terms: [
        { formula: DICE_FOCAL_BY_VOXEL, settings: { ...settings, reduction: "voxels", images, parameters: values } },
      ],
    };
  }
  if (region.loss === "dice") {
    const both = { ...region.settings, diceWeight, focalWeight, foregroundWeight, focus: gamma };
    return { activation: form, terms: [{ loss: "dice-focal", settings: both }] };
  }
  const focal = { conventions, ...settings, classWeights: weight, foregroundWeight, focus: gamma };
  return {
    activation: form,
    terms: [
      { ...region, weight: diceWeight },
      { loss: "focal", weight: focalWeight, settings: focal },
    ],
  };
};

export const generalizedDiceFocalLoss: PeerMapping = (parameters, golden) => {
  parameters.unused("to_onehot_y");
  const { background, settings } = joining(parameters);
  const region = generalisedDice(parameters, settings);
  const weight = classWeights(parameters.optional("weight"), background, golden);
  const gamma = parameters.number("gamma");
  const generalisedDiceWeight = parameters.number("lambda_gdl");
  const { foregroundWeight, factor } = balance(undefined);
  const focalWeight = factor * parameters.number("lambda_focal");
  const form = activation(parameters, golden);
  if (form === "softmax" || weight || parameters.boolean("batch")) {
    // The focal part takes the sigmoid of the logits whatever the other part takes, and the means of images one by one.
    return {
      activation: form,
      terms: [
        { ...region, weight: generalisedDiceWeight },
        {
          formula: SIGMOID_FOCAL,
          weight: focalWeight,
          settings: {
            images: "each",
            classWeighting: "factor",
            ...settings,
            classWeights: weight,
            parameters: { alpha: foregroundWeight, gamma },
          },
        },
      ],
    };
  }
  const both = { ...region.settings, generalisedDiceWeight, focalWeight, foregroundWeight, focus: gamma };
  return { activation: form, terms: [{ loss: "generalised-dice-focal", settings: both }] };
};

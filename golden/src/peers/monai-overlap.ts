// MONAI's overlap losses (monai/losses/dice.py, tversky.py).

import {
  activation,
  batch,
  classWeights,
  conventions,
  joining,
  overlap,
  type Settings,
  smoothing,
} from "./monai-arguments.js";
import type { Parameters, PeerMapping, PeerTerm } from "./peer-call.js";

export const diceLoss: PeerMapping = (parameters, golden) => {
  parameters.unused("to_onehot_y");
  const { background, settings } = joining(parameters);
  const weight = classWeights(parameters.optional("weight"), background, golden);
  return {
    activation: activation(parameters, golden),
    terms: [overlap(parameters, { conventions, ...settings, classWeights: weight })],
  };
};

const WEIGHT_POWERS: Readonly<Record<string, number>> = { square: 2, simple: 1, uniform: 0 };

/** Our generalised Dice with the true positives that are right for soft labels. */
const SOFT_GENERALISED_DICE = `
  Y = sum(y)
  rarest = classes_max(where(Y > 0, 1 / Y^k, 0))
  w = where(Y > 0, 1 / Y^k, rarest)
  TP = (sum(p) + Y - sum(abs(p - y))) / 2
  loss = 1 - (2 * classes_sum(w * TP) + s) / (classes_sum(w * (sum(p) + Y)) + s_d)
`;

export function generalisedDice(parameters: Parameters, settings: Settings): PeerTerm {
  const weightPower = WEIGHT_POWERS[parameters.optional<string>("w_type") ?? ""];
  if (weightPower === undefined) throw new Error("w_type is none of square, simple and uniform");
  if (parameters.optional<boolean>("soft_label")) {
    const [s, s_d] = [parameters.number("smooth_nr"), parameters.number("smooth_dr")];
    const images = parameters.boolean("batch") ? "together" : "each";
    return {
      formula: SOFT_GENERALISED_DICE,
      settings: { ...settings, images, parameters: { k: weightPower, s, s_d } },
    };
  }
  return {
    loss: "generalised-dice",
    settings: {
      conventions,
      ...settings,
      ...batch(parameters),
      ...smoothing(parameters),
      ...(weightPower === 2 ? {} : { weightPower }),
    },
  };
}

export const generalizedDiceLoss: PeerMapping = (parameters, golden) => {
  parameters.unused("to_onehot_y");
  const { settings } = joining(parameters);
  return { activation: activation(parameters, golden), terms: [generalisedDice(parameters, settings)] };
};

/** Weighting "GDL": true positives and errors of a class weigh one over its voxels and one, background included. */
const WASSERSTEIN_BY_VOLUME = `
  W = classes_sum(y * matmul(M, p))
  weight = classes_sum(y / (sum(y) + 1))
  loss = 1 - (2 * sum(weight * (1 - W)) + s) / (sum(weight * (2 - W)) + s_d)
`;

export const generalizedWassersteinDiceLoss: PeerMapping = (parameters) => {
  const matrix = parameters.optional<readonly (readonly number[])[]>("dist_matrix") ?? [];
  const largest = Math.max(...matrix.flat());
  const distances = matrix.map((row) => row.map((distance) => distance / largest));
  const reduction = parameters.optional<string>("reduction");
  const form = parameters.optional<string>("weighting_mode");
  if (form === "default") {
    return {
      activation: "softmax",
      terms: [
        {
          loss: "generalised-wasserstein-dice",
          settings: { conventions, distances, reduction, ...smoothing(parameters) },
        },
      ],
    };
  }
  const [s, s_d] = [parameters.number("smooth_nr"), parameters.number("smooth_dr")];
  const settings = { images: "each", reduction, parameters: { M: distances, s, s_d } };
  return { activation: "softmax", terms: [{ formula: WASSERSTEIN_BY_VOLUME, settings }] };
};

export const tverskyLoss: PeerMapping = (parameters, golden) => {
  parameters.unused("to_onehot_y");
  return {
    activation: activation(parameters, golden),
    terms: [
      {
        loss: parameters.boolean("soft_label") ? "compatible-tversky" : "tversky",
        settings: {
          conventions,
          ...joining(parameters).settings,
          ...batch(parameters),
          ...smoothing(parameters),
          falsePositiveWeight: parameters.number("alpha"),
          falseNegativeWeight: parameters.number("beta"),
        },
      },
    ],
  };
};

// MONAI's losses of distances and skeletons (monai/losses/hausdorff_loss.py, cldice.py).

import { activation, batch, channels, conventions, joining, type Settings } from "./monai-arguments.js";
import type { Parameters, PeerMapping } from "./peer-call.js";

function hausdorff(parameters: Parameters): Settings {
  parameters.unused("to_onehot_y");
  return { ...joining(parameters, false).settings, ...batch(parameters), exponent: parameters.number("alpha") };
}

export const hausdorffDTLoss: PeerMapping = (parameters, golden) => ({
  terms: [{ loss: "hausdorff-dt", settings: { conventions, ...hausdorff(parameters) } }],
  activation: activation(parameters, golden),
});

const logHausdorff = (join: "mean" | "sum") => `
  marked = p > 0.5
  d_p = distance(marked) + distance(1 - marked)
  d_y = distance(y) + distance(1 - y)
  HD = mean((p - y)^2 * (d_p^alpha + d_y^alpha))
  loss = log1p(images_${join}(classes_${join}(HD)))
`;

/** Theirs takes the logarithm of what the reduction leaves, ours of each image and class: one image of one class is both. */
export const logHausdorffDTLoss: PeerMapping = (parameters, golden) => {
  const { exponent: alpha, ...settings } = hausdorff(parameters);
  const form = activation(parameters, golden);
  const background = parameters.boolean("include_background");
  const images = settings.images === "together" ? 1 : golden.shape[0];
  const classes = background || channels(golden) === 1 ? channels(golden) : channels(golden) - 1;
  if (settings.reduction === "none" || images * classes === 1) {
    return {
      activation: form,
      terms: [{ loss: "log-hausdorff-dt", settings: { conventions, ...settings, exponent: alpha } }],
    };
  }
  const formula = logHausdorff(settings.reduction === "sum" ? "sum" : "mean");
  return {
    activation: form,
    terms: [
      {
        formula,
        settings: {
          classes: background ? "all" : "foreground",
          images: settings.images ?? "each",
          parameters: { alpha },
        },
      },
    ],
  };
};

export const softclDiceLoss: PeerMapping = (parameters) => ({
  activation: "none",
  terms: [
    {
      loss: "cldice",
      settings: { conventions, iterations: parameters.number("iter_"), smooth: parameters.number("smooth") },
    },
  ],
});

export const softDiceclDiceLoss: PeerMapping = (parameters) => {
  const cldiceWeight = parameters.number("alpha");
  return {
    activation: "none",
    terms: [
      {
        loss: "dice-cldice",
        settings: {
          conventions,
          iterations: parameters.number("iter_"),
          smooth: parameters.number("smooth"),
          diceWeight: 1 - cldiceWeight,
          cldiceWeight,
        },
      },
    ],
  };
};

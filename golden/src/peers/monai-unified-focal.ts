// MONAI's asymmetric focal losses (monai/losses/unified_focal_loss.py): of probabilities, whatever their docstrings say.

import { conventions } from "./monai-arguments.js";
import type { PeerMapping, PeerTerm } from "./peer-call.js";

/** Ours has the exponent 1 - gamma below 1 only: beyond, the loss grows without bound towards a perfect overlap. */
const LARGEST_FOCUS = 0.99;

const ASYMMETRIC_FOCAL_TVERSKY = `
  TP = sum(p * y)
  TI = (TP + s) / (TP + delta * sum((1 - p) * y) + (1 - delta) * sum(p * (1 - y)) + s)
  loss = classes_mean(where(class > 0, (1 - TI)^(1 - gamma), 1 - TI))
`;

function asymmetricFocalTversky(balance: number, focus: number): PeerTerm {
  if (focus <= LARGEST_FOCUS) {
    return { loss: "asymmetric-focal-tversky", settings: { conventions, balance, focus } };
  }
  const parameters = { delta: balance, gamma: focus, s: 1e-7 };
  return { formula: ASYMMETRIC_FOCAL_TVERSKY, settings: { images: "each", parameters } };
}

/** The clip of probabilities to [epsilon, 1 - epsilon] is as if it were not on probabilities that a network gives. */
const asymmetric = (term: (balance: number, focus: number) => PeerTerm): PeerMapping => {
  return (parameters) => {
    parameters.unused("to_onehot_y", "epsilon", "reduction");
    return { activation: "none", terms: [term(parameters.number("delta"), parameters.number("gamma"))] };
  };
};

const asymmetricFocal = (balance: number, focus: number): PeerTerm => ({
  loss: "asymmetric-focal",
  settings: { conventions, balance, focus },
});

export const asymmetricUnifiedFocalLoss: PeerMapping = (parameters) => {
  parameters.unused("to_onehot_y", "num_classes", "reduction");
  const [balance, focus] = [parameters.number("delta"), parameters.number("gamma")];
  const focalWeight = parameters.number("weight");
  const tverskyWeight = 1 - focalWeight;
  if (focus <= LARGEST_FOCUS) {
    const settings = { conventions, balance, focus, focalWeight, tverskyWeight };
    return { activation: "none", terms: [{ loss: "asymmetric-unified-focal", settings }] };
  }
  return {
    activation: "none",
    terms: [
      { ...asymmetricFocal(balance, focus), weight: focalWeight },
      { ...asymmetricFocalTversky(balance, focus), weight: tverskyWeight },
    ],
  };
};

export const asymmetricFocalLoss = asymmetric(asymmetricFocal);
export const asymmetricFocalTverskyLoss = asymmetric(asymmetricFocalTversky);

// What MONAI's classes are with us (monai/losses, tag 1.5.0).

import { conventions } from "./monai-arguments.js";
import { diceCELoss } from "./monai-dice-ce.js";
import { diceFocalLoss, focalLoss, generalizedDiceFocalLoss } from "./monai-focal.js";
import { diceLoss, generalizedDiceLoss, generalizedWassersteinDiceLoss, tverskyLoss } from "./monai-overlap.js";
import { hausdorffDTLoss, logHausdorffDTLoss, softclDiceLoss, softDiceclDiceLoss } from "./monai-shape.js";
import { asymmetricFocalLoss, asymmetricFocalTverskyLoss, asymmetricUnifiedFocalLoss } from "./monai-unified-focal.js";
import type { PeerMapping } from "./peer-call.js";

/** Torch's cross entropy, and the distance of the logits to the labels around. */
const naclLoss: PeerMapping = (parameters) => {
  parameters.unused("classes", "dim");
  if (parameters.number("kernel_size") !== 3) throw new Error("kernel_size is mapped for 3 only");
  const [kernel, distance] = [parameters.optional("kernel_ops"), parameters.optional("distance_type")];
  const [alpha, sigma] = [parameters.number("alpha"), parameters.number("sigma")];
  if (kernel === "mean" && distance === "l1") {
    return { activation: "softmax", terms: [{ loss: "nacl", settings: { conventions, penalty: alpha } }] };
  }
  const difference = kernel === "mean" ? "neighbour_mean(y) - x" : "gaussian_mean(y, sigma) - x";
  const penalty = distance === "l1" ? `abs(${difference})` : `(${difference})^2`;
  return {
    activation: "softmax",
    terms: [
      {
        formula: `-mean(classes_sum(y * log(p))) + alpha * mean(classes_mean(${penalty}))`,
        settings: { images: "each", parameters: kernel === "mean" ? { alpha } : { alpha, sigma } },
      },
    ],
  };
};

export const MONAI: Readonly<Record<string, PeerMapping>> = {
  DiceLoss: diceLoss,
  GeneralizedDiceLoss: generalizedDiceLoss,
  GeneralizedWassersteinDiceLoss: generalizedWassersteinDiceLoss,
  DiceCELoss: diceCELoss,
  DiceFocalLoss: diceFocalLoss,
  GeneralizedDiceFocalLoss: generalizedDiceFocalLoss,
  FocalLoss: focalLoss,
  TverskyLoss: tverskyLoss,
  HausdorffDTLoss: hausdorffDTLoss,
  LogHausdorffDTLoss: logHausdorffDTLoss,
  SoftclDiceLoss: softclDiceLoss,
  SoftDiceclDiceLoss: softDiceclDiceLoss,
  AsymmetricUnifiedFocalLoss: asymmetricUnifiedFocalLoss,
  AsymmetricFocalLoss: asymmetricFocalLoss,
  AsymmetricFocalTverskyLoss: asymmetricFocalTverskyLoss,
  NACLLoss: naclLoss,
};

// What the losses of segmentation_models.pytorch are with us.

import type { GoldenCase } from "../cases.js";
import type { Parameters, PeerCall, PeerMapping, PeerTerm } from "./peer-call.js";

type Mode = "binary" | "multiclass" | "multilabel";

const SMP_CONVENTIONS = { conventions: "smp" };

/** Their eps is a lower bound of denominators and of logarithms' arguments, far below both in a class that has a voxel; ours is 1e-7 too. */
const EPS = "eps";

function readActivation(parameters: Parameters, mode: Mode): PeerCall["activation"] {
  if (!parameters.boolean("from_logits")) return "none";
  return mode === "multiclass" ? "softmax" : "sigmoid";
}

/** Number of targets, and the share of them that their ignore_index leaves. */
function countTargets({ targets }: GoldenCase, ignore: number | undefined) {
  const valid = targets.filter((target) => target !== ignore).length;
  return { valid, share: valid / targets.length };
}

/** Settings that their Dice, Jaccard and Tversky losses have in common. */
function readScore(parameters: Parameters, smoothingScale: number): Record<string, unknown> {
  return {
    ...SMP_CONVENTIONS,
    smooth: smoothingScale * parameters.number("smooth"),
    classes: parameters.optional<number[]>("classes"),
    classWeights: parameters.optional<number[]>("class_weights"),
    form: parameters.boolean("log_loss") ? "log" : "complement",
  };
}

/** A mapping of a ratio of sums. Theirs takes min(p, y) for the product p·y, which is the same where targets are 0 or 1. */
const score =
  (hard: string, soft: string, smoothingScale: number): PeerMapping =>
  (parameters, { targetKind }) => {
    parameters.unused(EPS);
    return {
      terms: [{ loss: targetKind === "soft" ? soft : hard, settings: readScore(parameters, smoothingScale) }],
      activation: readActivation(parameters, parameters.optional("mode") as Mode),
      ignore: parameters.optional("ignore_index"),
    };
  };

/** The power of their focal form, taken after the mean over classes; a class without a true voxel counts 0 before it. */
const FOCAL_TVERSKY = `
  TP = sum(p * y)
  S = (TP + s) / (TP + alpha * sum(p * (1 - y)) + beta * sum((1 - p) * y) + s)
  loss = classes_mean(where(sum(y) > 0, 1 - S, 0))^gamma
`;

const tversky: PeerMapping = (parameters, golden) => {
  const [alpha, beta, gamma] = ["alpha", "beta", "gamma"].map((name) => parameters.number(name));
  const { terms, ...call } = score("tversky", "compatible-tversky", 1)(parameters, golden);
  const [{ loss, settings }] = terms;
  if (gamma === 1) {
    const weighted = { ...settings, falsePositiveWeight: alpha, falseNegativeWeight: beta };
    return { ...call, terms: [{ loss, settings: weighted }] };
  }
  if (golden.targetKind === "soft" || settings?.form === "log") {
    throw new Error("TverskyLoss with gamma is mapped for hard targets and without log_loss");
  }
  const { smooth: s, classes, classWeights } = settings as Record<string, unknown>;
  const power = { classes, classWeights, parameters: { alpha, beta, gamma, s } };
  return { ...call, terms: [{ formula: FOCAL_TVERSKY, settings: power }] };
};

/** Focal loss with any of balance, threshold and normalisation together; they differentiate through the divisor, our normalised-focal does not. */
const focalFormula = (reduced: boolean, normalised: boolean) => `
  right = y * p + (1 - y) * (1 - p)
  factor = ${reduced ? "where(right < t, 1, ((1 - right) / t)^gamma)" : "(1 - right)^gamma"}
  errors = -factor * (alpha * y * log(p) + (1 - alpha) * (1 - y) * log(1 - p))
  loss = ${normalised ? "sum(errors) / max(sum(factor), 1e-6)" : "mean(errors)"}
`;

/** Their FocalLoss takes one sigmoid per channel, in mode "multiclass" too. */
const focal: PeerMapping = (parameters, golden) => {
  const mode = parameters.optional("mode") as Mode;
  const ignore = parameters.optional<number>("ignore_index");
  const alpha = parameters.optional<number>("alpha");
  const threshold = parameters.optional<number>("reduced_threshold");
  const normalised = parameters.boolean("normalized");
  const reduction = parameters.optional<string>("reduction");
  const fromLogits = parameters.boolean("from_logits");
  const focus = parameters.number("gamma");
  const classWeights = parameters.optional<number[]>("class_weights");
  parameters.unused(EPS);
  if (reduction !== "mean" && reduction !== "sum") {
    throw new Error(`FocalLoss is not mapped with reduction ${reduction}`);
  }
  if (!fromLogits && mode === "multiclass") {
    throw new Error("FocalLoss is not mapped for probabilities of exclusive classes");
  }

  // The sum is one per class, whose mean over classes they take then.
  const voxels = countTargets(golden, ignore).valid / (mode === "multilabel" ? golden.shape[1] : 1);
  const scale = focalScale(normalised, reduction, voxels);
  const term = (loss: string, own: Record<string, unknown>, factor = 1): PeerTerm => {
    return { weight: scale * factor, loss, settings: { ...SMP_CONVENTIONS, focus, classWeights, ...own } };
  };
  // Without alpha both classes weigh 1: twice what 1/2 gives.
  const [foregroundWeight, factor] = alpha === undefined ? [0.5, 2] : [alpha, 1];
  const ours = (): PeerTerm => {
    if (threshold === undefined && !normalised) return term("focal", { foregroundWeight }, factor);
    if (alpha === undefined && !normalised) return term("reduced-focal", { threshold });
    const values = { gamma: focus, alpha: foregroundWeight, t: threshold ?? 1 };
    const formula = focalFormula(threshold !== undefined, normalised);
    return { weight: scale * factor, formula, settings: { classWeights, parameters: values } };
  };
  return { terms: [ours()], activation: fromLogits ? "sigmoid" : "none", ignore };
};

/** Theirs over ours, which is a mean, or normalised a sum over a sum: of that, their "mean" takes 1 / voxels once more. */
function focalScale(normalised: boolean, reduction: "mean" | "sum", voxels: number): number {
  if (normalised) return reduction === "mean" ? 1 / voxels : 1;
  return reduction === "mean" ? 1 : voxels;
}

const lovasz: PeerMapping = (parameters) => {
  const mode = parameters.optional("mode") as Mode;
  const images = parameters.boolean("per_image") ? "each" : "together";
  // It takes logits whatever this says.
  parameters.unused("from_logits");
  const ignore = parameters.optional<number>("ignore_index");
  if (mode === "multiclass") {
    return {
      terms: [{ loss: "lovasz-softmax", settings: { ...SMP_CONVENTIONS, images } }],
      activation: "softmax",
      ignore,
    };
  }
  // Labels of several channels are sorted all together.
  const settings = { ...SMP_CONVENTIONS, images, joinClasses: "pooled" };
  return { terms: [{ loss: "lovasz-hinge", settings }], activation: "sigmoid", ignore };
};

const mcc: PeerMapping = (parameters) => ({
  terms: [{ loss: "mcc", settings: { ...SMP_CONVENTIONS, smooth: parameters.number("eps") } }],
  activation: "none",
});

/**
 * Weight and reduction of their two soft cross entropies. Ignored voxels are 0 there and still count in the mean, which is ours times the share of
 * voxels that are not ignored.
 */
function readReduction(parameters: Parameters, golden: GoldenCase, ignore: number | undefined) {
  const reduction = parameters.optional<string>("reduction");
  const { valid, share } = countTargets(golden, ignore);
  if (reduction === "none") return { weight: 1, reduction: "voxels" };
  return { weight: reduction === "sum" ? valid : share, reduction: "mean" };
}

const softBce: PeerMapping = (parameters, golden) => {
  const ignore = parameters.optional<number>("ignore_index");
  const { weight, reduction } = readReduction(parameters, golden, ignore);
  const [factor, ...otherFactors] = parameters.optional<number[]>("weight") ?? [1];
  const [foregroundWeight, ...otherClasses] = parameters.optional<number[]>("pos_weight") ?? [1];
  if (otherFactors.length + otherClasses.length > 0) {
    throw new Error("SoftBCEWithLogitsLoss is mapped for weights of one number");
  }
  const settings = {
    ...SMP_CONVENTIONS,
    // One mean over voxels and channels, which may differ in what they ignore.
    joinClasses: "pooled",
    foregroundWeight,
    // Their share goes to the other class, ours to both alike.
    labelSmoothing: 2 * (parameters.optional<number>("smooth_factor") ?? 0),
    reduction,
  };
  return { terms: [{ weight: factor * weight, loss: "weighted-bce", settings }], activation: "sigmoid", ignore };
};

const softCe: PeerMapping = (parameters, golden) => {
  const ignore = parameters.optional<number>("ignore_index");
  const { weight, reduction } = readReduction(parameters, golden, ignore);
  parameters.unused("dim");
  const labelSmoothing = parameters.optional<number>("smooth_factor") ?? 0;
  return {
    terms: [{ weight, loss: "label-smoothing-ce", settings: { ...SMP_CONVENTIONS, labelSmoothing, reduction } }],
    activation: "softmax",
    ignore,
  };
};

export const SMP: Readonly<Record<string, PeerMapping>> = {
  // Their Dice is Tversky with weights of 1/2, so that its smoothing counts twice above and below.
  DiceLoss: score("dice", "dice-semimetric", 2),
  JaccardLoss: score("iou", "jaccard-metric", 1),
  TverskyLoss: tversky,
  FocalLoss: focal,
  LovaszLoss: lovasz,
  MCCLoss: mcc,
  SoftBCEWithLogitsLoss: softBce,
  SoftCrossEntropyLoss: softCe,
};

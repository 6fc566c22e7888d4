// What the losses of SegLossOdyssey are with us.

import type { GoldenCase } from "../cases.js";
import { readNested } from "./nested-parameters.js";
import type { Parameters, PeerMapping, PeerTerm } from "./peer-call.js";
import { DISTANCES } from "./segloss-distances.js";
import { DICE, diceOf, readActivation, readGroups, SCORES, scoreFormula, scoreParameters } from "./segloss-scores.js";
import { topkShare } from "./topk-share.js";

function crossEntropyTerm(parameters: Parameters): PeerTerm {
  const classWeights = parameters.optional<number[]>("weight");
  return { loss: "ce", settings: { images: "together", classWeights } };
}

const crossEntropy: PeerMapping = (parameters) => ({
  terms: [crossEntropyTerm(parameters)],
  activation: "softmax",
  ignore: parameters.optional("ignore_index"),
});

function topkTerm(parameters: Parameters, golden: GoldenCase, ignore: number | undefined): PeerTerm {
  const { fraction, scale } = topkShare(golden, parameters.optional<number>("k") ?? 10, ignore);
  const classWeights = parameters.optional<number[]>("weight");
  return {
    weight: scale,
    loss: "topk",
    settings: { images: "together", fraction, classWeights, classWeighting: "factor" },
  };
}

const topk: PeerMapping = (parameters, golden) => {
  const ignore = parameters.optional<number>("ignore_index");
  return { terms: [topkTerm(parameters, golden, ignore)], activation: "softmax", ignore };
};

const diceAnd =
  (read: (within: Parameters, golden: GoldenCase) => PeerTerm): PeerMapping =>
  (parameters, golden) => ({
    terms: [diceOf(parameters, golden), readNested(parameters, golden, "ce_kwargs", (within) => read(within, golden))],
    activation: "softmax",
  });

/** The power is on the Dice part only, after the mean over images and classes. */
const expLog: PeerMapping = (parameters, golden) => {
  const gamma = parameters.number("gamma");
  const dice = readNested(parameters, golden, "soft_dice_kwargs", (within): PeerTerm => {
    const formula = `
      ${scoreFormula(within.optional<boolean>("square") ?? false)}
      loss = (-log(max(images_mean(classes_mean(S)), 1e-6)))^gamma
    `;
    const score = scoreParameters(DICE, within.optional<number>("smooth") ?? 1);
    return { weight: 0.8, formula, settings: { ...readGroups(within), parameters: { ...score, gamma } } };
  });
  const entropy = readNested(parameters, golden, "wce_kwargs", crossEntropyTerm);
  return { terms: [dice, { ...entropy, weight: 0.2 }], activation: "softmax" };
};

/** Target and probability of the right class both carry `s`. */
const SMOOTHED_FOCAL = `
  t = clamp(y, s / (class_count - 1), 1 - s)
  right = classes_sum(t * p) + s
  errors = -classes_sum(alpha * y) * (1 - right)^gamma * log(right)
`;

const focal: PeerMapping = (parameters, golden) => {
  const { shape, targets } = golden;
  const classes = shape[1];
  const s = parameters.number("smooth");
  const focus = parameters.number("gamma");
  const alpha = classFactors(parameters, classes);
  const mean = parameters.boolean("size_average");
  const activation = readActivation(parameters);
  if (s === 0) {
    const settings = { images: "together", focus, classWeights: alpha, classWeighting: "factor" };
    return { terms: [{ weight: mean ? 1 : targets.length, loss: "focal-softmax", settings }], activation };
  }
  const formula = `${SMOOTHED_FOCAL}\nloss = ${mean ? "mean" : "sum"}(errors)`;
  const settings = { images: "together", parameters: { s, alpha, gamma: focus } };
  return { terms: [{ formula, settings }], activation };
};

/** One factor per class: 1, or from a list that is brought to sum 1, or from the factor of one class, whose rest all others have. */
function classFactors(parameters: Parameters, classes: number): readonly number[] {
  const alpha = parameters.optional<number | readonly number[]>("alpha");
  const balanced = parameters.number("balance_index");
  if (Array.isArray(alpha)) {
    const sum = alpha.reduce((a, b) => a + b, 0);
    return alpha.map((factor) => factor / sum);
  }
  const factor = (c: number) => {
    if (typeof alpha !== "number") return 1;
    return c === balanced ? alpha : 1 - alpha;
  };
  return Array.from({ length: classes }, (_, c) => factor(c));
}

const lovasz: PeerMapping = (parameters) => {
  const reduction = parameters.optional<string>("reduction");
  const settings = {
    images: "together",
    classes: "all",
    joinClasses: reduction === "sum" ? "sum" : "mean",
    reduction: reduction === "none" ? "none" : "mean",
  };
  return { terms: [{ loss: "lovasz-softmax", settings }], activation: "none" };
};

export const SEGLOSS: Readonly<Record<string, PeerMapping>> = {
  ...SCORES,
  ...DISTANCES,
  CrossentropyND: crossEntropy,
  WeightedCrossEntropyLoss: crossEntropy,
  // It computes distance weights and returns the plain mean.
  DisPenalizedCE: crossEntropy,
  TopKLoss: topk,
  FocalLoss: focal,
  LovaszSoftmax: lovasz,
  DC_and_CE_loss: diceAnd(crossEntropyTerm),
  DC_and_topk_loss: diceAnd((within, golden) => topkTerm(within, golden, undefined)),
  ExpLog_loss: expLog,
};

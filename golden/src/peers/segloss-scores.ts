// What SegLossOdyssey's losses that are ratios of sums are with us: Dice, IoU, Tversky and their relatives, and the generalised Dice losses.

import type { GoldenCase } from "../cases.js";
import { readNested } from "./nested-parameters.js";
import type { Parameters, PeerCall, PeerMapping, PeerTerm } from "./peer-call.js";

type Settings = Readonly<Record<string, unknown>>;

/** What most of their losses of a batch have: sums over each image or over the batch, with channel 0 or without. */
export function readGroups(parameters: Parameters): Settings {
  return {
    images: parameters.optional<boolean>("batch_dice") ? "together" : "each",
    classes: (parameters.optional<boolean>("do_bg") ?? true) ? "all" : "foreground",
  };
}

export const readActivation = (parameters: Parameters): PeerCall["activation"] =>
  parameters.optional<"softmax" | "sigmoid">("apply_nonlin") ?? "none";

/** A score of theirs: (m·TP + s) / (m·TP + a·FP + b·FN + s). */
interface Score {
  readonly loss: string;
  /** Weights of the true positives, of the false positives and of the false negatives. */
  readonly weights: readonly [m: number, a: number, b: number];
  /** Parameters of our loss beside its smoothing. */
  readonly settings?: Settings;
}

const tverskyScore = (alpha: number, beta: number): Score => ({
  loss: "tversky",
  weights: [1, alpha, beta],
  settings: { falsePositiveWeight: alpha, falseNegativeWeight: beta },
});

/** The score as a formula; `square` takes the square of p·y, p·(1 - y) and (1 - p)·y voxel by voxel. */
export const scoreFormula = (square: boolean) => {
  const sum = (e: string) => (square ? `sum((${e})^2)` : `sum(${e})`);
  return `
    TP = m * ${sum("p * y")}
    S = (TP + s) / (TP + a * ${sum("p * (1 - y)")} + b * ${sum("(1 - p) * y")} + s)
  `;
};

export const scoreParameters = ({ weights: [m, a, b] }: Score, s: number) => ({ m, a, b, s });

/** Their losses of a score, which are minus the score. */
function scoreTerm(parameters: Parameters, score: Score): PeerTerm {
  const groups = readGroups(parameters);
  const smooth = parameters.optional<number>("smooth") ?? 1;
  if (parameters.optional<boolean>("square")) {
    const settings = { ...groups, parameters: scoreParameters(score, smooth) };
    return { formula: `${scoreFormula(true)}\nloss = -S`, settings };
  }
  return { loss: score.loss, settings: { ...groups, ...score.settings, smooth, form: "negative" } };
}

const scoreLoss =
  (read: (parameters: Parameters) => Score): PeerMapping =>
  (parameters) => {
    parameters.unused("loss_mask_shape");
    return {
      terms: [scoreTerm(parameters, read(parameters))],
      activation: readActivation(parameters),
      weights: parameters.optional<number[]>("loss_mask"),
    };
  };

export const DICE: Score = { loss: "dice", weights: [2, 1, 1] };

export const diceOf = (parameters: Parameters, golden: GoldenCase): PeerTerm =>
  readNested(parameters, golden, "soft_dice_kwargs", (within) => scoreTerm(within, DICE));

function asymmetricScore(beta: number): Score {
  const missed = beta ** 2 / (1 + beta ** 2);
  return { loss: "asymmetric", weights: [1, 1 - missed, missed], settings: { beta } };
}

/** The power is taken after the mean over images and classes; the two weights are fixed in the class within. */
const focalTversky: PeerMapping = (parameters, golden) => {
  const gamma = parameters.number("gamma");
  return readNested(parameters, golden, "tversky_kwargs", (within) => {
    const score = scoreParameters(tverskyScore(0.3, 0.7), within.optional<number>("smooth") ?? 1);
    const formula = `
      ${scoreFormula(within.optional<boolean>("square") ?? false)}
      loss = images_mean(classes_mean(1 - S))^gamma
    `;
    const settings = { ...readGroups(within), parameters: { ...score, gamma } };
    return { terms: [{ formula, settings }], activation: readActivation(within) };
  });
};

/** r is the share of the part that they call specificity and that is the error on the foreground. */
const sensitivitySpecificity: PeerMapping = (parameters) => {
  parameters.unused("square");
  const settings = {
    ...readGroups(parameters),
    sensitivityShare: parameters.number("r"),
    smooth: parameters.number("smooth"),
  };
  return { terms: [{ loss: "sensitivity-specificity", settings }], activation: readActivation(parameters) };
};

/** Voxels of each class in each image, `[image][class]`. */
function classCounts({ shape, targetKind, targets }: GoldenCase): number[][] {
  const [images, classes, ...space] = shape;
  const voxels = space.reduce((product, extent) => product * extent, 1);
  const labels = targetKind === "labels";
  return Array.from({ length: images }, (_, image) =>
    Array.from({ length: classes }, (__, c) => {
      const start = labels ? image * voxels : (image * classes + c) * voxels;
      const own = targets.slice(start, start + voxels);
      return labels ? own.filter((label) => label === c).length : own.reduce((sum, y) => sum + y, 0);
    }),
  );
}

/** An absent class has the weight 1e20 there. */
const GENERALISED_DICE = `
  w = 1 / (sum(y) + 1e-10)^2
  G = 2 * (classes_sum(w * sum(p * y)) + s) / (classes_sum(w * (sum(p) + sum(y))) + s)
`;

const generalisedDice: PeerMapping = (parameters, golden) => {
  const smooth = parameters.number("smooth");
  const allPresent = classCounts(golden).every((counts) => counts.every((count) => count > 0));
  const term: PeerTerm = allPresent
    ? {
        loss: "generalised-dice",
        // Theirs doubles what it adds above.
        settings: { images: "each", smooth: 2 * smooth, smoothDenominator: smooth, form: "negative" },
      }
    : { formula: `${GENERALISED_DICE}\nloss = -G`, settings: { images: "each", parameters: { s: smooth } } };
  return { terms: [term], activation: readActivation(parameters) };
};

/** smooth is a lower bound of the squared volumes and of the denominator. */
const GENERALISED_DICE_V2 = `
  w = 1 / max(sum(y)^2, s)
  loss = -2 * classes_sum(w * sum(p * y)) / max(classes_sum(w * (sum(p) + sum(y))), s)
`;

const generalisedDiceV2: PeerMapping = (parameters, golden) => {
  const smooth = parameters.number("smooth");
  const images = classCounts(golden);
  const volumes = images[0].map((_, c) => images.reduce((sum, counts) => sum + counts[c], 0));
  // The part of the targets in the denominator, 1/volume for each class, keeps it above a small bound.
  const bounded = volumes.some((volume) => volume ** 2 < smooth) || sumOf(volumes.map((v) => 1 / v)) < smooth;
  const term: PeerTerm = bounded
    ? { formula: GENERALISED_DICE_V2, settings: { images: "together", parameters: { s: smooth } } }
    : { loss: "generalised-dice", settings: { images: "together", smooth: 0, form: "negative" } };
  return { terms: [term], activation: readActivation(parameters) };
};

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

/** g, the generalised Dice loss of the paper, is minus the score there. */
const penaltyGeneralisedDice: PeerMapping = (parameters, golden) => {
  const s = readNested(parameters, golden, "gdice_kwargs", (within) => within.optional<number>("smooth") ?? 1e-5);
  const formula = `
    ${GENERALISED_DICE}
    g = -images_mean(G)
    loss = g / (1 + k * (1 - g))
  `;
  const settings = { images: "each", parameters: { s, k: parameters.number("k") } };
  return { terms: [{ formula, settings }], activation: "softmax" };
};

/** Their losses that are ratios of sums over voxels. */
export const SCORES: Readonly<Record<string, PeerMapping>> = {
  SoftDiceLoss: scoreLoss(() => DICE),
  IoULoss: scoreLoss(() => ({ loss: "iou", weights: [1, 1, 1] })),
  TverskyLoss: scoreLoss((parameters) => tverskyScore(parameters.number("alpha"), parameters.number("beta"))),
  AsymLoss: scoreLoss((parameters) => asymmetricScore(parameters.number("beta"))),
  FocalTversky_loss: focalTversky,
  SSLoss: sensitivitySpecificity,
  GDiceLoss: generalisedDice,
  GDiceLossV2: generalisedDiceV2,
  PenaltyGDiceLoss: penaltyGeneralisedDice,
};

// What libraries and the page set differently from the papers, as data: one word gives a loss all the settings of one of them.

import type { TermOptions } from "../formula/options.js";

/** Defaults of parameters and options; what a caller gives goes before them. */
export interface Settings {
  readonly parameters?: Readonly<Record<string, number>>;
  readonly options?: TermOptions;
}

/** Settings of every loss that has such a parameter, then those of single losses by name, which go before. */
export interface Convention extends Settings {
  readonly losses: Readonly<Record<string, Settings>>;
}

export const CONVENTION_NAMES = ["monai", "smp", "nnunet", "keras", "page"] as const;
export type ConventionName = (typeof CONVENTION_NAMES)[number];

const each: TermOptions = { images: "each" };

/** nnU-Net's trainers leave the background out of the Dice part and return minus the score. */
const nnunetScore: Settings = { options: { classes: "foreground", form: "negative" } };
/** smp counts a class without true pixels with a loss of 0; its sums run over the batch. */
const smpScore: Settings = { options: { emptyMasks: "zero" } };
/** Torch's binary and categorical cross entropy: one mean over all voxels of the batch. */
const overAllVoxels: Settings = { options: { images: "together" } };

/** Losses that number the objects of each image, which none of these libraries has. */
const byObject: Readonly<Record<string, Settings>> = { blob: { options: each }, "component-dice": { options: each } };

export const CONVENTIONS: Readonly<Record<ConventionName, Convention>> = {
  // monai/losses: smooth_nr and smooth_dr 1e-5, sums per item (batch=False), class weights are factors.
  monai: {
    parameters: { smooth: 1e-5 },
    options: { ...each, classWeighting: "factor" },
    losses: {
      // torch's CrossEntropyLoss inside: a weighted mean over all voxels of the batch.
      ce: { options: { images: "together", classWeighting: "average" } },
      "label-smoothing-ce": { options: { images: "together", classWeighting: "average" } },
      bce: overAllVoxels,
      nacl: overAllVoxels,
      // Half of the smoothing: MONAI adds it to twice the Jaccard's numerator and denominator.
      iou: { parameters: { smooth: 5e-6 } },
      "jaccard-metric": { parameters: { smooth: 5e-6 } },
      "power-jaccard": { parameters: { smooth: 5e-6 } },
      cldice: {
        parameters: { smooth: 1 },
        options: { classes: "foreground", joinClasses: "pooled", images: "together" },
      },
      // The Dice part has the sums of its partner, which no Dice loss of MONAI has by itself.
      "dice-cldice": { options: { classes: "foreground", joinClasses: "pooled", images: "together" } },
      "asymmetric-focal-tversky": { parameters: { smooth: 1e-7 } },
      "hausdorff-dt": { options: { classes: "foreground" } },
      "log-hausdorff-dt": { options: { classes: "foreground" } },
    },
  },
  // segmentation_models_pytorch/losses: no smoothing, sums over the batch, a weighted mean over classes.
  smp: {
    parameters: { smooth: 0 },
    losses: {
      dice: smpScore,
      iou: smpScore,
      tversky: smpScore,
      "focal-tversky": smpScore,
      "log-dice": smpScore,
      // Its losses of soft labels are the same classes.
      "dice-semimetric": smpScore,
      "jaccard-metric": smpScore,
      "compatible-tversky": smpScore,
      // eps on each of the four counts.
      mcc: { parameters: { smooth: 1e-5 } },
      "lovasz-hinge": overAllVoxels,
    },
  },
  // nnunetv2/training: what its trainers pass on in 3D without a cascade; in 2D batch_dice is true: give images "together".
  nnunet: {
    parameters: { smooth: 1e-5, fraction: 0.1 },
    options: each,
    losses: {
      dice: nnunetScore,
      "dice-squared": nnunetScore,
      iou: nnunetScore,
      tversky: nnunetScore,
      ce: overAllVoxels,
      "label-smoothing-ce": overAllVoxels,
      bce: overAllVoxels,
      topk: { options: { images: "together", classWeighting: "factor" } },
    },
  },
  // keras.losses: one sum over everything (axis=None), epsilon 1e-7 in the denominator only.
  keras: {
    parameters: { smooth: 0, smoothDenominator: 1e-7 },
    options: { images: "together", joinClasses: "pooled" },
    losses: byObject,
  },
  // The page's PyTorch code: everything flattened into one sum, smooth 1.
  page: { parameters: { smooth: 1 }, options: { images: "together", joinClasses: "pooled" }, losses: byObject },
};

/** What a convention sets for one loss. */
export function conventionFor(name: ConventionName, loss: string): Required<Settings> {
  const { parameters, options, losses } = CONVENTIONS[name];
  const own = losses[loss] ?? {};
  return { parameters: { ...parameters, ...own.parameters }, options: { ...options, ...own.options } };
}

/** What a convention sets for a compound as a whole, before what it sets for its parts; nothing for most. */
export function compoundConvention(name: unknown, loss: string): Settings {
  const known = CONVENTION_NAMES.find((convention) => convention === name);
  return (known && CONVENTIONS[known].losses[loss]) ?? {};
}

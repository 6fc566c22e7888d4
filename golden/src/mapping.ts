// Which of our losses and metrics a golden name means, and where its parameters go: a table, no code per case.

/** A parameter of ours with the golden parameter that it is, or a fixed value. */
type Source = { readonly from: string } | { readonly value: unknown };

const from = (name: string): Source => ({ from: name });

export interface LossMapping {
  readonly kind: "loss";
  readonly loss: string;
  /** Our parameters and term options. */
  readonly settings: Readonly<Record<string, Source>>;
  /** Golden options that are booleans of another name here: value when true, value when false. */
  readonly choices?: Readonly<Record<string, { readonly of: string; readonly yes: unknown; readonly no: unknown }>>;
  /** The value of ignored targets. */
  readonly ignore?: Source;
  readonly activation?: "softmax";
  /** Golden parameters that the code does not use. */
  readonly unused?: readonly string[];
}

export interface MetricMapping {
  readonly kind: "metric";
  readonly metric: "iou" | "iouBinary";
}

const smooth = { smooth: from("smooth") };
const tverskyWeights = { falsePositiveWeight: from("alpha"), falseNegativeWeight: from("beta"), ...smooth };
const clipped = { clip: from("epsilon"), logOffset: from("log_epsilon") };
const perImage = { images: { of: "per_image", yes: "each", no: "together" } };

/** Losses and metrics of the page. */
export const MAPPING: Readonly<Record<string, LossMapping | MetricMapping>> = {
  dice: { kind: "loss", loss: "dice", settings: smooth },
  dice_bce: { kind: "loss", loss: "bce-dice", settings: smooth },
  iou: { kind: "loss", loss: "iou", settings: smooth },
  focal: {
    kind: "loss",
    loss: "focal-of-mean-bce",
    settings: { scale: from("alpha"), focus: from("gamma") },
    unused: ["smooth"],
  },
  tversky: { kind: "loss", loss: "tversky", settings: tverskyWeights },
  focal_tversky: {
    kind: "loss",
    loss: "focal-tversky-power",
    settings: { ...tverskyWeights, exponent: from("gamma") },
  },
  combo_seed: {
    kind: "loss",
    loss: "combo-negated",
    settings: { crossEntropyShare: from("CE_RATIO"), weight: from("ALPHA"), clip: from("eps"), ...smooth },
    unused: ["BETA", "alpha_arg", "beta_arg"],
  },
  combo_paper: {
    kind: "loss",
    loss: "combo",
    settings: { crossEntropyShare: from("alpha"), foregroundWeight: from("beta"), clip: from("eps"), ...smooth },
  },
  keras_dice: { kind: "loss", loss: "keras-dice", settings: smooth },
  keras_dice_bce: { kind: "loss", loss: "keras-bce-dice", settings: { ...smooth, ...clipped } },
  keras_iou: { kind: "loss", loss: "keras-iou", settings: smooth },
  keras_focal: {
    kind: "loss",
    loss: "keras-focal",
    settings: { scale: from("alpha"), focus: from("gamma"), ...clipped },
  },
  keras_tversky: { kind: "loss", loss: "keras-tversky", settings: tverskyWeights },
  keras_focal_tversky: {
    kind: "loss",
    loss: "keras-focal-tversky",
    settings: { ...tverskyWeights, exponent: from("gamma") },
  },
  lovasz_hinge: { kind: "loss", loss: "lovasz-hinge", settings: {}, choices: perImage, ignore: from("ignore") },
  lovasz_softmax: {
    kind: "loss",
    loss: "lovasz-softmax",
    settings: { classes: from("classes") },
    choices: perImage,
    ignore: from("ignore"),
  },
  stable_bce: { kind: "loss", loss: "bce", settings: {} },
  binary_xloss: { kind: "loss", loss: "bce", settings: {}, ignore: from("ignore") },
  // xloss ignores 255 whatever its argument says.
  xloss: {
    kind: "loss",
    loss: "ce",
    settings: {},
    ignore: { value: 255 },
    activation: "softmax",
    unused: ["ignore"],
  },
  iou_metric: { kind: "metric", metric: "iou" },
  iou_binary_metric: { kind: "metric", metric: "iouBinary" },
};

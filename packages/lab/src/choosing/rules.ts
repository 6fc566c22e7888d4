// The rules from answers to losses, as data. Reasons are from the papers, or from what the loss itself does; figures are those the authors give.

import type { QuestionKey } from "./questions.js";

/** Suggests a loss where every answer of `when` is given and no question of `unless` is answered yes. */
export interface Rule {
  /** The first is the question the rule is about; empty for a loss that is worth a try whatever the answers. */
  readonly when: Readonly<Partial<Record<QuestionKey, "yes" | "no">>>;
  readonly unless?: readonly QuestionKey[];
  /** As `losskit compare --loss` takes it; for one foreground class and for several. */
  readonly specification: string;
  readonly reason: string;
  /** Keys of REFERENCES that the reason rests on. */
  readonly references: readonly string[];
}

/** In order of preference: of the rules about one question the first comes first; rules about no question come last, the everyday choice first. */
export const RULES: readonly Rule[] = [
  {
    when: { thin: "yes" },
    specification: "dice-cldice",
    reason:
      "compares centre lines, so that a gap in a thin vessel costs as much as one in a thick vessel of its length",
    references: ["shit2021"],
  },
  {
    when: { thin: "yes" },
    specification: "dice-ce + skeleton-recall",
    reason:
      "keeps connections with a skeleton of the mask alone; its authors report over 90 % less overhead than losses that make one of the prediction",
    references: ["kirchhoff2024"],
  },
  {
    when: { instances: "yes" },
    specification: "dice-ce + blob",
    reason:
      "every object of the mask counts the same, large or small; its authors report higher F1 scores than with Dice on lesions and cells of five data sets",
    references: ["kofler2023"],
  },
  {
    when: { instances: "yes" },
    specification: "dice-ce + component-dice",
    reason:
      "one Dice per object, where a false alarm counts against the nearest object only; its authors find it better than blob loss over several data sets",
    references: ["bouteille2025"],
  },
  {
    when: { labels: "yes" },
    specification: "dice-semimetric",
    reason:
      "for soft labels: it is least where prediction and label agree, while Dice is least at p = 1 where the label is 0.3; its authors report better Dice and calibration",
    references: ["wang2023dml"],
  },
  {
    when: { labels: "yes" },
    specification: "gce",
    reason:
      "for wrong labels: between cross entropy and mean absolute error, so a voxel that disagrees for good stops pulling",
    references: ["zhang2018"],
  },
  {
    when: { labels: "yes" },
    specification: "noise-robust-dice + ce",
    reason:
      "for wrong labels, in a sum with cross entropy: between Dice and mean absolute error, made for pneumonia lesions whose masks are partly wrong",
    references: ["wang2020"],
  },
  {
    when: { boundary: "yes", unbalanced: "yes" },
    specification: "dice-boundary",
    reason:
      "adds the distance to the border, whatever the size of the object; in the Loss Odyssey second of 20 losses on liver tumours",
    references: ["kervadec2019", "ma2021"],
  },
  {
    when: { boundary: "yes" },
    specification: "dice-hausdorff",
    reason:
      "far errors cost most; its authors report 18 to 45 % less Hausdorff distance at the same Dice, and the Loss Odyssey, with parts of equal size, had it first on liver tumours",
    references: ["karimi2020", "ma2021"],
  },
  {
    when: { boundary: "yes" },
    specification: "dice-ce + generalised-surface",
    reason:
      "a boundary term from 0 to 1, so that it never outgrows its partner; its authors report the least Hausdorff and surface distances at the same Dice",
    references: ["celaya2023"],
  },
  {
    when: { unbalanced: "yes" },
    unless: ["labels"],
    specification: "asymmetric-unified-focal",
    reason:
      "quietens easy background and leaves rare foreground as it is; ahead of six other losses on all five data sets of its authors",
    references: ["yeung2022"],
  },
  {
    when: { unbalanced: "yes" },
    specification: "tversky:alpha=0.3;beta=0.7",
    reason: "a missed voxel costs more than a false alarm, which a rare class needs: two weights say by how much",
    references: ["salehi2017"],
  },
  {
    when: { small: "yes" },
    unless: ["labels"],
    specification: "dice-topk",
    reason:
      "cross entropy of the hardest voxels with Dice; steady on all four tasks of the Loss Odyssey, and first on liver tumours in its later setup",
    references: ["ma2021", "wu2016"],
  },
  {
    when: { small: "yes" },
    specification: "focal-tversky",
    reason:
      "keeps pulling where small lesions are half found; better than Tversky and Dice on both data sets of its authors",
    references: ["abraham2019"],
  },
  {
    when: { small: "yes" },
    specification: "region-size-ce",
    reason:
      "cross entropy that also gets the size right, without the bias of Dice to small regions; its authors find it no worse than Dice there",
    references: ["liu2022"],
  },
  {
    when: { unbalanced: "no", small: "no" },
    specification: "ce",
    reason:
      "balanced classes need no more: in the Loss Odyssey its Dice on the liver was within 0.002 of the best of 20 losses",
    references: ["ma2021"],
  },
  {
    when: {},
    specification: "dice-ce",
    reason:
      "the everyday choice and the one to beat: the default of nnU-Net; the Loss Odyssey finds such compounds the most robust",
    references: ["isensee2018", "ma2021"],
  },
  {
    when: {},
    unless: ["labels"],
    specification: "dice-focal-softmax",
    reason: "as that, with less weight on easy voxels; best on the pancreas and on several organs in the Loss Odyssey",
    references: ["zhu2019", "ma2021"],
  },
  {
    when: {},
    specification: "dice",
    reason: "the plain overlap, which does not count background: shows what the other part of a sum is good for",
    references: ["drozdzal2016", "milletari2016"],
  },
];

// Cases where another library is wrong by its own paper or documentation, so that ours is not held to its number: each with the source that says so.

import type { GoldenCase } from "./cases.js";
import { libraryAndClass } from "./peers/index.js";

export interface Disagreement {
  readonly library: string;
  /** Names of the classes there. */
  readonly classes: readonly string[];
  /** The cases it holds for, in words. */
  readonly when: string;
  /** Told by what a case is, never by its name, so that other files of cases are judged alike. */
  covers(golden: GoldenCase): boolean;
  /** What theirs does and what it should do. */
  readonly reason: string;
  /** Where that is written: a paragraph of catalogue.md or of golden/README.md. */
  readonly source: string;
}

const images = ({ shape }: GoldenCase) => shape[0];

export const DISAGREEMENTS: readonly Disagreement[] = [
  {
    library: "monai",
    classes: ["GeneralizedWassersteinDiceLoss"],
    when: "several images in the batch",
    covers: (golden) => images(golden) > 1,
    reason:
      "a missing squeeze broadcasts the weights of each image over the maps of all images; with one image the two agree",
    source: "catalogue L7",
  },
  {
    library: "monai",
    classes: ["FocalLoss"],
    when: "use_softmax without the background",
    covers: ({ params }) => params.use_softmax === true && params.include_background === false,
    reason: "drops channel 0 before the softmax, so that the probabilities of the other classes sum to 1 without it",
    source: "golden/README.md, Peers; catalogue C3",
  },
  {
    library: "monai",
    classes: ["DiceFocalLoss"],
    when: "softmax",
    covers: ({ params }) => params.softmax === true,
    reason: "its Dice part takes the softmax and its focal part one sigmoid per channel of the same logits",
    source: "golden/README.md, Peers",
  },
  {
    library: "segloss",
    classes: ["HausdorffERLoss"],
    when: "volumes",
    covers: ({ shape }) => shape.length === 5,
    reason:
      "its kernel of 3 x 1 x 3 x 3 spans the channels in place of an axis of space: errors are eroded slice by slice, with 5 of the 7 weights of the cross",
    source: "golden/README.md, Peers",
  },
];

/** The entry that covers a case. */
export function disagreementOn(golden: GoldenCase): Disagreement | undefined {
  const { library, name } = libraryAndClass(golden.loss);
  return DISAGREEMENTS.find(
    (entry) => entry.library === library && entry.classes.includes(name) && entry.covers(golden),
  );
}

// What is checked before the first trial, so that a mistake is found at once and nothing half-done is left.

import { median } from "d3-array";
import { LosskitError } from "losskit";
import { checkDataset } from "../datasets/check-dataset.js";
import type { Case, Dataset } from "../datasets/dataset.js";
import { LabError } from "../errors.js";
import { IGNORED } from "../training/batches.js";
import { chooseHead, describeHead, fieldsFor, type Head, possibleHeads } from "../training/head.js";
import type { SpecifiedLoss } from "./loss-specification.js";

/**
 * Refuses losses that cannot train the head, all of them in one error.
 *
 * @throws LabError INCOMPATIBLE_LOSS, or USAGE where two have the same label.
 */
export function checkLosses(losses: readonly SpecifiedLoss[], classes: readonly string[]): void {
  const labels = losses.map(({ label }) => label);
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice !== undefined) {
    throw new LabError(
      "USAGE",
      `the loss ${twice} is given more than once; name each loss once, and each formula differently`,
    );
  }
  const refusals = losses.flatMap(({ label, loss }) => {
    const choice = chooseHead(loss, classes);
    const reason = "refusal" in choice ? choice.refusal : refusalInUse(loss, choice.head);
    return reason === undefined ? [] : [`\n  ${label}: ${reason}`];
  });
  if (refusals.length === 0) return;
  const data = classes.length === 1 ? `one class, ${classes[0]}` : `${classes.length} classes, ${classes.join(", ")}`;
  throw new LabError(
    "INCOMPATIBLE_LOSS",
    `these losses cannot train a network for ${data} (${possibleHeads(classes).map(describeHead).join(", or ")}):` +
      `${refusals.join("")}\nleave them out of --losses and --loss; losskit list shows what else there is`,
  );
}

/** What only a call tells, such as class weights of the wrong number: one call on a few voxels that hold every class. */
function refusalInUse(loss: SpecifiedLoss["loss"], { channels, activation }: Head): string | undefined {
  const labelCount = channels === 1 ? 2 : channels;
  const extent = Math.ceil(Math.sqrt(labelCount + 1));
  const voxels = extent * extent;
  const labels = Uint8Array.from({ length: voxels }, (_, i) => i % labelCount);
  labels[labels.length - 1] = IGNORED;
  const image = Float32Array.from({ length: voxels }, (_, i) => i);
  const fields = fieldsFor(loss, image, { batch: 1, voxels });
  try {
    const shape = [1, channels, extent, extent];
    const call = { shape, activation, ignore: IGNORED, ...fields };
    loss.valueAndGradient(new Float32Array(channels * voxels), labels, call);
    return undefined;
  } catch (error) {
    if (!(error instanceof LosskitError)) throw error;
    // A formula that is not finite here may be elsewhere: its trials tell.
    return error.code === "NOT_FINITE" ? undefined : error.message;
  }
}

export interface CheckedCases {
  readonly regionOfInterest: boolean;
  /** Edge in pixels of a square with as many pixels as a training image (or slice), the median over the cases. */
  readonly typicalExtent: number;
}

/**
 * Reads every case once, so that all files that are missing, cut or of the wrong size are found before training.
 *
 * @param onCase called with the number of cases read so far and of all
 * @throws LabError of the file or of all such files, or EMPTY_DATASET where a split has no case.
 */
export async function checkCases(
  dataset: Dataset,
  onCase: (read: number, all: number) => void = () => {},
  signal?: AbortSignal,
): Promise<CheckedCases> {
  for (const split of ["train", "test"] as const) {
    if (dataset.splits[split].length > 0) continue;
    throw new LabError(
      "EMPTY_DATASET",
      `${dataset.name} has no cases to ${split}; it needs cases in both splits, train and test`,
    );
  }
  const train = new Set(dataset.splits.train);
  let regionOfInterest = false;
  const extents: number[] = [];
  let foreground = 0;
  await checkDataset(dataset, {
    signal,
    onCase(one, tried, all) {
      regionOfInterest ||= one.regionOfInterest !== undefined;
      if (train.has(one.id)) {
        const [height, width] = one.shape.slice(-2);
        extents.push(Math.sqrt(height * width));
        foreground += countForeground(one);
      }
      onCase(tried, all);
    },
  });
  if (foreground === 0) {
    throw new LabError(
      "BAD_DATASET",
      `no training case of ${dataset.name} has a voxel of ${dataset.classes.join(", ")}; there is nothing to learn: check the masks and --classes`,
    );
  }
  return { regionOfInterest, typicalExtent: median(extents) as number };
}

function countForeground({ labels, regionOfInterest }: Case): number {
  let count = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] !== 0 && regionOfInterest?.[i] !== 0) count++;
  return count;
}

// Predicted masks as files: label PNG for images, compressed NIfTI for volumes, in the form losskit reads masks.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Case } from "../datasets/dataset.js";
import { LabError } from "../errors.js";
import { readNifti, writeNifti } from "../volumes/nifti.js";
import { readPng, writePng } from "../volumes/png.js";
import { writeAtomically } from "./atomic-write.js";

/** White for the one class, so that a mask can be seen; with several, the class index is the grey value. */
const greyStep = (classCount: number): number => (classCount === 1 ? 255 : 1);

/** Case ids come from file names; a folder in one becomes part of the name. */
const fileName = (id: string): string => id.replaceAll(/[/\\:]/gu, "__");

const predictionPath = (folder: string, { id, shape }: Pick<Case, "id" | "shape">): string =>
  join(folder, `${fileName(id)}${shape.length === 2 ? ".png" : ".nii.gz"}`);

/**
 * Writes the predicted class index of every voxel of a case.
 *
 * A volume is written in the orientation it was read into (right, front, head), with its spacing and its first voxel as the
 * origin.
 *
 * @throws LabError WRITE_FAILED
 */
export async function writePrediction(
  folder: string,
  testCase: Case,
  prediction: Uint8Array,
  classCount: number,
): Promise<void> {
  const { shape, spacing } = testCase;
  const path = predictionPath(folder, testCase);
  if (shape.length === 3) return writeAtomically(path, writeNifti({ shape, spacing, data: prediction }));
  const [height, width] = shape;
  const data = prediction.map((label) => label * greyStep(classCount));
  return writeAtomically(path, writePng({ width, height, data }));
}

/**
 * Reads what `writePrediction` wrote.
 *
 * @throws LabError UNREADABLE_FILE
 */
export async function readPrediction(folder: string, testCase: Case, classCount: number): Promise<Uint8Array> {
  const { shape, labels } = testCase;
  const path = predictionPath(folder, testCase);
  const refuse = (problem: string, cause?: unknown) =>
    new LabError("UNREADABLE_FILE", `cannot read the prediction ${path}: ${problem}`, { cause });
  let bytes: Uint8Array;
  let grey: ArrayLike<number>;
  try {
    bytes = await readFile(path);
    grey = shape.length === 3 ? readNifti(bytes, path).data : readPng(bytes, path).data;
  } catch (error) {
    throw refuse((error as Error).message, error);
  }
  if (grey.length !== labels.length) throw refuse(`it has ${grey.length} voxels, the case ${labels.length}`);
  const step = shape.length === 3 ? 1 : greyStep(classCount);
  const prediction = Uint8Array.from(grey, (value) => value / step);
  const wrong = prediction.findIndex((label) => label > classCount);
  if (wrong >= 0) throw refuse(`voxel ${wrong} holds class ${prediction[wrong]}, beyond the ${classCount} of the data`);
  return prediction;
}

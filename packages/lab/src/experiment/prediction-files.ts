// Predicted masks as files: label PNG for images, compressed NIfTI for volumes, in the form losskit reads masks.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decode, encode } from "fast-png";
import type { Case } from "../datasets/dataset.js";
import { LabError } from "../errors.js";
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
 * @throws LabError WRITE_FAILED
 */
export async function writePrediction(
  folder: string,
  testCase: Case,
  prediction: Uint8Array,
  classCount: number,
): Promise<void> {
  const [height, width] = testCase.shape;
  const data = prediction.map((label) => label * greyStep(classCount));
  await writeAtomically(predictionPath(folder, testCase), encode({ width, height, data, channels: 1, depth: 8 }));
}

/**
 * Reads what `writePrediction` wrote.
 *
 * @throws LabError UNREADABLE_FILE
 */
export async function readPrediction(folder: string, testCase: Case, classCount: number): Promise<Uint8Array> {
  const path = predictionPath(folder, testCase);
  try {
    const { data } = decode(await readFile(path));
    if (data.length !== testCase.labels.length)
      throw new Error(`it has ${data.length} pixels, the case ${testCase.labels.length}`);
    return Uint8Array.from(data, (value) => value / greyStep(classCount));
  } catch (error) {
    throw new LabError("UNREADABLE_FILE", `cannot read the prediction ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

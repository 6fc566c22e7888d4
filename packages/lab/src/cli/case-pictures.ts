// Chooses the test cases that the report shows of each loss, and loads their images and predictions.

import type { Case, Dataset } from "../datasets/dataset.js";
import { predictionFolder, type Trial } from "../experiment/output-folder.js";
import { readPrediction } from "../experiment/prediction-files.js";
import type { CompareResult, TrialResult } from "../experiment/results.js";
import type { CasePicture } from "../report/case-picture.js";

/** A case of one trial to show, and why. */
export interface Choice {
  readonly loss: string;
  readonly seed: number;
  readonly case: string;
  readonly kind: CasePicture["kind"];
  /** Mean over the classes that can be scored. */
  readonly dice: number;
}

/**
 * Worst, median and best case of each loss, from its median trial: of the finished trials, the one whose mean Dice is in
 * the middle. Cases without a score (class neither there nor predicted) are left out, and no case is shown twice.
 */
export function chooseCases({ losses, trials }: CompareResult): Choice[] {
  return losses.flatMap(({ label }) => {
    const ranked = trials
      .filter(({ loss, status }) => loss === label && status === "finished")
      .map((trial) => ({ seed: trial.seed, cases: caseMeans(trial) }))
      .filter(({ cases }) => cases.length > 0)
      .sort((a, b) => mean(a.cases.map(({ dice }) => dice)) - mean(b.cases.map(({ dice }) => dice)));
    if (ranked.length === 0) return [];
    const { seed, cases } = ranked[Math.floor((ranked.length - 1) / 2)];
    cases.sort((a, b) => a.dice - b.dice);
    const kinds: [CasePicture["kind"], number][] = [
      ["worst", 0],
      ["median", Math.floor((cases.length - 1) / 2)],
      ["best", cases.length - 1],
    ];
    // With one case it is the median, with two the worst and the best.
    const taken = cases.length === 1 ? [kinds[1]] : cases.length === 2 ? [kinds[0], kinds[2]] : kinds;
    return taken.map(([kind, index]) => ({ loss: label, seed, kind, ...cases[index] }));
  });
}

function caseMeans({ cases }: TrialResult): { case: string; dice: number }[] {
  const byCase = new Map<string, number[]>();
  for (const { case: id, dice } of cases) {
    if (dice !== null) byCase.set(id, [...(byCase.get(id) ?? []), dice]);
  }
  return [...byCase].map(([id, scores]) => ({ case: id, dice: mean(scores) }));
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Loads the chosen cases: whole images, and of a volume the slice with the most wrong voxels. */
export async function loadPictures(
  result: CompareResult,
  trials: readonly Trial[],
  dataset: Dataset,
  out: string,
): Promise<CasePicture[]> {
  const pictures: CasePicture[] = [];
  for (const choice of chooseCases(result)) {
    const trial = trials.find(({ label, seed }) => label === choice.loss && seed === choice.seed);
    if (trial === undefined) continue;
    const testCase = await dataset.load(choice.case);
    const prediction = await readPrediction(predictionFolder(out, trial.name), testCase, dataset.classes.length);
    const shown = dataset.classes.length === 1 ? dataset.classes[0] : "all";
    pictures.push(makePicture(choice, shown, testCase, prediction));
  }
  return pictures;
}

function makePicture(choice: Choice, shownClass: string, testCase: Case, prediction: Uint8Array): CasePicture {
  const [height, width] = testCase.shape.slice(-2);
  const slice = testCase.shape.length === 3 ? sliceToShow(testCase, prediction) : 0;
  const size = height * width;
  // Volumes lie with the patient's left and back first; radiologists look from the feet, with the right on the left and the front above. Both axes
  // turned is the slice backwards.
  const asSeen = <A extends Uint8Array | Float32Array>(pixels: A): A =>
    testCase.shape.length === 3 ? (pixels.slice().reverse() as A) : pixels;
  const cut = (array: Uint8Array) => asSeen(array.subarray(slice * size, (slice + 1) * size));
  const channels = testCase.channels === 3 ? 3 : 1;
  const image = new Float32Array(channels * size);
  for (let channel = 0; channel < channels; channel++) {
    const start = channel * testCase.labels.length + slice * size;
    image.set(asSeen(testCase.image.subarray(start, start + size)), channel * size);
  }
  return {
    ...choice,
    class: shownClass,
    width,
    height,
    channels,
    image,
    reference: cut(testCase.labels),
    prediction: cut(prediction),
    ...(testCase.regionOfInterest && { regionOfInterest: cut(testCase.regionOfInterest) }),
  };
}

/** The slice with the most wrong voxels; of those with none, the one with the most foreground. */
export function sliceToShow({ shape, labels, regionOfInterest }: Case, prediction: Uint8Array): number {
  const [depth, height, width] = shape;
  const size = height * width;
  let best = { slice: 0, wrong: -1, foreground: -1 };
  for (let slice = 0; slice < depth; slice++) {
    let wrong = 0;
    let foreground = 0;
    for (let i = slice * size; i < (slice + 1) * size; i++) {
      if (regionOfInterest?.[i] === 0) continue;
      if (labels[i] !== prediction[i]) wrong++;
      if (labels[i] !== 0) foreground++;
    }
    if (wrong > best.wrong || (wrong === best.wrong && foreground > best.foreground))
      best = { slice, wrong, foreground };
  }
  return best.slice;
}

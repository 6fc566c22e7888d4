// Which cases the report shows, and what of them.

import { describe, expect, test } from "vitest";
import { chooseCases, loadPictures, sliceToShow } from "../../src/cli/case-pictures.js";
import type { Case, Dataset } from "../../src/datasets/dataset.js";
import { predictionFolder } from "../../src/experiment/output-folder.js";
import { writePrediction } from "../../src/experiment/prediction-files.js";
import type { CaseScore, CompareResult, TrialResult } from "../../src/experiment/results.js";
import { squareCase, squares, temporaryFolder } from "../experiment/fakes.js";

const score = (id: string, dice: number | null, name = "square"): CaseScore => ({
  case: id,
  class: name,
  truePositives: 1,
  falsePositives: 1,
  falseNegatives: 1,
  dice,
  iou: dice,
  sensitivity: dice,
  precision: dice,
});
const trial = (
  loss: string,
  seed: number,
  cases: CaseScore[],
  status: TrialResult["status"] = "finished",
): TrialResult => ({
  loss,
  seed,
  status,
  seconds: 1,
  curve: [],
  validation: [],
  cases,
});
const result = (...trials: TrialResult[]) =>
  ({ losses: [{ label: "dice" }, { label: "bce" }], trials }) as unknown as CompareResult;
const shown = (...trials: TrialResult[]) =>
  chooseCases(result(...trials)).map((one) => [one.loss, one.seed, one.kind, one.case]);

describe("choice", () => {
  test("worst, median and best of the median trial of each loss", () => {
    const spread = (shift: number) => [
      score("a", 0.5 + shift),
      score("b", 0.2 + shift),
      score("c", 0.8 + shift),
      score("d", 0.6 + shift),
    ];
    expect(shown(trial("dice", 1, spread(0.1)), trial("dice", 2, spread(0)), trial("dice", 3, spread(-0.1)))).toEqual([
      ["dice", 2, "worst", "b"],
      ["dice", 2, "median", "a"],
      ["dice", 2, "best", "c"],
    ]);
  });

  test("a case counts by the mean of its classes that have a score", () => {
    const cases = [
      score("a", 0.9, "x"),
      score("a", 0.1, "y"),
      score("b", 0.6, "x"),
      score("b", null, "y"),
      score("c", 0.7, "x"),
    ];
    const choices = chooseCases(result(trial("bce", 1, cases)));
    expect(choices.map(({ case: id, dice }) => [id, dice])).toEqual([
      ["a", 0.5],
      ["b", 0.6],
      ["c", 0.7],
    ]);
  });

  test("no case twice, and none without a score or of a trial that did not finish", () => {
    expect(shown(trial("dice", 1, [score("a", 0.5), score("b", null)]))).toEqual([["dice", 1, "median", "a"]]);
    expect(shown(trial("dice", 1, [score("a", 0.5), score("b", 0.4)]))).toEqual([
      ["dice", 1, "worst", "b"],
      ["dice", 1, "best", "a"],
    ]);
    expect(shown(trial("dice", 1, [score("a", null)]), trial("bce", 1, [score("a", 0.5)], "diverged"))).toEqual([]);
  });
});

describe("pictures", () => {
  const trials = [{ label: "dice", specification: "dice", seed: 1, name: "dice-seed1" }];

  test("of an image: itself, its reference and the prediction from its file", async () => {
    const out = await temporaryFolder();
    const testCase = squareCase("d", 0);
    const prediction = testCase.labels.map((label, i) => (i < 8 ? 0 : label));
    await writePrediction(predictionFolder(out, "dice-seed1"), testCase, prediction, 1);
    const pictures = await loadPictures(result(trial("dice", 1, [score("d", 0.5)])), trials, squares(), out);
    expect(pictures).toEqual([
      {
        loss: "dice",
        seed: 1,
        case: "d",
        class: "square",
        kind: "median",
        dice: 0.5,
        width: 8,
        height: 8,
        channels: 1,
        image: testCase.image,
        reference: testCase.labels,
        prediction,
      },
    ]);
  });

  const volume: Case = {
    id: "v",
    shape: [3, 2, 2],
    spacing: [1, 1, 1],
    channels: 1,
    image: Float32Array.from({ length: 12 }, (_, i) => i),
    labels: Uint8Array.of(1, 0, 0, 0, 2, 1, 0, 0, 1, 1, 1, 1),
    regionOfInterest: Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0),
  };

  test("of a volume: the slice with the most wrong voxels, else with the most foreground", () => {
    expect(sliceToShow(volume, volume.labels)).toBe(2);
    expect(sliceToShow(volume, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0))).toBe(1);
    // A wrong voxel outside the region of interest does not count.
    expect(
      sliceToShow({ ...volume, labels: new Uint8Array(12) }, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)),
    ).toBe(0);
  });

  test("of a volume with two classes: that slice of everything, for all classes", async () => {
    const out = await temporaryFolder();
    const dataset: Dataset = { ...squares(["x", "y"]), dimension: 3, load: async () => volume };
    const prediction = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0);
    await writePrediction(predictionFolder(out, "dice-seed1"), volume, prediction, 2);
    const [picture] = await loadPictures(result(trial("dice", 1, [score("v", 0.5)])), trials, dataset, out);
    expect(picture).toMatchObject({ class: "all", width: 2, height: 2 });
    // Turned by half, as radiologists look at it.
    expect([...picture.image]).toEqual([7, 6, 5, 4]);
    expect([...picture.reference]).toEqual([0, 0, 1, 2]);
    expect([...picture.prediction]).toEqual([0, 0, 0, 0]);
    expect([...(picture.regionOfInterest ?? [])]).toEqual([1, 1, 1, 1]);
  });
});

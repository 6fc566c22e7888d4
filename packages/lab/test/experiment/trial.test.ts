// One trial with a training that trains nothing: what it writes, scores and reports.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LosskitError } from "losskit";
import { describe, expect, test } from "vitest";
import type { Case, Dataset } from "../../src/datasets/dataset.js";
import { LabError } from "../../src/errors.js";
import { readPrediction, writePrediction } from "../../src/experiment/prediction-files.js";
import { scoreCase } from "../../src/experiment/score.js";
import { runTrial, type Train, type TrialRequest } from "../../src/experiment/trial.js";
import { fakeTrain, plan, squareCase, squares, temporaryFolder } from "./fakes.js";

const request = (out: string): TrialRequest => {
  const { seeds: _, ...settings } = plan().settings;
  return {
    trial: { label: "dice", specification: "dice", seed: 3, name: "dice-seed3" },
    data: plan().data,
    settings,
    out,
  };
};

test("predictions, model and record are written, and the record is what is returned", async () => {
  const out = await temporaryFolder();
  const steps: number[] = [];
  const result = await runTrial(request(out), squares(), fakeTrain, { onStep: (step) => steps.push(step) });
  expect(result).toMatchObject({ loss: "dice", seed: 3, status: "finished", validation: [{ step: 4, dice: 0.5 }] });
  expect(result.curve[0]).toEqual({ step: 1, loss: 1 / 3 });
  expect(steps).toEqual([1, 2, 3, 4]);
  // The square moved by one column of four: 3 of 4 columns are right.
  expect(result.cases.map(({ case: id, dice }) => [id, dice])).toEqual([
    ["d", 0.75],
    ["e", 0.75],
    ["f", 0.75],
  ]);
  expect(JSON.parse(await readFile(join(out, "trials", "dice-seed3.json"), "utf8"))).toEqual(result);
  expect([...(await readFile(join(out, "models", "dice-seed3.onnx")))]).toEqual([1, 2, 3]);
  expect((await readdir(join(out, "predictions", "dice-seed3"))).sort()).toEqual(["d.png", "e.png", "f.png"]);
});

test("the loss is made from the specification, and the seed is the trial's", async () => {
  const seen: unknown[] = [];
  const train: Train = (asked) => {
    const loss = typeof asked.loss === "function" ? asked.loss(asked.settings.steps - 1) : asked.loss;
    const [{ definition, weight }] = loss.terms;
    seen.push(definition.name, weight, asked.settings);
    return fakeTrain(asked);
  };
  await runTrial(request(await temporaryFolder()), squares(), train);
  expect(seen).toEqual([
    "dice",
    1,
    { steps: 4, batch: 2, crop: 8, peakRate: 0.004, baseChannels: 2, depth: 1, seed: 3 },
  ]);
  seen.length = 0;
  const { trial, ...rest } = request(await temporaryFolder());
  await runTrial({ ...rest, trial: { ...trial, specification: "linear(1,0.01)*dice" } }, squares(), train);
  expect(seen.slice(0, 2)).toEqual(["dice", 0.01]);
});

test.each([
  ["training diverges", new LabError("DIVERGED", "the loss is NaN at step 2")],
  ["the loss refuses logits that are not finite", new LosskitError("NOT_FINITE", "logits hold NaN")],
])("%s: a row with the curve so far, no model and no predictions", async (_, error) => {
  const out = await temporaryFolder();
  const train: Train = async ({ onStep }) => {
    onStep?.(1, 0.5);
    onStep?.(2, Number.NaN);
    throw error;
  };
  const result = await runTrial(request(out), squares(), train);
  expect(result).toMatchObject({
    status: "diverged",
    message: error.message,
    curve: [{ step: 1, loss: 0.5 }],
    cases: [],
  });
  expect(await readdir(out)).toEqual(["trials"]);
});

test.each([
  new LabError("UNREADABLE_FILE", "cut"),
  new LabError("INTERRUPTED", "stopped"),
  new LosskitError("SHAPE", "wrong"),
])("$code is no divergence, and nothing is written", async (error) => {
  const out = await temporaryFolder();
  const train: Train = () => Promise.reject(error);
  await expect(runTrial(request(out), squares(), train)).rejects.toBe(error);
  expect(await readdir(out)).toEqual([]);
});

test("a prediction that fails releases the model and leaves no record", async () => {
  const out = await temporaryFolder();
  let released = 0;
  const train: Train = async (asked) => ({
    ...(await fakeTrain(asked)),
    predict: () => Promise.reject(new Error("out of memory")),
    release: async () => void released++,
  });
  await expect(runTrial(request(out), squares(), train)).rejects.toThrow("out of memory");
  expect(released).toBe(1);
  expect(await readdir(out)).toEqual([]);
});

describe("scores", () => {
  test("of two classes, against counts by hand", () => {
    const labels = Uint8Array.of(0, 1, 1, 2, 2, 0);
    const prediction = Uint8Array.of(1, 1, 0, 2, 1, 0);
    const one = { id: "x", shape: [2, 3], spacing: [1, 1], channels: 1, image: new Float32Array(6), labels };
    const [first, second] = scoreCase(one, prediction, ["a", "b"]);
    expect(first).toEqual({
      case: "x",
      class: "a",
      truePositives: 1,
      falsePositives: 2,
      falseNegatives: 1,
      dice: 2 / 5,
      iou: 1 / 4,
      sensitivity: 1 / 2,
      precision: 1 / 3,
    });
    expect(second).toMatchObject({ class: "b", dice: 2 / 3, iou: 1 / 2, sensitivity: 1 / 2, precision: 1 });
  });

  test("only inside the region of interest, and null where there is nothing to score", () => {
    const one = squareCase("x", 2);
    const prediction = one.labels.slice();
    prediction[0] = 1;
    expect(scoreCase(one, prediction, ["square"])[0].falsePositives).toBe(1);
    const regionOfInterest = Uint8Array.from(one.labels, (_, i) => (i === 0 ? 0 : 1));
    expect(scoreCase({ ...one, regionOfInterest }, prediction, ["square"])[0]).toMatchObject({
      falsePositives: 0,
      dice: 1,
    });
    const empty = { ...one, labels: new Uint8Array(64) };
    expect(scoreCase(empty, new Uint8Array(64), ["square"])[0]).toMatchObject({
      dice: null,
      sensitivity: null,
      precision: null,
    });
  });
});

describe("predictions as files", () => {
  const volume: Case = {
    id: "case/1",
    shape: [2, 3, 4],
    spacing: [3, 2, 1],
    channels: 1,
    image: new Float32Array(24),
    labels: new Uint8Array(24),
  };

  test.each<[string, Case, number]>([
    ["one class", squareCase("a", 1), 1],
    ["three classes", squareCase("b", 1), 3],
    ["a volume", volume, 3],
  ])("%s comes back as written", async (_, testCase, classes) => {
    const folder = await temporaryFolder();
    const prediction = testCase.labels.map((_, i) => i % (classes + 1));
    await writePrediction(folder, testCase, prediction, classes);
    expect(await readPrediction(folder, testCase, classes)).toEqual(prediction);
  });

  test("one that is missing, or of another size, is a coded error", async () => {
    const folder = await temporaryFolder();
    const testCase = squareCase("a", 1);
    await expect(readPrediction(folder, testCase, 1)).rejects.toMatchObject({ code: "UNREADABLE_FILE" });
    await writePrediction(folder, { ...testCase, shape: [4, 4] }, new Uint8Array(16), 1);
    await expect(readPrediction(folder, testCase, 1)).rejects.toMatchObject({ message: /16 voxels, the case 64/u });
  });
});

test("a data set whose test case cannot be read ends the trial with that error", async () => {
  const broken: Dataset = { ...squares(), load: () => Promise.reject(new LabError("UNREADABLE_FILE", "d.png is cut")) };
  await expect(runTrial(request(await temporaryFolder()), broken, fakeTrain)).rejects.toThrow("d.png is cut");
});

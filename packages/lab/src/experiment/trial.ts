// One trial: train with one loss from one seed, predict the test cases, score them, and write all of it.

import { LosskitError } from "losskit";
import type { Dataset } from "../datasets/dataset.js";
import { LabError } from "../errors.js";
import type { TrainedModel, TrainRequest, TrainSettings } from "../training/train.js";
import { writeAtomically } from "./atomic-write.js";
import { parseLossSpecification } from "./loss-specification.js";
import { modelFile, predictionFolder, type Trial, trialFile } from "./output-folder.js";
import type { DataSource } from "./plan.js";
import { writePrediction } from "./prediction-files.js";
import type { CaseScore, TrialResult } from "./results.js";
import { scoreCase } from "./score.js";

/** A trial as plain data: what another process needs to run it. */
export interface TrialRequest {
  readonly trial: Trial;
  readonly data: DataSource;
  readonly settings: Omit<TrainSettings, "seed">;
  /** Output folder of the comparison. */
  readonly out: string;
}

export interface TrialHooks {
  /** Called after each training step, counted from 1. */
  readonly onStep?: (step: number) => void;
  readonly signal?: AbortSignal;
}

export type Train = (request: TrainRequest) => Promise<TrainedModel>;

/**
 * Runs one trial and writes predictions, model and, last, the record `trials/<name>.json`: where that file is, all of it is.
 *
 * A loss that stops being finite gives a result with status "diverged"; that is an answer, not an error.
 *
 * @throws LabError for data that cannot be read, WRITE_FAILED, INTERRUPTED.
 */
export async function runTrial(
  { trial, data: _, settings, out }: TrialRequest,
  dataset: Dataset,
  train: Train,
  { onStep, signal }: TrialHooks = {},
): Promise<TrialResult> {
  const started = performance.now();
  const curve: { step: number; loss: number }[] = [];
  const { loss, overSteps } = parseLossSpecification(trial.specification);
  const finish = async (rest: Pick<TrialResult, "status" | "message" | "curve" | "validation" | "cases">) => {
    const seconds = (performance.now() - started) / 1000;
    const result: TrialResult = { loss: trial.label, seed: trial.seed, seconds, ...rest };
    await writeTrial(out, trial, result);
    return result;
  };

  let model: TrainedModel;
  try {
    model = await train({
      dataset,
      loss: overSteps?.(settings.steps) ?? loss,
      settings: { ...settings, seed: trial.seed },
      signal,
      onStep(step, value) {
        if (Number.isFinite(value)) curve.push({ step, loss: value });
        onStep?.(step);
      },
    });
  } catch (error) {
    if (!isDivergence(error)) throw error;
    return finish({ status: "diverged", message: error.message, curve, validation: [], cases: [] });
  }
  try {
    const cases: CaseScore[] = [];
    for (const id of dataset.splits.test) {
      if (signal?.aborted) throw new LabError("INTERRUPTED", "stopped while predicting");
      const testCase = await dataset.load(id);
      const prediction = await model.predict(testCase);
      await writePrediction(predictionFolder(out, trial.name), testCase, prediction, dataset.classes.length);
      cases.push(...scoreCase(testCase, prediction, dataset.classes));
    }
    await writeAtomically(modelFile(out, trial.name), model.onnx);
    return await finish({ status: "finished", curve: model.curve, validation: model.validation, cases });
  } finally {
    await model.release();
  }
}

/** Writes the record of a trial, which marks it as done. */
export async function writeTrial(out: string, trial: Trial, result: TrialResult): Promise<void> {
  await writeAtomically(trialFile(out, trial.name), `${JSON.stringify(result, null, 1)}\n`);
}

function isDivergence(error: unknown): error is Error {
  return (
    (error instanceof LabError && error.code === "DIVERGED") ||
    // The loss itself refuses logits that are not finite.
    (error instanceof LosskitError && error.code === "NOT_FINITE")
  );
}

// Trains a U-Net with a loss: same first weights, batches and augmentation for every loss, given a seed.

import type { Loss } from "losskit";
import { LosskitError } from "losskit";
import { confusionCounts, diceScore } from "losskit/metrics";
import type { Case, Dataset } from "../datasets/dataset.js";
import { LabError } from "../errors.js";
import { createAdam } from "../onnx-training/adam.js";
import { randomStream } from "../random-stream.js";
import { createNetwork, initialParameters, type Network } from "./architecture.js";
import { createBatchSource, IGNORED } from "./batches.js";
import { inferenceGraph } from "./forward-graph.js";
import { chooseHead, fieldsFor } from "./head.js";
import { oneCycleRate } from "./one-cycle.js";
import { predictCase } from "./predict.js";
import { createSession, loadRuntime } from "./runtime.js";
import { createTrainableNetwork } from "./trainable-network.js";

export interface TrainSettings {
  readonly steps: number;
  /** Crops in a step. */
  readonly batch: number;
  /** Edge of a crop in pixels. */
  readonly crop: number;
  readonly seed: number;
  /** Largest learning rate. */
  readonly peakRate: number;
  /** Channels of the first level. */
  readonly baseChannels: number;
  /** Number of 2 × 2 poolings. */
  readonly depth: number;
}

export interface TrainRequest {
  readonly dataset: Dataset;
  /** The loss, or where it changes in training the loss of each step, counted from 0. */
  readonly loss: Loss | ((step: number) => Loss);
  readonly settings: TrainSettings;
  readonly onStep?: (step: number, loss: number) => void;
  readonly signal?: AbortSignal;
}

export interface TrainedModel {
  /** Training loss of every step, from step 1. */
  readonly curve: readonly { readonly step: number; readonly loss: number }[];
  /** Mean foreground Dice on the validation split, a few times during training; empty without such a split. */
  readonly validation: readonly { readonly step: number; readonly dice: number }[];
  /** Class index of every voxel of a case. */
  predict(testCase: Case): Promise<Uint8Array>;
  /** The network as one ONNX file: "image" in, "probabilities" out. */
  readonly onnx: Uint8Array;
  release(): Promise<void>;
}

/** How often the validation split is scored. */
const VALIDATIONS = 4;

/**
 * @throws LabError INCOMPATIBLE_LOSS before anything is trained, DIVERGED where loss, gradient or weights stop being finite,
 *   INTERRUPTED when the signal comes, BAD_DATASET without training cases
 */
export async function train(request: TrainRequest): Promise<TrainedModel> {
  const { dataset, loss, settings, onStep, signal } = request;
  const lossAt = typeof loss === "function" ? loss : () => loss;
  const choice = chooseHead(lossAt(0), dataset.classes);
  if ("refusal" in choice) throw new LabError("INCOMPATIBLE_LOSS", choice.refusal);
  const { head } = choice;
  if (settings.crop % 2 ** settings.depth !== 0) {
    throw new LabError(
      "USAGE",
      `The crop is ${settings.crop} pixels; with ${settings.depth} poolings it must be a multiple of ${2 ** settings.depth}.`,
    );
  }
  if (dataset.splits.train.length === 0) throw new LabError("BAD_DATASET", `${dataset.name} has no training cases.`);

  const network = createNetwork({
    inputChannels: dataset.channels,
    outputChannels: head.channels,
    baseChannels: settings.baseChannels,
    depth: settings.depth,
  });
  const cases = await loadAll(dataset, dataset.splits.train, signal);
  const held = await loadAll(dataset, dataset.splits.validation, signal);
  const nextBatch = createBatchSource(cases, settings, randomStream("batches", settings.seed));
  const parameters = initialParameters(network, randomStream("weights", settings.seed));
  const optimise = createAdam(network.parameterCount);
  const { batch, crop, steps, peakRate } = settings;
  const call = { shape: [batch, head.channels, crop, crop], activation: head.activation, ignore: IGNORED };

  const trainable = await createTrainableNetwork(network, settings);
  const curve: { step: number; loss: number }[] = [];
  const validation: { step: number; dice: number }[] = [];
  try {
    for (let step = 1; step <= steps; step++) {
      stopIfAsked(signal);
      const { image, labels } = nextBatch();
      const current = lossAt(step - 1);
      const fields = fieldsFor(current, image, { batch, voxels: crop * crop });
      const { value, gradient } = await trainable
        .lossAndGradient(parameters, image, (logits) =>
          current.valueAndGradient(logits, labels, { ...call, ...fields }),
        )
        .catch((error) => {
          // Logits that are not finite mean that the step before has ruined the weights.
          if (error instanceof LosskitError && error.code === "NOT_FINITE") throw divergence(step, error);
          throw error;
        });
      if (!Number.isFinite(value) || !allFinite(gradient)) throw divergence(step);
      optimise(parameters, gradient, oneCycleRate(step - 1, steps, peakRate));
      curve.push({ step, loss: value });
      onStep?.(step, value);
      if (held.length > 0 && isValidationStep(step, steps)) {
        const dice = await validationDice(network, parameters, crop, held, dataset.classes.length, signal);
        validation.push({ step, dice });
      }
    }
  } finally {
    await trainable.release();
  }
  if (!allFinite(parameters)) throw divergence(steps);
  const onnx = inferenceGraph(network, parameters);
  const runtime = await loadRuntime();
  const session = await createSession(runtime, onnx);
  return {
    curve,
    validation,
    onnx,
    predict: (testCase) => predictCase(runtime, session, network.shape, crop, testCase),
    release: () => session.release(),
  };
}

function divergence(step: number, cause?: unknown): LabError {
  return new LabError(
    "DIVERGED",
    `The training diverged at step ${step}: loss or weights are not finite any more. Try a lower --rate.`,
    { cause },
  );
}

function stopIfAsked(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new LabError("INTERRUPTED", "The training was stopped before its last step.");
}

/** One number that is not finite makes the sum so. */
const allFinite = (values: Float32Array) => Number.isFinite(values.reduce((sum, value) => sum + value, 0));

const isValidationStep = (step: number, steps: number) =>
  step === steps || step % Math.max(1, Math.floor(steps / VALIDATIONS)) === 0;

async function loadAll(dataset: Dataset, ids: readonly string[], signal: AbortSignal | undefined): Promise<Case[]> {
  const cases: Case[] = [];
  for (const id of ids) {
    stopIfAsked(signal);
    cases.push(await dataset.load(id));
  }
  return cases;
}

/** Mean over cases and classes of the Dice of the network as it is; a class in neither mask nor prediction is left out. */
async function validationDice(
  network: Network,
  parameters: Float32Array,
  crop: number,
  cases: readonly Case[],
  classes: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const runtime = await loadRuntime();
  const session = await createSession(runtime, inferenceGraph(network, parameters));
  const scores: number[] = [];
  try {
    for (const testCase of cases) {
      stopIfAsked(signal);
      const prediction = await predictCase(runtime, session, network.shape, crop, testCase);
      const counts = confusionCounts(testCase.labels, prediction, {
        classes: classes + 1,
        mask: testCase.regionOfInterest,
      });
      for (const count of counts.slice(1)) {
        const dice = diceScore(count);
        if (dice !== null) scores.push(dice);
      }
    }
  } finally {
    await session.release();
  }
  return scores.length > 0 ? scores.reduce((a, b) => a + b, 0) / scores.length : 1;
}

// Dice and IoU while a model of tfjs trains: as metrics of `compile`, and of a whole validation set.

import { LosskitError } from "../../errors.js";
import { show } from "../../formula/options.js";
import { type ConfusionCounts, confusionCounts, mergeCounts } from "../../metrics/confusion-counts.js";
import { meanOverClasses } from "../../metrics/multiclass.js";
import { diceScore, iouScore } from "../../metrics/overlap.js";
import { checkMaskOptions, inRows, type MaskOptions, predictedLabels, targetLabels } from "./hard-masks.js";
import type { Scalar, Tensor, TensorFlow } from "./tensorflow.js";

/** A metric for `model.compile({ metrics: [...] })`. Its name is the one that logs show. */
export type TfMetric = (yTrue: Tensor, yPred: Tensor) => Scalar;

/**
 * Mean over images of the Dice score, as "dice" in the logs: of the hard mask, or with several classes the mean over those classes, but class 0, that
 * are in the target or in the prediction. An image where neither has any scores 1.
 *
 * `fit` weighs batches by their images, so what it logs is the mean over the images of an epoch. That is not the Dice score of all voxels
 * together, in which large objects count more: for that see `tfSetScores`.
 *
 * @throws LosskitError OPTION for a threshold that is no probability
 */
export const tfDice = (tf: TensorFlow, options: MaskOptions = {}): TfMetric =>
  overlapMetric(tf, "dice", options, (both, sum) => tf.div(tf.mul(both, 2), sum));

/** The same of the IoU, as "iou" in the logs. */
export const tfIou = (tf: TensorFlow, options: MaskOptions = {}): TfMetric =>
  overlapMetric(tf, "iou", options, (both, sum) => tf.div(both, tf.sub(sum, both)));

/** @param score from the voxels in both masks and those of the one plus those of the other */
function overlapMetric(
  tf: TensorFlow,
  name: string,
  options: MaskOptions,
  score: (both: Tensor, sum: Tensor) => Tensor,
): TfMetric {
  checkMaskOptions(options);
  const metric: TfMetric = (yTrue, yPred) =>
    tf.tidy(() => {
      const rows = inRows(tf, yPred, options);
      const classes = rows.shape[2] ?? 1;
      /** `[batch, voxels, classes]` without the background. */
      const masks = (labels: Tensor) => {
        if (classes === 1) return tf.cast(tf.expandDims(labels, 2), "float32");
        const one = tf.cast(tf.oneHot(tf.cast(labels, "int32") as never, classes), "float32");
        return tf.slice(one, [0, 0, 1], [-1, -1, classes - 1]);
      };
      const predicted = masks(predictedLabels(tf, rows, options));
      const expected = masks(targetLabels(tf, inRows(tf, yTrue, options)));
      const both = tf.sum(tf.mul(predicted, expected), 1);
      const sum = tf.add(tf.sum(predicted, 1), tf.sum(expected, 1));
      const isThere = tf.cast(tf.greater(sum, 0), "float32");
      // Where a class is not there both counts are 0, and so is its score here, whatever it is divided by.
      const scores = score(both, tf.maximum(sum, 1));
      const number = tf.sum(isThere, 1);
      const ofImages = tf.where(
        tf.greater(number, 0),
        tf.div(tf.sum(scores, 1), tf.maximum(number, 1)),
        tf.onesLike(number),
      );
      return tf.mean(ofImages) as Scalar;
    });
  return Object.defineProperty(metric, "name", { value: name });
}

/** What `tfSetScores` asks of a model. */
export interface Predicts {
  predict(x: Tensor): Tensor | Tensor[];
}

/** Images and targets as two tensors, or batches of them: a `tf.data` dataset, or what has an iterator like its own. */
export type ValidationSet =
  | { readonly x: Tensor; readonly y: Tensor }
  | { iterator(): Promise<{ next(): Promise<{ readonly value: unknown; readonly done?: boolean }> }> };

export interface SetOptions extends MaskOptions {
  /** Images that go through the model at once, of a set given as two tensors; 8 where absent. */
  readonly batchSize?: number;
}

/**
 * Counts of right and wrong voxels over a whole set, exact however it is cut into batches: scores of all voxels together are `diceScore` and the other
 * functions of `losskit/metrics` of them.
 *
 * @returns one entry per class, background included; for one class its entry only
 * @throws LosskitError SHAPE, OPTION
 */
export async function tfSetCounts(
  tf: TensorFlow,
  model: Predicts,
  set: ValidationSet,
  options: SetOptions = {},
): Promise<ConfusionCounts[]> {
  checkMaskOptions(options);
  const parts: ConfusionCounts[][] = [];
  for await (const [x, y] of batches(tf, set, options)) {
    const [expected, predicted, classes] = tf.tidy(() => {
      const prediction = model.predict(x);
      if (Array.isArray(prediction)) {
        throw new LosskitError("SHAPE", `the model has ${prediction.length} outputs; give one that has one`);
      }
      const rows = inRows(tf, prediction, options);
      return [
        targetLabels(tf, inRows(tf, y, options)),
        predictedLabels(tf, rows, options),
        rows.shape[2] ?? 1,
      ] as const;
    });
    const labels = await Promise.all([expected.data(), predicted.data()]);
    tf.dispose([x, y, expected, predicted]);
    const counts = confusionCounts(...labels, { classes: Math.max(classes, 2) });
    parts.push(classes === 1 ? [counts[1]] : counts);
  }
  if (parts.length === 0) throw new LosskitError("SHAPE", "the validation set has no batch; give at least one image");
  return parts[0].map((_, label) => mergeCounts(parts.map((counts) => counts[label])));
}

/** Of `fit`'s callbacks, the one that `tfSetScores` is. */
export interface EpochCallback {
  onEpochEnd(epoch: number, logs?: Record<string, unknown>): Promise<void>;
}

/**
 * A callback for `model.fit(…, { callbacks: tfSetScores(tf, model, { x, y }) })`: after each epoch the Dice score and IoU of all voxels of the set
 * together, as "set_dice" and "set_iou" in the logs and the history. A mean of batches is not that, and depends on the size of batches.
 *
 * With several classes they are means over the classes, but class 0, that are in the target or the prediction; a score that no class has is not
 * logged.
 *
 * @throws LosskitError OPTION; later, and through `fit`, as `tfSetCounts` does
 */
export function tfSetScores(
  tf: TensorFlow,
  model: Predicts,
  set: ValidationSet,
  options: SetOptions = {},
): EpochCallback {
  checkMaskOptions(options);
  return {
    async onEpochEnd(_, logs = {}) {
      const counts = await tfSetCounts(tf, model, set, options);
      const foreground = counts.length === 1 ? counts : counts.slice(1);
      for (const [name, score] of [
        ["set_dice", diceScore],
        ["set_iou", iouScore],
      ] as const) {
        const { mean } = meanOverClasses(foreground, score);
        if (mean !== null) logs[name] = mean;
      }
    },
  };
}

async function* batches(
  tf: TensorFlow,
  set: ValidationSet,
  { batchSize = 8 }: SetOptions,
): AsyncGenerator<readonly [x: Tensor, y: Tensor]> {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new LosskitError("OPTION", `batchSize is ${show(batchSize)}; it is a whole number from 1`);
  }
  if ("x" in set) {
    const images = set.x.shape[0];
    if (set.y.shape[0] !== images) {
      throw new LosskitError("SHAPE", `x holds ${images} images and y ${set.y.shape[0]}; give a target for each image`);
    }
    for (let start = 0; start < images; start += batchSize) {
      const length = Math.min(batchSize, images - start);
      yield [slicedFrom(tf, set.x, start, length), slicedFrom(tf, set.y, start, length)];
    }
    return;
  }
  const iterator = await set.iterator();
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    const { xs, ys } = next.value as { readonly xs?: Tensor; readonly ys?: Tensor };
    if (!xs || !ys)
      throw new LosskitError("SHAPE", "a batch of the validation set is no { xs, ys }; give one tensor of each");
    yield [xs, ys];
  }
}

/** Images from one on. */
const slicedFrom = (tf: TensorFlow, tensor: Tensor, start: number, length: number): Tensor =>
  tf.slice(tensor, [start, ...tensor.shape.slice(1).map(() => 0)], [length, ...tensor.shape.slice(1)]);

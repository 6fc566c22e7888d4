// Hard masks and label maps from what a network gives, made on the caller's backend: what scores count.

import { LosskitError } from "../../errors.js";
import { type Activation, type Layout, show } from "../../formula/options.js";
import type { Tensor, TensorFlow } from "./tensorflow.js";

export interface MaskOptions {
  /** What the model gives, as in `tfLoss`: logits of "sigmoid" or "softmax", by default as the number of classes says; or "none" for probabilities. */
  readonly activation?: Activation;
  /** "channels-last" where absent. */
  readonly layout?: Layout;
  /** Probability from which a voxel of the only class is foreground; 0.5 where absent. Of several classes a voxel is of the likeliest. */
  readonly threshold?: number;
}

/** @throws LosskitError OPTION for a threshold that is no probability, and for classes that overlap */
export function checkMaskOptions({ threshold = 0.5 }: MaskOptions): void {
  if (threshold > 0 && threshold < 1) return;
  throw new LosskitError("OPTION", `threshold is ${show(threshold)}; it is a probability, above 0 and below 1`);
}

/** `[batch, voxels, classes]`, from either layout. */
export function inRows(tf: TensorFlow, tensor: Tensor, { layout = "channels-last" }: MaskOptions): Tensor {
  const shape: readonly number[] = tensor.shape;
  if (shape.length < 3) {
    throw new LosskitError(
      "SHAPE",
      `a tensor is ${show(shape)}; give [batch, ...space, classes], or classes before space with layout "channels-first"`,
    );
  }
  if (layout === "channels-last") return tf.reshape(tensor, [shape[0], -1, shape[shape.length - 1]]);
  return tf.transpose(tf.reshape(tensor, [shape[0], shape[1], -1]), [0, 2, 1]);
}

/** Whether each voxel of `[batch, voxels, 1]` is foreground; with several classes which is the likeliest, `[batch, voxels]`, int32. */
export function predictedLabels(tf: TensorFlow, rows: Tensor, { activation, threshold = 0.5 }: MaskOptions): Tensor {
  if ((rows.shape[2] ?? 1) > 1) return tf.argMax(rows, 2);
  const least = activation === "none" ? threshold : Math.log(threshold / (1 - threshold));
  return tf.cast(tf.greaterEqual(tf.squeeze(rows, [2]), least), "int32");
}

/** The same of a target: of a mask where it is above one half. */
export function targetLabels(tf: TensorFlow, rows: Tensor): Tensor {
  return (rows.shape[2] ?? 1) > 1 ? tf.argMax(rows, 2) : tf.cast(tf.greater(tf.squeeze(rows, [2]), 0.5), "int32");
}

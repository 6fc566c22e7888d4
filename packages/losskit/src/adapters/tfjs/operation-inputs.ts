// The inputs of a formula as tensors [images, voxels, classes] of tfjs: probabilities and their logarithms, target, weights; and the way back.

import { SMALLEST_PROBABILITY } from "../../backends/reference/inputs.js";
import type { InputName } from "../../formula/node.js";
import type { Activation } from "../../formula/options.js";
import type { Tensor, TensorFlow } from "./tensorflow.js";

/** Tensors of a call: all `[images, voxels, classes]`, with extent 1 for an axis that one does not vary over. */
export interface OperationCall {
  readonly logits: Tensor;
  readonly target: Tensor;
  readonly targetForm: "labels" | "channels";
  readonly weights: Tensor | undefined;
  readonly activation: Activation;
  readonly ignore: number | undefined;
  readonly classes: number;
}

/** A softmax's 1 - p that is smaller counts as this: a logarithm of -69, and quotients that are finite in float32. */
const SMALLEST_COMPLEMENT = 1e-30;

/** @returns a function that gives each input, made once */
export function createInputs(tf: TensorFlow, call: OperationCall): (name: InputName) => Tensor {
  const { logits: x, target, targetForm, weights, activation, ignore, classes } = call;
  const made = new Map<InputName, Tensor>();
  const input = (name: InputName): Tensor => {
    const known = made.get(name) ?? make[name]();
    made.set(name, known);
    return known;
  };
  const number = (condition: Tensor) => tf.cast(condition, "float32");
  const labelled = () =>
    classes === 1
      ? number(tf.equal(target, 1))
      : number(tf.oneHot(tf.squeeze(tf.cast(target, "int32"), [2]) as never, classes));
  /** log(1 + exp(-|x|)) */
  const tail = () => tf.log1p(tf.exp(tf.neg(tf.abs(x))));

  const sigmoid = {
    p: () => tf.sigmoid(x),
    q: () => tf.sigmoid(tf.neg(x)),
    logP: () => tf.sub(tf.minimum(x, 0), tail()),
    logQ: () => tf.sub(tf.neg(tf.maximum(x, 0)), tail()),
  };
  const softmax = {
    p: () => tf.softmax(x, 2),
    q: () => sumOfOthers(tf, input("p"), classes),
    logP: () => tf.logSoftmax(x, 2),
    logQ: () => tf.log(tf.maximum(input("q"), SMALLEST_COMPLEMENT)),
  };
  const given = {
    p: () => x,
    q: () => tf.sub(1, x),
    logP: () => tf.log(tf.maximum(x, SMALLEST_PROBABILITY)),
    logQ: () => {
      const least = tf.scalar(Math.log(SMALLEST_PROBABILITY));
      return tf.where(tf.less(input("q"), SMALLEST_PROBABILITY), least, tf.log1p(tf.neg(x)));
    },
  };
  const make: Readonly<Record<InputName, () => Tensor>> = {
    x: () => x,
    ...{ sigmoid, softmax, none: given }[activation],
    y: () => {
      const y = targetForm === "labels" ? labelled() : tf.cast(target, "float32");
      return ignore === undefined ? y : tf.where(tf.cast(input("valid"), "bool"), y, tf.zerosLike(y));
    },
    class: () => tf.reshape(tf.range(0, classes), [1, 1, classes]),
    valid: () => (ignore === undefined ? tf.onesLike(target) : number(tf.notEqual(target, ignore))),
    weight: () => {
      if (!weights) return input("valid");
      return ignore === undefined ? weights : tf.mul(weights, input("valid"));
    },
  };
  return input;
}

/** For each class the sum over the others: 1 - p of the likeliest class as a difference would have lost its digits. */
function sumOfOthers(tf: TensorFlow, of: Tensor, classes: number): Tensor {
  const others = tf.sub(1, tf.eye(classes));
  return tf.reshape(tf.matMul(tf.reshape(of, [-1, classes]) as never, others), of.shape);
}

/** Slopes of the loss along x, p, q, log p and log q; undefined for none. */
export type Slopes = readonly (Tensor | undefined)[];

/** The slope along the raw output; backends/reference/activation-gradient.ts derives the forms. */
export function slopeAlongLogits(
  tf: TensorFlow,
  { activation, classes }: OperationCall,
  [dx, dp, dq, dLogP, dLogQ]: Slopes,
  input: (name: InputName) => Tensor,
): Tensor {
  const parts: Tensor[] = dx ? [dx] : [];
  const along = dp && dq ? tf.sub(dp, dq) : (dp ?? (dq && tf.neg(dq)));
  const [p, q] = [() => input("p"), () => input("q")];
  if (activation === "softmax") {
    const products = [along && tf.mul(along, p()), dLogP].filter((part) => part !== undefined);
    if (products.length > 0) {
      // A slope that is the same for all classes is so many equal numbers.
      const slope = tf.add(products.reduce(tf.add), tf.zerosLike(p()));
      parts.push(tf.sub(tf.mul(slope, q()), tf.mul(p(), sumOfOthers(tf, slope, classes))));
    }
    if (dLogQ) {
      const times = tf.mul(dLogQ, p());
      const overQ = tf.div(times, tf.maximum(q(), SMALLEST_COMPLEMENT));
      parts.push(tf.sub(tf.mul(p(), sumOfOthers(tf, overQ, classes)), times));
    }
  } else if (activation === "sigmoid") {
    if (along) parts.push(tf.mul(tf.mul(along, p()), q()));
    if (dLogP) parts.push(tf.mul(dLogP, q()));
    if (dLogQ) parts.push(tf.neg(tf.mul(dLogQ, p())));
  } else {
    if (along) parts.push(along);
    if (dLogP) parts.push(tf.div(dLogP, tf.maximum(p(), SMALLEST_PROBABILITY)));
    if (dLogQ) parts.push(tf.neg(tf.div(dLogQ, tf.maximum(q(), SMALLEST_PROBABILITY))));
  }
  // Of the shape of the logits, also where the slope is the same everywhere, or 0.
  return tf.add(tf.zerosLike(input("x")), parts.length > 0 ? parts.reduce(tf.add) : 0);
}

// A losskit loss as the function of (yTrue, yPred) that TensorFlow.js trains with.

import type { NamedTensorMap } from "@tensorflow/tfjs-core";
import { LosskitError, nearest } from "../../errors.js";
import { type CallOptions, type FloatArray, type Layout, show, type Target } from "../../formula/options.js";
import type { Loss } from "../../losses/loss.js";
import { type Compute, onArrays } from "./arrays.js";
import { type Evaluate, runKernel, WITHOUT_COPIES } from "./kernel.js";
import { byOperations, type OperationOptions, operationsRefusal } from "./operations.js";
import { looksLikeProbabilities } from "./probabilities.js";
import type { Scalar, Tensor, TensorFlow } from "./tensorflow.js";

export interface TfLossOptions extends Pick<CallOptions, "ignore" | "spacing" | "threads"> {
  /**
   * What `yPred` holds: logits, that become probabilities by "sigmoid" (the default for one class) or "softmax" (the default for several), or
   * probabilities, "none", where the model ends in an activation of its own. Better let it end without: from logits no digits are lost.
   */
  readonly activation?: CallOptions["activation"];
  /** "channels-last", `[batch, ...space, classes]`, where absent: the layout of tfjs. */
  readonly layout?: Layout;
  /**
   * "arrays" for losskit's own kernels, "operations" for those of tfjs, "auto" (the default) for the first on the backends "cpu" and "wasm", which need
   * no copy for it, and elsewhere for the second where the loss can be written in them.
   */
  readonly compute?: "auto" | "arrays" | "operations";
}

/** What a custom loop can give besides, and `compile` cannot. */
export interface TfLossInputs {
  /** Weight of each voxel, `[batch, ...space]`, not negative. */
  readonly weights?: Tensor;
  /** Arrays that the loss names, `[batch, ...space]` or of the shape of `yPred`. */
  readonly fields?: Readonly<Record<string, Tensor>>;
}

/**
 * @param yTrue of the shape of `yPred`: a mask, or one number per class; in a custom loop also a label map `[batch, ...space]` of dtype int32
 * @param yPred `[batch, ...space, classes]` (or channels first) of dtype float32, with 1 to 3 axes of space
 */
export type TfLoss = (yTrue: Tensor, yPred: Tensor, inputs?: TfLossInputs) => Scalar;

/** Options, and what each of them may be where it is a word. */
const OPTIONS: Readonly<Record<keyof TfLossOptions, readonly string[] | undefined>> = {
  activation: ["sigmoid", "softmax", "none"],
  layout: ["channels-first", "channels-last"],
  compute: ["auto", "arrays", "operations"],
  ignore: undefined,
  spacing: undefined,
  threads: undefined,
};
/** Before the name of a field among the inputs of the kernel. */
const FIELD = "field:";
/** Reading at once is what it cannot do: some browsers lose the device by it. */
const WITHOUT_READING = "webgpu";

/**
 * A loss for `model.compile({ loss: tfLoss(tf, dice()) })`, and for custom loops. Its gradient is losskit's own, along `yPred` only.
 *
 * @param tf the caller's own namespace, so that no second TensorFlow.js is loaded; its backend may change between calls
 * @param loss or a function that gives it, for a loss that changes in training: `tfLoss(tf, () => lossAt(epoch))`
 * @throws LosskitError OPTION for an unknown option. The function throws as `Loss.valueAndGradient` does, but in operations looks at no values;
 *   SHAPE and ARRAY where `yTrue` and `yPred` do not fit; UNSUPPORTED on a backend that cannot compute the loss
 */
export function tfLoss(tf: TensorFlow, loss: Loss | (() => Loss), options: TfLossOptions = {}): TfLoss {
  checkOptions(options);
  const current = typeof loss === "function" ? loss : () => loss;
  let isFirst = true;

  return (yTrue, yPred, others = {}) => {
    const shapes = readShapes(yTrue, yPred, options.layout ?? "channels-last");
    if (isFirst && options.activation === undefined && tf.getBackend() !== WITHOUT_READING) {
      warnOfProbabilities(yPred, shapes);
    }
    isFirst = false;
    const { weights, fields = {} } = others;
    const inputs: NamedTensorMap = { ...(weights && { weights }) };
    for (const [name, field] of Object.entries(fields)) inputs[FIELD + name] = field;
    const evaluate = evaluation(tf, current(), shapes, options, others);
    return runKernel(tf, { ...inputs, logits: yPred, target: yTrue }, evaluate);
  };
}

/** The way of computing that the options and the backend in use ask for. */
function evaluation(
  tf: TensorFlow,
  loss: Loss,
  shapes: Shapes,
  options: TfLossOptions,
  others: TfLossInputs,
): Evaluate {
  const { compute = "auto", activation = shapes.classes === 1 ? "sigmoid" : "softmax", ...call } = options;
  const backend = tf.getBackend();
  const { classes, layout } = shapes;
  const arrays = () =>
    onArrays(computeOf(loss, { ...call, activation }, shapes), { images: shapes.shape[0], classes, layout });
  if (compute === "arrays" || (compute === "auto" && WITHOUT_COPIES.includes(backend))) return arrays();
  const asked: OperationOptions = {
    ...shapes,
    activation,
    ignore: options.ignore,
    weighted: others.weights !== undefined,
  };
  const refused = operationsRefusal(loss, asked);
  if (refused === undefined) return byOperations(tf, loss, asked, FIELD);
  if (compute === "auto" && backend !== WITHOUT_READING) return arrays();
  const name = loss.terms.map(({ definition }) => definition.title).join(" + ");
  throw new LosskitError(
    "UNSUPPORTED",
    `${name} cannot be written in operations of TensorFlow.js: ${refused}${backend === WITHOUT_READING ? `, and the arrays of the backend "${WITHOUT_READING}" cannot be read at once; use another backend` : '; leave out compute: "operations"'}`,
  );
}

/** The call of a loss on the arrays of a kernel. */
function computeOf(loss: Loss, call: Omit<CallOptions, "shape" | "layout">, shapes: Shapes): Compute {
  const { shape } = shapes;
  const channelsFirst = shapes.layout === "channels-first" ? shape : [shape[0], shapes.classes, ...shape.slice(1, -1)];
  return ({ logits, target, weights, ...rest }, layout, gradient) => {
    const fields = Object.fromEntries(
      Object.entries(rest).map(([name, array]) => [name.slice(FIELD.length), array as FloatArray]),
    );
    const form = layout === "channels-first" ? channelsFirst : shape;
    const options = { ...call, shape: form, layout, weights: weights as FloatArray, fields, gradient };
    return gradient
      ? loss.valueAndGradient(logits as Float32Array, target as Target, options).value
      : loss.value(logits as Float32Array, target as Target, options);
  };
}

function checkOptions(options: TfLossOptions): void {
  const names = Object.keys(OPTIONS);
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) {
      const similar = nearest(name, names);
      throw new LosskitError(
        "OPTION",
        `tfLoss has no option ${name}; ${similar ? `did you mean ${similar}?` : `it takes ${names.join(", ")}; options of a loss go to its factory`}`,
      );
    }
    const words = OPTIONS[name as keyof TfLossOptions];
    if (words && value !== undefined && !words.includes(value as string)) {
      throw new LosskitError("OPTION", `${name} is ${show(value)}; it may be ${words.map(show).join(", ")}`);
    }
  }
}

/** What the shapes of both tensors say. */
type Shapes = Pick<OperationOptions, "shape" | "layout" | "targetForm"> & { readonly classes: number };

function readShapes(yTrue: Tensor, yPred: Tensor, layout: Layout): Shapes {
  const shape: readonly number[] = yPred.shape;
  if (yPred.dtype !== "float32") {
    throw new LosskitError("ARRAY", `yPred is of dtype ${yPred.dtype}; give the output of the network as float32`);
  }
  const isLast = layout === "channels-last";
  if (shape.length < 3 || shape.length > 5) {
    const form = isLast ? "[batch, ...space, classes]" : "[batch, classes, ...space]";
    throw new LosskitError(
      "SHAPE",
      `yPred is ${show(shape)}; with layout "${layout}" it is ${form}, with 1 to 3 axes of space`,
    );
  }
  const classes = isLast ? shape[shape.length - 1] : shape[1];
  const same = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((n, i) => n === b[i]);
  if (same(yTrue.shape, shape)) return { shape, layout, classes, targetForm: "channels" };
  const space = isLast ? shape.slice(1, -1) : shape.slice(2);
  const voxels = [shape[0], ...space];
  const withOne = isLast ? [...voxels, 1] : [shape[0], 1, ...space];
  if (!same(yTrue.shape, voxels) && !same(yTrue.shape, withOne)) {
    throw new LosskitError(
      "SHAPE",
      `yTrue is ${show(yTrue.shape)} and yPred ${show(shape)}; give yTrue in the shape of yPred, or as a label map ${show(voxels)} of dtype int32`,
    );
  }
  if (yTrue.dtype === "float32" && classes > 1) {
    throw new LosskitError(
      "ARRAY",
      `yTrue ${show(yTrue.shape)} is a label map of dtype float32; give it as int32, for example yTrue.toInt()`,
    );
  }
  return { shape, layout, classes, targetForm: yTrue.dtype === "float32" ? "channels" : "labels" };
}

/** Once a function, and only where nothing was said of the activation. */
function warnOfProbabilities(yPred: Tensor, { shape, layout }: Shapes): void {
  if (!looksLikeProbabilities(yPred.dataSync(), shape, layout)) return;
  console.warn(
    'losskit: yPred looks like probabilities, and tfLoss takes logits. Leave out the last activation of the model, or give tfLoss(tf, loss, { activation: "none" }); { activation: "sigmoid" } or "softmax" says that these are logits.',
  );
}

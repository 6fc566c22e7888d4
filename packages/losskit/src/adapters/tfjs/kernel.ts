// The loss as one kernel of tfjs with its gradient: value and gradient come together, from arrays where the backend keeps them or from its operations.

import type { KernelBackend, NamedAttrMap, NamedTensorMap, TensorInfo } from "@tensorflow/tfjs-core";
import { LosskitError } from "../../errors.js";
import type { Scalar, Tensor, TensorFlow } from "./tensorflow.js";

/** Name under which `tf.profile` shows it. */
export const KERNEL = "LosskitLoss";

export type TensorInfos = Readonly<Record<string, TensorInfo>>;

/** What the kernel does in one call. */
export type Evaluate = (inputs: TensorInfos, backend: KernelBackend, withGradient: boolean) => Evaluated;

/** The value, and where it was asked for the gradient along `logits`: as a second tensor, or to be made into one when the backward pass comes. */
export interface Evaluated {
  readonly tensors: TensorInfo[];
  readonly gradient?: PendingGradient;
}

/**
 * A gradient between the forward pass and the backward one. An output of the kernel would be copied by tfjs to save it, and get zeros for a slope
 * along it.
 */
export interface PendingGradient {
  toTensor(tf: TensorFlow): Tensor;
}

interface KernelAttributes {
  readonly evaluate: Evaluate;
  readonly withGradient: boolean;
  gradient?: PendingGradient;
}

/**
 * The loss on the backend in use, as an operation that tfjs can differentiate along `logits`.
 *
 * @param inputs `logits`, `target` and what else `evaluate` reads
 */
export function runKernel(
  tf: TensorFlow,
  inputs: NamedTensorMap & { readonly logits: Tensor; readonly target: Tensor },
  evaluate: Evaluate,
): Scalar {
  register(tf);
  const engine = tf.engine();
  // tfjs hands attributes on as they are. Without a tape nobody can ask for the gradient.
  const attributes: KernelAttributes = { evaluate, withGradient: engine.isTapeOn() };
  return engine.runKernel<Tensor[]>(KERNEL, inputs, attributes as unknown as NamedAttrMap)[0] as Scalar;
}

function register(tf: TensorFlow): void {
  const backendName = tf.getBackend();
  if (!tf.getKernel(KERNEL, backendName)) {
    tf.registerKernel({
      kernelName: KERNEL,
      backendName,
      kernelFunc: ({ inputs, backend, attrs }) => {
        const attributes = attrs as unknown as KernelAttributes;
        const { tensors, gradient } = attributes.evaluate(
          inputs as TensorInfos,
          backend as KernelBackend,
          attributes.withGradient,
        );
        attributes.gradient = gradient;
        return tensors;
      },
    });
  }
  if (tf.getGradient(KERNEL)) return;
  tf.registerGradient({
    kernelName: KERNEL,
    // The gradient where it is a tensor.
    outputsToSave: [false, true],
    gradFunc: (slopes, [saved], attrs) => ({
      logits: () => {
        const slope = Array.isArray(slopes) ? slopes[0] : slopes;
        const { gradient } = attrs as unknown as KernelAttributes;
        if (!gradient) return tf.mul(slope, saved);
        const tensor = gradient.toTensor(tf);
        // A slope of 1, as it is where nothing follows the loss, needs no pass over the gradient.
        const isOne = WITHOUT_COPIES.includes(tf.getBackend()) && slope.dataSync()[0] === 1;
        return isOne ? tensor : tf.mul(slope, tensor);
      },
      target: () => {
        throw new LosskitError("UNSUPPORTED", "tfLoss has a gradient along yPred only; write yTrue as a constant");
      },
    }),
  });
}

/** Backends whose arrays can be read where they are. */
export const WITHOUT_COPIES: readonly string[] = ["cpu", "wasm"];

/**
 * A tensor of the caller's data, for operations within a kernel; `tf.tidy` ends it. The reference is counted: without that its end would be the
 * end of the caller's data.
 */
export function borrowed(tf: TensorFlow, backend: KernelBackend, info: TensorInfo): Tensor {
  backend.incRef(info.dataId);
  return tf.engine().makeTensorFromTensorInfo(info, backend);
}

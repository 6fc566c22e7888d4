// The two sessions of ONNX Runtime that a trainable model runs in, with the loss as a plain function between them.

import type { InferenceSession, Tensor } from "onnxruntime-node";
import { LabError } from "../errors.js";
import { type Shape, sizeOf } from "./shapes.js";
import type { TrainableModel } from "./trainable.js";

/** What training needs of ONNX Runtime: the module `onnxruntime-node` or `onnxruntime-web`. */
export type OnnxRuntime = Pick<typeof import("onnxruntime-node"), "InferenceSession" | "Tensor">;

/** Gives the value of a loss and its slopes along the logits. */
export type LossOfLogits = (logits: Float32Array) => { readonly value: number; readonly gradient: Float32Array };

export interface SessionsOptions {
  /** Execution providers, threads. */
  readonly session?: InferenceSession.SessionOptions;
  /**
   * Whether the outputs of each run go into the memory of the last. Faster, and for onnxruntime-node only: onnxruntime-web takes such memory and
   * leaves it as it was.
   */
  readonly reuseOutputs?: boolean;
}

export interface Evaluation {
  readonly value: number;
  /** Slopes along all parameters, flat. */
  readonly gradient: Float32Array;
  /** Means and variances of the batch, flat as the running ones; undefined where no layer counts them. */
  readonly statistics: Float32Array | undefined;
  /** Frees the arrays above, and memory outside JavaScript's heap now, not when the collector comes by. */
  dispose(): void;
}

export interface Sessions {
  /** With outputs that are used again, the arrays are those of the next call too. One call at a time. */
  evaluate(parameters: Float32Array, images: Float32Array, loss: LossOfLogits): Promise<Evaluation>;
  release(): Promise<void>;
}

/** Errors only: warnings are about shapes that ONNX Runtime could not infer. */
const QUIET = { logSeverityLevel: 3 } as const;

export async function createSessions(
  ort: OnnxRuntime,
  trainable: TrainableModel,
  { session, reuseOutputs = false }: SessionsOptions,
): Promise<Sessions> {
  const { inputShape, logitsShape, saved } = trainable;
  const [parameterCount, statisticCount] = [trainable.parameters.length, trainable.running.length];
  const forward = await ort.InferenceSession.create(trainable.forward, { ...QUIET, ...session });
  const backward = await ort.InferenceSession.create(trainable.backward, { ...QUIET, ...session });
  const floats = (values: Float32Array, shape: Shape) => new ort.Tensor("float32", values, [...shape]);
  const blank = (shape: Shape, type: "float32" | "int64" = "float32"): Tensor =>
    type === "float32"
      ? floats(new Float32Array(sizeOf(shape)), shape)
      : new ort.Tensor("int64", new BigInt64Array(sizeOf(shape)), [...shape]);
  const outputs = reuseOutputs && {
    forward: {
      logits: blank(logitsShape),
      ...(statisticCount > 0 && { statistics: blank([statisticCount]) }),
      ...Object.fromEntries(saved.map(({ name, shape, type }) => [name, blank(shape, type)])),
    },
    backward: { gradient: blank([parameterCount]) },
  };

  return {
    async evaluate(parameters, images, loss) {
      if (images.length !== sizeOf(inputShape)) {
        throw new LabError(
          "SIZE_MISMATCH",
          `The images have ${images.length} numbers; the model was made for [${inputShape}], which are ${sizeOf(inputShape)}.`,
        );
      }
      const given = { parameters: floats(parameters, [parameterCount]), image: floats(images, inputShape) };
      const result = outputs ? await forward.run(given, outputs.forward) : await forward.run(given);
      const free = (...tensors: Tensor[]) => {
        if (!outputs) for (const tensor of [...Object.values(result), ...tensors]) tensor.dispose();
      };
      try {
        const { value, gradient: slopes } = loss(result.logits.data as Float32Array);
        const kept = Object.fromEntries(saved.map(({ name }) => [name, result[name]]));
        const feeds = { ...given, ...kept, slopes: floats(slopes, logitsShape) };
        const { gradient } = outputs ? await backward.run(feeds, outputs.backward) : await backward.run(feeds);
        return {
          value,
          gradient: gradient.data as Float32Array,
          statistics: result.statistics?.data as Float32Array | undefined,
          dispose: () => free(gradient),
        };
      } catch (error) {
        free();
        throw error;
      }
    },
    async release() {
      await forward.release();
      await backward.release();
    },
  };
}

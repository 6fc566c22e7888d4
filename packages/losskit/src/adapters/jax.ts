// EXPERIMENTAL. A losskit loss for jax-js: its value and the cotangent that jax.vjp takes back through a model.

import type { Array as JaxArray, numpy } from "@jax-js/jax";
import { LosskitError } from "../errors.js";
import { type CallOptions, show, type Target } from "../formula/options.js";
import type { Loss } from "../losses/loss.js";

/** What the adapter needs of jax-js: the caller's own module, so that no second one is loaded. */
export interface Jax {
  readonly numpy: Pick<typeof numpy, "array">;
}

export interface JaxLossOptions extends Omit<CallOptions, "shape" | "layout" | "gradient"> {
  /** What happens where the logits are so large that jax-js may bring the cotangent back wrong: "warn" once (where absent), "refuse", or "ignore". */
  readonly largeImages?: "warn" | "refuse" | "ignore";
}

export interface JaxLossResult {
  readonly value: number;
  /** Slopes of the loss along the logits, of their shape: what the second result of `jax.vjp` takes. It is used up by that. */
  readonly cotangent: JaxArray;
}

/**
 * @param logits `[batch, channels, ...space]`, float32; used up by the call, as jax-js' own functions do, so give `logits.ref` to keep it
 * @param target labels `[batch, ...space]`, or `[batch, channels, ...space]`
 */
export type JaxLoss = (
  logits: JaxArray,
  target: Target,
  options?: Pick<CallOptions, "weights" | "fields" | "activation">,
) => Promise<JaxLossResult>;

/**
 * Voxels of a batch up to which jax-js 0.1.25 was right in every measurement (kernels of 1, 3 and 5 pixels, 1 to 16 channels). Above it brings back
 * wrong slopes along the filters of a convolution for some sizes and not for others, on wasm and webgpu alike: of images 216 × 216, 224 × 224 and
 * 256 × 256, and of eight 128 × 128, they are wrong by as much as they are large, of seven they are right to 1e-5.
 */
const KNOWN_GOOD = 32_768;

/**
 * EXPERIMENTAL: value and cotangent of a loss, computed by losskit's own kernels.
 *
 *     const [logits, pull] = jax.vjp((p) => model(p, x), [params]);
 *     const { value, cotangent } = await loss(logits, target);
 *     const [slopes] = pull(cotangent);
 *
 * jax-js 0.1.25 itself gives wrong slopes along the filters of convolutions over large images, with any loss: of one image of 216 × 216, of eight of
 * 128 × 128. The adapter warns once, or refuses, where a batch has more than the 32,768 voxels up to which it was always right.
 *
 * @throws LosskitError OPTION; the function: ARRAY where the logits are no float32, SHAPE, UNSUPPORTED for large images that are to be refused, and what
 *   `Loss.valueAndGradient` throws
 */
export function jaxLoss(jax: Jax, loss: Loss, options: JaxLossOptions = {}): JaxLoss {
  const { largeImages = "warn", ...always } = options;
  if (!["warn", "refuse", "ignore"].includes(largeImages)) {
    throw new LosskitError("OPTION", `largeImages is ${show(largeImages)}; it may be "warn", "refuse" or "ignore"`);
  }
  let hasWarned = false;

  return async (logits, target, more = {}) => {
    const shape = [...logits.shape];
    const dtype = String(logits.dtype);
    const voxels = shape.reduce((product, extent, axis) => (axis === 1 ? product : product * extent), 1);
    if (voxels > KNOWN_GOOD && largeImages === "refuse") {
      logits.dispose();
      throw new LosskitError("UNSUPPORTED", large(shape, "give smaller images or batches"));
    }
    if (voxels > KNOWN_GOOD && largeImages === "warn" && !hasWarned) {
      hasWarned = true;
      console.warn(
        `losskit: ${large(shape, 'give smaller images or batches, or { largeImages: "ignore" } for a model without convolutions')}`,
      );
    }
    const data = await logits.data();
    if (!(data instanceof Float32Array)) {
      throw new LosskitError("ARRAY", `the logits are of dtype ${dtype}; give the output of the model as float32`);
    }
    const activation = more.activation ?? always.activation ?? (shape[1] === 1 ? "sigmoid" : "softmax");
    const { value, gradient } = loss.valueAndGradient(data, target, { ...always, ...more, activation, shape });
    return { value, cotangent: jax.numpy.array(gradient, { shape }) };
  };
}

const large = (shape: readonly number[], advice: string) =>
  `the logits are [${shape}]; where a batch has more than ${KNOWN_GOOD} voxels, jax-js 0.1.25 can bring back wrong slopes along the filters of convolutions: ${advice}`;

// An evaluation of the loss by losskit's own kernels: the backend's arrays go into the library's memory, and the gradient from there into a tensor.

import type { KernelBackend, TensorInfo, TypedArray } from "@tensorflow/tfjs-core";
import { LosskitError } from "../../errors.js";
import type { Layout, Target } from "../../formula/options.js";
import type { Evaluate, PendingGradient } from "./kernel.js";
import { type Extents, giveBack, type LentArray, lend, reorder, take } from "./lent-arrays.js";
import type { Tensor, TensorFlow } from "./tensorflow.js";

/** Arrays of a call by name: `logits`, `target` and the others that the caller gave. */
export type Arrays = Readonly<Record<string, TypedArray>>;

/** The value of a loss on arrays of that layout; where `gradient` is there, it receives the gradient along `logits`. */
export type Compute = (arrays: Arrays, layout: Layout, gradient: Float32Array | undefined) => number;

/** What tfjs's WebAssembly backend adds to those of other backends. */
interface WasmBackend extends KernelBackend {
  makeOutput(shape: readonly number[], dtype: "float32"): TensorInfo;
  /** A view of the heap, which no longer is one once the heap has grown. */
  typedArrayFromHeap(info: TensorInfo): TypedArray;
}

const isWasm = (backend: KernelBackend): backend is WasmBackend =>
  typeof (backend as Partial<WasmBackend>).typedArrayFromHeap === "function";

export const onArrays =
  (compute: Compute, extents: Extents): Evaluate =>
  (inputs, backend, withGradient) => {
    const arrays = mapValues(inputs, (info) => arrayOf(backend, info));
    const { length } = arrays.logits;
    const lent = mapValues(arrays, (array) => lend(array as Target, array.length === length, extents));
    const gradient = withGradient ? (take(length, "float32") as Float32Array) : undefined;
    let value: number;
    try {
      value = compute(lent, "channels-first", gradient);
    } catch (error) {
      if (gradient) giveBack(gradient);
      // Once more in the caller's layout, in which an error names the place of a value.
      if (error instanceof LosskitError) compute(arrays, extents.layout, undefined);
      throw error;
    } finally {
      for (const array of Object.values(lent)) giveBack(array);
    }
    return {
      tensors: [{ dataId: backend.write(Float32Array.of(value), [], "float32"), shape: [], dtype: "float32" }],
      ...(gradient && { gradient: pending(gradient, inputs.logits.shape, extents) }),
    };
  };

/** The backend's own array where it has one: on "cpu" and "wasm". */
function arrayOf(backend: KernelBackend, info: TensorInfo): TypedArray {
  if (isWasm(backend)) return backend.typedArrayFromHeap(info);
  const array = backend.readSync(info.dataId) as TypedArray;
  // A cast to float32 leaves the array as it is on the cpu backend.
  return info.dtype === "float32" && !(array instanceof Float32Array) ? Float32Array.from(array) : array;
}

/** Gives arrays back of which nobody has come for the gradient. */
const forgotten = new FinalizationRegistry<LentArray>(giveBack);

function pending(values: Float32Array, shape: number[], extents: Extents): PendingGradient {
  let isTaken = false;
  const gradient: PendingGradient = {
    toTensor(tf) {
      if (isTaken) {
        throw new LosskitError("UNSUPPORTED", "tfLoss has one gradient a call, and it was taken; call the loss again");
      }
      isTaken = true;
      forgotten.unregister(gradient);
      const tensor = tensorOf(tf, values, shape, extents);
      giveBack(values);
      return tensor;
    },
  };
  forgotten.register(gradient, values, gradient);
  return gradient;
}

function tensorOf(tf: TensorFlow, values: Float32Array, shape: number[], extents: Extents): Tensor {
  const backend = tf.engine().backend;
  if (!isWasm(backend)) {
    const own = new Float32Array(values.length);
    reorder(values, own, extents, "out");
    return tf.tensor(own, shape);
  }
  const info = backend.makeOutput(shape, "float32");
  reorder(values, backend.typedArrayFromHeap(info) as Float32Array, extents, "out");
  return tf.engine().makeTensorFromTensorInfo(info, backend);
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));

// Gradients of convolutions for tfjs's WebAssembly backend, which ships one of the two not at all and the other one slow.

import type { KernelBackend, Rank, Tensor4D, TensorInfo } from "@tensorflow/tfjs-core";
import { LosskitError } from "../../errors.js";
import { borrowed } from "./kernel.js";
import type { Tensor, TensorFlow } from "./tensorflow.js";

type Shape4D = [number, number, number, number];
type Padding = Parameters<TensorFlow["backend_util"]["computeConv2DInfo"]>[4];
type Rounding = Parameters<TensorFlow["backend_util"]["computeConv2DInfo"]>[5];

/** What tfjs gives both kernels of the shape of a convolution. */
interface ConvAttributes {
  readonly strides: [number, number] | number;
  readonly pad: Padding;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dimRoundingMode?: Rounding;
}

interface KernelCall<Inputs extends string, Attributes> {
  readonly inputs: Readonly<Record<Inputs, TensorInfo>>;
  readonly backend: KernelBackend;
  readonly attrs: Attributes;
}

type FilterCall = KernelCall<"x" | "dy", ConvAttributes & { readonly filterShape: Shape4D }>;
type InputCall = KernelCall<"dy" | "filter", ConvAttributes & { readonly inputShape: Shape4D }>;

/** On a kernel of ours; two copies of losskit know each other's. */
const OURS = Symbol.for("losskit.wasm-training");

/**
 * Lets models with convolutions train on tfjs's WebAssembly backend: registers the gradient along filters that it lacks (tfjs issue 8474), and
 * replaces the one along inputs, which is also the forward pass of transposed convolutions, where a faster form exists: for strides 1 and 2, and for
 * filters as large as the stride. It may be called at any time after `@tensorflow/tfjs-backend-wasm` is imported, and again; a kernel that tfjs itself
 * gains later stays.
 *
 * Gradients equal those of the cpu backend. Not among them: depthwise and separable convolutions, and dilations above 1, for which tfjs has
 * no gradient on any backend.
 *
 * @throws LosskitError UNSUPPORTED where the backend is not imported
 */
export function enableWasmTraining(tf: TensorFlow): void {
  const shipped = tf.getKernel(tf.Conv2DBackpropInput, "wasm");
  if (!shipped || !tf.getKernel(tf.Conv2D, "wasm")) {
    throw new LosskitError(
      "UNSUPPORTED",
      'enableWasmTraining finds no WebAssembly backend in this TensorFlow.js; import "@tensorflow/tfjs-backend-wasm" before the call',
    );
  }
  if (!tf.getKernel(tf.Conv2DBackpropFilter, "wasm")) {
    const kernelFunc = (call: FilterCall) => filterGradient(tf, call);
    tf.registerKernel({ kernelName: tf.Conv2DBackpropFilter, backendName: "wasm", kernelFunc: kernelFunc as never });
  }
  if (OURS in shipped.kernelFunc) return;
  const slow = shipped.kernelFunc as unknown as (call: InputCall) => TensorInfo;
  const kernelFunc = Object.assign((call: InputCall) => inputGradient(tf, call) ?? slow(call), { [OURS]: true });
  // A second registration would be warned of. The set-up stays: it runs when the backend starts.
  tf.unregisterKernel(tf.Conv2DBackpropInput, "wasm");
  tf.registerKernel({ ...shipped, kernelFunc: kernelFunc as never });
}

/**
 * The gradient along a filter is a convolution too: of the input with its images as channels, by the slope as the filter, in steps of the stride
 * between the taps.
 */
function filterGradient(tf: TensorFlow, { inputs, backend, attrs }: FilterCall): TensorInfo {
  checkFormat(tf.Conv2DBackpropFilter, attrs);
  const { strides, pad, dimRoundingMode, filterShape } = attrs;
  const info = tf.backend_util.computeConv2DInfo(
    inputs.x.shape as Shape4D,
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const { top, left } = info.padInfo;
  // Rows and columns that the convolution reads; what lies beyond them gives taps beyond the filter.
  const bottom = (info.outHeight - 1) * info.strideHeight + info.filterHeight - info.inHeight - top;
  const right = (info.outWidth - 1) * info.strideWidth + info.filterWidth - info.inWidth - left;
  return tf.tidy(() => {
    const x = tf.transpose(borrowed(tf, backend, inputs.x) as Tensor4D, [3, 1, 2, 0]);
    const dy = tf.transpose(borrowed(tf, backend, inputs.dy) as Tensor4D, [1, 2, 0, 3]);
    const taps = tf.conv2d(x, dy, 1, padding(top, bottom, left, right), "NHWC", [info.strideHeight, info.strideWidth]);
    const [, height, width] = taps.shape;
    const filter =
      height === info.filterHeight && width === info.filterWidth
        ? taps
        : tf.slice(taps, [0, 0, 0, 0], [info.inChannels, info.filterHeight, info.filterWidth, info.outChannels]);
    return tf.transpose(filter, [1, 2, 0, 3]);
  });
}

/** The gradient along the input in one of the fast forms; undefined where neither fits. */
function inputGradient(tf: TensorFlow, { inputs, backend, attrs }: InputCall): TensorInfo | undefined {
  checkFormat(tf.Conv2DBackpropInput, attrs);
  const { strides, pad, dimRoundingMode, inputShape } = attrs;
  const filterShape = inputs.filter.shape as Shape4D;
  const info = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode);
  const form = isTiled(info) ? byTiles : byTurnedFilter(info);
  return (
    form &&
    tf.tidy(() => form(tf, borrowed(tf, backend, inputs.dy), borrowed(tf, backend, inputs.filter) as Tensor4D, info))
  );
}

type ConvInfo = ReturnType<TensorFlow["backend_util"]["computeConv2DInfo"]>;

/** Whether each output has a tile of the input of its own, and the tiles are all of it. */
const isTiled = (info: ConvInfo): boolean =>
  info.strideHeight === info.filterHeight &&
  info.strideWidth === info.filterWidth &&
  info.inHeight === info.outHeight * info.strideHeight &&
  info.inWidth === info.outWidth * info.strideWidth;

type InputForm = (tf: TensorFlow, dy: Tensor, filter: Tensor4D, info: ConvInfo) => Tensor;

/** One product of matrices gives the tile of every output, and the tiles are put in rows. */
const byTiles: InputForm = (tf, dy, filter, info) => {
  const { batchSize, outHeight, outWidth, outChannels, filterHeight, filterWidth, inChannels, inShape } = info;
  const slopes = tf.reshape<Rank.R2>(dy, [batchSize * outHeight * outWidth, outChannels]);
  const matrix = tf.reshape<Rank.R2>(filter, [filterHeight * filterWidth * inChannels, outChannels]);
  const tiles = tf.reshape(tf.matMul(slopes, tf.transpose(matrix)), [
    batchSize * outHeight,
    outWidth,
    filterHeight,
    filterWidth * inChannels,
  ]);
  return tf.reshape(tf.transpose(tiles, [0, 2, 1, 3]), inShape);
};

/** Largest stride for which the zeros between the slopes cost less than the shipped kernel: at 2 it takes a third of its time. */
const MAX_SPREAD = 2;

/**
 * Each voxel of the input collects the slopes through the filter turned around; with a stride there are zeros between them.
 *
 * @returns undefined where strides are large, or padding is wider than the filter
 */
function byTurnedFilter(info: ConvInfo): InputForm | undefined {
  const { strideHeight, strideWidth, filterHeight, filterWidth } = info;
  const top = filterHeight - 1 - info.padInfo.top;
  const left = filterWidth - 1 - info.padInfo.left;
  const bottom = info.inHeight - info.outHeight * strideHeight + info.padInfo.top;
  const right = info.inWidth - info.outWidth * strideWidth + info.padInfo.left;
  if (Math.max(strideHeight, strideWidth) > MAX_SPREAD || Math.min(top, bottom, left, right) < 0) return undefined;
  return (tf, dy, filter) => {
    const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
    return tf.conv2d(spread(tf, dy, info), turned, 1, padding(top, bottom, left, right));
  };
}

/** Slopes with the zeros of the stride behind each of them, row by row and column by column. */
function spread(tf: TensorFlow, dy: Tensor, info: ConvInfo): Tensor4D {
  const { batchSize, outHeight, outWidth, outChannels, strideHeight, strideWidth } = info;
  const followed = (tensor: Tensor, length: number, zeros: number) =>
    tf.pad(tf.reshape(tensor, [-1, length]), [
      [0, 0],
      [0, zeros * length],
    ]);
  const columns = strideWidth === 1 ? dy : followed(dy, outChannels, strideWidth - 1);
  const rowLength = outWidth * strideWidth * outChannels;
  const rows = strideHeight === 1 ? columns : followed(columns, rowLength, strideHeight - 1);
  return tf.reshape(rows, [batchSize, outHeight * strideHeight, outWidth * strideWidth, outChannels]);
}

/** Explicit padding; what would be cut away stays. */
function padding(top: number, bottom: number, left: number, right: number): [number, number][] & Padding {
  return [
    [0, 0],
    [Math.max(top, 0), Math.max(bottom, 0)],
    [Math.max(left, 0), Math.max(right, 0)],
    [0, 0],
  ] as [number, number][] & Padding;
}

function checkFormat(kernel: string, { dataFormat }: ConvAttributes): void {
  if (dataFormat === "NHWC") return;
  throw new LosskitError(
    "UNSUPPORTED",
    `${kernel} on the backend "wasm" is for dataFormat "NHWC", and this convolution is ${dataFormat}; tfjs's own convolution there takes no other`,
  );
}

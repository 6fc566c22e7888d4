// The operations that can be trained through, by their names in ONNX.

import type { Operation } from "../operation.js";
import { conv, convTranspose } from "./convolution.js";
import { batchNormalisation, groupNormalisation, instanceNormalisation } from "./normalisation.js";
import { add, cast, identity, leakyRelu, mul, relu, sigmoid, sub, tanh } from "./pointwise.js";
import { averagePool, globalAveragePool, maxPool } from "./pooling.js";
import { concat, flatten, pad, reshape, slice, split, squeeze, transpose, unsqueeze } from "./rearranging.js";
import { resize } from "./resize.js";

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  Add: add,
  AveragePool: averagePool,
  BatchNormalization: batchNormalisation,
  Cast: cast,
  Concat: concat,
  Conv: conv,
  ConvTranspose: convTranspose,
  // Not a stochastic layer here: the slopes along the weights are those of the network as it predicts.
  Dropout: identity,
  Flatten: flatten,
  GlobalAveragePool: globalAveragePool,
  GroupNormalization: groupNormalisation,
  Identity: identity,
  InstanceNormalization: instanceNormalisation,
  LeakyRelu: leakyRelu,
  MaxPool: maxPool,
  Mul: mul,
  Pad: pad,
  Relu: relu,
  Reshape: reshape,
  Resize: resize,
  Sigmoid: sigmoid,
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Sub: sub,
  Tanh: tanh,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
  Upsample: resize,
};

/** Operations that make probabilities of logits: the last node of a model that ends in them has to be left out. */
export const ACTIVATIONS_AT_THE_END: readonly string[] = ["Sigmoid", "Softmax", "LogSoftmax"];

// What the adapter uses of TensorFlow.js: the caller gives it, so no second copy of tfjs-core is ever loaded.

import type * as core from "@tensorflow/tfjs-core";

/**
 * The namespace that `import * as tf from "@tensorflow/tfjs"` gives, or that of `tfjs-node`, `tfjs-core` or a page's `tf`: all of them hold
 * all of tfjs-core.
 */
export type TensorFlow = typeof core;

export type Tensor = core.Tensor;
export type Scalar = core.Scalar;

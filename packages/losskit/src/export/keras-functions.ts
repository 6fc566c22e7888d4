// What a class for Keras may need beside it: functions of keras.ops printed above it, each written once.

import { KERAS_GRID_FUNCTIONS } from "./keras-grid-functions.js";
import type { PythonFunction } from "./python-file.js";

const text = String.raw;

/** Functions by name, in the order in which they are printed. Arrays are [N, voxels, C]; `space` has the extents of the voxels' axes. */
export const KERAS_FUNCTIONS: Readonly<Record<string, PythonFunction>> = {
  flat: {
    text: text`
def flat(array):
    """[N, *space, C] as [N, voxels, C]."""
    return ops.reshape(array, (ops.shape(array)[0], -1, array.shape[-1]))`,
  },
  channel_target: {
    needs: ["flat"],
    text: text`
def channel_target(y_true, y_pred):
    """A target of the shape of y_pred as [N, voxels, C]."""
    if tuple(y_true.shape[1:]) != tuple(y_pred.shape[1:]):
        raise ValueError(f"y_true is {tuple(y_true.shape)}, y_pred is {tuple(y_pred.shape)}")
    return ops.cast(flat(y_true), y_pred.dtype)`,
  },
  label_map: {
    text: text`
def label_map(y_true, y_pred):
    """Class indices [N, *space] or [N, *space, 1] as [N, voxels]."""
    space = tuple(y_pred.shape[1:-1])
    if tuple(y_true.shape[1:]) not in (space, space + (1,)):
        raise ValueError(
            f"y_true is {tuple(y_true.shape)}, not [N, *space] of y_pred {tuple(y_pred.shape)}"
        )
    return ops.cast(ops.reshape(y_true, (ops.shape(y_true)[0], -1)), "int32")`,
  },
  class_target: {
    needs: ["flat", "label_map"],
    text: text`
def class_target(y_true, y_pred):
    """Class indices [N, *space], or a share of each class, as [N, voxels, C]."""
    if tuple(y_true.shape[1:]) == tuple(y_pred.shape[1:]):
        return ops.cast(flat(y_true), y_pred.dtype)
    return ops.one_hot(label_map(y_true, y_pred), y_pred.shape[-1], dtype=y_pred.dtype)`,
  },
  voxel_weights: {
    text: text`
def voxel_weights(weights, y_pred):
    """One number per voxel, [N, *space] or [N, *space, 1], as [N, voxels]."""
    space = tuple(y_pred.shape[1:-1])
    if tuple(weights.shape[1:]) not in (space, space + (1,)):
        raise ValueError(
            f"sample_weight is {tuple(weights.shape)}, not [N, *space] of y_pred {tuple(y_pred.shape)}"
        )
    return ops.cast(ops.reshape(weights, (ops.shape(weights)[0], -1)), y_pred.dtype)`,
  },
  ratio: {
    text: text`
def ratio(a, b):
    """a / b, with 0 / 0 = 0: the overlap of nothing, the mean of nothing."""
    nothing = ops.logical_and(ops.equal(a, 0), ops.equal(b, 0))
    return ops.where(nothing, ops.zeros_like(b), a / ops.where(nothing, ops.ones_like(b), b))`,
  },
  power: {
    text: text`
def power(base, exponent):
    """base ** exponent; at a base of 0 a slope that is infinite is taken as 0."""
    if isinstance(exponent, (int, float)) and exponent >= 1:
        return ops.power(base, exponent)
    zero = ops.equal(base, 0)
    return ops.where(
        zero,
        ops.power(ops.zeros_like(base), exponent),
        ops.power(ops.where(zero, ops.ones_like(base), base), exponent),
    )`,
  },
  log: {
    text: text`
def log(setting: float) -> float:
    """Natural logarithm of a plain number; that of 0 is -inf, which clips nothing."""
    return math.log(setting) if setting != 0 else -math.inf`,
  },
  square_root: {
    text: text`
def square_root(a):
    """Square root; at 0 its slope, which is infinite, is taken as 0."""
    zero = ops.equal(a, 0)
    return ops.where(zero, ops.zeros_like(a), ops.sqrt(ops.where(zero, ops.ones_like(a), a)))`,
  },
  log_of_probability: {
    text: text`
def log_of_probability(p):
    """log(p) for p of at least 1e-12; a smaller one has the slope 1e12 and still learns."""
    at_least = ops.maximum(ops.stop_gradient(p), 1e-12)
    return ops.log(at_least) + (p - ops.stop_gradient(p)) / at_least`,
  },
  log_one_minus_softmax: {
    text: text`
def log_one_minus_softmax(x):
    """log(1 - softmax(x)) over the classes, from the other logits: exact for a certain class."""
    own = ops.eye(x.shape[-1], dtype="bool")
    others = ops.logsumexp(ops.where(own, -float("inf"), ops.expand_dims(x, -2)), axis=-1)
    return others - ops.logsumexp(x, axis=-1, keepdims=True)`,
  },
  by_class: {
    text: text`
def by_class(array):
    """[N, voxels, C] as [C, N * voxels]."""
    return ops.reshape(ops.transpose(array, (2, 0, 1)), (ops.shape(array)[2], -1))`,
  },
  descending: {
    text: text`
def descending(key, counts):
    """Order of the last dimension from the largest on; what does not count comes last."""
    key = ops.stop_gradient(key)
    if counts is not None:
        key = ops.where(ops.equal(counts, 0), -float("inf"), key)
    return ops.argsort(-key, axis=-1)`,
  },
  lovasz: {
    needs: ["descending"],
    text: text`
def lovasz(errors, y, counts=None):
    """Lovász extension of the Jaccard loss over the last dimension, for y of 0 and 1.

    Berman et al., CVPR 2018.
    """
    if counts is not None:
        counts = counts + ops.zeros_like(errors)
        y = y * counts
    order = descending(errors, counts)
    # Whole numbers count voxels exactly, also beyond 2**24.
    foreground = ops.cast(ops.take_along_axis(y, order, axis=-1) > 0.5, "int32")
    found, wrong = ops.cumsum(foreground, axis=-1), ops.cumsum(1 - foreground, axis=-1)
    # How much each voxel, marked wrong after all of larger error, adds to 1 - intersection / union.
    intersection = ops.cast(found[..., -1:] - found + foreground, errors.dtype)
    union = ops.cast(found[..., -1:] + wrong - (1 - foreground), errors.dtype)
    above_zero = ops.maximum(union, 1)
    added = ops.where(foreground > 0, 1 / above_zero, intersection / (above_zero * (union + 1)))
    added = ops.where(ops.equal(union, 0), 1, added)
    if counts is not None:
        added = added * ops.take_along_axis(counts, order, axis=-1)
    return ops.sum(ops.take_along_axis(errors, order, axis=-1) * added, axis=-1)`,
  },
  hardest: {
    needs: ["descending"],
    text: text`
def hardest(e, fraction, least, counts):
    """Mean of the largest values of the last dimension: a fraction of those that count."""
    number = ops.shape(e)[-1] if counts is None else ops.sum(counts, axis=-1, keepdims=True)
    # A product such as 0.29 * 100 is a little less than the 29 that is meant.
    k = ops.floor(ops.cast(number, e.dtype) * fraction * (1 + 2**-20))
    k = ops.minimum(ops.maximum(ops.maximum(k, 1), least), ops.cast(number, e.dtype))
    order = descending(e, counts)
    kept = ops.cast(ops.arange(ops.shape(e)[-1]), e.dtype) < k
    values = ops.where(kept, ops.take_along_axis(e, order, axis=-1), 0)
    return ops.sum(values, axis=-1) / ops.maximum(k[..., 0] if len(k.shape) else k, 1)`,
  },
  top_mean: {
    needs: ["hardest"],
    text: text`
def top_mean(e, fraction, counts=None):
    """Mean of the largest values of the last dimension, a fraction of all."""
    return hardest(e, fraction, 0, counts)`,
  },
  hard_mean: {
    needs: ["hardest"],
    text: text`
def hard_mean(e, threshold, fraction, counts=None):
    """Mean of the values from a threshold up, but of a fraction of all at the least."""
    hard = ops.cast(ops.stop_gradient(e) >= threshold, e.dtype)
    hard = hard if counts is None else hard * counts
    return hardest(e, fraction, ops.sum(hard, axis=-1, keepdims=True), counts)`,
  },
  ...KERAS_GRID_FUNCTIONS,
};

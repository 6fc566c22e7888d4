// What a class for Keras may need beside it: functions of keras.ops printed above it, each written once.

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
        raise ValueError(f"y_true is {tuple(y_true.shape)}; it has the shape of y_pred, {tuple(y_pred.shape)}")
    return ops.cast(flat(y_true), y_pred.dtype)`,
  },
  label_map: {
    text: text`
def label_map(y_true, y_pred):
    """Class indices [N, *space] or [N, *space, 1] as [N, voxels]."""
    space = tuple(y_pred.shape[1:-1])
    if tuple(y_true.shape[1:]) not in (space, space + (1,)):
        raise ValueError(f"y_true is {tuple(y_true.shape)}; it is [N, *space] for y_pred of {tuple(y_pred.shape)}")
    return ops.cast(ops.reshape(y_true, (ops.shape(y_true)[0], -1)), "int32")`,
  },
  class_target: {
    needs: ["flat", "label_map"],
    text: text`
def class_target(y_true, y_pred):
    """Class indices [N, *space], or a share of each class in the shape of y_pred, as [N, voxels, C]."""
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
        raise ValueError(f"sample_weight is {tuple(weights.shape)}, not [N, *space] for y_pred of {tuple(y_pred.shape)}")
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
    """base ** exponent; at a base of 0 its slope, which may be infinite, is taken as 0."""
    if isinstance(exponent, (int, float)) and exponent == 1:
        return base
    zero = ops.equal(base, 0)
    return ops.where(
        zero,
        ops.power(ops.zeros_like(base), exponent),
        ops.power(ops.where(zero, ops.ones_like(base), base), exponent),
    )`,
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
    """log(p) for p of at least 1e-12; the slope of a smaller one is 1e12, so that what has underflowed to 0 still learns."""
    at_least = ops.maximum(ops.stop_gradient(p), 1e-12)
    return ops.log(at_least) + (p - ops.stop_gradient(p)) / at_least`,
  },
  log_one_minus_softmax: {
    text: text`
def log_one_minus_softmax(x):
    """log(1 - softmax(x)) over the classes, from the logits of the other classes: exact where a class is nearly certain."""
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
    """Lovász extension of the Jaccard loss over the last dimension (Berman et al., CVPR 2018); y holds 0 and 1."""
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
    """Mean of the largest values of the last dimension: a fraction of those that count, at least that many."""
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
  shifted: {
    text: text`
def shifted(image, axis, by):
    """The image moved by some voxels along an axis, with zeros where nothing comes in."""
    size = image.shape[axis]
    by = max(-size, min(by, size))
    padding = [(0, 0)] * len(image.shape)
    padding[axis] = (max(by, 0), max(-by, 0))
    place = [slice(None)] * len(image.shape)
    place[axis] = slice(max(-by, 0), size + max(-by, 0))
    return ops.pad(image, padding)[tuple(place)]`,
  },
  as_image: {
    text: text`
def as_image(e, space):
    """[N, voxels, C] as [N, *space, C]."""
    return ops.reshape(e, (ops.shape(e)[0], *space, e.shape[-1]))`,
  },
  max_pool: {
    text: text`
def max_pool(image, size):
    """Largest value of the box of that many voxels around each voxel; beyond the edge there is nothing."""
    return ops.max_pool(image, size, strides=1, padding="same", data_format="channels_last")`,
  },
  largest_of_cross: {
    needs: ["max_pool"],
    text: text`
def largest_of_cross(image, axes):
    """Largest value of each voxel and the neighbours that share a face with it."""
    lines = [tuple(3 if other == axis else 1 for other in range(axes)) for axis in range(axes)]
    return ops.max(ops.stack([max_pool(image, line) for line in lines]), axis=0)`,
  },
  distance: {
    needs: ["as_image", "flat"],
    text: text`
def distance(mask, space, spacing=None):
    """Euclidean distance of each voxel to the mask, exact; 0 everywhere for a mask without a voxel."""
    far = float("inf")
    squares = as_image(ops.where(mask > 0.5, 0.0, far), space)
    for axis, size in enumerate(space):
        step = 1.0 if spacing is None else spacing[axis]
        place = ops.arange(size, dtype=mask.dtype) * step
        between = ops.square(place[:, None] - place[None])
        line = ops.moveaxis(squares, axis + 1, -1)
        squares = ops.moveaxis(ops.min(line[..., None, :] + between, axis=-1), -1, axis + 1)
    squares = ops.cast(flat(squares), mask.dtype)
    return ops.sqrt(ops.where(ops.equal(squares, far), 0, squares))`,
  },
  signed_distance: {
    needs: ["distance"],
    text: text`
def signed_distance(mask, space, spacing=None):
    """Distance to the border of each mask: positive outside, 0 on the inner border, negative inside; 0 without a border."""
    steps = [1.0 if spacing is None else spacing[axis] for axis, size in enumerate(space) if size > 1]
    inside = mask > 0.5
    depth = distance(1 - ops.cast(inside, mask.dtype), space, spacing) - min(steps, default=1.0)
    field = ops.where(inside, -depth, distance(mask, space, spacing))
    share = ops.mean(ops.cast(inside, mask.dtype), axis=1, keepdims=True)
    return ops.where(ops.logical_and(share > 0, share < 1), field, 0)`,
  },
  border: {
    needs: ["as_image", "flat", "shifted"],
    text: text`
def border(mask, space):
    """1 on the voxels of a mask that share a face with a voxel outside it, or with the edge."""
    image = as_image(ops.cast(mask > 0.5, mask.dtype), space)
    within = image
    for axis in range(1, len(space) + 1):
        within = within * shifted(image, axis, 1) * shifted(image, axis, -1)
    return flat(image - within)`,
  },
  dilation: {
    needs: ["as_image", "flat", "largest_of_cross"],
    text: text`
def dilation(mask, space, iterations):
    """A mask grown by a number of steps to voxels that share a face."""
    image = as_image(ops.cast(mask > 0.5, mask.dtype), space)
    for _ in range(iterations):
        image = largest_of_cross(image, len(space))
    return flat(image)`,
  },
  soft_skeleton: {
    needs: ["as_image", "flat", "largest_of_cross", "max_pool"],
    text: text`
def soft_skeleton(e, space, iterations):
    """Soft skeleton by iterated erosion and opening (Shit et al., CVPR 2021)."""
    image = as_image(e, space)
    skeleton = ops.zeros_like(image)
    for _ in range(iterations + 1):
        eroded = -largest_of_cross(-image, len(space))
        removed = ops.relu(image - max_pool(eroded, (3,) * len(space)))
        skeleton = skeleton + ops.relu(removed - skeleton * removed)
        image = eroded
    return flat(skeleton)`,
  },
  soft_erosions: {
    needs: ["as_image", "flat", "shifted"],
    text: text`
def soft_erosions(e, space, iterations, exponent):
    """Sum of iterated soft erosions, weighted with a power of their number (Karimi and Salcudean, IEEE TMI 2019)."""
    image = as_image(e, space)
    axes = tuple(range(1, len(space) + 1))
    total = ops.zeros_like(image)
    for k in range(1, iterations + 1):
        cross = image + sum(shifted(image, axis, by) for axis in axes for by in (1, -1))
        image = ops.relu(cross / (2 * len(space) + 1) - 0.5)
        low, high = ops.min(image, axis=axes, keepdims=True), ops.max(image, axis=axes, keepdims=True)
        differ = high > low
        scaled = (image - low) / ops.where(differ, high - low, ops.ones_like(high))
        image = ops.where(differ, scaled, image)
        total = total + k**exponent * image
    return flat(total)`,
  },
  differences: {
    needs: ["as_image", "flat"],
    text: text`
def differences(e, space, spacing):
    """Forward differences along each axis over the spacing; 0 past the far edge."""
    image = as_image(e, space)
    slopes = []
    for axis, size in enumerate(space):
        line = ops.moveaxis(image, axis + 1, -1)
        slope = ops.concatenate([line[..., 1:] - line[..., :-1], ops.zeros_like(line[..., :1])], axis=-1)
        slopes.append(flat(ops.moveaxis(slope, -1, axis + 1)) / (1.0 if spacing is None else spacing[axis]))
    return slopes`,
  },
  squared_gradient: {
    needs: ["differences"],
    text: text`
def squared_gradient(e, space, spacing=None):
    """Squared length of the spatial gradient."""
    return sum(ops.square(slope) for slope in differences(e, space, spacing))`,
  },
  absolute_gradient: {
    needs: ["differences"],
    text: text`
def absolute_gradient(e, space, spacing=None):
    """Sum of the absolute differences along the axes: anisotropic total variation."""
    return sum(ops.abs(slope) for slope in differences(e, space, spacing))`,
  },
  neighbour_mean: {
    needs: ["as_image", "flat", "shifted"],
    text: text`
def neighbour_mean(e, space):
    """Mean over the box of 3 voxels along each axis, with zeros beyond the edge."""
    image = as_image(e, space)
    for axis in range(1, len(space) + 1):
        image = (shifted(image, axis, 1) + image + shifted(image, axis, -1)) / 3
    return flat(image)`,
  },
  gaussian_mean: {
    needs: ["as_image", "flat", "shifted"],
    text: text`
def gaussian_mean(e, space, sigma):
    """Mean with the weights of a Gaussian, its standard deviation in voxels, with zeros beyond the edge."""
    reach = int(max(4 * sigma, 0.5) + 0.5)
    scale = sigma * math.sqrt(2)
    kernel = [(math.erf((k + 0.5) / scale) - math.erf((k - 0.5) / scale)) / 2 for k in range(reach + 1)]
    image = as_image(e, space)
    for axis in range(1, len(space) + 1):
        inside = range(1, min(reach + 1, image.shape[axis]))
        image = kernel[0] * image + sum(kernel[k] * (shifted(image, axis, k) + shifted(image, axis, -k)) for k in inside)
    return flat(image)`,
  },
};

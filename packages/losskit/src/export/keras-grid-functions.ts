// What a class for Keras may need of the routines that look at an image as a whole: distances, skeletons, components, neighbourhoods.

import type { PythonFunction } from "./python-file.js";

const text = String.raw;

/** By name; `space` has the extents of the voxels' axes. */
export const KERAS_GRID_FUNCTIONS: Readonly<Record<string, PythonFunction>> = {
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
    """Largest value of the box of that many voxels around each; beyond the edge is nothing."""
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
  steps: {
    text: text`
def steps(space, spacing):
    """Distance between neighbouring voxels along each axis: the spacing, or 1."""
    if spacing is not None and len(spacing) != len(space):
        raise ValueError(f"spacing is {tuple(spacing)}, the image has {len(space)} axes of space")
    return tuple(spacing or [1.0] * len(space))`,
  },
  distance: {
    needs: ["as_image", "flat", "steps"],
    text: text`
def distance(mask, space, spacing=None):
    """Exact Euclidean distance of each voxel to the mask; 0 for a mask without a voxel."""
    far = float("inf")
    squares = as_image(ops.where(mask > 0.5, 0.0, far), space)
    for axis, (size, step) in enumerate(zip(space, steps(space, spacing))):
        place = ops.arange(size, dtype=mask.dtype) * step
        between = ops.square(place[:, None] - place[None])
        line = ops.moveaxis(squares, axis + 1, -1)
        squares = ops.moveaxis(ops.min(line[..., None, :] + between, axis=-1), -1, axis + 1)
    squares = ops.cast(flat(squares), mask.dtype)
    return ops.sqrt(ops.where(ops.equal(squares, far), 0, squares))`,
  },
  signed_distance: {
    needs: ["distance", "steps"],
    text: text`
def signed_distance(mask, space, spacing=None):
    """Distance to the border of each mask: positive outside, negative inside its inner border.

    0 where there is no border.
    """
    wide = [step for step, size in zip(steps(space, spacing), space) if size > 1]
    inside = mask > 0.5
    depth = distance(1 - ops.cast(inside, mask.dtype), space, spacing) - min(wide, default=1.0)
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
    """Sum of iterated soft erosions, weighted with a power of their number.

    Karimi and Salcudean, IEEE TMI 2019.
    """
    image = as_image(e, space)
    axes = tuple(range(1, len(space) + 1))
    total = ops.zeros_like(image)
    for k in range(1, iterations + 1):
        cross = image + sum(shifted(image, axis, by) for axis in axes for by in (1, -1))
        image = ops.relu(cross / (2 * len(space) + 1) - 0.5)
        low = ops.min(image, axis=axes, keepdims=True)
        high = ops.max(image, axis=axes, keepdims=True)
        differ = high > low
        scaled = (image - low) / ops.where(differ, high - low, ops.ones_like(high))
        image = ops.where(differ, scaled, image)
        total = total + k**exponent * image
    return flat(total)`,
  },
  differences: {
    needs: ["as_image", "flat", "steps"],
    text: text`
def differences(e, space, spacing):
    """Forward differences along each axis over the spacing; 0 past the far edge."""
    image = as_image(e, space)
    slopes = []
    for axis, step in enumerate(steps(space, spacing)):
        line = ops.moveaxis(image, axis + 1, -1)
        last = ops.zeros_like(line[..., :1])
        slope = ops.concatenate([line[..., 1:] - line[..., :-1], last], axis=-1)
        slopes.append(flat(ops.moveaxis(slope, -1, axis + 1)) / step)
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
    """Mean with the weights of a Gaussian, sigma in voxels, with zeros beyond the edge."""
    reach = int(max(4 * sigma, 0.5) + 0.5)
    scale = sigma * math.sqrt(2)
    ends = [math.erf((k - 0.5) / scale) / 2 for k in range(reach + 2)]
    kernel = [after - before for before, after in zip(ends, ends[1:])]
    image = as_image(e, space)
    for axis in range(1, len(space) + 1):
        inside = range(1, min(reach + 1, image.shape[axis]))
        both = [shifted(image, axis, k) + shifted(image, axis, -k) for k in inside]
        image = kernel[0] * image + sum(kernel[k] * pair for k, pair in zip(inside, both))
    return flat(image)`,
  },
};

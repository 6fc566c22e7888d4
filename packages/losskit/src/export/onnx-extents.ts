// Extents that are known only when a model runs: of images and voxels, of the axes of space, and how tensors change shape by them.

import { type Axes, CLASS, IMAGE, VOXEL } from "../formula/axes.js";
import { type Builder, createOperators, type Tensor } from "./onnx-builder.js";

export type Extents = ReturnType<typeof createExtents>;

/**
 * @param logits `[images, channels, ...space]`
 * @param axes how many axes of space there are
 */
export function createExtents(logits: Tensor, channels: number, axes: number, builder: Builder) {
  const on = createOperators(builder);
  const { integers, node, cast } = builder;
  const shape = on.shape(logits);
  const space = on.slice(shape, 2, 2 + axes, 0);
  const images = on.slice(shape, 0, 1, 0);
  const voxels = node("ReduceProd", [space], { keepdims: { int: 1 } });

  /** [images or 1, classes or 1, voxels or 1], for what varies over some axes. */
  const shapeOf = (over: Axes) =>
    on.concat(
      [over & IMAGE ? images : integers(1), integers(over & CLASS ? channels : 1), over & VOXEL ? voxels : integers(1)],
      0,
    );
  /** Repeats a value along the axes that it does not vary over. */
  const spread = (a: Tensor, over: Axes) => on.expand(a, shapeOf(over));
  const scalar = (a: Tensor) => node("Squeeze", [a, integers(0)]);

  return {
    channels,
    axes,
    shape,
    space,
    images,
    voxels,
    spread,
    /** The product of the extents of some axes, a scalar of float64. */
    product(over: Axes): Tensor {
      const factors = [
        ...(over & IMAGE ? [images] : []),
        ...(over & CLASS ? [integers(channels)] : []),
        ...(over & VOXEL ? [voxels] : []),
      ];
      return cast(scalar(factors.reduce(on.mul)), "float64");
    },
    /** As flat tensors are given: [images, channels or 1, voxels]. */
    flat: (a: Tensor, perChannel: boolean) => on.reshape(a, perChannel ? integers(0, 0, -1) : integers(0, 1, -1)),
    /** One grid per image and class: [images × classes, 1, ...space]. */
    toGrids: (a: Tensor, over: Axes) => on.reshape(spread(a, over), on.concat([integers(-1, 1), space], 0)),
    fromGrids: (a: Tensor, over: Axes) => on.reshape(a, shapeOf(over)),
  };
}

// Exact Euclidean distances as ONNX operators: along one axis after the other the smallest of (step × distance)² + value there.

import { type Builder, createOperators, type Tensor } from "./onnx-builder.js";
import type { Extents } from "./onnx-extents.js";
import type { GridOperators } from "./onnx-grids.js";
import type { Scalars } from "./onnx-scalars.js";

/**
 * Time grows with the voxels times the extent of each axis, memory with the voxels only: a loop goes over the places along the axis. Squares are
 * float32, so with a spacing of 1 they are exact up to 4096 voxels along the diagonal.
 */
export function distanceRoutines(
  builder: Builder,
  { asFloat, half, zero }: Scalars,
  { axes, space }: Extents,
  spacing: () => readonly Tensor[],
): Readonly<Record<string, GridOperators>> {
  const on = createOperators(builder);
  const infinity = builder.number(Number.POSITIVE_INFINITY);
  const each = Array.from({ length: axes }, (_, axis) => axis);
  const ofSpace = each.map((axis) => 2 + axis);
  const anywhere = (truth: Tensor) => on.greater(on.largest(asFloat(truth), ofSpace), zero);

  /** Replaces each value by the smallest, over its line, of (step × distance along the line)² + value there. */
  function lowest(squares: Tensor, axis: number): Tensor {
    const extent = on.element(space, axis);
    const line = builder.integers(...each.map((other) => (other === axis ? -1 : 1)));
    const positions = builder.cast(on.reshape(on.range(extent), line), "float32");

    const body = builder.body();
    const inside = createOperators(body);
    const place = body.input({ name: "place", type: "int64", shape: [] });
    const goesOn = body.input({ name: "goes_on", type: "bool", shape: [] });
    const best = body.input({ name: "best", type: "float32" });
    const there = body.node("Gather", [squares, body.node("Unsqueeze", [place, body.integers(0)])], {
      axis: { int: 2 + axis },
    });
    const distance = inside.mul(inside.sub(positions, body.cast(place, "float32")), spacing()[axis]);
    const candidate = inside.add(there, inside.mul(distance, distance));
    body.output(goesOn, { name: "still_goes_on", type: "bool", shape: [] });
    body.output(inside.min(best, candidate), { name: "better", type: "float32" });
    return builder.node("Loop", [extent, "", squares], { body: { graph: body.graph("lowest") } });
  }

  /** 0 everywhere where the mask is empty, as in routines/distance-transform.ts. */
  function distancesTo(mask: Tensor): Tensor {
    const squares = on.where(mask, zero, infinity);
    const lowestSquares = each.reduceRight(lowest, squares);
    return on.sqrt(on.where(anywhere(mask), lowestSquares, zero));
  }

  function signedDistance(values: Tensor): Tensor {
    const mask = on.greater(values, half);
    const outside = on.not(mask);
    const lengths = on.concat(
      spacing().map((step) => builder.node("Unsqueeze", [step, builder.integers(0)])),
      0,
    );
    // An axis of one voxel has no neighbours and does not count.
    const steps = on.where(on.greater(space, builder.integers(1)), lengths, infinity);
    const innerBorder = builder.node("ReduceMin", [steps], { keepdims: { int: 0 } });
    const inside = on.sub(innerBorder, distancesTo(outside));
    const hasBorder = on.and(anywhere(mask), anywhere(outside));
    return on.where(hasBorder, on.where(mask, inside, distancesTo(mask)), zero);
  }

  return {
    distance: { value: (values) => distancesTo(on.greater(values, half)) },
    signed_distance: { value: signedDistance },
  };
}
